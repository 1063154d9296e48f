"""Stands in for a Grafana: its HTTP API as it is documented, for folders, dashboards, search and annotations.

There is no Grafana to be had where the tests run. What it keeps can be looked at; `refuse` and `hang` make it fail.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.clients.misbehaving import answering

TOKEN = "glsa_secret"
Document = dict[str, Any]


@dataclass
class GrafanaDouble:
    """What this Grafana keeps: folders by uid, dashboards by uid ({dashboard, folderUid}), annotations by id."""

    url: str = ""
    folders: dict[str, Document] = field(default_factory=dict)
    dashboards: dict[str, Document] = field(default_factory=dict)
    annotations: dict[int, Document] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    refuse: tuple[int, Any] | None = None
    """Answer everything with this status and document."""
    lose_answers: bool = False
    """Do what is asked, and answer 502."""
    hang: threading.Event | None = None
    """Answer nothing until this is set."""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        self.requests.append(f"{handler.command} {handler.path}")
        if self.hang is not None:
            self.hang.wait(30)
        if self.refuse is not None:
            status, document = self.refuse
        elif handler.headers.get("Authorization") != f"Bearer {TOKEN}":
            status, document = 401, {"message": "Invalid API key"}
        else:
            status, document = self._do(handler.command, urlsplit(handler.path), body)
            if self.lose_answers:
                status, document = 502, "bad gateway"
        _send(handler, status, document)

    def _do(self, method: str, target: Any, body: Any) -> tuple[int, Any]:
        parts = [unquote(part) for part in target.path.strip("/").split("/")][1:]
        query = parse_qs(target.query)
        match method, parts:
            case "GET", ["folders", uid]:
                return (200, self.folders[uid]) if uid in self.folders else _not_found("folder not found")
            case "POST", ["folders"]:
                return self._create_folder(body)
            case "GET", ["search"]:
                return 200, self._search(query)
            case "GET", ["dashboards", "uid", uid]:
                return self._dashboard(uid)
            case "POST", ["dashboards", "db"]:
                return self._save(body)
            case "DELETE", ["dashboards", "uid", uid]:
                gone = self.dashboards.pop(uid, None)
                return (200, {"title": gone["dashboard"]["title"]}) if gone else _not_found("Dashboard not found")
            case "POST", ["annotations"]:
                number = len(self.annotations) + 1
                self.annotations[number] = {**body, "id": number}
                return 200, {"message": "Annotation added", "id": number}
            case "PUT", ["annotations", number]:
                if int(number) not in self.annotations:
                    return _not_found("Annotation not found")
                self.annotations[int(number)] |= body
                return 200, {"message": "Annotation updated"}
            case "GET", ["annotations"]:
                return 200, self._annotations(query)
        return _not_found("Not found")

    def _create_folder(self, body: Document) -> tuple[int, Any]:
        if any(body["uid"] == uid or body["title"] == one["title"] for uid, one in self.folders.items()):
            return 409, {"message": "a folder with the same name already exists in the current location"}
        self.folders[body["uid"]] = {"uid": body["uid"], "title": body["title"], "id": len(self.folders) + 1}
        return 200, self.folders[body["uid"]]

    def _search(self, query: dict[str, list[str]]) -> list[Document]:
        limit, page = int(query.get("limit", ["1000"])[0]), int(query.get("page", ["1"])[0])
        hits = [
            {
                "uid": uid,
                "title": one["dashboard"]["title"],
                "type": "dash-db",
                "tags": one["dashboard"].get("tags", []),
                **({"folderUid": one["folderUid"]} if one["folderUid"] else {}),
            }
            for uid, one in self.dashboards.items()
            if set(query.get("tag", [])) <= set(one["dashboard"].get("tags", []))
        ]
        return hits[(page - 1) * limit : page * limit]

    def _dashboard(self, uid: str) -> tuple[int, Any]:
        if uid not in self.dashboards:
            return _not_found("Dashboard not found")
        kept = self.dashboards[uid]
        return 200, {"dashboard": kept["dashboard"], "meta": {"folderUid": kept["folderUid"]}}

    def _save(self, body: Document) -> tuple[int, Any]:
        wanted, folder = body["dashboard"], body.get("folderUid", "")
        uid = wanted["uid"]
        kept = self.dashboards.get(uid)
        if folder and folder not in self.folders:
            return 400, {"message": "folder not found"}
        if any(
            one["folderUid"] == folder and one["dashboard"]["title"] == wanted["title"] and other != uid
            for other, one in self.dashboards.items()
        ):
            return 412, {"status": "name-exists", "message": "A dashboard with the same name in the folder exists"}
        version = kept["dashboard"]["version"] if kept else 0
        if kept and wanted.get("version") != version and not body.get("overwrite"):
            return 412, {"status": "version-mismatch", "message": "The dashboard has been changed by someone else"}
        number = kept["dashboard"]["id"] if kept else len(self.dashboards) + 1
        self.dashboards[uid] = {"dashboard": {**wanted, "id": number, "version": version + 1}, "folderUid": folder}
        return 200, {"id": number, "uid": uid, "status": "success", "version": version + 1, "url": f"/d/{uid}"}

    def _annotations(self, query: dict[str, list[str]]) -> list[Document]:
        wanted = set(query.get("tags", []))
        found = [one for one in self.annotations.values() if wanted <= set(one["tags"])]
        return sorted(found, key=lambda one: one["time"], reverse=True)[: int(query.get("limit", ["100"])[0])]


@contextmanager
def grafana_double() -> Iterator[GrafanaDouble]:
    """A Grafana on a free loopback port, until the block ends."""
    double = GrafanaDouble()
    with answering(double.answer) as url:
        double.url = url
        try:
            yield double
        finally:
            if double.hang is not None:
                double.hang.set()


def _not_found(message: str) -> tuple[int, Document]:
    return 404, {"message": message}


def _send(handler: BaseHTTPRequestHandler, status: int, document: Any) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    content = text.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "text/html" if isinstance(document, str) else "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
