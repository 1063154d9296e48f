"""The engine: a model and a scheduler, one step at a time. No clock and no I/O of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from lab.workloads.llm.model import ORDER, NgramModel
from lab.workloads.llm.protocol import LENGTH, STOP, Abort, StepReport, Submit, Token
from lab.workloads.llm.scheduler import EngineLimits, Scheduler, Sequence, Step
from lab.workloads.llm.tokens import END_OF_TEXT, START_OF_TEXT


@dataclass(frozen=True, slots=True)
class StepCost:
    """How long a step takes, in seconds: the stand-in for the accelerator that computes it."""

    base: float = 0.007
    per_sequence: float = 0.0002
    per_prefill_token: float = 0.0003

    def seconds(self, step: Step["Generation"]) -> float:
        return self.base + self.per_sequence * len(step.sequences) + self.per_prefill_token * step.prefill_tokens


@dataclass(eq=False, slots=True, kw_only=True)
class Generation(Sequence):
    """A sequence with what it takes to write its next token."""

    context: list[str]  # the last tokens, as many as the model looks at
    tokens_left: int
    temperature: float
    ignore_eos: bool
    rng: Random
    arrived_at: float
    scheduled: bool = False


class Engine:
    """All the requests of one model replica."""

    def __init__(self, model: NgramModel, limits: EngineLimits, cost: StepCost) -> None:
        self._model = model
        self._limits = limits
        self._cost = cost
        self._scheduler: Scheduler[Generation] = Scheduler(limits)
        self._step: Step[Generation] = Step()

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing runs."""
        return not self._scheduler.num_running and not self._scheduler.num_waiting

    def handle(self, messages: Iterable[Submit | Abort]) -> None:
        """Take in what has come from the API server."""
        for message in messages:
            if isinstance(message, Abort):
                self._scheduler.remove(message.id)
            else:
                self._scheduler.add(self._generation(message))

    def begin_step(self) -> float:
        """Choose the next step's sequences; the seconds that computing them takes."""
        self._step = self._scheduler.schedule()
        return self._cost.seconds(self._step)

    def standing(self) -> StepReport:
        """A report without a step: how the engine stands after requests were aborted."""
        return self._report([], prompt_tokens=0, preempted=0)

    def finish_step(self, started_at: float) -> StepReport:
        """Write one token for each sequence of the step that began at `started_at`."""
        prefilled = self._step.prefill_tokens
        tokens = [self._advance(generation, started_at) for generation in self._step.sequences]
        return self._report(tokens, prompt_tokens=prefilled, preempted=self._step.preempted)

    def _report(self, tokens: list[Token], *, prompt_tokens: int, preempted: int) -> StepReport:
        return StepReport(
            tokens=tokens,
            prompt_tokens=prompt_tokens,
            num_running=self._scheduler.num_running,
            num_waiting=self._scheduler.num_waiting,
            kv_cache_usage=self._scheduler.kv_cache_usage,
            preempted=preempted,
        )

    def _generation(self, request: Submit) -> Generation:
        context = [*request.prompt, START_OF_TEXT] if _ends_a_text(request.prompt) else request.prompt
        return Generation(
            id=request.id,
            length=len(request.prompt),
            context=context[-(ORDER - 1) :],
            tokens_left=min(request.max_tokens, self._limits.max_model_len - len(request.prompt)),
            temperature=request.temperature,
            ignore_eos=request.ignore_eos,
            rng=Random(request.seed),  # noqa: S311 - the same seed must give the same answer
            arrived_at=request.arrived_at,
        )

    def _advance(self, generation: Generation, started_at: float) -> Token:
        chosen = self._model.next_token(generation.context, generation.rng, generation.temperature)
        generation.length += 1
        generation.tokens_left -= 1
        reason = None
        if chosen == END_OF_TEXT and not generation.ignore_eos:
            reason = STOP
        elif generation.tokens_left == 0:
            reason = LENGTH
        if reason is not None:
            self._scheduler.remove(generation.id)
        following = START_OF_TEXT if chosen == END_OF_TEXT else chosen
        generation.context = [*generation.context, following][-(ORDER - 1) :]
        queued = None if generation.scheduled else started_at - generation.arrived_at
        generation.scheduled = True
        return Token(generation.id, "" if chosen == END_OF_TEXT else chosen, reason, queued)


def _ends_a_text(prompt: list[str]) -> bool:
    """An answer starts a text of its own after a prompt that is complete: one that is empty or ends its last line."""
    return not prompt or prompt[-1] == "\n"
