"""The door for `dcgmi`: one JSON document per line each way, over TCP on the host engine's port.

{"do": "inject", "gpu": 0, "field": "230", "value": "95"}, {"do": "read", "gpu": 0, "field": "230"} and
{"do": "discover"} are answered with {"ok": true, ...} or {"error": "..."}.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from lab.logs import structlog
from lab.workloads.dcgm.exposition import MODEL, pci_bus_id
from lab.workloads.dcgm.fields import UnknownFieldError, find, parse_value
from lab.workloads.dcgm.gpu import Gpu

LINE_SECONDS = 5.0


class HostEngine:
    """Answers `dcgmi`."""

    def __init__(self, gpus: Sequence[Gpu], log: structlog.stdlib.BoundLogger) -> None:
        self._gpus = gpus
        self._log = log

    async def serve(self, host: str, port: int) -> None:
        """Serve until cancelled."""
        server = await asyncio.start_server(self._converse, host, port)
        async with server:
            await server.serve_forever()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), LINE_SECONDS)
            writer.write(json.dumps(self.answer(line)).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, OSError, ValueError):  # ValueError: a line without end
            pass
        finally:
            writer.close()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request."""
        try:
            request = json.loads(line)
            return {"ok": True, **self._act(request)}
        except UnknownFieldError as error:
            return {"error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return {"error": f"not a request: {error!r}"}

    def _act(self, request: Mapping[str, Any]) -> dict[str, Any]:
        if request["do"] == "discover":
            return {"gpus": [self._describe(gpu) for gpu in self._gpus]}
        gpu, field = self._gpu(int(request["gpu"])), find(str(request["field"]))
        if request["do"] == "inject":
            value = parse_value(field, str(request["value"]))
            gpu.inject(field, value)
            self._log.warning("value injected", gpu=gpu.index, field=field.name, number=field.number, value=value)
            return {}
        if request["do"] == "read":
            value = gpu.readings()[field]
            return {"name": field.name, "value": value, "injected": field in gpu.injected}
        raise ValueError(request["do"])

    def _gpu(self, index: int) -> Gpu:
        if not 0 <= index < len(self._gpus):
            raise UnknownFieldError(f"there is no GPU {index}, only 0 to {len(self._gpus) - 1}")
        return self._gpus[index]

    @staticmethod
    def _describe(gpu: Gpu) -> dict[str, Any]:
        return {"gpu": gpu.index, "name": MODEL, "pci": pci_bus_id(gpu.index), "uuid": gpu.uuid}
