import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slos.files.yaml_document import documents, path_text
from slos.files.yaml_scalars import plain

TWO = """\
apiVersion: openslo/v1
spec:
  objectives:
    - target: 0.999
      note: 'a: b'
---
# a comment
kind: SLI
"""

WORDS = st.text("ab01 .:-?#&*!|>%@`~<'\"{}[],\\\t\né𝄞", max_size=8)


def said(text: str) -> list[str]:
    return [str(problem) for problem in documents("f.yaml", text)[1]]


def test_values_have_places() -> None:
    first, second = documents("f.yaml", TWO)[0]
    assert first.value == {"apiVersion": "openslo/v1", "spec": {"objectives": [{"target": 0.999, "note": "a: b"}]}}
    assert str(first.place_of(("spec", "objectives", 0, "target"))) == "f.yaml:4:15"
    assert str(first.place_of_key(("spec", "objectives", 0, "target"))) == "f.yaml:4:7"
    assert str(second.place) == "f.yaml:8:1"
    assert str(second.place_of(("kind",))) == "f.yaml:8:7"


def test_an_item_of_a_list_has_its_place_at_once() -> None:
    text = "kind: SLO\n---\nslos:\n  - name: a\n    in: [1, {b: 2}]\n  -   name: c\n"
    _, document = documents("f.yaml", text)[0]
    assert document.items == {
        ("slos", 0): (4, 5),
        ("slos", 0, "in", 0): (5, 10),
        ("slos", 0, "in", 1): (5, 13),
        ("slos", 1): (6, 7),
    }
    assert str(document.place_of(("slos", 1))) == "f.yaml:6:7"


def test_what_is_not_there_stands_where_it_should_be() -> None:
    first = documents("f.yaml", TWO)[0][0]
    place = first.place_of(("spec", "objectives", 0, "value"))
    assert (place.line, place.column, place.path) == (4, 7, "spec.objectives[0].value")


def test_a_document_covers_its_own_lines() -> None:
    first, second = documents("f.yaml", TWO)[0]
    assert first.covers(first.place_of(("spec",)))
    assert not first.covers(second.place)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2026-01-01", "2026-01-01"),
        ("1:30", "1:30"),
        ("~", None),
        ("", None),
        ("True", True),
        ("0.999", 0.999),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-.inf", float("-inf")),
        ("-", "-"),
        ("1.2.3", "1.2.3"),
        ("9" * 400, float("inf")),
    ],
)
def test_plain_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    assert plain(text) == value


