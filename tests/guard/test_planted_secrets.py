"""Values that are secret are planted wherever a run meets them, and are in nothing that it writes or prints."""

import base64
import json
import signal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Command
from click.testing import CliRunner

from actions.certificates.backup import BACKUP_TYPE
from actions.certificates.fault import CertificateFault
from actions.certificates.secret import SECRETS
from clients.kube import Kube, Resource
from runner.cli.plan import plan
from runner.cli.recover import recover
from tests.actions.certificates.authorities import authority, server
from tests.guard.slo_prometheus import SloScript, slo_prometheus
from tests.guard.stage import Program, Running, Stage, python
from tests.lab.apiserver_process import running_apiserver
from tests.octets import reserved_octet

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

SECRET = "gateway-tls"
IN_ENTRY = "planted-entry-5d1c"
IN_ANNOTATION = "planted-annotation-40b2"
IN_EXPERIMENT = "planted-experiment-77ab"
IN_PROMETHEUS = "planted-prometheus-9f3e"
IN_TOXIPROXY = "planted-toxiproxy-1c8d"
IN_KUBECONFIG = "planted-token-6b6e"
IN_BACKUP = "planted-backup-d207"
PLANTED = (IN_ENTRY, IN_ANNOTATION, IN_EXPERIMENT, IN_PROMETHEUS, IN_TOXIPROXY, IN_KUBECONFIG, IN_BACKUP)
ROOT = authority("Root")
SERVER = server(ROOT)
NAMESPACES = Resource("namespaces")
LEDGER_KINDS = (Resource("configmaps"), Resource("leases", "coordination.k8s.io"))


def encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


@dataclass
class Scene:
    """A run's directory, a cluster with a certificate, and what was printed in the course of a test."""

    stage: Stage
    namespace: str
    kube: Kube
    secret: list[str]
    printed: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return self.stage.environment

    def chaos(self, command: Command, *arguments: str, **environment: str) -> tuple[int, str]:
        """What a command says, and its exit status."""
        done = CliRunner().invoke(command, arguments, env={**self.environment, **environment})
        text = f"{done.stdout}{done.stderr}{done.exception!r}"
        self.printed[f"{command.name} {len(self.printed)}"] = text
        return done.exit_code, text

    def look_into_the_cluster(self) -> str:
        """What the ledger there holds now."""
        found = [one for kind in LEDGER_KINDS for one in self.kube.find(kind, self.environment["MLCHAOS_NAMESPACE"])]
        self.printed[f"ledger {len(self.printed)}"] = json.dumps(found)
        return json.dumps(found)

    def written(self) -> dict[str, str]:
        """Every file of this test, by its path."""
        files = [path for path in self.stage.directory.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.stage.directory)): path.read_bytes().decode(errors="replace") for path in files
        }

    def assert_nothing_secret(self) -> None:
        everything = {**self.printed, **self.written()}
        assert [(where, value) for where, text in everything.items() for value in self.secret if value in text] == []

    def start(self) -> Running:
        running = self.stage.start("--journal-path", "journal.json")
        self.stage.until("blocked", running)
        return running


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    directory = tmp_path_factory.mktemp("api")
    with reserved_octet() as octet, running_apiserver(octet, directory) as path:
        yield path


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    made = Program()
    yield made
    made.close()


@pytest.fixture(params=["local", "kubernetes"])
def scene(
    request: pytest.FixtureRequest,
    program: Program,
    kubeconfig: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Scene]:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    namespace = f"planted-{uuid.uuid4().hex[:8]}"
    with slo_prometheus(SloScript()) as url, Kube() as kube:
        stage = Stage(program, tmp_path, SloScript(), url.replace("http://", f"http://sre:{IN_PROMETHEUS}@"))
        stage.environment |= {
            "KUBECONFIG": str(kubeconfig),
            "MLCHAOS_LEDGER": request.param,
            "MLCHAOS_NAMESPACE": namespace,
            "PLANTED": IN_EXPERIMENT,
        }
        kube.create(NAMESPACES, {"metadata": {"name": namespace}})
        kube.create(SECRETS, _certificate(), namespace)
        _break_the_certificate(stage, namespace)
        yield Scene(stage, namespace, kube, _planted(kubeconfig))


def _certificate() -> dict[str, Any]:
    entries = {"tls.crt": SERVER.certificate_pem, "tls.key": SERVER.key_pem, "password": IN_ENTRY.encode()}
    applied = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": IN_ANNOTATION})}
    return {
        "metadata": {"name": SECRET, "annotations": applied},
        "type": "kubernetes.io/tls",
        "data": {entry: encoded(value) for entry, value in entries.items()},
    }


