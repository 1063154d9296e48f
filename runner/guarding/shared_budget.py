"""What a run may spend when it is one of a set with one error budget: `chaos smoke` tells each what is left."""

from collections.abc import Mapping

from runner.experiment.part import ratio

MAX_SPEND_VARIABLE = "MLCHAOS_MAX_SPEND"
"""A share with a percent sign, such as `3.5%`: the most of any SLO's budget that this run may spend."""


class SharedBudgetError(ValueError):
    """The variable holds no share: what it holds, and what to write."""


def shared_limit(environment: Mapping[str, str]) -> float | None:
    """What is left for this run (1 is all of a budget); None for a run that shares no budget.

    Raises SharedBudgetError.
    """
    text = environment.get(MAX_SPEND_VARIABLE, "").strip()
    if not text:
        return None
    try:
        share = ratio(text)
    except ValueError:
        share = -1.0
    if not text.endswith("%") or not 0 <= share <= 1:
        raise SharedBudgetError(
            f"{MAX_SPEND_VARIABLE} is {text!r}; set it to a percentage from 0% to 100%, such as 3.5%"
        )
    return share
