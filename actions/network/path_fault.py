"""What all faults of a Toxiproxy's paths have in common: they are planned, checked and undone the same way."""

from typing import ClassVar, TypeVar

from actions.fault import Fault, Plane, System
from actions.ledger.record import Record
from actions.network.path import PathArguments
from actions.network.renewal import has_own, is_between, make_new
from actions.systems import Systems
from clients.toxiproxy import Proxy, ProxyGoneError, TransientToxiproxyError

A = TypeVar("A", bound=PathArguments)


class PathFault(Fault[A]):
    """Damage to a path. It keeps nothing but what is in Toxiproxy, so a server that restarts has undone it."""

    planes: ClassVar[tuple[Plane, ...]] = ("network", "application")
    needs: ClassVar[tuple[System, ...]] = ("toxiproxy",)
    effect_within = 5.0

    def undo(self, record: Record, systems: Systems) -> None:
        server, target = systems.toxiproxy(record.target.details["server"]), record.target
        try:
            proxy = server.proxy(target.name)
        except ProxyGoneError:
            return
        except TransientToxiproxyError:
            # Adding a toxic may hang, and locks the proxy for reading meanwhile; making the path new frees it.
            make_new(server, target, None)
            return
        if self.is_left(proxy, record):
            make_new(server, target, proxy)

    def undone(self, record: Record, systems: Systems) -> bool:
        try:
            proxy = systems.toxiproxy(record.target.details["server"]).proxy(record.target.name)
        except ProxyGoneError:
            return True
        return not self.is_left(proxy, record)

    def is_left(self, proxy: Proxy, record: Record) -> bool:
        """Whether the path is not yet as it was before this record's fault."""
        return has_own(proxy, record.id) or is_between(proxy, record.target)
