"""Long-running programs log one line of logfmt for each event, with the run on it."""

import logging
import re
import threading
from collections.abc import Iterator
from io import StringIO

import pytest

from runner.logfmt import LOGGER, log_in_logfmt, of_run


@pytest.fixture
def written() -> Iterator[StringIO]:
    """What the logger writes."""
    logger = logging.getLogger(LOGGER)
    before = logger.handlers[:], logger.level, logger.propagate
    stream = StringIO()
    log_in_logfmt(stream=stream)
    yield stream
    logger.handlers[:], logger.level, logger.propagate = before


def test_a_line_has_time_level_message_and_run(written: StringIO) -> None:
    with of_run("20261122T163800Z-ab12cd"):
        logging.getLogger(LOGGER).warning('Fault %s is "stuck"\non llm', "pods.kill")
    line = written.getvalue()
    assert re.fullmatch(
        r'ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z level=warning msg="Fault pods.kill is \\"stuck\\" on llm" '
        r"run_id=20261122T163800Z-ab12cd\n",
        line,
    )


def test_a_line_that_is_about_no_run_says_so(written: StringIO) -> None:
    logging.getLogger(LOGGER).info("Watching")
    assert written.getvalue().endswith("level=info msg=Watching run_id=-\n")


def test_an_exception_is_named_on_the_same_line(written: StringIO) -> None:
    logging.getLogger(LOGGER).error("A look failed", exc_info=ValueError("two\nlines"))
    assert 'msg="A look failed: ValueError: two lines" run_id=-\n' in written.getvalue()


def test_threads_do_not_mix_their_runs(written: StringIO) -> None:
    with of_run("run-a"):
        thread = threading.Thread(target=lambda: logging.getLogger(LOGGER).info("other"))
        thread.start()
        thread.join()
    assert "run_id=-" in written.getvalue()
