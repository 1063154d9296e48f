"""Tables: a row for each set of labels, a column for each query and for each label that is shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders import table
from grafana_foundation_sdk.builders.common import TableSortByFieldState
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from dashboards.links import PanelLink
from dashboards.panels import NO_DATA
from dashboards.queries import DATA_SOURCE, Query, as_rows, ref
from dashboards.scales import Meaning, Scale, mapped_document

NOTHING = "-"
"""In a cell for which there is no value."""


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """A label under a title. `meanings` give its values other words and colours."""

    title: str
    label: str
    link: PanelLink | None = None
    meanings: Mapping[str, Meaning] | None = None
    width: int | None = None


@dataclass(frozen=True, slots=True)
class ValueColumn:
    """The values of a query under a title. With a scale the cell has its colour; `bar` draws the share that it is."""

    title: str
    query: Query
    unit: str
    scale: Scale | None = None
    bar: bool = False
    decimals: int | None = None
    width: int | None = None
    shown: bool = True


Column = LabelColumn | ValueColumn


def rows(
    title: str,
    description: str,
    columns: Sequence[Column],
    *,
    sort_by: str,
    descending: bool = False,
    width: int = 24,
    height: int = 10,
    absent: str = NO_DATA,
) -> table.Panel:
    """A table. Queries must give the same labels for what belongs in one row, and no label that is not a column."""
    values = [column for column in columns if isinstance(column, ValueColumn)]
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .targets(as_rows([column.query for column in values]))
        .span(width)
        .height(height)
        .no_value(absent)
        .filterable(True)
        .sort_by([TableSortByFieldState().display_name(sort_by).desc(descending)])
        .transformations(_arranged(columns, values))
    )
    for column in columns:
        if properties := _properties(column):
            panel.override_by_name(column.title, properties)
    return panel


def _arranged(columns: Sequence[Column], values: Sequence[ValueColumn]) -> list[DataTransformerConfig]:
    """The answers put side by side, in the order and under the titles of the columns."""
    fields = [_field(column, values) for column in columns]
    titles = {field: column.title for field, column in zip(fields, columns, strict=True)}
    hidden = {"Time": True} | {_field(column, values): True for column in values if not column.shown}
    organized = {
        "excludeByName": hidden,
        "indexByName": {field: index for index, field in enumerate(fields)},
        "renameByName": titles,
    }
    merged = [DataTransformerConfig(id_val="merge", options={})] if len(values) > 1 else []
    return [*merged, DataTransformerConfig(id_val="organize", options=organized)]


def _field(column: Column, values: Sequence[ValueColumn]) -> str:
    """How Grafana calls the field of a column before it is renamed."""
    if isinstance(column, LabelColumn):
        return column.label
    return "Value" if len(values) == 1 else f"Value #{ref(values.index(column))}"


def _properties(column: Column) -> list[DynamicConfigValue]:
    given: dict[str, object] = {}
    if column.width is not None:
        given["custom.width"] = column.width
    if isinstance(column, LabelColumn):
        if column.link is not None:
            given["links"] = [column.link.document()]
        if column.meanings is not None:
            given["mappings"] = mapped_document(column.meanings)
            given["custom.cellOptions"] = {"type": "color-text"}
        return _dynamic(given)
    given["unit"] = column.unit
    given["noValue"] = NOTHING  # the panel's own says what it means when all of it is empty, and would fill each cell
    if column.decimals is not None:
        given["decimals"] = column.decimals
    if column.scale is not None:
        given["thresholds"] = column.scale.document()
        given["color"] = {"mode": "thresholds"}
        given["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.bar:
        given["custom.cellOptions"] = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
        given |= {"min": 0, "max": 1}
    return _dynamic(given)


def _dynamic(given: Mapping[str, object]) -> list[DynamicConfigValue]:
    return [DynamicConfigValue(id_val=name, value=value) for name, value in given.items()]
