"""Alertmanager's label matchers: read as it reads them, and matched as it matches. Pure.

Sources: prometheus/alertmanager v0.25, pkg/labels/parse.go and matcher.go.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

Labels = Mapping[str, str]
Operator = Literal["=", "!=", "=~", "!~"]

_MATCHER = re.compile(r"\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*(.*?)\s*", re.DOTALL | re.ASCII)
_OPERATORS: tuple[Operator, ...] = get_args(Operator)
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\t\n\v\f\r ",
    "word": r"0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}


class MatcherError(ValueError):
    """A matcher that Alertmanager would not read, or whose regular expression cannot be told here."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; a label that is not there has the value ""."""

    name: str
    operator: Operator
    value: str

    def __post_init__(self) -> None:
        if self.operator in ("=~", "!~"):
            _compiled(self.value)

    def matches(self, labels: Labels) -> bool:
        """Whether these labels fulfil it."""
        value = labels.get(self.name, "")
        if self.operator in ("=", "!="):
            return (value == self.value) == (self.operator == "=")
        return (_compiled(self.value).fullmatch(value) is not None) == (self.operator == "=~")

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.name}{self.operator}"{quoted}"'


def all_match(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    """Whether labels fulfil every one of them; none at all are fulfilled by any."""
    return all(matcher.matches(labels) for matcher in matchers)


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """The matchers of `{a="x", b=~"y|z"}`, or of one without braces. Raises MatcherError."""
    return tuple(read_matcher(part) for part in _split(text.removeprefix("{").removesuffix("}")))


def read_matcher(text: str) -> Matcher:
    """The matcher of `name OPERATOR value`, the value quoted or not. Raises MatcherError."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise MatcherError(f'{text!r} is no matcher: write one like severity="page" (=, !=, =~ or !~)')
    name, operator, raw = found.groups()
    (known,) = (one for one in _OPERATORS if one == operator)
    return Matcher(name, known, _unquoted(raw))


def _split(text: str) -> list[str]:
    parts, begin, quoted, escaped = [], 0, False, False
    for index, character in enumerate(text):
        if character == ",":
            if not quoted:
                parts.append(text[begin:index])
                begin = index + 1
            continue
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
    return parts + ([text[begin:]] if text[begin:].strip() else [])


def _unquoted(raw: str) -> str:
    """What a value says: \\n, \\" and \\\\ are escapes, any other backslash is itself."""
    quoted = raw.startswith('"')
    body = raw[1:] if quoted else raw
    said: list[str] = []
    index, closed = 0, not quoted
    while index < len(body):
        character = body[index]
        following = body[index + 1 : index + 2]
        if character == "\\" and following:
            said.append({"n": "\n", '"': '"', "\\": "\\"}.get(following, "\\" + following))
            index += 2
            continue
        if character == '"':
            if closed or index < len(body) - 1:
                raise MatcherError(f'{raw} has a double quote inside: write it as \\"')
            closed = True
        else:
            said.append(character)
        index += 1
    if not closed:
        raise MatcherError(f"{raw} has no double quote at its end")
    return "".join(said)


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> "re.Pattern[str]":
    """Go's regular expression as one of Python's; those that mean something else in both are refused.

    What reaches this has been accepted by Alertmanager, so it need not be refused for what Go refuses.
    """
    try:
        return re.compile(_translated(expression), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise MatcherError(
            f"the regular expression {expression!r} cannot be told here: {error}; amtool config routes test can"
        ) from None


def _translated(expression: str) -> str:
    """Where both languages read a text, and read it differently, in Python's words."""
    said: list[str] = []
    in_class = False
    index = 0
    while index < len(expression):
        rest = expression[index:]
        posix = re.match(r"\[:(\^?)([a-z]+):\]", rest) if in_class else None
        if posix is not None:
            if posix[1] or posix[2] not in _POSIX:
                raise re.error(f"{posix[0]} has no like in Python")
            piece, said_of_it = posix[0], _POSIX[posix[2]]
        elif rest.startswith("\\"):
            piece = said_of_it = rest[:2]
        elif in_class and rest[0] in "[&|~":
            piece, said_of_it = rest[0], "\\" + rest[0]
        elif not in_class and rest.startswith("{,"):
            piece, said_of_it = "{,", r"\{,"  # no repetition in Go
        elif not in_class and rest.startswith("$"):
            piece, said_of_it = "$", r"\Z"  # Python's would match before a last line feed
        elif not in_class and rest.startswith("["):
            # A closing bracket that comes first is one of the class's characters, in both.
            opening = re.match(r"\[\^?\]?", rest)
            piece = said_of_it = opening[0] if opening else "["
            in_class = True
        else:
            piece = said_of_it = rest[0]
            in_class = in_class and rest[0] != "]"
        said.append(said_of_it)
        index += len(piece)
    return "".join(said)
