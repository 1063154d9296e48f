from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner

import runner.cli.alerts.sink as sink
from runner.sink.server import SinkServer

FILE = Path(__file__).parents[2] / "deploy" / "sink.yaml"


def manifest(kind: str) -> dict[str, Any]:
    (found,) = (one for one in yaml.safe_load_all(FILE.read_text()) if one["kind"] == kind)
    return dict(found)


def test_its_command_is_one_that_there_is(monkeypatch: Any, tmp_path: Path) -> None:
    (container,) = manifest("Deployment")["spec"]["template"]["spec"]["containers"]
    command = container["command"]
    assert command[: command.index("sink") + 1] == ["chaos", "--no-version-check", "--no-log-file", "alerts", "sink"]
    served: list[tuple[Any, ...]] = []
    monkeypatch.setattr(SinkServer, "__init__", lambda self, host, port, *_: served.append((host, port)))
    monkeypatch.setattr(sink, "_serve", lambda _: None)
    options = [part.replace("/data", str(tmp_path)) for part in command[command.index("sink") + 1 :]]
    assert CliRunner().invoke(sink.command, options).exit_code == 0
    assert served == [("0.0.0.0", container["ports"][0]["containerPort"])]


def test_the_address_that_its_users_are_told_is_that_of_its_service() -> None:
    service = manifest("Service")
    name = f"{service['metadata']['name']}.{service['metadata']['namespace']}"
    assert f"http://{name}:{service['spec']['ports'][0]['port']}" == sink.IN_CLUSTER
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_it_has_no_rights_and_keeps_its_file_where_it_may_write() -> None:
    spec = manifest("Deployment")["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    (container,) = spec["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert {one["mountPath"] for one in container["volumeMounts"]} == {"/data", "/tmp"}
