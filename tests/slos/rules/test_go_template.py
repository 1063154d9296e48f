"""Templates that Prometheus would load, and those that would keep it from loading any rule."""

import pytest

from slos.rules.go_template import literal, problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text with } and { and }}",
        "{{ $value }}",
        "{{$value}}",
        '{{ $value | printf "%.2f %%" }} of {{ $labels.slo }}',
        "{{- $value | humanizeDuration -}}",
        '{{ with query "up" }}{{ . | first | value }}{{ else }}none{{ end }}',
        '{{ if and (gt $value 1.0) (ne $labels.slo "ab") }}x{{ else if $value }}y{{ else }}z{{ end }}',
        "{{ range query `up` }}{{ .Labels.instance }} {{ end }}",
        '{{ $x := query "up" }}{{ len $x }}',
    ],
)
def test_what_prometheus_loads_is_no_problem(text: str) -> None:
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ $value", "a {{ without its }}"),
        ("{{ }}", "nothing where a value is expected in {{ }}"),
        ("{{ nothing }}", "no function of Prometheus: 'nothing'"),
        ("{{ $Value }}", "no variable of Prometheus: $Value"),
        ("{{ if $value }}x", "a {{ if }} without its {{ end }}"),
        ("x{{ end }}", "an end that ends nothing"),
        ("{{ else }}", "an else that belongs to nothing"),
        ("{{ if $value }}{{ else }}{{ else }}{{ end }}", "an else that belongs to nothing"),
        ("{{ with $value }}{{ else if $value }}{{ end }}", "an else that goes on with something other than if"),
        ("{{ if $value }}{{ $x := 1 }}{{ end }}{{ $x }}", "no variable of Prometheus: $x"),
        ("{{ $value | 1 }}", "no function after a |"),
        ("{{ $value | }}", "nothing where a value is expected"),
        ("{{ ($value }}", "a parenthesis that is not closed"),
        ("{{ $value ) }}", "an unexpected ')'"),
        ('{{ "a }}', "is not understood"),
        ("{{ define `x` }}", "no function of Prometheus: 'define'"),
    ],
)
def test_anything_else_is_told(text: str, said: str) -> None:
    assert said in (problem(text) or "")


@pytest.mark.parametrize("text", ["{{ end }}", "a {", "{{{", "}}", "100 %"])
def test_a_literal_text_is_a_template(text: str) -> None:
    assert problem(literal(text)) is None
    assert problem(literal(text) + "{{ $value }}") is None
