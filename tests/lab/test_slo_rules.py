"""Which SLOs the lab takes from the catalogue, and what it makes of them."""

from pathlib import Path

import pytest
import yaml

from lab.servers import SERVERS
from lab.slo_rules import CATALOG, STACK_LABEL, STACKS, covered, write
from slos.files.reading import read
from slos.model import Slo

EVERYTHING = [server.name for server in SERVERS]
NOT_IN_THE_LAB = {"sglang", "kserve", "ray-serve", "mlserver", "triton-summaries"}


@pytest.fixture(scope="module")
def declared() -> tuple[Slo, ...]:
    return read({str(path): path.read_text() for path in CATALOG.rglob("*.yaml")}).slos.slos


def test_every_stack_of_the_catalogue_runs_in_the_lab_or_is_known_not_to(declared: tuple[Slo, ...]) -> None:
    assert {slo.labels[STACK_LABEL] for slo in declared} == set(STACKS) | NOT_IN_THE_LAB


def test_every_slo_whose_stack_the_lab_runs_is_covered(declared: tuple[Slo, ...]) -> None:
    names = {slo.name for slo in covered(declared, EVERYTHING)}
    assert names == {slo.name for slo in declared if slo.labels[STACK_LABEL] not in NOT_IN_THE_LAB}
    assert {"llm-availability", "training-effective-time", "gpu-capacity", "feature-freshness"} <= names


def test_without_redis_nothing_is_promised_of_the_ranker(declared: tuple[Slo, ...]) -> None:
    """Its series would be absent, and the on-call paged for a server that this machine lacks."""
    lost = {slo.name for slo in covered(declared, EVERYTHING)} - {slo.name for slo in covered(declared, ["prometheus"])}
    assert lost == {"inference-availability", "inference-latency", "triton-availability", "feature-freshness"}


def test_windows_are_sixty_times_shorter_and_slices_still_meet(tmp_path: Path) -> None:
    output = tmp_path / "slos.yml"
    assert write(CATALOG / "platform", output, EVERYTHING) == []
    assert [path.name for path in tmp_path.iterdir()] == ["slos.yml"]
    groups = {group["name"]: group for group in yaml.safe_load(output.read_text())["groups"]}
    assert groups["slo:gpu-capacity"]["interval"] == "2s500ms"
    assert groups["slo:gpu-capacity:long"]["interval"] == "5s"
    (five_minutes,) = (
        rule
        for rule in groups["slo:gpu-capacity"]["rules"]
        if rule.get("record") == "slo:events" and rule["labels"]["window"] == "5m"
    )
    assert "[4s999ms:1s]" in five_minutes["expr"]


def test_a_catalogue_with_a_mistake_is_refused_whole(tmp_path: Path) -> None:
    catalog, output = tmp_path / "catalog", tmp_path / "slos.yml"
    catalog.mkdir()
    (catalog / "good.yaml").write_text((CATALOG / "platform" / "features.yaml").read_text())
    gpus = (CATALOG / "platform" / "gpu.yaml").read_text()
    (catalog / "bad.yaml").write_text(gpus.replace("budgetingMethod: Timeslices", "budgetingMethod: Sometimes", 1))
    problems = write(catalog, output, EVERYTHING)
    assert len(problems) == 1
    assert "bad.yaml" in problems[0]
    assert not output.exists()
