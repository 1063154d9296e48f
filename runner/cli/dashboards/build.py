"""`chaos dashboards build`."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from runner.cli.slo.ending import fail
from runner.cli.slo.terminal import say
from runner.exit_codes import Exit

_NAME = "chaos dashboards build"


@click.command()
@click.option(
    "--out",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write into this directory.  [default: dashboards/json of mlchaos itself]",
)
@click.option("--dry-run", is_flag=True, help="Say which files differ, write none, and exit with 1 where one does.")
def command(directory: Path | None, dry_run: bool) -> None:
    """Generate the JSON of every dashboard from the code in dashboards/.

    The same code gives the same bytes. The files can be committed, pushed (`chaos dashboards push`), or handed to
    Grafana's own provisioning.

    Exit status: 0 the files are as they should be, 1 with --dry-run one is not, 2 a file cannot be written.

    \b
    Example: chaos dashboards build --dry-run
             chaos dashboards build --out /var/lib/grafana/dashboards/mlchaos
    """
    from dashboards.catalogue import generate
    from dashboards.committed import DIRECTORY

    into = directory or DIRECTORY
    files = generate()
    try:
        stale = {name: text for name, text in files.items() if _present(into / name) != text}
        if not dry_run:
            _write(into, stale)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        fail(_NAME, f"cannot use {error.filename or into}: {reason}; name another directory with --out", Exit.REFUSED)
    for name in files:
        say(f"{into / name}: {_word(name in stale, dry_run=dry_run)}")
    sys.exit(Exit.BREACHED if stale and dry_run else Exit.HELD)


def _present(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(directory: Path, files: Mapping[str, str]) -> None:
    from runner.atomic_file import write_atomically

    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        write_atomically(directory / name, text)


def _word(is_stale: bool, *, dry_run: bool) -> str:
    if not is_stale:
        return "as it should be"
    return "would be written" if dry_run else "written"
