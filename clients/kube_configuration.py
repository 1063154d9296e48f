"""Where the cluster is, and as whom to reach it: a kubeconfig, or the pod that this runs in."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from clients.kube_errors import KubeError, one_line


def read_configuration() -> tuple[Any, str]:
    """How to reach the cluster, and in words where that was read."""
    from kubernetes import client, config
    from urllib3.util.retry import Retry

    configuration = client.Configuration()
    source = "the cluster that this runs in"
    # The client reads KUBECONFIG when it is imported; what counts is what it is now.
    named = os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    try:
        config.load_kube_config(config_file=named, client_configuration=configuration)
        source = f"context {config.list_kube_config_contexts(config_file=named)[1]['name']}"
    except (config.ConfigException, OSError, ValueError) as outside:
        try:
            config.load_incluster_config(client_configuration=configuration)
        except config.ConfigException:
            raise KubeError(
                f"no cluster to reach: {named}: {one_line(outside)}; set KUBECONFIG to a kubeconfig with a current "
                'context (in the lab: eval "$(chaos lab env)")'
            ) from outside
    host = urlsplit(configuration.host).hostname or ""
    if host == "localhost" or host.startswith("127."):
        configuration.proxy = None  # a proxy of the machine cannot reach what listens on its loopback
    # Only what changes nothing is asked twice: a deletion whose answer was lost may have been done.
    configuration.retries = Retry(total=1, allowed_methods=("GET",))
    return configuration, source
