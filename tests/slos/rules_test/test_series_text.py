from slos.rules_test.series_text import values


def test_samples_are_written_as_progressions() -> None:
    assert values([0.0, 5.0, 10.0, 15.0]) == "0+5x3"
    assert values([7.0, 7.0, 3.0, 1.0]) == "7+0x1 3-2x1"
    assert values([2.5]) == "2.5+0x0"


def test_a_series_that_ends_is_stale_and_then_missing() -> None:
    assert values([None, None, 1.0, 1.0, None, None, None, 4.0]) == "_x2 1+0x1 stale _x2 4+0x0"


def test_a_sample_that_is_just_not_given_does_not_end_a_series() -> None:
    assert values([1.0, "unsampled", 2.0]) == "1+0x0 _ 2+0x0"
