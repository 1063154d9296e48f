"""docs/exporter.md says what is so."""

import re
from pathlib import Path

from click import Option

from runner.cli.exporter import exporter
from runner.exporter.metrics import METRICS

DOCUMENT = (Path(__file__).parents[3] / "docs" / "exporter.md").read_text()


def test_its_table_is_that_of_the_exporter() -> None:
    rows = re.findall(r"^\| `(mlchaos_\w+)` \| (.*?) \| (\w+) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(one.name, ", ".join(f"`{name}`" for name in one.labels), one.source, one.help) for one in METRICS]


def test_it_names_every_option() -> None:
    options = {name for one in exporter.params if isinstance(one, Option) for name in one.opts}
    assert options <= set(re.findall(r"--[-a-z]+", DOCUMENT))


def test_names_are_as_prometheus_wants_them() -> None:
    for one in METRICS:
        assert re.fullmatch(r"mlchaos_[a-z_]+", one.name)
        assert one.name.endswith("_total") == one.counter
        assert one.help.endswith(".")
