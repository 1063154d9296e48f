"""`python -m lab.controllers`: every controller in one process, against the cluster of KUBECONFIG."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from lab.controllers.cluster import Cluster
from lab.controllers.controller import Options
from lab.controllers.events import EventRecorder
from lab.controllers.registry import CONTROLLERS
from lab.kubeclient import KubeClient, KubeconfigError
from lab.logs import configure

BAD_INPUT = 2


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text}")
    return value


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m lab.controllers", description=__doc__)
    timings = {
        "--node-grace-seconds": (defaults.node_grace_seconds, "a node silent for so long is lost"),
        "--force-delete-seconds": (defaults.force_delete_seconds, "terminating pods of a lost node go after so long"),
        "--orphan-pod-seconds": (defaults.orphan_pod_seconds, "pods bound to nodes that do not exist go after so long"),
        "--job-backoff-seconds": (defaults.job_backoff_seconds, "first wait of a Job after a failed pod; it doubles"),
    }
    for flag, (default, meaning) in timings.items():
        parser.add_argument(flag, type=_seconds, default=default, metavar="S", help=f"{meaning} (default {default:g})")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=sorted(CONTROLLERS),
        metavar="NAME",
        help="leave a controller out; may be repeated. Names: " + ", ".join(CONTROLLERS),
    )
    return parser.parse_args(arguments)


async def serve(kubeconfig: Path, options: Options, without: Sequence[str]) -> None:
    """Run the controllers until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with KubeClient(kubeconfig) as api:
        recorder = EventRecorder(api)
        cluster = Cluster(api, recorder)
        controllers = [make(cluster, options) for name, make in CONTROLLERS.items() if name not in without]
        async with asyncio.TaskGroup() as group:
            cluster.start(group)
            tasks = [group.create_task(recorder.run()), *(group.create_task(c.run()) for c in controllers)]
            await stopped.wait()
            for task in tasks:
                task.cancel()
            cluster.stop()


def main() -> int:
    """The process's exit status."""
    arguments = parse_arguments()
    logger = configure("controllers")
    path = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    options = Options(
        node_grace_seconds=arguments.node_grace_seconds,
        force_delete_seconds=arguments.force_delete_seconds,
        orphan_pod_seconds=arguments.orphan_pod_seconds,
        job_backoff_seconds=arguments.job_backoff_seconds,
    )
    try:
        uvloop.run(serve(path, options, arguments.without))
    except KubeconfigError as error:
        logger.error("cannot start", error=str(error))  # noqa: TRY400 (the message says it all)
        return BAD_INPUT
    return 0


if __name__ == "__main__":
    sys.exit(main())
