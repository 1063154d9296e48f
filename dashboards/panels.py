"""The panels that dashboards are made of: lines over time, figures of now, states over time, bars.

Each takes a title, and a description that says what is shown, what is normal, and what to do when it is not.
"""

from collections.abc import Mapping, Sequence

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import FieldColor
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, FieldColorModeId, Panel

from dashboards.links import PanelLink
from dashboards.queries import DATA_SOURCE, Query, at_the_end, over_time
from dashboards.scales import NEUTRAL, SILENT, Meaning, Scale, mapped

PanelBuilder = Builder[Panel]

NO_DATA = "no data"


def lines(
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    unit: str,
    width: int = 12,
    height: int = 8,
    scale: Scale | None = None,
    lowest: float | None = 0,
    highest: float | None = None,
    stacked: bool = False,
    decimals: int | None = None,
    absent: str = NO_DATA,
) -> timeseries.Panel:
    """Lines over time. With a scale its steps are drawn as dashed lines; `absent` is shown where there is nothing."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .targets(over_time(queries))
        .span(width)
        .height(height)
        .unit(unit)
        .no_value(absent)
        .line_width(1)
        .fill_opacity(40 if stacked else 8)
        .show_points(VisibilityMode.AUTO)
        .span_nulls(False)
        .color_scheme(FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
        .legend(_legend())
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
    )
    if lowest is not None:
        panel.min(lowest)
    if highest is not None:
        panel.max(highest)
    if decimals is not None:
        panel.decimals(decimals)
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL))
    if scale is not None:
        panel.thresholds(scale.builder())
        panel.thresholds_style(GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED))
    return panel


def figure(
    title: str,
    description: str,
    query: Query,
    *,
    unit: str = "short",
    scale: Scale = SILENT,
    width: int = 4,
    height: int = 4,
    decimals: int | None = None,
    meanings: Mapping[str, Meaning] | None = None,
    absent: str = NO_DATA,
    link: PanelLink | None = None,
) -> stat.Panel:
    """How it is now, large, in the colour of its scale."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .targets(at_the_end([query]))
        .span(width)
        .height(height)
        .unit(unit)
        .no_value(absent)
        .thresholds(scale.builder())
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .color_mode(BigValueColorMode.BACKGROUND)
        .graph_mode(BigValueGraphMode.NONE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    if decimals is not None:
        panel.decimals(decimals)
    if meanings is not None:
        panel.mappings(list(mapped(meanings)))
    if link is not None:
        panel.data_links([link.builder()])
    return panel


def states(
    title: str,
    description: str,
    queries: Sequence[Query],
    meanings: Mapping[str, Meaning],
    *,
    width: int = 24,
    height: int = 6,
    absent: str = NO_DATA,
) -> statetimeline.Panel:
    """A strip over time for each series, coloured by what its values mean."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .targets(over_time(queries))
        .span(width)
        .height(height)
        .no_value(absent)
        .mappings(list(mapped(meanings)))
        .merge_values(True)
        .show_value(VisibilityMode.AUTO)
        .row_height(0.8)
        .fill_opacity(80)
        .legend(_legend(calculations=()))
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.SINGLE).sort(SortOrder.NONE))
    )


def bars(
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    unit: str,
    scale: Scale = NEUTRAL,
    width: int = 12,
    height: int = 8,
    lowest: float = 0,
    highest: float | None = None,
    decimals: int | None = None,
    absent: str = NO_DATA,
) -> bargauge.Panel:
    """A bar for each series as it is now."""
    panel = (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(DATA_SOURCE)
        .targets(at_the_end(queries))
        .span(width)
        .height(height)
        .unit(unit)
        .min(lowest)
        .no_value(absent)
        .thresholds(scale.builder())
        .color_scheme(FieldColor().mode(FieldColorModeId.THRESHOLDS))
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]).values(False))
    )
    if highest is not None:
        panel.max(highest)
    if decimals is not None:
        panel.decimals(decimals)
    return panel


def dashed(colour: str) -> list[DynamicConfigValue]:
    """How a line is drawn that is a limit: for `override_by_name`."""
    return [
        DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour}),
        DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]}),
        DynamicConfigValue(id_val="custom.fillOpacity", value=0),
    ]


def _legend(calculations: Sequence[str] = ("lastNotNull", "max")) -> VizLegendOptions:
    shown = LegendDisplayMode.TABLE if calculations else LegendDisplayMode.LIST
    return (
        VizLegendOptions()
        .show_legend(True)
        .display_mode(shown)
        .placement(LegendPlacement.BOTTOM)
        .calcs(list(calculations))
    )
