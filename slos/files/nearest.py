"""The word that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, choices: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The choice most like `word`, whatever its case; None when none is like it. `cutoff` is difflib's (0..1).

    One that begins with the word is more like it than any other.
    """
    by_lower = {choice.lower(): choice for choice in choices}
    begun = [choice for choice in by_lower if word and choice.startswith(word.lower())]
    found = get_close_matches(word.lower(), begun, n=1, cutoff=cutoff)
    found = found or get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
    return by_lower[found[0]] if found else None
