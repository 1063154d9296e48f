"""Which endpoint the next connection goes to: the one with the fewest, refusing ones left alone for a second. Pure."""

from collections.abc import Callable, Iterable

from lab.proxy.endpoints import Address

SHUNNED_SECONDS = 1.0


class Balancer:
    """The endpoints of one Service port; `clock` gives seconds that only grow."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._connections: dict[Address, int] = {}
        self._shunned: dict[Address, float] = {}
        self._turn = 0
        self._last_turn: dict[Address, int] = {}
        self.ready: frozenset[Address] = frozenset()

    def update(self, ready: Iterable[Address]) -> None:
        """Choose among these from now on. Connections to others go on, as with kube-proxy."""
        self.ready = frozenset(ready)
        self._last_turn = {address: self._last_turn.get(address, 0) for address in self.ready}
        self._shunned = {address: until for address, until in self._shunned.items() if address in self.ready}

    def candidates(self) -> list[Address]:
        """Every endpoint worth trying, best first: fewest connections, then longest not chosen; empty if there is none.

        When all have lately refused they are all worth trying: one of them may be back.
        """
        now = self._clock()
        willing = [address for address in self.ready if self._shunned.get(address, now) <= now]
        return sorted(willing or self.ready, key=lambda a: (self._connections.get(a, 0), self._last_turn[a], a))

    def opened(self, address: Address) -> None:
        """A connection is being made to `address`."""
        self._connections[address] = self._connections.get(address, 0) + 1
        self._turn += 1
        if address in self._last_turn:
            self._last_turn[address] = self._turn

    def closed(self, address: Address) -> None:
        """A connection to `address` has ended, or has not come about."""
        self._connections[address] -= 1
        if not self._connections[address]:
            del self._connections[address]

    def refused(self, address: Address) -> None:
        """`address` did not take a connection: leave it alone for a second."""
        self._shunned[address] = self._clock() + SHUNNED_SECONDS
