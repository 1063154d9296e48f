"""Where alerts go, for many routing trees, is what amtool says."""

import random
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.servers import find_program
from runner.alerting.routing import read_routing

pytestmark = [pytest.mark.lab, pytest.mark.needs("alertmanager")]

TREES, ALERTS_EACH = 40, 4
RECEIVERS = [f"r{number}" for number in range(9)]
NAMES = ["severity", "team", "slo"]
VALUES = ["page", "ticket", "ml", "llm-ttft", "llm", "", "two words", 'quo"te', "back\\slash", "a,b", "x.y"]
EXPRESSIONS = [
    "page|ticket", "llm-.*", "llm", ".*", ".+", "", "[a-m]+", "[[:alpha:]]+", "(?i)PAGE", "x.y", r"x\.y", r"\w+",
    "two.words", "a{,1}", "pag$", "^page$", "[^p].*", "(ml|llm)?", '.*".*', r".*\\.*",
]  # fmt: skip


def quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def matcher(dice: random.Random) -> str:
    operator = dice.choice(["=", "!=", "=~", "!~"])
    value = dice.choice(EXPRESSIONS if "~" in operator else VALUES)
    plain = value and not set(value) & set('"\\, {}')
    return f"{dice.choice(NAMES)}{operator}{value if plain and dice.random() < 0.4 else quoted(value)}"


def a_route(dice: random.Random, depth: int) -> dict[str, Any]:
    route: dict[str, Any] = {}
    if dice.random() < 0.8:
        route["receiver"] = dice.choice(RECEIVERS)
    if dice.random() < 0.6:
        route["matchers"] = [matcher(dice) for _ in range(dice.randint(1, 2))]
    if dice.random() < 0.25:
        route["matchers"] = [*route.get("matchers", ()), f"{{{matcher(dice)},{matcher(dice)}}}"]
    if dice.random() < 0.25:
        route["match"] = {dice.choice(NAMES): dice.choice(VALUES)}
    if dice.random() < 0.25:
        route["match_re"] = {dice.choice(NAMES): dice.choice(EXPRESSIONS)}
    if dice.random() < 0.35:
        route["continue"] = True
    if dice.random() < 0.3:
        route["group_by"] = dice.choice([["..."], ["alertname", "slo"], []])
    if dice.random() < 0.2:
        route["mute_time_intervals"] = ["nights"]
    if depth and dice.random() < 0.7:
        route["routes"] = [a_route(dice, depth - 1) for _ in range(dice.randint(1, 3))]
    return route


def a_tree(dice: random.Random) -> str:
    root = {"receiver": "r0", "routes": [a_route(dice, 2) for _ in range(dice.randint(1, 4))]}
    document = {
        "route": root,
        "receivers": [{"name": name} for name in RECEIVERS],
        "time_intervals": [
            {"name": "nights", "time_intervals": [{"times": [{"start_time": "22:00", "end_time": "24:00"}]}]}
        ],
    }
    return yaml.safe_dump(document)


def an_alert(dice: random.Random) -> dict[str, str]:
    # amtool takes an empty value for a label that is there; in Alertmanager such a label does not exist.
    chosen = {name: dice.choice(VALUES) for name in NAMES if dice.random() < 0.7}
    return {name: value for name, value in chosen.items() if value}


def amtool(file: Path, labels: dict[str, str]) -> list[str]:
    program = find_program("amtool")
    assert program is not None
    told = [f"{name}={quoted(value)}" for name, value in labels.items()]
    command = [program, "config", "routes", "test", f"--config.file={file}", *told]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stderr, file.read_text(), labels)
    return done.stdout.strip().split(",")


@pytest.mark.skipif(find_program("amtool") is None, reason="amtool comes with prometheus-alertmanager")
def test_random_trees_route_random_alerts_as_amtool_says(memory_path: Path) -> None:
    asked = []
    for seed in range(TREES):
        dice = random.Random(seed)  # noqa: S311 (the same trees again)
        file = memory_path / f"{seed}.yml"
        file.write_text(a_tree(dice))
        asked += [(file, an_alert(dice)) for _ in range(ALERTS_EACH)]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda one: amtool(*one), asked))
    ours = [list(read_routing(file.read_text()).receivers_of(labels)) for file, labels in asked]
    wrong = [
        (labels, mine, theirs, file.read_text())
        for (file, labels), mine, theirs in zip(asked, ours, said, strict=True)
        if mine != theirs
    ]
    assert wrong == []
    assert sum(len(one) > 1 for one in said) > 10, "trees that send to one receiver only prove little"
    assert len({one for receivers in said for one in receivers}) == len(RECEIVERS)
