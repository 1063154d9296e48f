"""Go templates, in which Prometheus writes alert labels and annotations: texts put in literally, texts checked."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ACTION = re.compile(r"\{\{(?:-(?=\s))?(.*?)(?:(?<=\s)-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:\\["\\nrt]|[^"\\\n])*"|`[^`]*`)(?=[\s|)]|$)|(?P<number>[+-]?\d+(?:\.\d+)?)(?=[\s|)]|$)"""
    r"""|(?P<variable>\$\w*)(?:\.[A-Za-z_]\w*)*(?=[\s|)]|$)|(?P<field>(?:\.[A-Za-z_]\w*)+|\.)(?=[\s|)]|$)"""
    r"""|(?P<word>[A-Za-z_]\w*)(?=[\s|)]|$)|(?P<mark>:=|[|()]))"""
)
_OPERANDS = frozenset({"string", "number", "variable", "field"})
_FUNCTIONS = re.compile(
    "and|args|eq|externalURL|first|ge|graphLink|gt|html|humanize|humanize1024|humanizeDuration|humanizePercentage"
    "|humanizeTimestamp|index|js|label|le|len|lt|match|ne|not|or|parseDuration|pathPrefix|print|printf|println|query"
    "|reReplaceAll|safeHtml|slice|sortByLabel|stripDomain|stripPort|strvalue|tableLink|title|toLower|toTime|toUpper"
    "|urlquery|value"
)
_BLOCKS = frozenset({"if", "with", "range"})
_KNOWN_VARIABLES = ("$", "$labels", "$externalLabels", "$externalURL", "$value")


def literal(text: str) -> str:
    """`text` as a template that gives it back, braces and all."""
    if "{{" in text or text.endswith("{"):
        return text.replace("{", '{{"{"}}')
    return text


def problem(text: str) -> str | None:
    """Why `text` cannot be the template of an alert's label or annotation; None if it can.

    What is accepted, Prometheus 2.42 and newer load: pipelines of its functions over `$value`, `$labels`,
    `$externalLabels`, `$externalURL`, fields and variables of their own, in if, with and range with else and end.
    Definitions, comments and calls of methods are refused: one bad template keeps Prometheus from loading any rule.
    """
    template = _Template()
    for action in _ACTION.finditer(text):
        try:
            template.action(action.group(1).strip())
        except _Wrong as wrong:
            return f"{wrong} in {action.group()}"
    if "{{" in _ACTION.sub("", text):
        return "a {{ without its }}"
    return f"a {{{{ {template.blocks[-1].word} }}}} without its {{{{ end }}}}" if template.blocks else None


class _Wrong(Exception):  # noqa: N818 (never leaves this module)
    pass


@dataclass(frozen=True, slots=True)
class _Block:
    word: str
    variables_outside: int


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(slots=True)
class _Template:
    """Where a template stands: the blocks that are open, and the variables that are known."""

    blocks: list[_Block] = field(default_factory=list)
    variables: list[str] = field(default_factory=lambda: list(_KNOWN_VARIABLES))

    def action(self, text: str) -> None:
        tokens = list(_tokens(text))
        word = tokens[0].text if tokens else ""
        if word == "end":
            self._end(tokens[1:])
        elif word == "else":
            self._else(tokens[1:])
        elif word in _BLOCKS:
            self.blocks.append(_Block(word, len(self.variables)))
            self._declaration(tokens[1:])
        else:
            self._declaration(tokens)

    def _end(self, rest: list[_Token]) -> None:
        if rest or not self.blocks:
            raise _Wrong("an end that ends nothing")
        del self.variables[self.blocks.pop().variables_outside :]

    def _else(self, rest: list[_Token]) -> None:
        if not self.blocks or self.blocks[-1].word == "else":
            raise _Wrong("an else that belongs to nothing")
        if not rest:
            self.blocks[-1] = _Block("else", self.blocks[-1].variables_outside)
        elif rest[0].text == "if" and self.blocks[-1].word == "if":
            self._declaration(rest[1:])
        else:
            raise _Wrong("an else that goes on with something other than if")

    def _declaration(self, tokens: list[_Token]) -> None:
        declared = None
        if len(tokens) > 1 and tokens[1].text == ":=" and tokens[0].kind == "variable":
            declared, tokens = tokens[0].text, tokens[2:]
        rest = self._pipeline(tokens)
        if rest:
            raise _Wrong(f"an unexpected {rest[0].text!r}")
        if declared is not None:
            self.variables.append(declared)

    def _pipeline(self, tokens: list[_Token]) -> list[_Token]:
        """Read one pipeline; what is left of the tokens after it."""
        rest = self._command(tokens, first=True)
        while rest and rest[0].text == "|":
            rest = self._command(rest[1:], first=False)
        return rest

    def _command(self, tokens: list[_Token], first: bool) -> list[_Token]:
        if not tokens:
            raise _Wrong("nothing where a value is expected")
        if tokens[0].kind == "word":
            if not _FUNCTIONS.fullmatch(tokens[0].text):
                raise _Wrong(f"no function of Prometheus: {tokens[0].text!r}")
            rest = tokens[1:]
            while rest and (rest[0].kind in _OPERANDS or rest[0].text == "("):
                rest = self._operand(rest)
            return rest
        if not first:
            raise _Wrong("no function after a |")
        return self._operand(tokens)

    def _operand(self, tokens: list[_Token]) -> list[_Token]:
        if tokens[0].text == "(":
            rest = self._pipeline(tokens[1:])
            if not rest or rest[0].text != ")":
                raise _Wrong("a parenthesis that is not closed")
            return rest[1:]
        if tokens[0].kind not in _OPERANDS:
            raise _Wrong(f"an unexpected {tokens[0].text!r}")
        if tokens[0].kind == "variable" and tokens[0].text not in self.variables:
            raise _Wrong(f"no variable of Prometheus: {tokens[0].text}")
        return tokens[1:]


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text.rstrip()):
        token = _TOKEN.match(text, position)
        if token is None:
            raise _Wrong(f"{text[position:].strip()!r} is not understood")
        kind = token.lastgroup or ""
        yield _Token(kind, token[kind])
        position = token.end()
