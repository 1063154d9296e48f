"""Faults of paths against a real Toxiproxy, with real connections through it."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from actions.fault import RefusedError
from actions.systems import Systems
from clients.toxiproxy import Toxic, ToxicExistsError, TransientToxiproxyError
from tests.actions.network.real_path import TAG, Path, planned, real_path
from tests.octets import reserved_octet

pytestmark = [pytest.mark.lab, pytest.mark.needs("toxiproxy"), pytest.mark.xdist_group("toxiproxy")]

OTHER_TAG = "mlchaos-20270115t080000z-fedcba-76543210"
KINDS: dict[str, dict[str, Any]] = {
    "latency": {"latency_ms": 200, "jitter_ms": 20},
    "bandwidth": {"kilobytes_per_second": 1},
    "slow_close": {"delay_ms": 500},
    "timeout": {"after_ms": 0},
    "reset_peer": {"after_ms": 0},
    "slicer": {"average_bytes": 10, "variation_bytes": 5, "delay_us": 100},
    "limit_data": {"bytes_passed": 0},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Path]:
    with reserved_octet() as octet, real_path(octet) as path:
        yield path


@pytest.fixture
def path(running: Path) -> Iterator[Path]:
    """The same path for every test, sound at its begin and at its end."""
    yield running
    proxy = running.server.proxy("llm")
    assert (proxy.enabled, proxy.toxics) == (True, ())
    assert running.answers()


@pytest.fixture
def systems() -> Iterator[Systems]:
    with Systems() as opened:
        yield opened


@pytest.mark.parametrize("direction", ["upstream", "both"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_toxic_goes_in_is_seen_and_comes_out(path: Path, systems: Systems, kind: str, direction: str) -> None:
    before = path.server.proxy("llm")
    life = planned(kind, systems, toxiproxy_url=path.url, proxies=["llm"], direction=direction, **KINDS[kind])
    assert life.undone(), "nothing is there yet"
    life.inject()
    assert life.in_effect()
    assert not life.undone()
    names = [toxic.name for toxic in path.server.proxy("llm").toxics]
    assert names
    assert all(name.startswith(f"{TAG}.") and name.endswith(".until-20270115T080000Z") for name in names)
    life.undo()
    assert life.undone()
    assert path.server.proxy("llm") == before


def test_injecting_twice_is_injecting_once_and_undoing_twice_is_quiet(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    life.inject()
    life.inject()
    assert len(path.server.proxy("llm").toxics) == 1
    life.undo()
    life.undo()
    assert life.undone()


def test_data_comes_later_under_latency_and_at_once_after_it(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=30_000)
    life.inject()
    with path.connect() as connection:
        connection.settimeout(0.2)
        connection.sendall(b"x")
        with pytest.raises(TimeoutError):
            connection.recv(1)
        life.undo()
    assert path.answers()


def test_a_path_comes_back_although_clients_gave_up_on_it(path: Path, systems: Systems) -> None:
    """Asked to remove the toxic instead, Toxiproxy 2.12 locks the path for good here."""
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=1_000)
    life.inject()
    for _ in range(20):
        connection = path.connect()
        for _ in range(10):
            connection.sendall(b"x" * 100)
            time.sleep(0.001)  # so that Toxiproxy reads them one by one
        connection.close()
    life.undo()
    assert life.undone()


def test_a_client_that_does_not_read_does_not_keep_a_fault_in(path: Path, systems: Systems) -> None:
    life = planned("bandwidth", systems, toxiproxy_url=path.url, proxies=["llm"], kilobytes_per_second=1_000_000)
    life.inject()
    with path.connect() as connection:
        connection.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(1000):
                connection.sendall(b"x" * 65536)
        life.undo()
    assert life.undone()


def test_a_path_that_is_down_refuses_and_closes_connections_and_comes_back(path: Path, systems: Systems) -> None:
    life = planned("down", systems, toxiproxy_url=path.url, proxies=["llm"])
    with path.connect() as pooled:
        life.inject()
        assert life.in_effect()
        assert pooled.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        path.connect()
    assert not life.undone()
    life.undo()
    assert life.undone()


def test_a_path_that_goes_down_after_the_undo_is_not_undone(path: Path, systems: Systems) -> None:
    """The request of a dead run was in flight, and lands when its mark is gone."""
    life = planned("down", systems, toxiproxy_url=path.url, proxies=["llm"])
    path.server.disable("llm")
    assert not life.undone()
    life.undo()
    assert life.undone()


def test_a_path_that_another_run_took_down_is_left_to_it(path: Path, systems: Systems) -> None:
    mine = planned("down", systems, toxiproxy_url=path.url, proxies=["llm"])
    other = planned("down", systems, OTHER_TAG, toxiproxy_url=path.url, proxies=["llm"])
    other.inject()
    assert mine.undone()
    mine.undo()
    assert other.in_effect()
    other.undo()


def test_a_connection_that_stayed_open_works_again_or_is_closed_when_the_fault_is_undone(
    path: Path, systems: Systems
) -> None:
    life = planned("timeout", systems, toxiproxy_url=path.url, proxies=["llm"])
    with path.connect() as pooled:
        life.inject()
        pooled.sendall(b"lost")
        life.undo()
        pooled.settimeout(5)
        with contextlib.suppress(ConnectionError):
            assert pooled.recv(1) == b"", "a pool must not wait for what was lost"


def test_toxics_of_others_survive_the_undo(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    theirs = Toxic("theirs", "latency", "downstream", {"latency": 1, "jitter": 0}, 0.5)
    path.server.add_toxic("llm", theirs)
    life.inject()
    life.undo()
    assert path.server.proxy("llm").toxics == (theirs,)
    assert life.undone()
    listed = path.server.proxy("llm")
    path.server.put("llm", listed.listen, listed.upstream.replace(":", ":0"))
    path.server.put("llm", listed.listen, listed.upstream)


def test_whoever_dies_while_the_path_is_made_new_leaves_one_that_works_and_is_not_done(
    path: Path, systems: Systems
) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    proxy = path.server.proxy("llm")
    life.inject()
    path.server.put("llm", proxy.listen, proxy.upstream.replace(":", ":0"))
    assert path.answers()
    assert not life.undone()
    life.undo()
    assert life.undone()
    assert path.server.proxy("llm") == proxy


def test_two_threads_may_undo_at_once(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    for _ in range(5):
        life.inject()
        threads = [threading.Thread(target=life.undo) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert life.undone()


def test_what_was_planned_is_hit_or_nothing(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    proxy = path.server.proxy("llm")
    path.server.put("llm", proxy.listen, "127.0.0.1:1")
    with pytest.raises(RefusedError, match=r"leads from .* to 127\.0\.0\.1:1 now"):
        life.inject()
    path.server.put("llm", proxy.listen, proxy.upstream)


def test_a_plan_refuses_a_path_that_is_not_there_or_not_sound(path: Path, systems: Systems) -> None:
    with pytest.raises(RefusedError, match=r"no proxy 'lm': did you mean llm\?"):
        planned("latency", systems, toxiproxy_url=path.url, proxies=["lm"], latency_ms=10)
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    life.inject()
    with pytest.raises(RefusedError, match="chaos recover"):
        planned("down", systems, toxiproxy_url=path.url, proxies=["llm"])
    life.undo()
    down = planned("down", systems, toxiproxy_url=path.url, proxies=["llm"])
    down.inject()
    with pytest.raises(RefusedError, match="is disabled"):
        planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    down.undo()


def test_a_second_toxic_of_one_name_is_told_apart(path: Path, systems: Systems) -> None:
    life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
    life.inject()
    with pytest.raises(ToxicExistsError):
        path.server.add_toxic("llm", path.server.proxy("llm").toxics[0])
    life.undo()


def test_a_server_that_restarted_has_undone_it(lab_octet: int, systems: Systems) -> None:
    with real_path(lab_octet) as path:
        life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
        life.inject()
    with real_path(lab_octet) as path:
        life.undo()
        assert life.undone()
        assert path.server.proxy("llm").toxics == ()


def test_a_server_that_does_not_answer_has_undone_nothing(lab_octet: int, systems: Systems) -> None:
    with real_path(lab_octet) as path:
        life = planned("latency", systems, toxiproxy_url=path.url, proxies=["llm"], latency_ms=10)
        life.inject()
    with pytest.raises(TransientToxiproxyError, match="cannot be reached"):
        life.undone()
    with pytest.raises(TransientToxiproxyError, match="cannot be reached"):
        life.undo()
