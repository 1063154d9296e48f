"""The digest of a plan, and the token by which a run is held to it. Pure."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from actions.planned import PlannedFault
from runner.experiment.guard_block import GuardBlock

VARIABLE = "MLCHAOS_PLAN"
"""The environment variable that holds a run to a plan."""
SEED_BITS = 32

_TOKEN = re.compile(r"([0-9]{1,20})-([0-9a-f]{16})", re.ASCII)


class TokenError(ValueError):
    """A text that is no token of a plan: what is wrong, and what to do."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a run is held to: the seed of its choices, and the digest of what they gave when it was planned."""

    seed: int
    digest: str

    def __str__(self) -> str:
        return f"{self.seed}-{self.digest}"


def read_token(text: str) -> Token:
    """The token that `chaos plan` has printed. Raises TokenError."""
    match = _TOKEN.fullmatch(text.strip())
    if match is None:
        raise TokenError(
            f"{VARIABLE}={text!r} is no token of a plan; take the one that `chaos plan FILE` prints, whole"
        )
    return Token(int(match[1]), match[2])


def digest(title: str, guard: GuardBlock, faults: Sequence[PlannedFault]) -> str:
    """16 hexadecimal digits of what is broken within which limits: the same again while the world is the same."""
    document = {
        "title": title,
        "guard": guard.model_dump(mode="json"),
        "faults": [
            {
                "activity": fault.activity,
                "fault": fault.fault,
                "arguments": fault.arguments,
                "targets": [
                    [one.kind, one.namespace, one.name, one.uid, dict(one.details)] for one in fault.draft.targets
                ],
            }
            for fault in faults
        ],
    }
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
