"""Reading what receivers were told from something that keeps it: the lab's pager, or `chaos alerts sink`.

It serves `GET /pages?since=<Unix time>`: `{"pages": [{"id", "received_at", "receiver", "status", "notification",
"answered"}], "forgotten": N, "last": N, "now": T}`, where `notification` is the body of Alertmanager's webhook.
`answered`, where it is there, is the HTTP status that the notification was answered with: what was refused reached
nobody. `last` is the number of the last one that came, `now` what its clock says; both may be missing.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clients.json_http import HttpError, JsonServer
from clients.prometheus_alerts import read_time

PAGES_VARIABLE = "MLCHAOS_PAGES_URL"
SET_ADDRESS = f'set {PAGES_VARIABLE} (in the lab: eval "$(chaos lab env)")'

AlertStatus = Literal["firing", "resolved"]


@dataclass(frozen=True, slots=True)
class PagedAlert:
    """One alert of a notification; `status` is its own, which may differ from the notification's.

    `starts_at` is when it began to fire (seconds since the epoch); None where the notification does not say it
    so that it can be read.
    """

    status: AlertStatus
    labels: Mapping[str, str]
    fingerprint: str = ""
    starts_at: float | None = None

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class Page:
    """One notification: to whom, when (seconds since the epoch, by the clock of who keeps it), of which group.

    `answered` is the HTTP status that it was answered with: what is refused comes again.
    """

    id: int
    received_at: float
    receiver: str
    status: AlertStatus
    group_key: str
    alerts: tuple[PagedAlert, ...]
    answered: int = 200

    @property
    def accepted(self) -> bool:
        """Whether it reached somebody."""
        return 200 <= self.answered < 300


@dataclass(frozen=True, slots=True)
class Pages:
    """Notifications, the oldest first, and how many had to make room since the keeper began.

    `last` is the number of the last one that came, whether it is among them or not; `ahead` is how far the keeper's
    clock is ahead of ours (seconds). None where the keeper does not say. `answered_at` is by our clock.
    """

    pages: tuple[Page, ...]
    forgotten: int
    last: int | None = None
    ahead: float | None = None
    answered_at: float | None = None


class PagesKeeper:
    """Something that keeps notifications. Raises HttpError where it is asked and there is no answer."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self._server = JsonServer("the keeper of pages", url, SET_ADDRESS, timeout)
        self.url = self._server.url

    def since(self, at: float) -> Pages:
        """The notifications that came after `at` (seconds since the epoch, by its own clock)."""
        asked_at = time.time()
        document = self._server.get("/pages", {"since": f"{at:.6f}"})
        answered_at = time.time()
        try:
            pages = tuple(_page(entry) for entry in document["pages"])
            now, last = document.get("now"), document.get("last")
            return Pages(
                tuple(sorted(pages, key=lambda page: page.id)),
                int(document.get("forgotten", 0)),
                None if last is None else int(last),
                None if now is None else clock_ahead(float(now), asked_at, answered_at),
                answered_at,
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._server.strange(f"no list of pages ({type(error).__name__}: {error})") from error

    def close(self) -> None:
        self._server.close()


def clock_ahead(now: float, asked_at: float, answered_at: float) -> float:
    """How far a clock that said `now` between two times is ahead; 0 where it may be the same one."""
    return 0.0 if asked_at <= now <= answered_at else now - (asked_at + answered_at) / 2


def pages_url(configuration: Mapping[str, Any]) -> str:
    """Where pages are kept, of the configuration (`pages_url`) or the environment; empty where nothing is named."""
    return str(configuration.get("pages_url") or os.environ.get(PAGES_VARIABLE, ""))


def _page(entry: Mapping[str, Any]) -> Page:
    notification = entry["notification"]
    return Page(
        id=int(entry["id"]),
        received_at=float(entry["received_at"]),
        receiver=str(entry["receiver"]),
        status=_status(entry["status"]),
        group_key=str(notification.get("groupKey", "")),
        alerts=tuple(_alert(one) for one in notification["alerts"]),
        answered=int(entry.get("answered", 200)),
    )


def _alert(entry: Mapping[str, Any]) -> PagedAlert:
    labels = {str(name): str(value) for name, value in entry["labels"].items()}
    return PagedAlert(
        _status(entry["status"]), labels, str(entry.get("fingerprint", "")), _starts_at(entry.get("startsAt"))
    )


def _starts_at(text: object) -> float | None:
    """What cannot be read is not known of this one; all the others are told all the same."""
    try:
        return read_time(text)
    except (ValueError, OverflowError):
        return None


def _status(value: object) -> AlertStatus:
    if value == "firing":
        return "firing"
    if value == "resolved":
        return "resolved"
    raise ValueError(f"{value!r} is no status of a notification")


__all__ = ["HttpError", "Page", "PagedAlert", "Pages", "PagesKeeper", "pages_url"]
