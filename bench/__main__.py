"""`python -m bench [NAME ...]`: measure, print a table, write bench/results.json."""

import importlib
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.result import Result

BENCHMARKS = (
    "startup",
    "slo_rules",
    "slo_status",
    "api_server",
    "selection",
    "lab_cluster",
    "guard",
    "reaction",
    "store",
    "smoke",
    "alert_loop",
)
OUTPUT = Path(__file__).parent / "results.json"


def main() -> None:
    chosen = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(chosen) - set(BENCHMARKS):
        sys.exit(f"no benchmark is called {', '.join(sorted(unknown))}; choose from {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    for name in chosen:
        print(f"==> {name}", file=sys.stderr, flush=True)
        for row in importlib.import_module(f"bench.{name}").measure():
            results.append(row)
            print(f"    {row.name}: {row.value:.4g} {row.unit}", file=sys.stderr, flush=True)
    Console(width=None if sys.stdout.isatty() else 180).print(_table(results))
    _write(results)
    print(f"written to {OUTPUT}", file=sys.stderr)


def _write(results: list[Result]) -> None:
    """Put the rows into the file; those of benchmarks that did not run now stay as they were."""
    rows = {row["name"]: row for row in json.loads(OUTPUT.read_text())} if OUTPUT.exists() else {}
    rows |= {row.name: asdict(row) for row in results}
    OUTPUT.write_text(json.dumps(list(rows.values()), indent=2) + "\n")


def _table(results: list[Result]) -> Table:
    table = Table(title=f"mlchaos on {platform.machine()}, Python {platform.python_version()}")
    for column in ("measured", "median", "unit", "min to max", "runs", "ratio", "peer", "target"):
        table.add_column(column, justify="right" if column in ("median", "runs", "ratio") else "left")
    for row in results:
        table.add_row(
            row.name,
            f"{row.value:.4g}",
            row.unit,
            f"{row.low:.4g} to {row.high:.4g}",
            str(row.runs),
            f"{row.ratio:.3g}" if row.ratio is not None else "",
            row.peer or "",
            row.target,
        )
    return table


if __name__ == "__main__":
    main()
