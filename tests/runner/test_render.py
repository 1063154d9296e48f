"""The summary as it is printed: whole at 80 columns, plain where colour is not wanted, unknown never as a number."""

import io
import json
from dataclasses import replace

import pytest

from clients.prometheus import Known, Unknown
from probes.counters import Quantile
from runner.outcome import Outcome
from runner.phases import PhaseReading
from runner.render import print_summary
from runner.run_summary import BrokenTarget, LostRequests, NewPod, RunSummary, SliSummary, new_pods
from runner.verdict import Verdict


def known(value: float) -> Known:
    return Known(value, 0)


def availability(phase: str, share: float) -> PhaseReading:
    return PhaseReading(phase, known(100 * share), known(100), known(share), known(20.25))


def first_token(phase: str) -> PhaseReading:
    return PhaseReading(
        phase, known(99), known(100), known(0.99), known(20.25), Quantile(0.0421), Quantile(2560.0, at_least=True)
    )


HELD = RunSummary(
    run_id="20261122T104800Z-cb5bee",
    title="One llm replica is killed under load",
    verdict=Verdict(Outcome.HELD, "the steady state was met before the fault and again after it"),
    duration_seconds=16.31,
    journal="./journal.json",
    broken=(
        BrokenTarget(
            fault="pods.kill",
            kind="pod",
            namespace="ml-serving",
            name="llm-7d9f8c6b5-x2x4z",
            uid="u1",
            node="gpu-a",
            workload="deployment/llm",
            at=1795344483.0,
            effective_at=1795344483.2,
            undone_at=1795344484.5,
        ),
    ),
    place="https://127.77.0.1:6443 (context mlchaos-lab)",
    spent={"llm-availability": 0.0012},
    recovered_in=known(3.5),
    replacements=(NewPod("llm-7d9f8c6b5-abcde", "gpu-b"),),
    time_to_ready=known(1.84),
    slis=(
        SliSummary(
            "availability",
            0.99,
            None,
            (availability("before", 1), availability("during", 0.95), availability("after", 1)),
            known(2.0),
        ),
        SliSummary(
            "first token in time",
            0.95,
            0.5,
            (first_token("before"), first_token("during"), first_token("after")),
            known(0.0),
        ),
    ),
    lost=LostRequests(known(3), known(412), "the clients"),
)


def printed(summary: RunSummary) -> str:
    output = io.StringIO()
    print_summary(summary, output)
    return output.getvalue()


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def test_the_verdict_comes_first() -> None:
    assert printed(HELD).strip().startswith("HELD  One llm replica is killed under load\n  The steady state was met")


def test_all_that_was_asked_for_is_said() -> None:
    text = " ".join(printed(HELD).split())
    for said in (
        "Cluster https://127.77.0.1:6443 (context mlchaos-lab), namespace ml-serving",
        "Broken pod llm-7d9f8c6b5-x2x4z on gpu-a by pods.kill at 10:48:03 UTC (deployment/llm)",
        "Undone all, within 1.5 s of the fault",
        "Budget spent llm-availability 0.12% (of what a whole window allows)",
        "SLOs recovered 3.5 s after the undo",
        "Replaced by llm-7d9f8c6b5-abcde on gpu-b",
        "before during after",
        "requests per second 20.2 20.2 20.2",
        "error ratio (<= 1%) 0.00% 5.00% 0.00%",
        "first token, p50 42 ms 42 ms 42 ms",
        "first token, p99 > 2560.00 s > 2560.00 s > 2560.00 s",
        "first token within 500 ms (>= 95%) 99.00% 99.00% 99.00%",
        "Requests lost 3 of 412, counted by the clients",
        "Time to recover 2.0 s (replacement ready 1.8 s, availability 2.0 s,",
        "first token in time never left its objective)",
        "The limits hold for before and after; during is what the fault cost.",
        "Duration 16.3 s",
        "Journal ./journal.json (run 20261122T104800Z-cb5bee)",
    ):
        assert said in text


def test_no_line_is_wider_than_eighty_columns() -> None:
    long = replace(
        HELD,
        title="A title " + "that goes on " * 12,
        broken=(replace(HELD.broken[0], name="p" * 63, node="ip-10-0-12-34.eu-central-1.compute.internal" * 2),),
    )
    assert max(len(line) for line in printed(long).splitlines()) <= 80
    assert "p" * 20 in printed(long)


def test_no_line_ends_in_blanks() -> None:
    assert all(line == line.rstrip() for line in printed(HELD).splitlines())


