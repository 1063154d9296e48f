"""Rule groups on the real promtool: checked, and run over series that a test makes up."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lab.processes import die_with_parent
from lab.servers import find_program
from slos.rules.compile import RuleGroup
from slos.rules.text import rule_file

needs_promtool = pytest.mark.skipif(
    find_program("promtool") is None, reason="promtool is not on this machine: chaos lab servers --bring"
)


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        die_with_parent([str(find_program("promtool")), *arguments]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Case:
    """Series (selector -> values in promtool's notation, one per `interval`), and what is to be seen of them.

    `expected` maps (time, PromQL) to the values of the result, in any order; `alerts` maps (time, alert name) to the
    labels and annotations of those that fire.
    """

    name: str
    groups: Sequence[RuleGroup]
    series: Mapping[str, str]
    expected: Mapping[tuple[str, str], float | None] = field(default_factory=dict)
    alerts: Mapping[tuple[str, str], Sequence[tuple[Mapping[str, str], Mapping[str, str]]]] = field(
        default_factory=dict
    )
    interval: str = "1m"
    evaluation: str = "1m"


def check(text: str, directory: Path) -> None:
    """An AssertionError with what promtool says unless it accepts the rule file."""
    path = directory / "rules.yml"
    path.write_text(text, encoding="utf-8")
    done = promtool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout


def run(cases: Iterable[Case], directory: Path) -> dict[str, str]:
    """What promtool says of each case, by its name: "SUCCESS", or what was expected and what was found."""
    files = {}
    for number, case in enumerate(cases):
        rules = directory / f"{number}.rules.yml"
        rules.write_text(rule_file(case.groups), encoding="utf-8")
        test = directory / f"{number}.test.yml"
        test.write_text(json.dumps(_document(case, rules)), encoding="utf-8")
        files[str(test)] = case.name
    done = promtool("test", "rules", *files)
    sections = re.split(r"^Unit Testing: +(.*)$", done.stdout, flags=re.MULTILINE)
    texts = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert texts.keys() == files.keys(), done.stdout
    return {name: texts[path].strip() for path, name in files.items()}


def counter(*stretches: tuple[int, float]) -> str:
    """The values of a counter that starts at 0 and grows for so many intervals by so much in each."""
    value, parts = 0.0, ["0"]
    for intervals, step in stretches:
        parts.append(f"{value + step!r}+{step!r}x{intervals - 1}")
        value += intervals * step
    return " ".join(parts)


def _document(case: Case, rules: Path) -> dict[str, Any]:
    return {
        "rule_files": [str(rules)],
        "evaluation_interval": case.evaluation,
        "group_eval_order": [group.name for group in case.groups],
        "tests": [
            {
                "name": case.name,
                "interval": case.interval,
                "input_series": [{"series": series, "values": values} for series, values in case.series.items()],
                "promql_expr_test": [
                    {
                        "expr": expression,
                        "eval_time": at,
                        "exp_samples": [] if value is None else [{"labels": "{}", "value": value}],
                    }
                    for (at, expression), value in case.expected.items()
                ],
                "alert_rule_test": [
                    {
                        "eval_time": at,
                        "alertname": name,
                        "exp_alerts": [
                            {"exp_labels": dict(labels), "exp_annotations": dict(texts)} for labels, texts in found
                        ],
                    }
                    for (at, name), found in case.alerts.items()
                ],
            }
        ],
    }
