"""Credentials of a lab: what its API server and everyone who talks to it need, as files in one directory."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from lab.certificates import issue_ca, issue_server
from lab.network import LabNetwork


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where the files are."""

    ca_certificate: Path
    api_certificate: Path
    api_key: Path
    token: Path
    kubeconfig: Path


def credentials_in(directory: Path) -> Credentials:
    """The paths under `directory`, whether the files exist or not."""
    return Credentials(
        ca_certificate=directory / "ca.crt",
        api_certificate=directory / "api.crt",
        api_key=directory / "api.key",
        token=directory / "token",
        kubeconfig=directory / "kubeconfig",
    )


def write_credentials(directory: Path, network: LabNetwork) -> Credentials:
    """Make an authority, the API server's certificate, a token and a kubeconfig in `directory` (created if missing).

    Every file can be read by its owner only; files of an earlier call are replaced.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    paths = credentials_in(directory)
    ca = issue_ca("mlchaos-lab")
    server = issue_server(ca, [network.infra_ip, "localhost", "kubernetes", "kubernetes.default.svc"])
    token = secrets.token_urlsafe(32)
    write_private(paths.ca_certificate, ca.certificate_pem)
    write_private(paths.api_certificate, server.certificate_pem)
    write_private(paths.api_key, server.key_pem)
    write_private(paths.token, token.encode())
    write_private(paths.kubeconfig, _kubeconfig(network.api_url, ca.certificate_pem, token))
    return paths


def _kubeconfig(server: str, ca_pem: bytes, token: str) -> bytes:
    """A kubeconfig in JSON, which is YAML too."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(ca_pem).decode()}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "mlchaos-lab", "cluster": cluster}],
        "users": [{"name": "mlchaos-lab", "user": {"token": token}}],
        "contexts": [{"name": "mlchaos-lab", "context": {"cluster": "mlchaos-lab", "user": "mlchaos-lab"}}],
        "current-context": "mlchaos-lab",
    }
    return json.dumps(config, indent=2).encode()


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` in one step; only its owner can read it."""
    draft = path.with_name(f".{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
