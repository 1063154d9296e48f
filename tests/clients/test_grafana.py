import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from clients.grafana import (
    Annotation,
    DashboardHit,
    Grafana,
    GrafanaConflictError,
    GrafanaError,
    GrafanaFolder,
    GrafanaRefusedError,
    TransientGrafanaError,
)
from clients.permanent import PermanentError
from tests.clients.misbehaving import answering, body
from tests.grafana_double import TOKEN, GrafanaDouble, grafana_double

REGION = Annotation(1000.5, 1060.25, "<b>held</b>", ("mlchaos", "verdict:held"))
MODEL = {"uid": "mlchaos-runs", "title": "Chaos runs", "tags": ["mlchaos"], "panels": []}


@pytest.fixture(scope="module")
def shared() -> Iterator[GrafanaDouble]:
    with grafana_double() as double:
        yield double


@pytest.fixture
def double(shared: GrafanaDouble) -> GrafanaDouble:
    shared.folders.clear()
    shared.dashboards.clear()
    shared.annotations.clear()
    shared.requests.clear()
    shared.refuse, shared.lose_answers = None, False
    return shared


@pytest.fixture
def grafana(double: GrafanaDouble) -> Iterator[Grafana]:
    made = Grafana(double.url, TOKEN)
    yield made
    made.close()


def test_a_region_is_kept_in_milliseconds_and_found_by_its_tags(grafana: Grafana, double: GrafanaDouble) -> None:
    number = grafana.annotate(REGION)
    assert double.annotations[number]["time"] == 1_000_500
    assert double.annotations[number]["timeEnd"] == 1_060_250
    assert grafana.annotations(["mlchaos", "verdict:held"]) == (REGION,)
    assert grafana.annotations(["mlchaos", "verdict:breached"]) == ()


def test_tags_with_other_letters_are_found(grafana: Grafana) -> None:
    region = Annotation(1.0, 2.0, "x", ("a&b=c d", "günther"))
    grafana.annotate(region)
    assert grafana.annotations(["a&b=c d", "günther"]) == (region,)


def test_an_annotation_is_replaced_by_its_id(grafana: Grafana) -> None:
    number = grafana.annotate(Annotation(1.0, 1.0, "running", ("mlchaos",)))
    assert grafana.update_annotation(number, REGION)
    assert grafana.annotations(["mlchaos"]) == (REGION,)


def test_an_annotation_that_is_gone_is_not_replaced(grafana: Grafana) -> None:
    assert not grafana.update_annotation(7, REGION)


def test_a_folder_is_made_once(grafana: Grafana) -> None:
    assert grafana.folder("mlchaos") is None
    made = grafana.create_folder("mlchaos", "mlchaos")
    assert grafana.folder("mlchaos") == made == GrafanaFolder("mlchaos", "mlchaos")
    with pytest.raises(GrafanaConflictError, match="answered 409"):
        grafana.create_folder("mlchaos", "mlchaos")


def test_a_dashboard_is_saved_into_its_folder_and_read_back(grafana: Grafana) -> None:
    grafana.create_folder("mlchaos", "mlchaos")
    assert grafana.dashboard("mlchaos-runs") is None
    assert grafana.save_dashboard(MODEL, "mlchaos") == 1
    stored = grafana.dashboard("mlchaos-runs")
    assert stored is not None
    assert (stored.title, stored.folder_uid, stored.version) == ("Chaos runs", "mlchaos", 1)
    assert stored.model["panels"] == []
    assert grafana.search_dashboards("mlchaos") == (
        DashboardHit("mlchaos-runs", "Chaos runs", "mlchaos", ("mlchaos",)),
    )
    assert grafana.delete_dashboard("mlchaos-runs")
    assert not grafana.delete_dashboard("mlchaos-runs")


def test_a_dashboard_takes_the_place_of_the_version_that_was_seen_and_of_no_other(grafana: Grafana) -> None:
    grafana.save_dashboard(MODEL, "")
    assert grafana.save_dashboard({**MODEL, "title": "Runs"}, "", replaces=1) == 2
    with pytest.raises(GrafanaConflictError, match="changed by someone else"):
        grafana.save_dashboard(MODEL, "", replaces=1)


def test_somebody_elses_dashboard_of_the_same_title_stays(grafana: Grafana, double: GrafanaDouble) -> None:
    grafana.save_dashboard({**MODEL, "uid": "theirs"}, "")
    with pytest.raises(GrafanaConflictError):
        grafana.save_dashboard(MODEL, "")
    assert list(double.dashboards) == ["theirs"]


