"""A Toxiproxy server through toxiproxy-python: a deadline on every call, every answer checked, errors with a remedy.

toxiproxy-python keeps the server's address in class attributes, sets no timeout and takes an answer of 500 for success.
Here each server gets a consumer class of its own, so that several are reached from one process without a lock: an undo
never waits for another thread's call.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from clients.deadline import within

DEFAULT_TIMEOUT_SECONDS = 5.0
REMEDY = (
    "is it up (in the lab: chaos lab status; chaos lab start toxiproxy) and TOXIPROXY_URL the right one "
    "(in the lab: chaos lab env)?"
)
_LOCKED = (
    "a connection that is not read can block a Toxiproxy for ever (Shopify/toxiproxy issue 558): if it stays so, "
    "restart it (in the lab: chaos lab stop toxiproxy; chaos lab start toxiproxy)"
)


class ToxiproxyError(Exception):
    """Toxiproxy could not be used: where, why, and what to do about it."""


class TransientToxiproxyError(ToxiproxyError):
    """It did not answer, or could not: the same call may succeed later, and the one that failed may have been done."""


class ProxyGoneError(ToxiproxyError):
    """It has no proxy of this name (any more)."""


class ToxicExistsError(ToxiproxyError):
    """The proxy has a toxic of this name already."""


@dataclass(frozen=True, slots=True)
class Toxic:
    """One thing wrong with one direction (`upstream`: towards the server) of a proxy's connections.

    `toxicity` is the share of connections that get it, drawn for each when it opens or the toxic comes.
    """

    name: str
    type: str
    stream: str
    attributes: Mapping[str, int] = field(default_factory=dict)
    toxicity: float = 1.0


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy as the server has it now: where it listens, where it leads, and what is wrong with it."""

    name: str
    listen: str
    upstream: str
    enabled: bool
    toxics: tuple[Toxic, ...] = ()


