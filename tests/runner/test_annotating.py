import socket
from collections.abc import Iterator

import pytest

from runner.annotating import LinkError, RunRegion, annotation_of, begin_region, end_region, link_of
from tests.grafana_double import TOKEN, GrafanaDouble, grafana_double
from tests.waiting import wait_for

BEGUN = RunRegion("20261122-aa", "LLM: one replica dies", 1000.0, 1000.0, tags=("serving",))
ENDED = RunRegion(
    "20261122-aa", "LLM: one replica dies", 1000.0, 1060.0, "breached", "it burned", ("serving",), {"llm-ttft": 0.0125}
)


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[GrafanaDouble]:
    with grafana_double() as double:
        monkeypatch.setenv("GRAFANA_URL", double.url)
        monkeypatch.setenv("GRAFANA_TOKEN", TOKEN)
        monkeypatch.setenv("MLCHAOS_RUN_LINK", "https://runs.example/{run_id}.html")
        yield double


def test_a_region_has_verdict_reason_cost_and_link() -> None:
    annotation = annotation_of(ENDED, "https://runs.example/1?a=b&c=d")
    assert (annotation.start, annotation.end) == (1000.0, 1060.0)
    assert annotation.tags == ("mlchaos", "verdict:breached", "serving")
    assert annotation.text == (
        "<b>breached</b>: LLM: one replica dies<br>it burned<br>llm-ttft: 1.25% of its error budget<br>"
        '<a href="https://runs.example/1?a=b&amp;c=d">run 20261122-aa</a>'
    )


def test_what_others_wrote_is_escaped_and_not_endless() -> None:
    text = annotation_of(RunRegion("r", "<script>", 0.0, 1.0, "held", "<img>" + "x" * 1000), "").text
    assert "&lt;script&gt;" in text
    assert "<img>" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    "template",
    ["https://runs.example/", "javascript:{run_id}", "{run_id}", "https:///{run_id}", "https://[runs/{run_id}"],
)
def test_a_template_without_place_for_the_run_is_no_link(template: str) -> None:
    with pytest.raises(LinkError, match=r"write it like https://runs.example/\{run_id\}.html"):
        link_of(template, "r")


def test_no_template_is_no_link() -> None:
    assert link_of("", "r") == ""


def test_the_region_of_the_beginning_becomes_that_of_the_end(grafana: GrafanaDouble) -> None:
    begun = begin_region(BEGUN, {})
    wait_for(lambda: grafana.annotations)
    assert "verdict:running" in grafana.annotations[1]["tags"]
    assert end_region(ENDED, {}, begun) == ()
    (kept,) = grafana.annotations.values()
    assert (kept["time"], kept["timeEnd"]) == (1_000_000, 1_060_000)
    assert "verdict:breached" in kept["tags"]
    assert "https://runs.example/20261122-aa.html" in kept["text"]


def test_a_run_that_was_refused_at_once_is_annotated_too(grafana: GrafanaDouble) -> None:
    assert end_region(ENDED, {}, None) == ()
    assert len(grafana.annotations) == 1


def test_a_beginning_whose_answer_was_lost_is_found_again(grafana: GrafanaDouble) -> None:
    grafana.lose_answers = True
    begun = begin_region(BEGUN, {})
    wait_for(lambda: grafana.annotations)
    assert begun is not None
    assert begun._beginning is not None
    begun._beginning.join(10)
    grafana.lose_answers = False
    assert end_region(ENDED, {}, begun) == ()
    assert len(grafana.annotations) == 1


def test_a_region_that_somebody_deleted_is_made_anew(grafana: GrafanaDouble) -> None:
    begun = begin_region(BEGUN, {})
    wait_for(lambda: grafana.annotations)
    grafana.annotations.clear()
    assert end_region(ENDED, {}, begun) == ()
    assert len(grafana.annotations) == 1


def test_a_grafana_that_refuses_is_a_warning(grafana: GrafanaDouble) -> None:
    grafana.refuse = 403, {"message": "Permission denied"}
    (warning,) = end_region(ENDED, {}, begin_region(BEGUN, {}))
    assert warning.startswith("the run is not annotated in Grafana: cannot")
    assert "Permission denied" in warning


def test_a_grafana_that_is_away_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_URL", "http://127.0.0.1:9")
    (warning,) = end_region(ENDED, {}, begin_region(BEGUN, {}))
    assert "http://127.0.0.1:9 cannot be reached" in warning


@pytest.mark.parametrize("url", ["grafana", "http://[bad", "http://grafana:port"])
def test_an_address_that_is_none_is_a_warning(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_URL", url)
    assert begin_region(BEGUN, {}) is None
    (warning,) = end_region(ENDED, {}, None)
    assert "write it like https://grafana.example" in warning


def test_a_bad_link_is_a_warning_and_the_run_is_annotated(
    grafana: GrafanaDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLCHAOS_RUN_LINK", "https://runs.example/")
    (warning,) = end_region(ENDED, {}, begin_region(BEGUN, {}))
    assert "has no link" in warning
    assert "verdict:breached" in grafana.annotations[1]["tags"]


def test_the_experiments_configuration_names_the_grafana_too(
    grafana: GrafanaDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRAFANA_URL")
    assert end_region(ENDED, {"grafana_url": grafana.url}, None) == ()
    assert len(grafana.annotations) == 1


def test_without_a_grafana_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRAFANA_URL", raising=False)
    assert begin_region(BEGUN, {}) is None
    assert end_region(ENDED, {}, None) == ()


@pytest.mark.parametrize("call", ["begin", "end"])
def test_whatever_goes_wrong_is_a_warning(call: str, grafana: GrafanaDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("of whoever is asked")

    monkeypatch.setattr("runner.annotating.Annotator.begin", fail)
    assert begin_region(BEGUN, {}) is None
    assert end_region(ENDED, {}, None) == ()
    monkeypatch.setattr("runner.annotating._annotator" if call == "begin" else "runner.annotating.Annotator.end", fail)
    assert end_region(ENDED, {}, begin_region(BEGUN, {})) == (
        "the run is not annotated in Grafana: ZeroDivisionError: of whoever is asked",
    )


def test_a_grafana_that_never_answers_costs_one_deadline_for_all_that_is_asked_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("runner.annotating.END_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("GRAFANA_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        (warning,) = end_region(ENDED, {}, begin_region(BEGUN, {}))
    assert "took longer than 0.2 s" in warning
