"""The SLO rules of the lab's Prometheus: those of the catalogue whose stack the lab runs.

`python -m lab.slo_rules --output FILE --servers prometheus,redis` writes them and ends. It is a process of its own
because reading SLO files takes libraries that the supervisor would keep in memory for as long as the lab lives.
"""

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import slos
from slos.model import Slo

TIME_SCALE = 60.0
"""The lab's hours are minutes: 5 m become 5 s, and 28 d 11.2 h."""

STACK_LABEL = "stack"
"""The label of an SLO's metadata that says what exports the series that it reads."""

STACKS: Mapping[str, str | None] = {
    "gateway": None,
    "clients": None,
    "vllm": None,
    "mltrain": None,
    "dcgm": None,
    "kube-state-metrics": None,
    "inference-gateway": "redis",
    "triton": "redis",
    "features": "redis",
}
"""What the lab runs of the stacks that SLOs name, each with the real server without which it does not run."""

SLOWER = 2.5
"""Rules at 1 s and 2 s would take a quarter of a core. At 2.5 s and 5 s they take half of that, and slices still meet:
one of 5 s is a multiple of both."""

CATALOG = Path(slos.__file__).parent / "catalog"
NICENESS = 5


def covered(declared: Iterable[Slo], servers: Collection[str]) -> tuple[Slo, ...]:
    """The SLOs whose series there are in a lab with the given servers."""
    runs = {stack for stack, needs in STACKS.items() if needs is None or needs in servers}
    return tuple(slo for slo in declared if slo.labels.get(STACK_LABEL) in runs)


def command(output: Path, servers: Collection[str]) -> list[str]:
    """The command that writes the rule file."""
    return [sys.executable, "-m", "lab.slo_rules", "--output", str(output), "--servers", ",".join(sorted(servers))]


def write(catalog: Path, output: Path, servers: Collection[str]) -> list[str]:
    """Write the rule file; where something is wrong with the catalogue, give the problems and write nothing."""
    from slos.files.reading import read
    from slos.rules.compile import compile_slos
    from slos.rules.text import rule_file

    texts = {str(path): path.read_text(encoding="utf-8") for path in sorted(catalog.rglob("*.yaml"))}
    loaded = read(texts)
    problems = [str(problem) for problem in loaded.problems if problem.level == "error"]
    if not problems:
        groups = compile_slos(covered(loaded.slos.slos, servers), TIME_SCALE)
        text = rule_file(replace(group, interval_seconds=group.interval_seconds * SLOWER) for group in groups)
        # Prometheus reads *.yml: it must never see half of the file.
        draft = output.with_suffix(".draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(output)
    return problems


def main() -> None:
    parser = argparse.ArgumentParser(prog="lab.slo_rules", description="Write the rules of the catalogue's SLOs.")
    parser.add_argument("--catalog", type=Path, default=CATALOG)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--servers", default="", help="the real servers that run beside the lab, joined by commas")
    options = parser.parse_args()
    os.nice(NICENESS)  # what the lab waits for comes first
    if problems := write(options.catalog, options.output, options.servers.split(",")):
        print("\n".join(problems), file=sys.stderr)
        sys.exit(f"{len(problems)} problem(s) in the catalogue, the first: {problems[0]}")


if __name__ == "__main__":
    main()
