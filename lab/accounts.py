"""Accounts of mlchaos's own programs in the lab's cluster, as deploy/ declares them: each with its rights alone."""

import json
from pathlib import Path

from lab.credentials import Credentials, write_private
from lab.kubeclient import KubeClient

NAMESPACE = "mlchaos"
DEPLOY = Path(__file__).parents[1] / "deploy"
TOKEN_SECONDS = 365 * 24 * 3600
"""A lab does not live so long."""


async def write_kubeconfig(api: KubeClient, credentials: Credentials, account: str) -> Path:
    """The kubeconfig of a service account, beside the lab's."""
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{account}/token"
    answer = await api.create(path, {"spec": {"expirationSeconds": TOKEN_SECONDS}})
    config = json.loads(credentials.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": answer["status"]["token"]}
    own = credentials.kubeconfig.with_name(f"{account}.kubeconfig")
    write_private(own, json.dumps(config, indent=2).encode())
    return own
