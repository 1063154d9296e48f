"""A path that is down: nothing listens at its end any more."""

from contextlib import suppress

from actions.choice import Choice
from actions.fault import Draft, Injection
from actions.ledger.record import Record
from actions.network.path import PathArguments, check_unchanged, draft_paths
from actions.network.path_fault import PathFault
from actions.network.renewal import OURS, own_name
from actions.systems import Systems
from clients.toxiproxy import Proxy, Toxic, ToxicExistsError


class Down(PathFault[PathArguments]):
    """Take paths down: open connections are closed, new ones refused.

    A toxic that hits no connection (of toxicity 0) marks the path, so that whoever finds it down can tell who did it.
    """

    arguments = PathArguments

    def plan(self, arguments: PathArguments, systems: Systems, choice: Choice) -> Draft:
        del choice
        return draft_paths(arguments, systems)

    def inject(self, injection: Injection[PathArguments], systems: Systems) -> None:
        server, target = systems.toxiproxy(injection.target.details["server"]), injection.target
        check_unchanged(server, target)
        mark = Toxic(own_name(injection.tag, "down", injection.expires_at), "timeout", "upstream", {"timeout": 0}, 0.0)
        with suppress(ToxicExistsError):  # its name is this record's own: an answer was lost
            server.add_toxic(target.name, mark)
        server.disable(target.name)

    def in_effect(self, injection: Injection[PathArguments], systems: Systems) -> bool:
        return not systems.toxiproxy(injection.target.details["server"]).proxy(injection.target.name).enabled

    def is_left(self, proxy: Proxy, record: Record) -> bool:
        """Also without the mark: a request to disable it that was in flight can land after the undo."""
        others = any(toxic.name.startswith(OURS) for toxic in proxy.toxics)
        return super().is_left(proxy, record) or (not proxy.enabled and not others)
