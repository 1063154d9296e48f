"""The pager: `python -m lab.workloads.pager`, on $POD_IP:8080. It receives Alertmanager's webhooks and remembers them.

POST /alerts/{receiver} takes a notification; GET /pages?since=<Unix time> gives those that arrived later, oldest
first. What is kept is bounded for each receiver, and its oldest go first: what comes all the time, such as a Watchdog,
does not drive out a page. PUT /answers/{receiver}?status=500 breaks a receiver: its notifications are kept, and
answered with that until it is put back to 200.
"""

import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge

from lab.workloads.http_metrics import metrics_handler, new_registry
from lab.workloads.serving import Listener, Logger, listening, run_program, until_stopped
from lab.workloads.settings import Settings

PORT = 8080
DRAIN_SECONDS = 0.4
CAPACITY = 2000
STATUSES = ("firing", "resolved")
ANSWERS = range(200, 600)
"""What a notification may be answered with."""


@dataclass(frozen=True, slots=True)
class Page:
    """One notification: `received_at` is the Unix time of its arrival, `id` counts them from 1.

    `answered` is the HTTP status of the answer: one that was refused reached nobody, and comes again.
    """

    id: int
    received_at: float
    receiver: str
    status: str
    notification: dict[str, Any]
    answered: int = 200


class Pager:
    """The notifications of every receiver, in order of arrival."""

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.time, capacity: int = CAPACITY
    ) -> None:
        self._clock = clock
        self._pages: defaultdict[str, deque[Page]] = defaultdict(lambda: deque(maxlen=capacity))
        self._received = 0
        self._answers: dict[str, int] = {}
        self._notifications = Counter(
            "pager_notifications_total",
            "Notifications received.",
            ["receiver", "status"],
            registry=registry,
        )
        self._last = Gauge(
            "pager_last_notification_timestamp_seconds",
            "When the last notification came, as a Unix time.",
            ["receiver"],
            registry=registry,
        )

    def receive(self, receiver: str, body: bytes) -> Page:
        """Keep a notification; ValueError when it is not one of Alertmanager's."""
        notification = _notification(body)
        self._received += 1
        answered = self._answers.get(receiver, 200)
        page = Page(self._received, self._clock(), receiver, notification["status"], notification, answered)
        self._pages[receiver].append(page)
        self._notifications.labels(receiver, page.status).inc()
        self._last.labels(receiver).set(page.received_at)
        return page

    def answer(self, receiver: str, status: int) -> None:
        """Answer a receiver's notifications with this HTTP status from now on; ValueError when it is none."""
        if status not in ANSWERS:
            raise ValueError(f"status must be from {ANSWERS.start} to {ANSWERS.stop - 1}")
        self._answers[receiver] = status

    def pages(self, since: float = 0.0) -> list[Page]:
        """The notifications that came after `since`, the oldest first."""
        kept = [page for pages in self._pages.values() for page in pages if page.received_at > since]
        return sorted(kept, key=lambda page: page.id)

    def now(self) -> float:
        """What the clock says that the pages are told by."""
        return self._clock()

    @property
    def last(self) -> int:
        """The number of the last notification."""
        return self._received

    @property
    def forgotten(self) -> int:
        """How many notifications had to make room."""
        return self._received - sum(len(pages) for pages in self._pages.values())


def application(pager: Pager, registry: CollectorRegistry, logger: Logger) -> web.Application:
    """The pager's routes."""

    async def alerts(request: web.Request) -> web.Response:
        try:
            page = pager.receive(request.match_info["receiver"], await request.read())
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        logger.info(
            "page",
            receiver=page.receiver,
            status=page.status,
            alerts=",".join(_alert_names(page.notification)),
            answered=page.answered,
        )
        return web.json_response({"id": page.id}, status=page.answered)

    async def answers(request: web.Request) -> web.Response:
        try:
            pager.answer(request.match_info["receiver"], int(request.query.get("status", "")))
        except ValueError as error:
            return web.json_response({"error": f"status is no HTTP status: {error}"}, status=400)
        return web.json_response({})

    async def pages(request: web.Request) -> web.Response:
        try:
            since = float(request.query.get("since", "0"))
        except ValueError:
            return web.json_response({"error": "since must be a Unix time in seconds"}, status=400)
        found = [asdict(page) for page in pager.pages(since)]
        return web.json_response({"pages": found, "forgotten": pager.forgotten, "last": pager.last, "now": pager.now()})

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    app = web.Application()
    app.add_routes(
        [
            web.post("/alerts/{receiver}", alerts),
            web.put("/answers/{receiver}", answers),
            web.get("/pages", pages),
            web.get("/healthz", healthz),
            web.get("/metrics", metrics_handler(registry)),
        ]
    )
    return app


def _notification(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"the body is not JSON: {error}") from None
    if not isinstance(document, dict) or document.get("status") not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(STATUSES)}")
    alerts = document.get("alerts")
    if not isinstance(alerts, list) or not all(isinstance(alert, dict) for alert in alerts):
        raise ValueError("alerts must be a list of objects")
    return document


def _alert_names(notification: dict[str, Any]) -> list[str]:
    labels = [alert.get("labels") for alert in notification["alerts"]]
    return sorted({str(label.get("alertname")) for label in labels if isinstance(label, dict)})


async def program(settings: Settings, logger: Logger) -> None:
    host = settings.text("POD_IP")
    registry = new_registry()
    app = application(Pager(registry), registry, logger)
    async with listening([Listener(app, host, PORT)], drain_seconds=DRAIN_SECONDS):
        logger.info("serving", address=f"{host}:{PORT}")
        await until_stopped()


if __name__ == "__main__":
    run_program("pager", program)