def _break_the_certificate(stage: Stage, namespace: str) -> None:
    arguments = {"namespace": namespace, "secret": SECRET}
    stage.experiment["secrets"] = {"planted": {"password": {"type": "env", "key": "PLANTED"}}}
    stage.experiment["method"][0] = python("break", "actions.certificates", "expired", "action", **arguments)
    stage.guard["blast_radius"] |= {"namespaces": [namespace], "secrets": {"max": 1}}
    stage.path("experiment.yaml").write_text(yaml.safe_dump(stage.experiment))


def _planted(kubeconfig: Path) -> list[str]:
    """The values as they are and as APIs carry them, and each line of the private key."""
    token = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]["token"]
    key = SERVER.key_pem.decode()
    values = [*PLANTED, token, *key.splitlines()[1:-1]]
    return [*values, *(encoded(value.encode()) for value in (*PLANTED, token, key, f"sre:{IN_PROMETHEUS}"))]


def test_plan_and_run_of_a_broken_certificate_keep_every_secret(scene: Scene) -> None:
    file = str(scene.stage.path("experiment.yaml"))
    for options in ((), ("--json",)):
        status, said = scene.chaos(plan, file, *options)
        assert (status, SECRET in said) == (0, True), said

    running = scene.start()
    in_cluster = scene.look_into_the_cluster()
    in_file = "".join(text for path, text in scene.written().items() if "ledger.sqlite" in path)
    assert SECRET in (in_file if scene.environment["MLCHAOS_LEDGER"] == "local" else in_cluster)
    running.send_signal(signal.SIGTERM)
    ended = scene.stage.finish(running)

    assert ended.verdict == "aborted", ended.said
    assert scene.kube.get(SECRETS, SECRET, scene.namespace)["data"] == _certificate()["data"]
    written = scene.written()
    for where in ("journal.json", "chaostoolkit.log", "stdout"):
        assert SECRET in written[where], f"{where} tells nothing of the fault, so it proves nothing"
    scene.assert_nothing_secret()


def test_a_fault_that_is_stuck_is_told_without_what_is_secret(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    running = scene.start()
    running.send_signal(signal.SIGKILL)
    running.poll(60)
    (backup,) = [one for one in scene.kube.find(SECRETS, scene.namespace) if one.get("type") == BACKUP_TYPE]
    name = backup["metadata"]["name"]
    scene.kube.delete(SECRETS, name, scene.namespace)
    spoilt = {"original.json": encoded(f'{{"{IN_BACKUP}": '.encode()), "entry": encoded(IN_BACKUP.encode())}
    scene.kube.create(SECRETS, {"metadata": {"name": name}, "type": BACKUP_TYPE, "data": spoilt}, scene.namespace)
    monkeypatch.setattr(CertificateFault, "undone_within", 0.2)

    for options in (("--all", "--no-wait"), ("--dry-run", "--json")):
        status, said = scene.chaos(recover, *options)
        assert status == 5, said
        assert f"{name} is not as mlchaos has written it" in " ".join(said.split()), said

    assert "stuck" in scene.look_into_the_cluster() + "".join(scene.written().values())
    scene.assert_nothing_secret()


def test_refusals_keep_every_secret(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> None:
    given = tmp_path_factory.mktemp("given")  # what a user has written himself is not looked at
    config = yaml.safe_load(Path(scene.environment["KUBECONFIG"]).read_text())
    config["users"][0]["user"] = {"token": IN_KUBECONFIG}
    (given / "kubeconfig").write_text(yaml.safe_dump(config))
    file = str(scene.stage.path("experiment.yaml"))
    status, said = scene.chaos(plan, file, KUBECONFIG=str(given / "kubeconfig"))
    assert (status, "nothing" in said) != (0, False), said

    for number, url in enumerate(
        (
            f"http://sre:{IN_TOXIPROXY}@127.0.0.1:8474",
            f"sre:{IN_TOXIPROXY}@127.0.0.1:8474",
            f"http://sre:{IN_TOXIPROXY}/@127.0.0.1:8474",
            f"http://127.0.0.1:8474/?token={IN_TOXIPROXY}",
        )
    ):
        scene.stage.experiment["method"][0] = python(
            "break", "actions.network", "latency", "action", toxiproxy_url=url, proxies=["llm"], latency_ms=10
        )
        path = given / f"{number}.yaml"
        path.write_text(yaml.safe_dump(scene.stage.experiment))
        status, said = scene.chaos(plan, str(path))
        assert (status, "the address of Toxiproxy" in said) == (2, True), said

    scene.environment["PROMETHEUS_URL"] = f"http://sre:{IN_PROMETHEUS}@127.0.0.1:9"
    _break_the_certificate(scene.stage, scene.namespace)
    ended = scene.stage.run()
    assert ended.verdict == "refused", ended.said
    assert "127.0.0.1:9" in ended.printed
    scene.assert_nothing_secret()
