"""Ways from one dashboard to the next, which keep the time range and the data source."""

from dataclasses import dataclass

from grafana_foundation_sdk.builders.dashboard import DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardLinkType

from dashboards.identity import TAG

_KEPT = "${__url_time_range}&${datasource:queryparam}"


@dataclass(frozen=True, slots=True)
class PanelLink:
    """From a value of a panel to another dashboard. `more` sets its variables: `var-slo=${__value.raw}`."""

    title: str
    uid: str
    more: str = ""

    @property
    def url(self) -> str:
        return f"/d/{self.uid}?{_KEPT}" + (f"&{self.more}" if self.more else "")

    def builder(self) -> DashboardLink:
        return DashboardLink(self.title).url(self.url)

    def document(self) -> dict[str, object]:
        """As an override of one column has it."""
        return {"title": self.title, "url": self.url, "targetBlank": False}


def to_all_of_ours() -> DashboardLink:
    """The menu of all our dashboards, at the top of each."""
    return (
        DashboardLink("mlchaos")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .icon("external link")
        .tooltip("The other dashboards of mlchaos, over the same time")
        .as_dropdown(True)
        .keep_time(True)
        .include_vars(True)
    )


def to_dashboard(title: str, uid: str, tooltip: str) -> DashboardLink:
    """A button at the top of a dashboard."""
    return (
        DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .icon("dashboard")
        .tooltip(tooltip)
        .keep_time(True)
        .include_vars(True)
    )
