"""Continuous batching: which sequences the engine works on in each step, and the cache blocks that they hold.

Pure state: no clock, no I/O. The rules are vLLM's default ones in small: running sequences come first; a sequence that
needs a block when none is free pushes the youngest running one back to the head of the queue, to be computed again;
waiting sequences join in order of arrival while there are seats, tokens and blocks.
"""

from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import Generic, TypeVar


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """How much one engine takes on."""

    max_num_seqs: int = 16  # sequences in the batch
    max_num_batched_tokens: int = 2048  # tokens computed in one step
    num_blocks: int = 256  # blocks of the key-value cache
    block_size: int = 16  # tokens in one block
    max_model_len: int = 1024  # tokens of a prompt and its answer

    def __post_init__(self) -> None:
        if self.num_blocks * self.block_size < self.max_model_len:
            raise ValueError(
                f"{self.num_blocks} blocks of {self.block_size} tokens cannot hold one sequence of {self.max_model_len}"
            )
        if self.max_num_batched_tokens < self.max_model_len:
            raise ValueError(
                f"a step of {self.max_num_batched_tokens} tokens cannot prefill a sequence of {self.max_model_len}"
            )


@dataclass(eq=False, slots=True)
class Sequence:
    """One request inside the engine: `length` counts the tokens of its prompt and of its answer so far."""

    id: str
    length: int
    blocks: int = 0  # blocks of the cache that it holds


S = TypeVar("S", bound=Sequence)


@dataclass(slots=True)
class Step(Generic[S]):
    """What one step computes: whole sequences (prefill) and one more token for those already in the cache (decode)."""

    prefill: list[S] = field(default_factory=list)
    decode: list[S] = field(default_factory=list)
    preempted: int = 0

    @property
    def sequences(self) -> list[S]:
        return self.decode + self.prefill

    @property
    def prefill_tokens(self) -> int:
        return sum(sequence.length for sequence in self.prefill)


class Scheduler(Generic[S]):
    """The queue and the batch of one engine."""

    def __init__(self, limits: EngineLimits) -> None:
        self._limits = limits
        self._free_blocks = limits.num_blocks
        self._waiting: deque[S] = deque()
        self._running: list[S] = []  # in order of arrival in the batch
        self._by_id: dict[str, S] = {}

    @property
    def num_waiting(self) -> int:
        return len(self._waiting)

    @property
    def num_running(self) -> int:
        return len(self._running)

    @property
    def kv_cache_usage(self) -> float:
        """Share of the cache's blocks in use, 0 to 1."""
        return 1 - self._free_blocks / self._limits.num_blocks

    def add(self, sequence: S) -> None:
        """Queue a sequence; ValueError when one with its id is here already or it can never be served."""
        if sequence.id in self._by_id:
            raise ValueError(f"request {sequence.id} is already in the engine")
        if sequence.length >= self._limits.max_model_len:
            raise ValueError(f"{sequence.length} tokens leave no room for an answer in {self._limits.max_model_len}")
        self._by_id[sequence.id] = sequence
        self._waiting.append(sequence)

    def remove(self, sequence_id: str) -> S | None:
        """Take a sequence out (finished or aborted) and free its blocks; None if it is not here."""
        sequence = self._by_id.pop(sequence_id, None)
        if sequence is None:
            return None
        self._release(sequence)
        if sequence in self._running:
            self._running.remove(sequence)
        else:
            self._waiting.remove(sequence)
        return sequence

    def schedule(self) -> Step[S]:
        """Choose the next step's sequences and take the blocks that they need; empty when there is nothing to do."""
        step: Step[S] = Step()
        position = 0
        while position < len(self._running):
            sequence = self._running[position]
            if self._grow(sequence):
                step.decode.append(sequence)
                position += 1
                continue
            self._preempt(self._running[-1])  # the youngest; it may be the one that asks
            step.preempted += 1
        if not step.preempted:
            self._admit(step)
        return step

    def _admit(self, step: Step[S]) -> None:
        budget = self._limits.max_num_batched_tokens - len(step.decode)
        while self._waiting and len(self._running) < self._limits.max_num_seqs:
            sequence = self._waiting[0]
            if sequence.length > budget or not self._grow(sequence):
                return
            budget -= sequence.length
            self._waiting.popleft()
            self._running.append(sequence)
            step.prefill.append(sequence)

    def _grow(self, sequence: S) -> bool:
        """Give `sequence` the blocks for its tokens and the one to come; False when there are too few."""
        missing = ceil((sequence.length + 1) / self._limits.block_size) - sequence.blocks
        if missing > self._free_blocks:
            return False
        self._free_blocks -= missing
        sequence.blocks += missing
        return True

    def _preempt(self, sequence: S) -> None:
        self._running.remove(sequence)
        self._release(sequence)
        self._waiting.appendleft(sequence)

    def _release(self, sequence: S) -> None:
        self._free_blocks += sequence.blocks
        sequence.blocks = 0
