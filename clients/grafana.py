"""A Grafana through grafana-client: folders, dashboards and annotations, as its HTTP API has them.

grafana-client bounds no answer as a whole, lets errors of its HTTP library through, and takes any JSON for an answer:
here each call has one deadline, every answer is looked at, and every error says what to do. The token is in no text.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from clients.deadline import within
from clients.permanent import PermanentError

DEFAULT_TIMEOUT_SECONDS = 5.0
REMEDY = "is it up, and GRAFANA_URL the right one?"
_LIKE = "https://grafana.example (with a path behind it where Grafana has one)"
_PAGE = 1000
"""Most hits that Grafana gives for one search, without asking for more."""


class GrafanaError(Exception):
    """Grafana could not be used: where, why, and what to do about it."""


class TransientGrafanaError(GrafanaError):
    """It did not answer, or could not: the same call may succeed later, and the one that failed may have been done."""


class GrafanaRefusedError(GrafanaError, PermanentError):
    """The token is not known, or may not do this."""


class GrafanaConflictError(GrafanaError, PermanentError):
    """It has something else of that name, or a newer version."""


@dataclass(frozen=True, slots=True)
class GrafanaFolder:
    """A folder of dashboards."""

    uid: str
    title: str


@dataclass(frozen=True, slots=True)
class DashboardHit:
    """A dashboard as a search finds it. `folder_uid` is empty for one in no folder."""

    uid: str
    title: str
    folder_uid: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredDashboard:
    """A dashboard as Grafana keeps it: its JSON model, with the `id` and `version` that Grafana has added."""

    uid: str
    title: str
    folder_uid: str
    version: int
    model: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Annotation:
    """A region of time in every dashboard that asks for its tags. Times are seconds since the epoch.

    Grafana keeps milliseconds, and shows `text` as the little HTML that it lets through.
    """

    start: float
    end: float
    text: str
    tags: tuple[str, ...]
    id: int | None = field(default=None, compare=False)


class Grafana:
    """The Grafana at `url`; threads may share it.

    `token` is that of a service account; without one Grafana takes us for anybody. Raises GrafanaError for an address
    that cannot be one.
    """

    def __init__(self, url: str, token: str = "", timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        self.url = _checked(url)
        self._token = _checked_token(token)
        self._timeout = timeout
        self._made: Any = None

    def close(self) -> None:
        """Give its connections back."""
        if self._made is not None:
            self._made.client.s.close()

    # --- folders ----------------------------------------------------------------------------------------------------

    def folder(self, uid: str) -> GrafanaFolder | None:
        """The folder with that uid; None where there is none."""
        what = f"read folder {uid}"
        answer = self._ask(what, lambda api: api.folder.get_folder(quote(uid, safe="")), absent=True)
        return None if answer is None else self._folder(what, answer)

    def create_folder(self, uid: str, title: str) -> GrafanaFolder:
        """Make a folder; GrafanaConflictError where there is one of that uid or title."""
        what = f"make folder {title}"
        return self._folder(what, self._ask(what, lambda api: api.folder.create_folder(title, uid=uid)))

    # --- dashboards -------------------------------------------------------------------------------------------------

    def search_dashboards(self, tag: str) -> tuple[DashboardHit, ...]:
        """Every dashboard with that tag, in whatever folder."""
        found: list[DashboardHit] = []
        page = 1
        while True:
            hits = self._search(tag, page)
            found += hits
            if len(hits) < _PAGE:
                return tuple(found)
            page += 1

    def dashboard(self, uid: str) -> StoredDashboard | None:
        """The dashboard with that uid; None where there is none."""
        what = f"read dashboard {uid}"
        answer = self._ask(what, lambda api: api.dashboard.get_dashboard(quote(uid, safe="")), absent=True)
        if answer is None:
            return None
        try:
            model, meta = answer["dashboard"], answer.get("meta", {})
            return StoredDashboard(
                uid=str(model["uid"]),
                title=str(model["title"]),
                folder_uid=str(meta.get("folderUid") or ""),
                version=int(model.get("version") or 0),
                model=dict(model),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._no_grafana(what) from error

    def save_dashboard(
        self, model: Mapping[str, Any], folder_uid: str, replaces: int | None = None, message: str = ""
    ) -> int:
        """Save a dashboard under the uid in its model, into a folder (empty: General); gives its version.

        `replaces` is the version of that dashboard in whose place it goes, None where there is none yet. What differs
        from that, and what has its title in that folder under another uid, stays, and GrafanaConflictError is raised.
        """
        uid = str(model.get("uid", ""))
        if not uid:
            raise GrafanaError("a dashboard without a uid would be made anew each time it is saved: give it one")
        dashboard = {**model, "id": None, "version": 0 if replaces is None else replaces}
        body = {"dashboard": dashboard, "folderUid": folder_uid, "message": message, "overwrite": False}
        what = f"save dashboard {uid}"
        answer = self._ask(what, lambda api: api.dashboard.update_dashboard(body))
        try:
            if answer["uid"] != uid:
                raise self._no_grafana(what)
            return int(answer["version"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._no_grafana(what) from error

    def delete_dashboard(self, uid: str) -> bool:
        """Delete a dashboard; False where there was none."""
        what = f"delete dashboard {uid}"
        answer = self._ask(what, lambda api: api.dashboard.delete_dashboard(quote(uid, safe="")), absent=True)
        return answer is not None

    # --- annotations ------------------------------------------------------------------------------------------------

    def annotate(self, annotation: Annotation) -> int:
        """Add an annotation that belongs to no dashboard; gives its id."""
        what = "add an annotation"
        start, end = _milliseconds(annotation.start), _milliseconds(annotation.end)
        answer = self._ask(
            what,
            lambda api: api.annotations.add_annotation(
                time_from=start, time_to=end, tags=list(annotation.tags), text=annotation.text
            ),
        )
        try:
            return int(answer["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise self._no_grafana(what) from error

    def update_annotation(self, number: int, annotation: Annotation) -> bool:
        """Put another in the place of the annotation with that id; False where there is none (any more)."""
        what = f"update annotation {number}"
        start, end = _milliseconds(annotation.start), _milliseconds(annotation.end)
        answer = self._ask(
            what,
            lambda api: api.annotations.update_annotation(
                number, time_from=start, time_to=end, tags=list(annotation.tags), text=annotation.text
            ),
            absent=True,
        )
        if answer is not None and (not isinstance(answer, dict) or "message" not in answer):
            raise self._no_grafana(what)
        return answer is not None

    def annotations(self, tags: Sequence[str], limit: int = 100) -> tuple[Annotation, ...]:
        """Those with all of these tags, as Grafana orders them: the newest first."""
        quoted = [quote(tag, safe="") for tag in tags]  # grafana-client puts them into the query as they are
        answer = self._ask("find annotations", lambda api: api.annotations.find_annotations(tags=quoted, limit=limit))
        try:
            return tuple(_annotation(one) for one in answer)
        except (KeyError, TypeError, ValueError) as error:
            raise self._no_grafana("find annotations") from error

    # --- how it is asked --------------------------------------------------------------------------------------------

    def _api(self) -> Any:
        """grafana-client's API, made when it is first used: its import takes a while."""
        if self._made is None:
            from grafana_client.api import GrafanaApi

            parts = urlsplit(self.url)
            path = parts.path.strip("/")
            made = GrafanaApi(
                auth=self._token or None,
                host=f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname,
                port=parts.port,
                url_path_prefix=f"{path}/" if path else "",
                protocol=parts.scheme,
                timeout=self._timeout,
            )
            # A proxy of the machine cannot reach what listens on its loopback.
            made.client.s.trust_env = not (parts.hostname == "localhost" or (parts.hostname or "").startswith("127."))
            self._made = made
        return self._made

    def _ask(self, what: str, call: Callable[[Any], Any], *, absent: bool = False) -> Any:
        """What a call gives; None for an answer of 404 where `absent` says that it is one."""
        import niquests
        from grafana_client.client import GrafanaException, GrafanaTimeoutError

        try:
            return within(self._timeout, lambda: call(self._api()))
        except (TimeoutError, GrafanaTimeoutError) as error:
            raise TransientGrafanaError(
                f"cannot {what}: {self.url} gave no answer within {self._timeout:g} s; {REMEDY}"
            ) from error
        except GrafanaException as error:
            if absent and error.status_code == 404 and isinstance(error.response, dict):
                return None
            raise self._refusal(what, error.status_code, error.response) from error
        except (niquests.exceptions.JSONDecodeError, UnicodeError) as error:
            raise self._no_grafana(what) from error
        except (niquests.RequestException, OSError) as error:
            raise TransientGrafanaError(f"cannot {what}: {self.url} cannot be reached; {REMEDY}") from error

    def _refusal(self, what: str, status: int, response: object) -> GrafanaError:
        said = self._said(response)
        start = f"cannot {what}: {self.url} answered {status}"
        if status in (401, 403):
            rights = "the rights to write annotations, folders and dashboards (the role Editor)"
            return GrafanaRefusedError(f"{start}: {said}; give GRAFANA_TOKEN a service account's token with {rights}")
        if status in (409, 412):
            return GrafanaConflictError(f"{start}: {said}")
        if status == 429 or status >= 500:
            return TransientGrafanaError(f"{start}: {said}")
        if not isinstance(response, dict):
            return self._no_grafana(what)
        return GrafanaError(f"{start}: {said}")

    def _said(self, response: object) -> str:
        """Grafana's own words, never with the token in them."""
        told = response.get("message", response) if isinstance(response, dict) else response
        text = " ".join(str(told).split())
        return (text.replace(self._token, "***") if self._token else text)[:200] or "nothing"

    def _no_grafana(self, what: str) -> GrafanaError:
        return GrafanaError(f"cannot {what}: {self.url} does not answer like a Grafana; {REMEDY}")

    def _folder(self, what: str, answer: Any) -> GrafanaFolder:
        try:
            return GrafanaFolder(str(answer["uid"]), str(answer["title"]))
        except (KeyError, TypeError) as error:
            raise self._no_grafana(what) from error

    def _search(self, tag: str, page: int) -> list[DashboardHit]:
        what = f"search for dashboards with the tag {tag}"
        answer = self._ask(
            what, lambda api: api.search.search_dashboards(tag=tag, type_="dash-db", limit=_PAGE, page=page)
        )
        try:
            return [
                DashboardHit(str(one["uid"]), str(one["title"]), str(one.get("folderUid") or ""), tuple(one["tags"]))
                for one in answer
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._no_grafana(what) from error


def _annotation(document: Mapping[str, Any]) -> Annotation:
    start, end = int(document["time"]), int(document.get("timeEnd") or document["time"])
    tags = tuple(str(tag) for tag in document.get("tags") or ())
    return Annotation(start / 1000, end / 1000, str(document.get("text", "")), tags, int(document["id"]))


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)


