import os
import socket

from lab.ports import holder, in_use


def test_a_listening_port_is_in_use_and_its_holder_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert in_use("127.0.0.1", port)
        assert f"(pid {os.getpid()})" in holder(port)


def test_a_port_taken_for_all_addresses_is_in_use_on_each() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert in_use("127.88.0.1", server.getsockname()[1])


def test_a_closed_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert not in_use("127.0.0.1", port)
