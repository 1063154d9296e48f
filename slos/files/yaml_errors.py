"""What libyaml says of a broken file, as a problem with a place and a remedy."""

import re

import yaml

from slos.problems import Place, Problem

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REMEDIES = {
    "mapping values are not allowed": "put a text that contains ': ' in quotes, and check the indentation",
    "found unexpected end of stream": "close the quotes",
    "did not find expected ',' or": "close the bracket, or put the query in quotes and close them",
    "did not find expected key": (
        "check the indentation: keys of one mapping begin in one column; and that quotes are closed, and brackets once"
    ),
    "could not find expected ':'": "write a colon and a space after the key",
    "did not find expected '-'": "check the indentation: items of one list begin in one column",
    "found unknown escape": "use single quotes, in which a backslash is a backslash",
    "expected <document start>": "begin another document with ---",
}
_INDICATORS = "@`%"


def forbidden_character(file: str, first_line: int, text: str) -> Problem | None:
    """The first character that no YAML file may contain."""
    match = _FORBIDDEN.search(text)
    if match is None:
        return None
    before = text[: match.start()]
    line = first_line + before.count("\n")
    column = match.start() - before.rfind("\n")
    message = f"the character U+{ord(match[0]):04X}, which no YAML may contain"
    return Problem(Place(file, line, column), message, "remove it")


def broken_yaml(file: str, first_line: int, text: str, error: yaml.YAMLError) -> Problem:
    """Where libyaml stopped, why, and what to look at."""
    mark = getattr(error, "problem_mark", None)
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    if mark is None:
        return Problem(Place(file, first_line), f"no YAML: {said}", "check the document's characters")
    place = Place(file, first_line + mark.line, mark.column + 1)
    character = _character(text, mark.line, mark.column)
    if character == "\t":
        return Problem(place, "a tab, where YAML wants spaces", "indent with spaces")
    if "cannot start any token" in said and character in _INDICATORS:
        return Problem(place, f"a text that begins with {character}", "put it in quotes")
    opened = _opened(first_line, error)
    remedy = next((remedy for start, remedy in _REMEDIES.items() if start in said), "check the indentation and quotes")
    return Problem(place, f"no YAML: {said}{opened}", remedy)


def _character(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    return lines[line][column : column + 1] if line < len(lines) else ""


def _opened(first_line: int, error: yaml.YAMLError) -> str:
    mark = getattr(error, "context_mark", None)
    context = getattr(error, "context", None)
    return f" ({context} that begins in line {first_line + mark.line})" if mark is not None and context else ""
