"""The API server's process: `python -m lab.apiserver`."""

import argparse
import time
from ipaddress import IPv4Network
from pathlib import Path
from types import FrameType

import uvicorn

from lab.apiserver.admission import Admission
from lab.apiserver.app import Application
from lab.apiserver.kinds import Registry
from lab.apiserver.objects import Objects
from lab.apiserver.protocol import UVICORN_OPTIONS, StreamingHttpProtocol
from lab.apiserver.store import Store
from lab.logs import configure

KEEP_ALIVE_SECONDS = 3600
STOP_SECONDS = 1
"""How long an open exec or log may hold up the end."""


class Server(uvicorn.Server):
    """uvicorn, which ends the watches when it is told to stop (they would never end by themselves) and exits with 0."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        # uvicorn's own handler would raise the signal once more when all is done, and die of it.
        self._application.watches.end_all()
        self.should_exit = True


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = _parse_arguments()
    log = configure("apiserver")
    # Versions go on rising over restarts, so that a client of an earlier life is told to list again.
    store = Store(first_version=int(time.time() * 1000))
    admission = Admission(store, options.service_cidr, options.default_toleration_seconds)
    registry = Registry()
    application = Application(Objects(store, admission), registry, options.token_file.read_text().strip())
    config = uvicorn.Config(
        application,
        host=options.host,
        port=options.port,
        loop="uvloop",
        http=StreamingHttpProtocol,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=1024,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
        ssl_certfile=options.tls_cert,
        ssl_keyfile=options.tls_key,
        **UVICORN_OPTIONS,
    )
    log.info("serving", host=options.host, port=options.port)
    Server(config, application).run()


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.apiserver", description=__doc__)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls-cert", required=True)
    parser.add_argument("--tls-key", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--service-cidr", type=IPv4Network, required=True)
    parser.add_argument("--default-toleration-seconds", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
