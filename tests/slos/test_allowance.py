import pytest

from slos.allowance import AllowanceError, parse_allowance


@pytest.mark.parametrize(("text", "share"), [("20%", 0.2), ("0%", 0.0), (" 2.5% ", 0.025), ("150%", 1.5)])
def test_a_percentage_is_a_share_of_the_budget(text: str, share: float) -> None:
    assert parse_allowance(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "%", "lots", "-1%", "nan%", "inf%"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(AllowanceError, match="is no share of a budget: write a percentage"):
        parse_allowance(text)


@pytest.mark.parametrize(("text", "meant"), [("20", "20%"), ("0.2", "20%"), ("1", "100%")])
def test_a_number_without_percent_sign_is_refused_with_what_it_may_mean(text: str, meant: str) -> None:
    with pytest.raises(AllowanceError, match=f"write {meant}, if that is what it means"):
        parse_allowance(text)
