"""docs/slo-files.md says what is so."""

import re
from pathlib import Path

from slos.files.annotation_keys import KEYS, OPEN_KEYS
from slos.files.reading import read
from slos.tiers import TIERS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "slo-files.md").read_text()


def test_its_examples_are_good() -> None:
    examples = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.DOTALL | re.MULTILINE)
    loaded = read({f"example-{index}.yaml": text for index, text in enumerate(examples)})
    assert [str(problem) for problem in loaded.problems] == []
    assert [slo.name for slo in loaded.slos.slos] == [
        "chat-availability",
        "chat-ttft",
        "checkpoint-age",
        "ranker-availability",
    ]


def test_it_names_every_annotation() -> None:
    annotations = DOCUMENT.partition("\n## Alerting")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `([-.<>a-z]+)` \|", annotations, re.MULTILINE))
    tiers = "|".join(re.escape(tier.name) for tier in TIERS)
    known = {re.sub(rf"\.(?:{tiers})$", ".<tier>", key) for key in KEYS} | {f"{key}<name>" for key in OPEN_KEYS}
    assert named == known
