"""`dcgmi`, as far as the lab needs it: `dcgmi test --inject`, `test --introspect`, `dmon`, `discovery -l`.

Options are those of NVIDIA's dcgmi. Standard library only: it has to start fast.
"""

import argparse
import json
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

DEFAULT_PORT = 5555
DEFAULT_GPU = 1  # dcgmi's own default
TIMEOUT_SECONDS = 5.0
FAILED = 1


class EngineError(Exception):
    """The host engine cannot be reached, or refuses; the message says why."""


def parser() -> argparse.ArgumentParser:
    """The command line of dcgmi."""
    top = argparse.ArgumentParser(
        prog="dcgmi", description="Look at the lab's simulated GPUs and inject values into them."
    )
    top.add_argument("-v", "--version", action="version", version="dcgmi (mlchaos lab)")
    commands = top.add_subparsers(dest="command", required=True)
    test = commands.add_parser("test", help="inject values into DCGM's cache, or look at them")
    action = test.add_mutually_exclusive_group(required=True)
    action.add_argument("--inject", action="store_true", help="make a field show a value until another is injected")
    action.add_argument("--introspect", action="store_true", help="show a field's value")
    test.add_argument("--gpuid", type=int, default=DEFAULT_GPU, help=f"number of the GPU (default {DEFAULT_GPU})")
    test.add_argument("-f", "--field", required=True, help="number or name of the field, such as 230")
    test.add_argument("-v", "--value", help="value to inject")
    dmon = commands.add_parser("dmon", help="print what a field shows, again and again")
    dmon.add_argument("-e", "--field-id", dest="field", required=True, help="number or name of the field, such as 230")
    dmon.add_argument("-i", "--entity-id", dest="gpuid", type=int, default=0, help="number of the GPU")
    dmon.add_argument("-d", "--delay", type=int, default=1000, help="milliseconds between two rows (default 1000)")
    dmon.add_argument("-c", "--count", type=int, default=1, help="how many rows")
    discovery = commands.add_parser("discovery", help="list the GPUs")
    discovery.add_argument("-l", "--list", action="store_true", required=True, help="list the GPUs")
    for command in (test, dmon, discovery):
        command.add_argument("--host", help="host engine as HOST or HOST:PORT (default: the one of this pod)")
    return top


def ask(host: str, port: int, request: Mapping[str, Any]) -> dict[str, Any]:
    """Send one request to the host engine.

    Raises EngineError.
    """
    try:
        with socket.create_connection((host, port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as lines:
                answer = json.loads(lines.readline())
    except (OSError, ValueError) as error:
        raise EngineError(f"the host engine at {host}:{port} does not answer: {error}") from error
    if "error" in answer:
        raise EngineError(answer["error"])
    return dict(answer)


def engine_address(option: str | None, environ: Mapping[str, str]) -> tuple[str, int]:
    """Host and port of the host engine."""
    host, _, port = (option or environ.get("POD_IP") or "localhost").partition(":")
    return host, int(port) if port.isdecimal() else DEFAULT_PORT


def run(arguments: argparse.Namespace, environ: Mapping[str, str]) -> str:
    """Do what the command line asks and give what is to be printed.

    Raises EngineError.
    """
    host, port = engine_address(arguments.host, environ)
    if arguments.command == "discovery":
        return gpu_table(ask(host, port, {"do": "discover"})["gpus"])
    if arguments.command == "dmon":
        return monitored(arguments, host, port)
    request = {"gpu": arguments.gpuid, "field": arguments.field}
    if arguments.inject:
        if arguments.value is None:
            raise EngineError("--inject needs -v VALUE")
        ask(host, port, {"do": "inject", "value": arguments.value, **request})
        return "Successfully injected field info."
    answer = ask(host, port, {"do": "read", **request})
    source = "injected" if answer["injected"] else "simulated"
    return f"GPU {arguments.gpuid}: {answer['name']} = {answer['value']} ({source})"


def monitored(arguments: argparse.Namespace, host: str, port: int) -> str:
    """The rows of `dcgmi dmon`, its heading in front.

    Raises EngineError.
    """
    rows = []
    for index in range(arguments.count):
        if index:
            time.sleep(arguments.delay / 1000)
        answer = ask(host, port, {"do": "read", "gpu": arguments.gpuid, "field": arguments.field})
        rows.append(f"GPU {arguments.gpuid:<7}{answer['value']:<10g}")
    return "\n".join([f"#Entity   {answer['name'].removeprefix('DCGM_FI_DEV_')[:10]:<10}", "ID", *rows])


def gpu_table(gpus: Sequence[Mapping[str, Any]]) -> str:
    """The list of GPUs as text."""
    rows = [f"GPU {gpu['gpu']}: {gpu['name']}  PCI {gpu['pci']}  {gpu['uuid']}" for gpu in gpus]
    return "\n".join([f"{len(gpus)} GPUs found.", *rows])


def main() -> int:
    try:
        print(run(parser().parse_args(), os.environ))
    except EngineError as error:
        print(f"dcgmi: {error}", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