def test_a_file_gets_no_colour() -> None:
    assert "\x1b" not in printed(HELD)


def test_no_color_is_honoured_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    coloured, plain = Terminal(), Terminal()
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_summary(HELD, coloured)
    monkeypatch.setenv("NO_COLOR", "1")
    print_summary(HELD, plain)
    assert "\x1b[1;32m" in coloured.getvalue()
    assert "\x1b[1;32m" not in plain.getvalue()
    assert "32m" not in plain.getvalue()


def test_what_is_unknown_is_printed_as_unknown() -> None:
    nothing = Unknown("Prometheus is down")
    blind = replace(
        HELD,
        slis=tuple(
            replace(
                sli,
                time_to_recover=nothing,
                phases=tuple(
                    PhaseReading(phase.phase, nothing, nothing, nothing, nothing, nothing, nothing)
                    for phase in sli.phases[:2]
                ),
            )
            for sli in HELD.slis
        ),
        lost=LostRequests(nothing, nothing, "nobody"),
    )
    text = " ".join(printed(blind).split())
    assert "requests per second unknown unknown not reached" in text
    assert "error ratio (<= 1%) unknown unknown not reached" in text
    assert "Requests lost unknown (Prometheus is down)" in text
    assert "Time to recover unknown (replacement ready 1.8 s, availability unknown" in text


def test_a_run_that_touched_nothing_says_so() -> None:
    refused = RunSummary("r", "t", Verdict(Outcome.REFUSED, "nothing was touched"), 0.2, "./journal.json")
    text = printed(refused)
    assert "REFUSED  t" in text
    assert "Broken" in text
    assert "nothing" in text
    assert "Requests lost" not in text
    facts = [line for line in text.splitlines() if line.startswith(("Broken", "Duration", "Journal"))]
    values = ("nothing", "0.2 s", "./journal.json")
    assert {line.index(value) for line, value in zip(facts, values, strict=True)} == {facts[0].index("nothing")}


def test_a_fault_that_may_or_may_not_have_gone_in_is_told_as_such() -> None:
    assert "Perhaps broken" in printed(replace(HELD, broken=(replace(HELD.broken[0], certain=False),)))


def test_brackets_in_names_are_no_markup() -> None:
    assert "[red]title" in printed(replace(HELD, title="[red]title"))


def test_the_document_is_json_and_keeps_unknown_apart_from_numbers() -> None:
    blind = replace(HELD, time_to_ready=Unknown("why"), lost=None)
    document = json.loads(json.dumps(blind.document(), allow_nan=False))
    assert document["verdict"] == "held"
    assert document["time_to_ready_seconds"] == {"unknown": "why"}
    assert document["time_to_recover_seconds"] == {"unknown": "why"}
    assert document["slis"][0]["phases"]["during"]["share"] == 0.95
    assert document["slis"][1]["phases"]["before"]["p99_seconds"] == {"at_least": 2560.0}
    assert document["requests_lost"] is None
    assert document["faults"][0]["node"] == "gpu-a"


def test_the_slowest_part_decides_the_time_to_recover() -> None:
    assert HELD.time_to_recover == known(2.0)


def test_new_pods_are_the_newest_of_a_healed_workload() -> None:
    healed = [
        {"uid": f"u{number}", "name": f"llm-{number}", "node": "gpu-b", "created": f"2026-11-22T10:48:0{number}Z"}
        for number in (2, 7, 5)
    ]
    assert new_pods(healed, {"gone"}) == (NewPod("llm-7", "gpu-b"),)


def test_a_pod_that_was_hit_and_is_still_there_is_replaced_by_nobody() -> None:
    healed = [{"uid": "u1", "name": "trainer-1", "node": "gpu-a"}, {"uid": "u0", "name": "trainer-0", "node": "gpu-b"}]
    assert new_pods(healed, {"u1"}) == ()


def test_a_fault_that_is_stuck_is_told_with_its_reason() -> None:
    stuck = replace(HELD, broken=(replace(HELD.broken[0], undone_at=None, reason="its undo fails"),))
    assert "Undone STUCK: pods.kill on pod llm-7d9f8c6b5-x2x4z: its undo fails" in " ".join(printed(stuck).split())


def test_a_run_that_waits_for_no_workload_says_nothing_of_replacements() -> None:
    text = " ".join(printed(replace(HELD, time_to_ready=None, replacements=(), slis=())).split())
    assert "Replaced by" not in text
    assert "Time to recover" not in text
