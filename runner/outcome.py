"""The words for how a run ended, and where a journal keeps them."""

from enum import StrEnum

KEY = "mlchaos"
"""Where the summary is in the journal."""


class Outcome(StrEnum):
    """The words for how a run ended."""

    HELD = "held"
    BREACHED = "breached"
    ABORTED = "aborted"
    REFUSED = "refused"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
