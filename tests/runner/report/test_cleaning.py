import math

from runner.report.cleaning import clean_text, cleaned
from runner.runs.record import SloSample
from tests.runner.report.records import held, hostile


def test_what_steers_a_terminal_or_turns_the_direction_of_reading_is_replaced() -> None:
    assert clean_text("a\x1b[31mb\u202ec") == "a\N{REPLACEMENT CHARACTER}[31mb\N{REPLACEMENT CHARACTER}c"


def test_a_line_break_does_not_make_two_lines_of_one() -> None:
    assert clean_text("one\r\ntwo\n") == "one  two"


def test_the_user_and_the_password_of_an_address_are_taken_out() -> None:
    assert clean_text("see postgresql://me:s3cret@db.example/results and https://x:y@z") == (
        "see postgresql://db.example/results and https://z"
    )
    assert clean_text("mail a@b.example") == "mail a@b.example"


def test_a_lone_surrogate_can_be_encoded_afterwards() -> None:
    clean_text("\ud800").encode()


def test_every_text_of_a_record_is_cleaned_however_deep() -> None:
    clean = cleaned(hostile())
    assert "\x1b" not in repr(clean)
    assert "hunter2" not in repr(clean)


def test_a_number_that_is_none_is_unknown() -> None:
    assert cleaned(SloSample(1.0, "a", math.nan, math.inf)) == SloSample(1.0, "a", None, None)


def test_a_sound_record_stays_as_it_is_but_for_lists() -> None:
    assert cleaned(held()).samples == held().samples
    assert cleaned(held()).alerts == held().alerts
