"""`chaos runs prune`."""

import json
import time

import click

from runner.cli.runs.opened import opened
from runner.cli.slo.figures import counted, moment
from runner.cli.slo.options import json_option
from runner.cli.slo.terminal import say
from slos.duration import DurationError, parse_duration


@click.command(name="prune", short_help="Forget old runs.")
@click.option("--older-than", required=True, metavar="AGE", help="Runs that began longer ago, such as 400d.")
@click.option("--dry-run", is_flag=True, help="Say how many there are; forget none.")
@json_option
def command(older_than: str, dry_run: bool, as_json: bool) -> None:
    """Forget the runs that began longer ago than AGE, with all that is kept of them; runs that go on are kept.

    What they proved of alerts is forgotten with them, and so is what they spent.

    \b
    chaos runs prune --older-than 400d --dry-run

    Exit status: 0 it is done; 2 bad input; 4 the store cannot be used.
    """
    try:
        before = time.time() - parse_duration(older_than)
    except DurationError as error:
        raise click.BadParameter(str(error), param_hint="--older-than") from error
    with opened("chaos runs prune") as store:
        number = store.prune(before, dry=dry_run)
        place = store.place
    if as_json:
        click.echo(json.dumps({"store": place, "before": before, "runs": number, "dry_run": dry_run}, indent=2))
        return
    done = "would be forgotten" if dry_run else "forgotten"
    say(f"{counted(number, 'run')} of before {moment(before)} UTC {done}; store: {place}")