def test_quoted_scalars_are_texts() -> None:
    assert documents("f", "a: \"1\"\nb: 'true'\n")[0][0].value == {"a": "1", "b": "true"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: error: a: the key 'a' a second time; keep one of them"),
        ("a: &x 1\n", "f.yaml:1:4: error: a: an anchor, &x; remove it, and write values out where they are"),
        ("a:\n  b: *x\n", "f.yaml:2:6: error: a.b: an alias, *x; write the value out"),
        ("a:\n  <<: {b: 1}\n", "f.yaml:2:3: error: a: a merge key, <<; write the keys out"),
        ("a: !!int 5\n", "f.yaml:1:4: error: a: a tag, 'tag:yaml.org,2002:int'; remove it"),
        ("? [a]\n: 1\n", "f.yaml:1:3: error: a key that is no text; write keys as plain text"),
        ("a:\n\tb: 1\n", "f.yaml:2:1: error: a tab, where YAML wants spaces; indent with spaces"),
        ("a: @b\n", "f.yaml:1:4: error: a text that begins with @; put it in quotes"),
        ("a: b\x07\n", "f.yaml:1:5: error: the character U+0007, which no YAML may contain; remove it"),
        ("a: b\udc80\n", "f.yaml:1:5: error: the character U+DC80, which no YAML may contain; remove it"),
        (
            "- a\n",
            (
                "f.yaml:1:1: error: the document is no mapping; "
                "write each item as a document of its own, with --- between them"
            ),
        ),
        ("SLO\n", "f.yaml:1:1: error: the document is no mapping; write keys and values, such as `kind: SLO`"),
        ("", "f.yaml:1:1: error: the file declares nothing; write an SLO, or leave the file out"),
        ("# nothing\n", "f.yaml:1:1: error: the file declares nothing; write an SLO, or leave the file out"),
        ("\x85", "f.yaml:1:1: error: the file declares nothing; write an SLO, or leave the file out"),
        ("\u2028 # nothing\r\t", "f.yaml:1:1: error: the file declares nothing; write an SLO, or leave the file out"),
        ("\ufeff", "f.yaml:1:1: error: the file declares nothing; write an SLO, or leave the file out"),
        ("a: 1\n---\n---\nb: 1\n", "f.yaml:2:1: warning: an empty document; remove its ---"),
        ("a: 1\n---\x85", "f.yaml:2:1: warning: an empty document; remove its ---"),
        (
            "a: b: c\n",
            (
                "f.yaml:1:5: error: no YAML: mapping values are not allowed in this context; "
                "put a text that contains ': ' in quotes, and check the indentation"
            ),
        ),
        (
            "a: 1\nb: 'x\n",
            (
                "f.yaml:3:1: error: no YAML: found unexpected end of stream "
                "(while scanning a quoted scalar that begins in line 2); close the quotes"
            ),
        ),
        (
            "a: [1,\nb: {\n",
            (
                "f.yaml:3:1: error: no YAML: did not find expected node content "
                "(while parsing a flow node that begins in line 3); check the indentation and quotes"
            ),
        ),
        ("a: " + "[" * 100, "f.yaml:1:1: error: nested more than 64 deep; no SLO needs that"),
    ],
)
def test_each_mistake_is_named_with_its_place_and_remedy(text: str, problem: str) -> None:
    assert said(text) == [problem]


def test_a_broken_document_does_not_hide_the_others() -> None:
    found, problems = documents("f.yaml", "a: b: c\n---\nkind: SLO\n---\n\tx\n---\nkind: SLI\n")
    assert [document.value for document in found] == [{"kind": "SLO"}, {"kind": "SLI"}]
    assert [problem.place.line for problem in problems] == [1, 5]
    assert [document.place.line for document in found] == [3, 7]


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n", "\x85", "\u2028", "\u2029"])
def test_a_comment_ends_where_its_line_does(line_break: str) -> None:
    found, problems = documents("f", f"# licence{line_break}a: 1{line_break}")
    assert ([document.value for document in found], problems) == ([{"a": 1}], [])


def test_three_dashes_inside_a_block_of_text_do_not_split_it() -> None:
    assert documents("f", "a: |\n  ---\n  b\n")[0][0].value == {"a": "---\nb\n"}


def test_directives_and_comments_before_a_document_are_no_document() -> None:
    found, problems = documents("f", "%YAML 1.2\n# licence\n---\na: 1\n...\n")
    assert ([document.value for document in found], problems) == ([{"a": 1}], [])


def test_a_document_with_a_mistake_in_its_yaml_is_not_sound() -> None:
    found, _ = documents("f", "a: 1\na: 2\n---\nb: 1\n")
    assert [document.sound for document in found] == [False, True]


def test_paths_read_like_code() -> None:
    assert path_text(("metadata", "annotations", "mlchaos.io/tiers")) == 'metadata.annotations["mlchaos.io/tiers"]'


def test_no_key_steers_the_terminal() -> None:
    assert path_text(("spec", "\x1b[31m")) == 'spec["\\u001b[31m"]'


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(alphabet="ab01:-?[]{}&*!|>'\"%@`#,. \n\t~<"),
        st.binary().map(lambda raw: raw.decode("latin-1")),
    )
)
@example("\x85")
def test_no_text_raises(text: str) -> None:
    found, problems = documents("f.yaml", text)
    assert found or problems


@settings(max_examples=25, deadline=None)
@given(st.recursive(WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner), max_leaves=6))
def test_json_is_read_as_it_is(value: object) -> None:
    (document,), problems = documents("f.yaml", json.dumps({"a": value}, ensure_ascii=False))
    assert (document.value, problems) == ({"a": value}, [])
