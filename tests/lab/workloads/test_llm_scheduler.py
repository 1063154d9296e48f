import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lab.workloads.llm.scheduler import EngineLimits, Scheduler, Sequence, Step

LIMITS = EngineLimits(max_num_seqs=4, max_num_batched_tokens=64, num_blocks=8, block_size=8, max_model_len=64)


def scheduler_with(*lengths: int, limits: EngineLimits = LIMITS) -> Scheduler[Sequence]:
    scheduler: Scheduler[Sequence] = Scheduler(limits)
    for number, length in enumerate(lengths):
        scheduler.add(Sequence(str(number), length))
    return scheduler


def ids(sequences: list[Sequence]) -> list[str]:
    return [sequence.id for sequence in sequences]


def advance(step: Step[Sequence]) -> None:
    for sequence in step.sequences:
        sequence.length += 1


def test_waiting_sequences_join_in_order_while_there_are_seats() -> None:
    scheduler = scheduler_with(*[4] * 6)
    step = scheduler.schedule()
    assert ids(step.prefill) == ["0", "1", "2", "3"]
    assert (scheduler.num_running, scheduler.num_waiting) == (4, 2)


def test_a_prefilled_sequence_decodes_in_the_next_step() -> None:
    scheduler = scheduler_with(4)
    advance(scheduler.schedule())
    step = scheduler.schedule()
    assert (ids(step.decode), step.prefill) == (["0"], [])


def test_a_step_computes_no_more_tokens_than_its_budget() -> None:
    scheduler = scheduler_with(40, 30)
    step = scheduler.schedule()
    assert (ids(step.prefill), step.prefill_tokens) == (["0"], 40)


def test_usage_counts_blocks_and_returns_to_zero() -> None:
    scheduler = scheduler_with(9)
    scheduler.schedule()
    assert scheduler.kv_cache_usage == pytest.approx(2 / 8)
    scheduler.remove("0")
    assert scheduler.kv_cache_usage == 0


def test_the_youngest_gives_way_when_the_cache_is_full_and_returns_first() -> None:
    scheduler = scheduler_with(31, 31, 8)
    advance(scheduler.schedule())  # 31 and 31 take 4 blocks each
    step = scheduler.schedule()  # the first needs a fifth
    assert (ids(step.decode), step.preempted) == (["0"], 1)
    assert (scheduler.num_running, scheduler.num_waiting) == (1, 2)
    scheduler.remove("0")
    assert ids(scheduler.schedule().prefill) == ["1", "2"]


def test_a_sequence_without_room_for_an_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        scheduler_with(64)


def test_an_id_can_be_in_the_engine_once() -> None:
    scheduler = scheduler_with(1)
    with pytest.raises(ValueError, match="already"):
        scheduler.add(Sequence("0", 1))


def test_removing_what_is_not_there_does_nothing() -> None:
    assert scheduler_with().remove("ghost") is None


@pytest.mark.parametrize("limits", [{"num_blocks": 2, "block_size": 8}, {"max_num_batched_tokens": 10}])
def test_limits_under_which_a_sequence_could_wait_for_ever_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"one sequence|a sequence"):
        EngineLimits(max_model_len=64, **limits)


class SchedulerMachine(RuleBasedStateMachine):
    """Requests come, go and end in any order; none is lost, none is served twice, no block is lost or shared."""

    @initialize(limits=st.sampled_from([LIMITS, EngineLimits(2, 32, 8, 4, 32), EngineLimits(8, 200, 9, 8, 64)]))
    def start(self, limits: EngineLimits) -> None:
        self.limits = limits
        self.scheduler: Scheduler[Sequence] = Scheduler(limits)
        self.alive: dict[str, Sequence] = {}
        self.number = 0

    @rule(length=st.integers(0, 63))
    def arrive(self, length: int) -> None:
        sequence = Sequence(str(self.number), min(length, self.limits.max_model_len - 1))
        self.number += 1
        self.scheduler.add(sequence)
        self.alive[sequence.id] = sequence

    @rule()
    def step(self) -> None:
        chosen = self.scheduler.schedule()
        assert len(set(ids(chosen.sequences))) == len(chosen.sequences) <= self.limits.max_num_seqs
        assert chosen.prefill_tokens + len(chosen.decode) <= self.limits.max_num_batched_tokens
        for sequence in chosen.sequences:
            assert self.alive[sequence.id] is sequence
            assert sequence.blocks * self.limits.block_size >= sequence.length + 1
            sequence.length += 1
            if sequence.length >= self.limits.max_model_len:
                self.end(sequence.id)

    @precondition(lambda self: self.alive)
    @rule(data=st.data())
    def abort(self, data: st.DataObject) -> None:
        self.end(data.draw(st.sampled_from(sorted(self.alive))))

    def end(self, sequence_id: str) -> None:
        assert self.scheduler.remove(sequence_id) is self.alive.pop(sequence_id)

    @invariant()
    def every_request_is_in_one_place(self) -> None:
        assert self.scheduler.num_running + self.scheduler.num_waiting == len(self.alive)

    @invariant()
    def blocks_add_up(self) -> None:
        held = sum(sequence.blocks for sequence in self.alive.values())
        assert self.scheduler.kv_cache_usage == pytest.approx(held / self.limits.num_blocks)
        assert held <= self.limits.num_blocks

    def teardown(self) -> None:
        """Whatever is left is served to its end."""
        if not hasattr(self, "scheduler"):
            return
        for _ in range(10_000):
            if not self.alive:
                break
            self.step()
        assert not self.alive
        assert self.scheduler.kv_cache_usage == 0


SchedulerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSchedulerMachine = SchedulerMachine.TestCase
