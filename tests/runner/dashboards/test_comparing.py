import pytest

from runner.dashboards.comparing import Difference, differences

PANEL = {"title": "Pages", "options": {"mode": "a"}, "targets": [{"expr": "up"}]}
OURS = {"uid": "mlchaos-x", "schemaVersion": 42, "panels": [PANEL], "tags": ["mlchaos"]}


def with_panel(**changed: object) -> dict[str, object]:
    return {**OURS, "panels": [{**PANEL, **changed}]}


def test_the_same_dashboard_does_not_differ() -> None:
    assert differences(OURS, dict(OURS)) == ()


def test_what_grafana_adds_to_every_dashboard_is_no_difference() -> None:
    assert differences(OURS, {**OURS, "id": 7, "version": 3}) == ()


def test_a_changed_value_is_told_with_its_place_and_the_panels_title() -> None:
    found = differences(OURS, with_panel(targets=[{"expr": "down"}]))
    assert found == (Difference('panels[0] "Pages".targets[0].expr', "down", "up"),)


@pytest.mark.parametrize(
    ("theirs", "found"),
    [
        ({**OURS, "panels": []}, Difference("panels (how many)", "0", "1")),
        ({**OURS, "refresh": "5s"}, Difference("refresh", "5s", "(absent)")),
        ({key: value for key, value in OURS.items() if key != "tags"}, Difference("tags", "(absent)", "['mlchaos']")),
        ({**OURS, "tags": "mlchaos"}, Difference("tags", "mlchaos", "['mlchaos']")),
        ({**OURS, "schemaVersion": 41}, Difference("schemaVersion", "41", "42")),
    ],
)
def test_what_was_added_removed_or_became_something_else_is_told(theirs: dict[str, object], found: Difference) -> None:
    assert differences(OURS, theirs) == (found,)


def test_a_newer_schema_may_have_defaults_that_we_do_not_say() -> None:
    assert differences(OURS, {**with_panel(transparent=False), "schemaVersion": 43, "preload": False}) == ()


def test_a_newer_schema_hides_no_changed_value() -> None:
    theirs = {**with_panel(options={"mode": "b", "new": 1}), "schemaVersion": 43}
    assert differences(OURS, theirs) == (Difference('panels[0] "Pages".options.mode', "b", "a"),)


def test_a_number_and_the_same_number_as_a_float_are_the_same() -> None:
    assert differences({"decimals": 1}, {"decimals": 1.0}) == ()
