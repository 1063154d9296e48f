import os
import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.workloads.llm.engine import Engine, StepCost
from lab.workloads.llm.engine_core import EngineSettings, Inbox, run
from lab.workloads.llm.protocol import Abort, StepReport, Submit, Token, decode, encode
from lab.workloads.llm.scheduler import EngineLimits
from tests.lab.workloads.corpus_model import MODEL

SMALL = EngineLimits(max_num_seqs=3, max_num_batched_tokens=64, num_blocks=8, block_size=8, max_model_len=64)


def submit(request_id: str, prompt: int = 5, max_tokens: int = 4, *, seed: int = 1, ignore_eos: bool = True) -> Submit:
    return Submit(request_id, [" the"] * prompt, max_tokens, 1.0, seed, ignore_eos, arrived_at=0.0)


def serve(engine: Engine) -> list[StepReport]:
    """Step until nothing is left."""
    reports = []
    while not engine.idle:
        engine.begin_step()
        reports.append(engine.finish_step(started_at=1.5))
        assert len(reports) < 10_000
    return reports


def tokens_of(reports: list[StepReport], request_id: str) -> list[Token]:
    return [token for report in reports for token in report.tokens if token.id == request_id]


def test_a_request_gets_its_tokens_one_per_step_and_a_reason_with_the_last() -> None:
    engine = Engine(MODEL, EngineLimits(), StepCost())
    engine.handle([submit("a", max_tokens=3)])
    reports = serve(engine)
    assert [len(report.tokens) for report in reports] == [1, 1, 1]
    assert [token.finish_reason for token in tokens_of(reports, "a")] == [None, None, "length"]
    assert [token.queued_seconds for token in tokens_of(reports, "a")] == [1.5, None, None]
    assert [report.prompt_tokens for report in reports] == [5, 0, 0]


def test_an_answer_may_end_by_itself() -> None:
    engine = Engine(MODEL, EngineLimits(), StepCost())
    engine.handle([submit("a", max_tokens=1000, ignore_eos=False)])
    last = tokens_of(serve(engine), "a")[-1]
    assert (last.finish_reason, last.text) == ("stop", "")


def test_the_same_request_gets_the_same_answer_alone_or_in_a_crowd() -> None:
    alone = Engine(MODEL, SMALL, StepCost())
    alone.handle([submit("a", max_tokens=20)])
    crowd = Engine(MODEL, SMALL, StepCost())
    crowd.handle([submit("b", 20, 30, seed=2), submit("a", max_tokens=20), submit("c", 20, 30, seed=3)])
    reports = serve(crowd)
    assert sum(report.preempted for report in reports) > 0  # the crowd did push somebody out
    texts = [[token.text for token in tokens_of(found, "a")] for found in (serve(alone), reports)]
    assert texts[0] == texts[1]


def test_a_long_prompt_makes_its_step_slow() -> None:
    engine = Engine(MODEL, EngineLimits(), StepCost(base=0.01, per_sequence=0.001, per_prefill_token=0.002))
    engine.handle([submit("a", prompt=100)])
    assert engine.begin_step() == pytest.approx(0.01 + 0.001 + 0.2)
    engine.finish_step(0)
    assert engine.begin_step() == pytest.approx(0.01 + 0.001)


def test_an_aborted_request_leaves_nothing_behind() -> None:
    engine = Engine(MODEL, EngineLimits(), StepCost())
    engine.handle([submit("a", max_tokens=500)])
    engine.begin_step()
    engine.finish_step(0)
    engine.handle([Abort("a"), Abort("never heard of")])
    report = engine.standing()
    assert engine.idle
    assert (report.tokens, report.num_running, report.kv_cache_usage) == ([], 0, 0)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 63), st.integers(1, 80), st.booleans()), max_size=12),
    st.integers(0, 20),
)
def test_no_request_is_lost_or_served_twice(requests: list[tuple[int, int, bool]], aborted_after: int) -> None:
    engine = Engine(MODEL, SMALL, StepCost())
    wanted = [submit(str(i), prompt, most, ignore_eos=True) for i, (prompt, most, _) in enumerate(requests)]
    engine.handle(wanted)
    early = []
    for _ in range(aborted_after):
        if not engine.idle:
            engine.begin_step()
            early.append(engine.finish_step(0))
    gone = {str(i) for i, (_, _, abort) in enumerate(requests) if abort}
    engine.handle([Abort(request_id) for request_id in gone])
    reports = early + serve(engine)
    ended = Counter(token.id for report in reports for token in report.tokens if token.finish_reason)
    assert set(ended.values()) <= {1}
    assert set(ended) >= {request.id for request in wanted} - gone
    for request in wanted:
        received = len(tokens_of(reports, request.id))
        allowed = min(request.max_tokens, SMALL.max_model_len - len(request.prompt))
        assert received == allowed if request.id in ended else received < allowed
    assert engine.standing().kv_cache_usage == 0


def test_messages_survive_the_line_that_they_travel_on() -> None:
    message = submit("a", prompt=2)
    assert decode(encode(message)) == message
    assert decode(encode(Abort("ü\n"))) == Abort("ü\n")


def test_engine_settings_survive_the_command_line() -> None:
    given_settings = EngineSettings(SMALL, StepCost(base=0.5))
    assert EngineSettings.from_json(given_settings.to_json()) == given_settings


def test_the_loop_answers_lines_that_come_in_pieces_and_ends_with_its_parent() -> None:
    requests, to_engine = os.pipe()
    from_engine, reports = os.pipe()
    engine = Engine(MODEL, EngineLimits(), StepCost(base=0, per_sequence=0, per_prefill_token=0))
    loop = threading.Thread(target=run, args=(engine, Inbox(requests), reports))
    loop.start()
    line = encode(submit("a", max_tokens=2))
    os.write(to_engine, line[:10])
    os.write(to_engine, line[10:])
    with os.fdopen(from_engine, "rb") as lines:
        steps = [decode(lines.readline()) for _ in range(2)]
        os.close(to_engine)
        loop.join(timeout=5)
        assert not loop.is_alive()
        os.close(reports)
        os.close(requests)
        assert lines.read() == b""
    assert [step.tokens[0].finish_reason for step in steps if isinstance(step, StepReport)] == [None, "length"]
