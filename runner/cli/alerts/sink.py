"""`chaos alerts sink`."""

import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runner.cli.alerts.asking import alertmanager_option, asked_alertmanager
from runner.cli.slo.ending import fail
from runner.cli.slo.options import timeout_option
from runner.exit_codes import Exit

if TYPE_CHECKING:
    from runner.sink.server import SinkServer

_NAME = "chaos alerts sink"
IN_CLUSTER = "http://mlchaos-sink.mlchaos:8080"
"""Where deploy/sink.yaml serves it."""


@click.command()
@click.option("--listen", default="127.0.0.1:9099", show_default=True, metavar="HOST:PORT", help="Where it listens.")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep notifications in this file, too, and take in what is in it. Without it they are in memory alone.",
)
@click.option("--route", is_flag=True, help="Print the part of Alertmanager's configuration that it needs, and end.")
@click.option(
    "--receiver",
    "receivers",
    multiple=True,
    metavar="NAME",
    help="With --route: a receiver to watch. Without it: all that Alertmanager has.",
)
@click.option(
    "--url",
    default=IN_CLUSTER,
    show_default=True,
    help="With --route: where Alertmanager reaches the sink.",
)
@alertmanager_option
@timeout_option
def command(
    listen: str,
    file: Path | None,
    route: bool,
    receivers: tuple[str, ...],
    url: str,
    alertmanager_url: str,
    timeout_seconds: float,
) -> None:
    """Receive Alertmanager's notifications and keep them, so that runs can see who was told what, and when.

    Runs find it by MLCHAOS_PAGES_URL. What is kept is bounded: the newest thousand notifications of each receiver. It
    runs until SIGTERM or Ctrl-C and logs logfmt to standard error; deploy/sink.yaml runs it in a cluster. Whoever
    reaches its address can read what was sent and send something himself: keep it inside.

    Exit status: 0 when it was told to end, 2 for an address that cannot be had or a file that cannot be used, 4 with
    --route when Alertmanager cannot be asked for its receivers.

    \b
    Example: chaos alerts sink --listen 127.0.0.1:9099 --file sink.jsonl
             chaos alerts sink --route --receiver ml-oncall --url http://sink.example:9099
    """
    if route:
        _print_fragment(receivers, url, alertmanager_url, timeout_seconds)
        return
    from runner.logfmt import log_in_logfmt
    from runner.sink.book import Book
    from runner.sink.diary import Diary
    from runner.sink.server import SinkServer

    host, port = _address(listen)
    log_in_logfmt()
    book = Book(time.time)
    try:
        diary = None if file is None else Diary(file, book)
    except OSError as error:
        fail(_NAME, f"{file} cannot be used: {error.strerror or error}", Exit.REFUSED)
    try:
        server = SinkServer(host, port, book, diary)
    except (OSError, OverflowError) as error:
        fail(_NAME, f"cannot listen on {listen}: {error}; choose another with --listen", Exit.REFUSED)
    _serve(server)


def _serve(server: "SinkServer") -> None:
    """Until a signal comes."""
    import logging

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serving = threading.Thread(target=server.serve_forever, args=(0.1,), name="sink", daemon=True)
    serving.start()
    host, port = server.server_address[:2]
    logging.getLogger("chaostoolkit").info("The sink listens on %s:%s", host, port)
    stop.wait()
    server.shutdown()
    server.server_close()


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit():
        raise click.BadParameter(f"{listen!r} is no address: write it like 127.0.0.1:9099", param_hint="--listen")
    return host.strip("[]"), int(port)


def _print_fragment(receivers: tuple[str, ...], url: str, alertmanager_url: str, timeout_seconds: float) -> None:
    from runner.sink.fragment import fragment

    if not receivers:
        with asked_alertmanager(alertmanager_url, timeout_seconds, _NAME) as server:
            receivers = server.receivers()
    click.echo(fragment(receivers, url), nl=False)
