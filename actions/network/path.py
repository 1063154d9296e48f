"""Which paths of the network a fault hits: proxies of a Toxiproxy that are sound, when planned and when hit."""

import difflib
from typing import Annotated

from pydantic import Field, field_validator

from actions.fault import Arguments, Draft, RefusedError, Target
from actions.network.renewal import OURS
from actions.systems import Systems
from clients.toxiproxy import Proxy, ProxyGoneError, Toxiproxy, ToxiproxyError, address

CLOSED = "connections that are open through {} are closed when it is undone"

ProxyName = Annotated[str, Field(min_length=1, pattern=r"^[^\s/?#%]+$")]


class PathArguments(Arguments):
    """Which paths: proxies of a Toxiproxy, by name."""

    toxiproxy_url: str = Field(description="Where Toxiproxy's API is, such as http://127.0.0.1:8474.")
    proxies: tuple[ProxyName, ...] = Field(min_length=1, description="The names of the proxies to break, each a path.")

    @field_validator("toxiproxy_url")
    @classmethod
    def _usable(cls, url: str) -> str:
        try:
            address(url)
        except ToxiproxyError as error:
            raise ValueError(str(error)) from error
        return url

    @field_validator("proxies")
    @classmethod
    def _different(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(proxies)) < len(proxies):
            raise ValueError("a proxy is named twice: name each once")
        return proxies


def draft_paths(arguments: PathArguments, systems: Systems, warnings: tuple[str, ...] = ()) -> Draft:
    """The draft for these paths, each of them sound now. Raises RefusedError, ToxiproxyError."""
    there = systems.toxiproxy(arguments.toxiproxy_url).proxies()
    targets = tuple(_target(arguments.toxiproxy_url, there, name) for name in arguments.proxies)
    host, port = address(arguments.toxiproxy_url)
    return Draft(
        targets=targets,
        undo="the proxy is replaced by a new one with the same addresses, without toxics, in one request",
        locks=tuple(f"path:{host}:{port}/{target.name}" for target in targets),
        candidates=len(there),
        warnings=(CLOSED.format(", ".join(arguments.proxies)), *warnings),
    )


def check_unchanged(server: Toxiproxy, target: Target) -> None:
    """Refuse when the path is not what was planned any more."""
    try:
        proxy = server.proxy(target.name)
    except ProxyGoneError as error:
        raise RefusedError(f"{target} went away before it could be hit: {error}") from error
    planned = (target.details["listen"], target.details["upstream"])
    if (proxy.listen, proxy.upstream) != planned:
        raise RefusedError(
            f"{target} leads from {proxy.listen} to {proxy.upstream} now, and led from {planned[0]} to {planned[1]} "
            "when it was planned: nothing was touched"
        )
    if not proxy.enabled:
        raise RefusedError(f"{target} is disabled by now: breaking what is broken would prove nothing")


def _target(url: str, there: dict[str, Proxy], name: str) -> Target:
    proxy = there.get(name)
    if proxy is None:
        near = difflib.get_close_matches(name, there, 1) or sorted(there)
        known = f"did you mean {near[0]}?" if len(near) == 1 else f"it has {', '.join(near) or 'none at all'}"
        raise RefusedError(f"{url} has no proxy {name!r}: {known}")
    if not proxy.enabled:
        raise RefusedError(f"proxy {name} at {url} is disabled: breaking what is broken would prove nothing; enable it")
    if not proxy.upstream.rpartition(":")[2].isdigit():
        raise RefusedError(
            f"proxy {name} at {url} leads to {proxy.upstream}, whose port is no number: a fault on it could not be "
            "undone; write the port as a number"
        )
    for toxic in proxy.toxics:
        raise RefusedError(f"proxy {name} at {url} has the toxic {toxic.name} already: {_remedy(toxic.name)}")
    return Target("path", name, details={"server": url, "listen": proxy.listen, "upstream": proxy.upstream})


def _remedy(toxic: str) -> str:
    if toxic.startswith(OURS):
        return "another run is at it, or one has left it behind; wait, or run: chaos recover"
    return "what is broken already would prove nothing; have whoever put it there take it out"