def _checked(url: str) -> str:
    """The address without a slash at its end. Raises GrafanaError for one that cannot be used, or has a secret."""
    if not url:
        raise GrafanaError("the address of Grafana is empty: set GRAFANA_URL")
    if "@" in url:  # wherever it is: what stands before it is shown to nobody, however the address is misspelt
        raise GrafanaError("the address of Grafana has credentials in it, which would be shown: use GRAFANA_TOKEN")
    try:
        parts = urlsplit(url)
    except ValueError as error:  # a bracket that is not closed, or what is no IPv6 address in two
        raise GrafanaError(f"the address of Grafana {url!r} is none: write it like {_LIKE}") from error
    if parts.query or parts.fragment:
        raise GrafanaError(f"the address of Grafana has something behind its path: write it like {_LIKE}")
    try:
        port = parts.port
    except ValueError as error:
        raise GrafanaError(f"the address of Grafana {url!r} has no usable port: write it like {_LIKE}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise GrafanaError(f"the address of Grafana {url!r} is none: write it like {_LIKE}")
    return url.rstrip("/")


def _checked_token(token: str) -> str:
    """The token without blanks around it; what cannot be in a header would be shown in the HTTP library's error."""
    stripped = token.strip()
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise GrafanaError("GRAFANA_TOKEN is no token of Grafana: it has blanks or letters in it that no token has")
    return stripped
