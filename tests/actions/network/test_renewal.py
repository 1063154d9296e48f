"""Making a path new, whatever others do to it meanwhile: against a Toxiproxy in memory."""

from contextlib import suppress
from dataclasses import replace
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from actions.fault import Target
from actions.network.renewal import OURS, has_own, is_between, make_new
from clients.toxiproxy import Proxy, Toxic, ToxicExistsError, Toxiproxy

LISTEN, UPSTREAM = "127.0.0.1:26379", "127.0.0.1:6379"
TARGET = Target("path", "features", details={"server": "http://t:1", "listen": LISTEN, "upstream": UPSTREAM})


class _DiedError(Exception):
    """The process was killed."""


class _Server:
    """One proxy as Toxiproxy keeps it: another address makes a new one, the same leaves it as it is."""

    def __init__(self, proxy: Proxy, calls_left: int = 1000) -> None:
        self.present = proxy
        self._calls_left = calls_left

    def put(self, name: str, listen: str, upstream: str) -> None:
        self._count()
        if (self.present.listen, self.present.upstream) != (listen, upstream):
            self.present = Proxy(name, listen, upstream, True)

    def add_toxic(self, proxy: str, toxic: Toxic) -> None:
        del proxy
        self._count()
        if toxic.name in {one.name for one in self.present.toxics}:
            raise ToxicExistsError(toxic.name)
        self.present = replace(self.present, toxics=(*self.present.toxics, toxic))

    def _count(self) -> None:
        if self._calls_left == 0:
            raise _DiedError
        self._calls_left -= 1


def _renew(server: _Server) -> None:
    make_new(cast("Toxiproxy", server), TARGET, server.present)


toxics = st.lists(
    st.builds(
        Toxic,
        st.sampled_from([f"{OURS}a.downstream", f"{OURS}b.down", "theirs", "also"]),
        st.just("latency"),
        st.just("upstream"),
    ),
    unique_by=lambda toxic: toxic.name,
).map(tuple)


@given(
    st.builds(
        Proxy,
        st.just("features"),
        st.just(LISTEN),
        st.sampled_from([UPSTREAM, "127.0.0.1:06379"]),
        st.booleans(),
        toxics,
    ),
    st.lists(st.integers(0, 5), max_size=3),
)
def test_after_any_deaths_it_ends_enabled_at_its_address_without_toxics_of_ours(
    proxy: Proxy, deaths: list[int]
) -> None:
    server = _Server(proxy)
    for calls in deaths:
        server = _Server(server.present, calls)
        with suppress(_DiedError):
            _renew(server)
    server = _Server(server.present)
    _renew(server)
    assert (server.present.enabled, server.present.listen, server.present.upstream) == (True, LISTEN, UPSTREAM)
    assert not any(toxic.name.startswith(OURS) for toxic in server.present.toxics)
    assert not has_own(server.present, f"{OURS}a")
    assert not is_between(server.present, TARGET)


@given(toxics)
def test_toxics_of_others_stay(there: tuple[Toxic, ...]) -> None:
    server = _Server(Proxy("features", LISTEN, UPSTREAM, True, there))
    _renew(server)
    assert server.present.toxics == tuple(toxic for toxic in there if not toxic.name.startswith(OURS))


def test_a_path_that_somebody_has_led_elsewhere_stays_there() -> None:
    server = _Server(Proxy("features", LISTEN, "127.0.0.2:6379", True, (Toxic(f"{OURS}a.x", "latency", "upstream"),)))
    _renew(server)
    assert server.present == Proxy("features", LISTEN, "127.0.0.2:6379", True)
