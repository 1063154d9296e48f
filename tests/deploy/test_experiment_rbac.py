"""The Role in deploy/ grants what the experiments' client asks for, and nothing more."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def granted() -> set[tuple[str, str]]:
    role = yaml.safe_load((ROOT / "deploy" / "experiment-rbac.yaml").read_text())
    return {(verb, resource) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}


def asked() -> set[tuple[str, str]]:
    """Every request that clients/kube.py makes, as it names them in its errors."""
    source = (ROOT / "clients" / "kube.py").read_text()
    plain = set(re.findall(r'Request\("(\w+)", "(\w+)"', source))
    kinds = re.findall(r'^            "(\w+)": self\._', source, flags=re.MULTILINE)
    return plain | {("get", f"{kind.lower()}s") for kind in kinds}


def test_the_role_grants_exactly_what_is_asked_for() -> None:
    assert ("delete", "pods") in asked()
    assert ("get", "deployments") in asked()
    assert granted() == asked()