class Toxiproxy:
    """The server whose API is at `url` (http://HOST[:PORT]); threads may share it. Raises ToxiproxyError for others."""

    def __init__(self, url: str, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> None:
        from toxiproxy.api import APIConsumer

        host, port = address(url)
        self.url = url
        self._timeout = timeout
        self._consumer: Any = type("Consumer", (APIConsumer,), {"host": host, "port": port})
        # A proxy of the machine cannot reach what listens on its loopback.
        local = host == "localhost" or host.startswith("127.")
        self._options: dict[str, Any] = {"timeout": timeout, "allow_redirects": False}
        self._options |= {"proxies": {"no_proxy": host}} if local else {}

    def close(self) -> None:
        """Nothing stays open between calls."""

    def proxies(self) -> dict[str, Proxy]:
        """All proxies by name."""
        answer = self._ask("list its proxies", lambda: self._consumer.get("/proxies", **self._options))
        if not isinstance(answer, dict):
            raise self._no_toxiproxy("list its proxies")
        return {name: self._proxy(document) for name, document in answer.items()}

    def proxy(self, name: str) -> Proxy:
        """One proxy; ProxyGoneError when it has none of this name."""
        path = f"/proxies/{quote(name, safe='')}"
        return self._proxy(self._ask(f"read proxy {name}", lambda: self._consumer.get(path, **self._options)))

    def add_toxic(self, proxy: str, toxic: Toxic) -> None:
        """Add it for the connections that are open and those to come; ToxicExistsError when there is one so named."""
        path = f"/proxies/{quote(proxy, safe='')}/toxics"
        document = {
            "name": toxic.name,
            "type": toxic.type,
            "stream": toxic.stream,
            "toxicity": toxic.toxicity,
            "attributes": dict(toxic.attributes),
        }
        what = f"add toxic {toxic.name} to proxy {proxy}"
        self._ask(what, lambda: self._consumer.post(path, json=document, **self._options))

    def disable(self, proxy: str) -> None:
        """Close its connections, and refuse new ones."""
        path, document = f"/proxies/{quote(proxy, safe='')}", {"enabled": False}
        self._ask(f"disable proxy {proxy}", lambda: self._consumer.post(path, json=document, **self._options))

    def put(self, name: str, listen: str, upstream: str) -> None:
        """Have an enabled proxy with these addresses.

        One with the same addresses stays as it is, toxics included. One with others is replaced by a new proxy without
        toxics, and its connections are closed: both at once, so that there is never none.
        """
        document = [{"name": name, "listen": listen, "upstream": upstream, "enabled": True}]
        self._ask(f"put proxy {name}", lambda: self._consumer.post("/populate", json=document, **self._options))

    def _ask(self, what: str, call: Callable[[], Any]) -> Any:
        import requests
        from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

        try:
            response = within(self._timeout, call)
        except NotFound as error:
            raise self._gone(what, error) from error
        except ProxyExists as error:
            raise ToxicExistsError(f"cannot {what}: {self.url} says: {_said(error)}") from error
        except InvalidToxic as error:
            raise ToxiproxyError(
                f"cannot {what}: {self.url} refuses it: {_said(error)}; is it Toxiproxy 2.4 or newer?"
            ) from error
        except (TimeoutError, requests.Timeout) as error:
            raise TransientToxiproxyError(
                f"cannot {what}: {self.url} gave no answer within {self._timeout:g} s; {REMEDY} If it is up: {_LOCKED}"
            ) from error
        except (requests.RequestException, OSError) as error:
            raise TransientToxiproxyError(f"cannot {what}: {self.url} cannot be reached; {REMEDY}") from error
        return self._understand(what, response)

    def _understand(self, what: str, response: Any) -> Any:
        status: int = response.status_code
        if status >= 500:
            said = _text(response.content) + (f"; {_LOCKED}" if status == 503 else "")
            raise TransientToxiproxyError(f"cannot {what}: {self.url} answered {status}: {said}")
        if not 200 <= status < 300:
            raise ToxiproxyError(f"cannot {what}: {self.url} answered {status}: {_text(response.content)}; {REMEDY}")
        try:
            return response.json()
        except ValueError as error:
            raise self._no_toxiproxy(what) from error

    def _proxy(self, document: Any) -> Proxy:
        try:
            toxics = tuple(
                Toxic(one["name"], one["type"], one["stream"], one["attributes"], one["toxicity"])
                for one in document["toxics"]
            )
            return Proxy(document["name"], document["listen"], document["upstream"], document["enabled"], toxics)
        except (KeyError, TypeError) as error:
            raise self._no_toxiproxy("read a proxy") from error

    def _gone(self, what: str, error: Exception) -> ToxiproxyError:
        """Only Toxiproxy's own word counts: whatever else answers 404 knows nothing of the proxy."""
        said = _said(error)
        if said == "proxy not found":
            return ProxyGoneError(f"cannot {what}: {self.url} has no such proxy (any more)")
        return ToxiproxyError(f"cannot {what}: {self.url} answered 404: {said}; is it a Toxiproxy?")

    def _no_toxiproxy(self, what: str) -> ToxiproxyError:
        return ToxiproxyError(f"cannot {what}: {self.url} does not answer like a Toxiproxy; {REMEDY}")


def address(url: str) -> tuple[str, int]:
    """Host and port of a Toxiproxy's API. Raises ToxiproxyError for an address that cannot be one, or has a secret."""
    if not url:
        raise ToxiproxyError("the address of Toxiproxy is empty: set TOXIPROXY_URL (in the lab: chaos lab env)")
    parts = urlsplit(url)
    if "@" in url:  # wherever it is: what stands before it is shown to nobody, however the address is misspelt
        raise ToxiproxyError("the address of Toxiproxy has credentials in it: it would be written into the ledger")
    if parts.query or parts.fragment:
        raise ToxiproxyError(
            f"the address of Toxiproxy has something behind its port, which may be secret: write it like {_LIKE}"
        )
    try:
        port = parts.port or 8474
    except ValueError as error:
        raise ToxiproxyError(f"the address of Toxiproxy {url!r} has no usable port: write it like {_LIKE}") from error
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise ToxiproxyError(f"the address of Toxiproxy {url!r} is not like {_LIKE}: it speaks plain HTTP at its root")
    return (f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname), port


_LIKE = "http://127.0.0.1:8474"


def _said(error: Exception) -> str:
    """Toxiproxy's own words in an exception of toxiproxy-python, which holds the body."""
    body = error.args[0] if error.args else b""
    return _text(body)


def _text(body: object) -> str:
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body)
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    said = document.get("error", text) if isinstance(document, dict) else text
    return " ".join(str(said).split())[:200] or "nothing"
