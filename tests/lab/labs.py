"""Labs for tests, driven through the `chaos` program as a user would."""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import processes
from lab.directory import LabDirectory
from lab.network import LabNetwork
from lab.state import LabState
from tests.octets import reserved_octet

CHAOS = Path(sys.executable).parent / "chaos"


def chaos(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the real program; its output is text."""
    return subprocess.run(
        [str(CHAOS), "--no-version-check", "--no-log-file", *arguments],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab of a test's own."""

    directory: LabDirectory
    octet: int

    def command(self, verb: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return chaos("lab", verb, "--dir", str(self.directory.root), *arguments)

    def up(self, *arguments: str) -> None:
        done = self.command("up", "--network", str(self.octet), *arguments)
        assert done.returncode == 0, done.stderr + done.stdout + self.logs()

    def logs(self) -> str:
        """The end of every log, for a failure's report."""
        texts = sorted(self.directory.logs.glob("*.log"))
        return "".join(f"\n--- {text.stem}\n" + "".join(text.read_text(errors="replace")[-1500:]) for text in texts)

    def state(self) -> LabState:
        done = self.command("status", "--json")
        return LabState.model_validate_json(done.stdout)

    def component_pid(self, name: str) -> int:
        if name == "supervisor":
            return self.state().supervisor_pid
        pid = next(component.pid for component in self.state().components if component.name == name)
        assert pid is not None
        return pid

    def environment(self) -> dict[str, str]:
        variables: dict[str, str] = json.loads(self.command("env", "--json").stdout)
        return variables

    def processes(self) -> list[int]:
        return processes.marked(self.directory.lab_id)

    def api(self, path: str, method: str = "GET", body: object = None) -> str:
        """The body of the answer to one request to the lab's Kubernetes API."""
        request = urllib.request.Request(
            LabNetwork(self.octet).api_url + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={
                "Authorization": f"Bearer {(self.directory.root / 'token').read_text().strip()}",
                "Content-Type": "application/json",
            },
        )
        trust = ssl.create_default_context(cafile=str(self.directory.root / "ca.crt"))
        with urllib.request.urlopen(request, timeout=60, context=trust) as answer:
            text: bytes = answer.read()
            return text.decode()

    def create(self, path: str, body: object) -> None:
        self.api(path, "POST", body)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """An instant query's rows from the lab's Prometheus."""
        url = f"{LabNetwork(self.octet).prometheus_url}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(url, timeout=60) as answer:
            rows: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return rows

    def value(self, expression: str) -> float | None:
        """The one value of an expression, or None where there is none (or more than one)."""
        rows = self.query(expression)
        return float(rows[0]["value"][1]) if len(rows) == 1 else None


@contextlib.contextmanager
def a_lab() -> Iterator[Lab]:
    """A place for a lab, with addresses of its own; whatever runs there at the end is ended."""
    with reserved_octet() as octet, tempfile.TemporaryDirectory(prefix="mlchaos-lab-") as root:
        lab = Lab(LabDirectory(Path(root)), octet)
        try:
            yield lab
        finally:
            lab.command("down")
            left = lab.processes()
            processes.sweep(lab.directory.lab_id)
        assert not left, f"the lab left processes behind: {left}"
