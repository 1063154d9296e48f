"""PromQL in a panel: what is asked, and how its series are called."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.prometheus import Dataquery as QueryBuilder
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATA_SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
"""Every panel asks the Prometheus that the dashboard's first variable names."""


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and the name of each series: text with labels as `{{pod}}`."""

    expression: str
    legend: str = ""

    @property
    def promql(self) -> str:
        """The expression on one line, however it was written."""
        return " ".join(self.expression.split())


def over_time(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    """For panels with a time axis."""
    return [_builder(number, query).range() for number, query in enumerate(queries)]


def at_the_end(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    """For panels that show how it is now: one value at the end of the dashboard's time range."""
    return [_builder(number, query).instant() for number, query in enumerate(queries)]


def as_rows(queries: Sequence[Query]) -> list[Builder[Dataquery]]:
    """For tables: a row for each series, with its labels as columns."""
    return [_builder(number, query).instant().format(PromQueryFormat.TABLE) for number, query in enumerate(queries)]


def ref(number: int) -> str:
    """The letter under which Grafana knows a panel's query, counted from 0."""
    return chr(ord("A") + number)


def _builder(number: int, query: Query) -> QueryBuilder:
    builder = QueryBuilder().ref_id(ref(number)).datasource(DATA_SOURCE).expr(query.promql)
    return builder.legend_format(query.legend) if query.legend else builder
