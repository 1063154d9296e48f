"""Tables as the `chaos slo` pages lay them out."""

from collections.abc import Iterable
from typing import Literal

from rich.table import Table


def table(*columns: tuple[str, Literal["left", "right"]]) -> Table:
    """A table without lines, of columns with a title each."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name, justify in columns:
        made.add_column(name, justify=justify, overflow="fold")
    return made


def facts(pairs: Iterable[tuple[str, str]]) -> Table:
    """Names and what is to be said of each."""
    made = Table.grid(padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in pairs:
        made.add_row(name, value)
    return made
