"""How a fault comes out of a path: the proxy is replaced by a new one.

Toxiproxy can remove a toxic, and must not be asked to: with all of the proxy locked, it waits for every connection that
the toxic holds data for, and a client that has given up (as clients do when a path is slow) never takes them. New
connections wait behind that lock, so the path is dead until the server is restarted (Shopify/toxiproxy issue 558; with
20 clients that gave up after 0.3 s of 1 s, at the first try). Making the toxic harmless first hangs more rarely, and
raising a bandwidth crashes the server. So the proxy as a whole is replaced by one with the same addresses, enabled and
without toxics, in one request; the old one's connections are closed, whatever state they are in.
"""

from contextlib import suppress
from datetime import UTC, datetime

from actions.fault import Target
from clients.toxiproxy import Proxy, ToxicExistsError, Toxiproxy

OURS = "mlchaos-"
"""How the name of everything begins that mlchaos puts into a Toxiproxy."""


def own_name(tag: str, part: str, expires_at: float) -> str:
    """The name of what a fault puts on a path: it tells the record and the expiry to whoever finds it there."""
    return f"{tag}.{part}.until-{datetime.fromtimestamp(expires_at, UTC):%Y%m%dT%H%M%SZ}"


def has_own(proxy: Proxy, tag: str) -> bool:
    """Whether something that this record's fault has put there is on the path."""
    return any(toxic.name.startswith(f"{tag}.") for toxic in proxy.toxics)


def is_between(proxy: Proxy, target: Target) -> bool:
    """Whether somebody who made the path new has not finished."""
    return proxy.upstream == _other_spelling(target.details["upstream"])


def make_new(server: Toxiproxy, target: Target, proxy: Proxy | None) -> None:
    """Put a new proxy in the place of `proxy`, with its addresses; with the planned ones where they cannot be read.

    Toxiproxy replaces a proxy only by one with another address, so this goes over another spelling of the same one
    (`:06379` for `:6379`): whoever dies in between leaves a path that works.
    """
    listen, upstream = target.details["listen"], target.details["upstream"]
    if proxy is not None:
        listen = proxy.listen
        upstream = upstream if is_between(proxy, target) else proxy.upstream
    server.put(target.name, listen, _other_spelling(upstream))
    server.put(target.name, listen, upstream)
    for toxic in proxy.toxics if proxy else ():
        if toxic.name.startswith(OURS):
            continue  # of this run (others cannot have the path's lock), and better out too early than too late
        with suppress(ToxicExistsError):
            server.add_toxic(target.name, toxic)


def _other_spelling(upstream: str) -> str:
    host, _, port = upstream.rpartition(":")
    return f"{host}:0{port}"
