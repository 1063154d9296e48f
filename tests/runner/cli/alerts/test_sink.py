import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from runner.cli.alerts import sink
from runner.exit_codes import Exit
from runner.sink.server import SinkServer


@pytest.mark.parametrize("listen", ["9099", ":9099", "host", "host:http"])
def test_an_address_that_is_none_is_bad_usage(listen: str) -> None:
    done = CliRunner().invoke(sink.command, ["--listen", listen])
    assert done.exit_code == Exit.REFUSED
    assert "write it like" in done.stderr


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = CliRunner().invoke(sink.command, ["--listen", address])
    assert done.exit_code == Exit.REFUSED
    assert f"cannot listen on {address}" in done.stderr


def test_a_file_that_cannot_be_used_is_named_before_it_listens(tmp_path: Path) -> None:
    done = CliRunner().invoke(sink.command, ["--file", str(tmp_path / "no" / "such" / "file")])
    assert done.exit_code == Exit.REFUSED
    assert "cannot be used" in done.stderr


def test_it_listens_on_addresses_of_both_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    listened: list[str] = []

    def serve(server: SinkServer) -> None:
        listened.append(str(server.server_address[0]))
        server.server_close()

    monkeypatch.setattr(sink, "_serve", serve)
    for listen in ("127.0.0.1:0", "[::1]:0"):
        done = CliRunner().invoke(sink.command, ["--listen", listen])
        if "cannot listen on [::1]" in done.stderr:
            pytest.skip("no IPv6 address on this machine")
        assert done.exit_code == 0, done.output
    assert listened == ["127.0.0.1", "::1"]