def test_a_dashboard_without_uid_is_not_saved(grafana: Grafana, double: GrafanaDouble) -> None:
    with pytest.raises(GrafanaError, match="give it one"):
        grafana.save_dashboard({"title": "Chaos runs"}, "")
    assert double.requests == []


def test_a_search_asks_for_page_after_page(grafana: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.grafana._PAGE", 2)
    for number in range(5):
        grafana.save_dashboard({**MODEL, "uid": f"d{number}", "title": f"{number}"}, "")
    assert [hit.uid for hit in grafana.search_dashboards("mlchaos")] == ["d0", "d1", "d2", "d3", "d4"]


def test_a_path_behind_the_address_is_kept(double: GrafanaDouble) -> None:
    with pytest.raises(GrafanaError):
        Grafana(f"{double.url}/grafana/", TOKEN).create_folder("f", "f")
    assert double.requests == ["POST /grafana/api/folders"]


def test_a_token_that_is_not_known_is_refused_for_good(double: GrafanaDouble) -> None:
    with pytest.raises(GrafanaRefusedError, match=r"answered 401: .*give GRAFANA_TOKEN") as refused:
        Grafana(double.url, "glsa_other").annotate(REGION)
    assert isinstance(refused.value, PermanentError)


@pytest.mark.parametrize(("status", "kind"), [(500, TransientGrafanaError), (429, TransientGrafanaError),
                                              (403, GrafanaRefusedError), (412, GrafanaConflictError),
                                              (400, GrafanaError)])  # fmt: skip
def test_what_grafana_says_is_told_without_the_token(
    grafana: Grafana, double: GrafanaDouble, status: int, kind: type[GrafanaError]
) -> None:
    double.refuse = status, {"message": f"no good: {TOKEN}"}
    with pytest.raises(kind, match=rf"answered {status}: no good: \*\*\*") as said:
        grafana.annotate(REGION)
    assert TOKEN not in str(said.value)


@pytest.mark.parametrize("call", [
    lambda one: one.annotate(REGION),
    lambda one: one.update_annotation(1, REGION),
    lambda one: one.annotations(["mlchaos"]),
    lambda one: one.folder("f"),
    lambda one: one.create_folder("f", "f"),
    lambda one: one.search_dashboards("mlchaos"),
    lambda one: one.dashboard("d"),
    lambda one: one.save_dashboard(MODEL, ""),
])  # fmt: skip
@pytest.mark.parametrize("answer", [body(200, "[1]"), body(200, "<html>", "text/html"), body(200, "{"),
                                    body(404, "nothing here", "text/plain")])  # fmt: skip
def test_what_is_no_grafana_is_told(call: Callable[[Grafana], Any], answer: Any) -> None:
    with answering(answer) as url, pytest.raises(GrafanaError, match="does not answer like a Grafana"):
        call(Grafana(url, TOKEN))


def test_no_answer_is_an_error_after_the_timeout() -> None:
    enough = threading.Event()

    def hang(_: Any) -> None:
        enough.wait(30)

    with answering(hang) as url:
        with pytest.raises(TransientGrafanaError, match=r"no answer within 0.2 s"):
            Grafana(url, TOKEN, timeout=0.2).annotate(REGION)
        enough.set()


def test_an_address_where_nobody_listens_is_told() -> None:
    with pytest.raises(TransientGrafanaError, match="cannot be reached; is it up, and GRAFANA_URL the right one"):
        Grafana("http://127.0.0.1:9", TOKEN).annotate(REGION)


@pytest.mark.parametrize("url", ["", "grafana:3000", "ftp://grafana", "http://", "http://a:99999", "http://a/?x=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(GrafanaError, match=r"the address of Grafana"):
        Grafana(url)


@pytest.mark.parametrize("url", ["http://admin:hunter2@grafana", "admin:hunter2@grafana"])
def test_an_address_with_credentials_is_refused_without_showing_them(url: str) -> None:
    with pytest.raises(GrafanaError) as refused:
        Grafana(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("token", ["glsa_a\nb", "two words", "schlüssel"])
def test_a_token_that_is_none_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(GrafanaError) as refused:
        Grafana("http://grafana", token)
    assert token not in str(refused.value)


def test_blanks_around_a_token_do_not_matter(double: GrafanaDouble) -> None:
    assert Grafana(double.url, f"{TOKEN}\n").annotations(["x"]) == ()
