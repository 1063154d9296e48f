"""What `--objective` means: objectives to try in place of those declared."""

import re
from collections.abc import Collection, Mapping, Sequence

import click

_PERCENT = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def changed_objectives(texts: Sequence[str], names: Collection[str]) -> Mapping[str, float]:
    """The objective (ratio 0..1) to try for each SLO, from texts such as `99.5` (for all) and `NAME=99.5`.

    Raises click.BadParameter (exit 2) for an SLO that is not among `names`, and for what is no percentage.
    """
    for_all: float | None = None
    own: dict[str, float] = {}
    for text in texts:
        name, equals, percent = text.rpartition("=")
        if not equals:
            if for_all is not None:
                raise _bad(f"{text!r} is a second objective for all SLOs: write NAME={text} for one of them")
            for_all = _ratio(percent)
        elif name not in names:
            raise _bad(f"no SLO {name!r} is declared in the files: there are {', '.join(sorted(names)) or 'none'}")
        elif name in own:
            raise _bad(f"{name} has two objectives: give one")
        else:
            own[name] = _ratio(percent)
    return ({} if for_all is None else dict.fromkeys(names, for_all)) | own


def _ratio(text: str) -> float:
    """A percentage as a ratio; one that looks like a ratio is refused, since 0.995% is nobody's objective."""
    if not _PERCENT.fullmatch(text.removesuffix("%")):
        raise _bad(f"{text!r} is no percentage: write it like 99.5")
    percent = float(text.removesuffix("%"))
    if percent <= 1:
        raise _bad(f"{text!r} is at most one percent: write a percentage such as 99.5, not a ratio")
    if percent >= 100:
        raise _bad(f"{text!r} leaves no error budget: an objective is below 100")
    return percent / 100


def _bad(message: str) -> click.BadParameter:
    return click.BadParameter(message, param_hint="--objective")
