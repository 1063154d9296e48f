"""What `--at` means: a time in words becomes seconds since the epoch."""

import re
import time
from datetime import UTC, datetime

import click

from slos.duration import DurationError, parse_duration

EARLIEST = 1_000_000_000.0
"""September 2001, before any Prometheus: an earlier time is a number that was meant as something else."""

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_AGE = re.compile(r"[0-9]+[a-z]")
_REMEDY = "write a time such as 2026-11-22T03:00:00Z, Unix seconds, or an age such as 2h or 3d30m"


class AtTimeError(ValueError):
    """A text that is no time to look back to: what is wrong, and what to write instead."""


def parse_at(text: str, now: float) -> float:
    """The time (seconds since the epoch) of an RFC 3339 time with a zone, of Unix seconds, or of an age before `now`.

    Raises AtTimeError for anything else, for the future, and for times before there was Prometheus.
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        at = _unix(text, now)
    elif _AGE.match(text):
        at = now - _age(text)
    else:
        at = _rfc_3339(text)
    if at > now:
        raise AtTimeError(f"{text} is {at - now:.0f} s in the future: {_REMEDY}")
    if at < EARLIEST:
        raise AtTimeError(f"{text} is long before there was anything to read: {_REMEDY}")
    return at


def at_or_now(text: str | None) -> float:
    """The time that the option `--at` asks for; without one, now. Raises click.BadParameter (exit 2) for a bad one."""
    now = time.time()
    if text is None:
        return now
    try:
        return parse_at(text, now)
    except AtTimeError as error:
        raise click.BadParameter(str(error), param_hint="--at") from error


def _unix(text: str, now: float) -> float:
    seconds = float(text)
    if seconds < EARLIEST:
        raise AtTimeError(f"{text} would be Unix seconds of {_year(seconds)}: an age needs a unit, such as {text}m")
    if EARLIEST <= seconds / 1000 <= now:
        raise AtTimeError(f"{text} looks like milliseconds: write seconds, {seconds / 1000:.3f}")
    return seconds


def _year(seconds: float) -> int:
    return datetime.fromtimestamp(seconds, UTC).year


def _age(text: str) -> float:
    try:
        return parse_duration(text)
    except DurationError as error:
        raise AtTimeError(f"{error}; as a time: {_REMEDY}") from error


def _rfc_3339(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise AtTimeError(f"{text!r} is no time: {_REMEDY}") from error
    if moment.tzinfo is None:
        raise AtTimeError(f"{text!r} does not say in which time zone: append Z for UTC, or an offset such as +02:00")
    return moment.timestamp()
