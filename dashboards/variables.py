"""The choices at the top of a dashboard: the data source first, then what narrows the view."""

from grafana_foundation_sdk.builders.dashboard import CustomVariable, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableHide, VariableOption, VariableRefresh, VariableSort

from dashboards.queries import DATA_SOURCE

_LABEL_VALUES = 1
"""Grafana's number for a variable query of the kind "label values"."""


def data_source() -> DatasourceVariable:
    """Which Prometheus is asked: Grafana's default one at first."""
    return (
        DatasourceVariable("datasource")
        .label("Prometheus")
        .description("The Prometheus that has the rules of `chaos slo rules` and scrapes the stack.")
        .type("prometheus")
        .multi(False)
        .include_all(False)
    )


def one_of(name: str, label: str, description: str, label_name: str, metric: str) -> QueryVariable:
    """One value of a label; the first at first."""
    return _label_values(name, label, description, label_name, metric).multi(False).include_all(False)


def any_of(name: str, label: str, description: str, label_name: str, metric: str) -> QueryVariable:
    """Any values of a label, all at first. For queries with `=~`."""
    chosen = VariableOption(selected=True, text=["All"], value=["$__all"])
    return (
        _label_values(name, label, description, label_name, metric)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(chosen)
    )


def span(name: str, label: str, description: str, choices: tuple[str, ...], first: str) -> CustomVariable:
    """A length of time out of a few."""
    options = [VariableOption(selected=one == first, text=one, value=one) for one in choices]
    return (
        CustomVariable(name)
        .label(label)
        .description(description)
        .values(",".join(choices))
        .options(options)
        .current(VariableOption(selected=True, text=first, value=first))
        .multi(False)
        .include_all(False)
    )


def _label_values(name: str, label: str, description: str, label_name: str, metric: str) -> QueryVariable:
    definition = f"label_values({metric}, {label_name})"
    return (
        QueryVariable(name)
        .label(label)
        .description(description)
        .hide(VariableHide.DONT_HIDE)
        .datasource(DATA_SOURCE)
        .query({"qryType": _LABEL_VALUES, "query": definition, "refId": f"variable-{name}"})
        .definition(definition)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )
