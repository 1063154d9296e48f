"""Texts that a label matcher's regular expression matches."""

import re
from collections.abc import Iterable
from itertools import islice, product

_CHARACTERS = "0a1bA_-. /:" + "".join(chr(code) for code in range(33, 127))
_MANY = 12
_QUANTIFIER = re.compile(r"[*+?]\??|\{(\d+)(?:,\d*)?\}\??")
_ONE_CHARACTER = re.compile(r"\\[dDwWsS]|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^|()]", re.DOTALL)
_GROUP = re.compile(r"\((?:\?:|\?P?<\w+>|\?[imsU]+:)?")


def samples(pattern: str) -> tuple[str, ...]:
    """A few texts that `pattern` (RE2, anchored on both sides, as in PromQL) matches; none where none was found."""
    try:
        matcher = re.compile(pattern)
        found, _ = _alternatives(pattern, 0)
    except (re.error, _UnknownSyntaxError):
        return ()
    return tuple(dict.fromkeys(text for text in found if matcher.fullmatch(text)))


class _UnknownSyntaxError(Exception):
    """Syntax that this module does not read."""


def _alternatives(pattern: str, at: int) -> tuple[list[str], int]:
    """The texts of `a|b|c` from a position on, and where it ends: at a closing parenthesis or the end."""
    found: list[str] = []
    while True:
        texts, at = _sequence(pattern, at)
        found += texts
        if at == len(pattern) or pattern[at] == ")":
            return found, at
        at += 1


def _sequence(pattern: str, at: int) -> tuple[list[str], int]:
    parts: list[list[str]] = []
    while at < len(pattern) and pattern[at] not in "|)":
        texts, at = _atom(pattern, at)
        if quantifier := _QUANTIFIER.match(pattern, at):
            texts, at = _repeated(texts, quantifier), quantifier.end()
        parts.append(texts)
    return ["".join(combination) for combination in islice(product(*parts), _MANY)], at


def _atom(pattern: str, at: int) -> tuple[list[str], int]:
    if pattern[at] in "^$":
        return [""], at + 1
    if group := _GROUP.match(pattern, at):
        texts, end = _alternatives(pattern, group.end())
        if end == len(pattern):
            raise _UnknownSyntaxError
        return texts, end + 1
    one = _ONE_CHARACTER.match(pattern, at)
    if one is None:
        raise _UnknownSyntaxError
    matching: Iterable[str] = (character for character in _CHARACTERS if re.fullmatch(one.group(), character))
    return list(islice(matching, 2)), one.end()


def _repeated(texts: list[str], quantifier: re.Match[str]) -> list[str]:
    """A greedy or lazy quantifier: what it allows at least once is taken once, and not at all where that is allowed."""
    count = int(quantifier.group(1)) if quantifier.group(1) is not None else 1
    some = [text * count for text in texts]
    return [*some, ""] if quantifier.group()[0] in "*?" else some
