"""`chaos reaper`: the loop that takes out what dead runs have left behind."""

from __future__ import annotations

import signal
from pathlib import Path

import click

from runner.cli.orderly import orderly


@click.command(
    cls=orderly("chaos reaper", "what it was doing is in the ledger, and is done by whoever comes next"),
    short_help="Keep taking out the faults that expire or that dead runs leave behind.",
)
@click.option(
    "--alive",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that is touched after each look, for a liveness probe.",
)
def reaper(alive: Path | None) -> None:
    """Keep taking out the faults that expire or that dead runs leave behind: what `chaos recover` does, every 2 s.

    It runs until SIGTERM or Ctrl-C, survives whatever the cluster does meanwhile, and there may be several of it. It
    looks into the cluster's ledger (KUBECONFIG or the cluster it runs in, MLCHAOS_NAMESPACE) and into the one on this
    machine. deploy/reaper.yaml runs it in a cluster. It logs logfmt to standard error.

    \b
    Example: chaos reaper
    """
    from runner.logfmt import log_in_logfmt, of_run
    from runner.recover.reaper import Reaper

    log_in_logfmt()
    running = Reaper(of_run, alive)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    running.run()
