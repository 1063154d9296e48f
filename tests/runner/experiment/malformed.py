"""A good experiment, and what is said of it with a mistake in it: the place, the cause and the remedy."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from actions.fault import known_faults

GOOD = """\
title: One llm replica is killed
description: Kills a pod while requests flow.
configuration:
  namespace: {type: env, key: MLCHAOS_TEST_NAMESPACE, default: ml-serving}
  count: {type: env, key: MLCHAOS_TEST_COUNT, default: 1, env_var_type: int}
controls:
  - {name: guard, provider: {type: python, module: runner.guard}}
runtime: {rollbacks: {strategy: always}}
extensions:
  - name: guard
    slos: [llm-availability]
    blast_radius:
      namespaces: ["${namespace}"]
      pods: {max: 1, percent: 34}
      error_budget: {max_spend: 2%}
      duration: 5m
    abort_when: {burn_rate: 14.4, window: 1m}
steady-state-hypothesis:
  title: The llm is whole
  probes:
    - name: whole
      type: probe
      tolerance: true
      provider: {type: python, module: probes.kube, func: whole, arguments: {workload: deployment/llm}}
method:
  - name: kill one llm pod
    type: action
    provider:
      type: python
      module: actions.pods
      func: kill
      arguments: {namespace: "${namespace}", label_selector: app=llm, count: "${count}"}
"""


@dataclass(frozen=True, slots=True)
class Malformed:
    """The text of a file with a mistake, and every problem of it, without the file's name."""

    mistake: str
    text: str
    said: list[str]


@cache
def malformed() -> list[Malformed]:
    """The cases of malformed.yaml."""
    families = ", ".join(sorted({f"actions.{name.rpartition('.')[0]}" for name in known_faults()}))
    cases = yaml.load(Path(__file__).with_suffix(".yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
    return [
        Malformed(case["mistake"], _text(case), [line.replace("<families>", families) for line in case["said"]])
        for case in cases
    ]


def _text(case: dict[str, Any]) -> str:
    text: str = case.get("text", GOOD)
    for edit in case.get("edits", ()):
        assert edit["old"] in text, f"{case['mistake']}: {edit['old']!r} is not in the file"
        text = text.replace(edit["old"], edit["new"], 1)
    return text
