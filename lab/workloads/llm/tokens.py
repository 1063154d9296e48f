"""Text to tokens and back: a token is a word or a mark together with the space before it."""

import re
from collections.abc import Iterable

END_OF_TEXT = "<|endoftext|>"
START_OF_TEXT = "<|startoftext|>"

_TOKEN = re.compile(r"\s?(?:\w+|[^\w\s])|\s")


def tokenize(text: str) -> list[str]:
    """The tokens of `text`; joined, they are `text` again."""
    return _TOKEN.findall(text)


def detokenize(tokens: Iterable[str]) -> str:
    """The text of `tokens`, without the marks for its start and end."""
    return "".join(token for token in tokens if token not in (START_OF_TEXT, END_OF_TEXT))
