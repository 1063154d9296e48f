"""A real Prometheus that remembers what no test has the time to live through: filled from text and rules."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from lab.processes import die_with_parent
from lab.servers import find_program
from tests.real_prometheus import address_in, real_prometheus

SECONDS = 120
LAST_SECONDS = 60
_ONE_BLOCK = "--max-block-duration=8760h"  # by default a block for every two hours: 360 of them in a month


@contextmanager
def backfilled(
    directory: Path,
    octet: int,
    openmetrics: str,
    rule_files: Sequence[str] = (),
    rules_from: float = 0,
    then: Sequence[str] = (),
) -> Iterator[str]:
    """A Prometheus that has the samples of `openmetrics`; gives its URL.

    `openmetrics` is text in the OpenMetrics format with times (Unix seconds) that ends in `# EOF`. The recording rules
    of `rule_files` (texts), one after the other, are then evaluated as they would have been from `rules_from` (Unix
    seconds) until the newest sample, at each group's interval, at most 11,000 times; those of `then` only for the last
    minute before the newest sample. The rules of one file do not see what others of it record: rules that read it
    belong in a later file.
    """
    blocks = directory / "blocks"
    blocks.mkdir(parents=True)
    source = directory / "samples.om"
    source.write_text(openmetrics)
    _create_blocks(["openmetrics", str(source), str(blocks)])
    end = _newest(openmetrics)
    spans = [*((text, rules_from) for text in rule_files), *((text, end - LAST_SECONDS) for text in then)]
    rules = directory / "rules.yml"  # of one name, so that groups of one name are evaluated at the same moments
    for index, (text, start) in enumerate(spans):
        rules.write_text(text)
        with _running(directory / f"before-{index}", octet, blocks) as url:
            span = [f"--start={start:.0f}", f"--end={end:.0f}"]
            _create_blocks(["rules", f"--url={url}", *span, f"--output-dir={blocks}", str(rules)])
    with _running(directory / "filled", octet, blocks) as url:
        yield url


@contextmanager
def _running(directory: Path, octet: int, blocks: Path) -> Iterator[str]:
    """A Prometheus over the blocks, which it may not change: they are linked into a directory of its own."""
    directory.mkdir()
    shutil.copytree(blocks, directory / "data", copy_function=os.link)
    with real_prometheus(directory, address_in(octet)) as url:
        yield url


def _create_blocks(arguments: Sequence[str]) -> None:
    promtool = find_program("promtool")
    assert promtool is not None, "promtool is not on this machine; chaos lab servers --bring brings it with Prometheus"
    command = [promtool, "tsdb", "create-blocks-from", _ONE_BLOCK, *arguments]
    environment = os.environ | {"no_proxy": "*"}
    done = subprocess.run(
        die_with_parent(command), capture_output=True, text=True, timeout=SECONDS, check=False, env=environment
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"


def _newest(openmetrics: str) -> float:
    """The latest time in the text: the last word of a sample's line."""
    return max(float(line.rsplit(None, 1)[1]) for line in openmetrics.splitlines() if line and line[0] != "#")
