import logging
from pathlib import Path

import pytest

from runner.sink.book import Book
from runner.sink.diary import Diary
from tests.runner.sink.test_book import body


def book(most: int = 10) -> Book:
    return Book(lambda: 1.0, most_per_receiver=most)


def test_a_sink_that_starts_anew_knows_what_came_before(tmp_path: Path) -> None:
    file, first = tmp_path / "sink.jsonl", book()
    diary = Diary(file, first)
    for name in ("a", "b"):
        diary.write(first.receive(body(name)))
    second = book()
    Diary(file, second)
    assert second.since(0) == first.since(0)
    assert second.receive(body("a")).id == 3


def test_half_a_line_of_a_crash_costs_that_line_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, first = tmp_path / "sink.jsonl", book()
    diary = Diary(file, first)
    for name in ("a", "b"):
        diary.write(first.receive(body(name)))
    file.write_text(file.read_text()[:-20])
    logging.getLogger("chaostoolkit").propagate = True
    second = book()
    diary = Diary(file, second)
    assert "Line 2" in caplog.text
    diary.write(second.receive(body("c")))
    third = book()
    Diary(file, third)
    assert [kept.receiver for kept in third.since(0)] == ["a", "c"]


def test_the_file_does_not_grow_beyond_what_is_kept(tmp_path: Path) -> None:
    file, target = tmp_path / "sink.jsonl", book(most=5)
    diary = Diary(file, target, least_lines=3)
    for _ in range(40):
        diary.write(target.receive(body("deadman")))
        assert len(file.read_text().splitlines()) <= 10
    assert [kept.id for kept in target.since(0)] == [36, 37, 38, 39, 40]


def test_a_file_that_cannot_be_used_is_an_error_before_anything_is_served(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Diary(tmp_path / "no" / "such" / "directory", book())
