"""Probes of containers: what they ask, and what their answers mean over time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp

from lab.kubeclient import Document

UNTIL_FIRST_SUCCESS_SECONDS = 0.2

RunInside = Callable[[Sequence[str]], Awaitable[int]]
"""Runs a command in the container and gives its exit status."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe with Kubernetes' defaults filled in; times in seconds."""

    handler: Document
    initial_delay: float
    period: float
    timeout: float
    successes: int
    failures: int

    @classmethod
    def parse(cls, document: Document) -> "Probe":
        return cls(
            handler=document,
            initial_delay=document.get("initialDelaySeconds") or 0,
            period=document.get("periodSeconds") or 10,
            timeout=document.get("timeoutSeconds") or 1,
            successes=document.get("successThreshold") or 1,
            failures=document.get("failureThreshold") or 3,
        )


@dataclass(frozen=True, slots=True)
class Prober:
    """Asks one container: over the network at its pod's address, or by running a command inside."""

    container: Document
    pod_ip: str
    session: aiohttp.ClientSession
    run_inside: RunInside

    async def ask(self, handler: Document, timeout: float) -> str | None:
        """None for success, else what is wrong."""
        try:
            async with asyncio.timeout(timeout):
                return await self._ask(handler)
        except TimeoutError:
            return f"no answer within {timeout:g} s"
        except (OSError, aiohttp.ClientError, ValueError, TypeError, KeyError) as error:
            return str(error) or type(error).__name__

    async def _ask(self, handler: Document) -> str | None:
        if "httpGet" in handler:
            return await self._http(handler["httpGet"])
        if "tcpSocket" in handler:
            where = handler["tcpSocket"]
            _, writer = await asyncio.open_connection(where.get("host") or self.pod_ip, self._port(where["port"]))
            writer.close()
            return None
        if "exec" in handler:
            status = await self.run_inside(handler["exec"]["command"])
            return None if status == 0 else f"command exited with {status}"
        return "the lab has no such probe; it has httpGet, tcpSocket and exec"

    async def _http(self, where: Document) -> str | None:
        host = where.get("host") or self.pod_ip
        scheme, path = where.get("scheme", "HTTP").lower(), where.get("path", "").lstrip("/")
        url = f"{scheme}://{host}:{self._port(where['port'])}/{path}"
        headers = {"User-Agent": "kube-probe/mlchaos"}
        headers |= {header["name"]: header["value"] for header in where.get("httpHeaders") or []}
        # Certificates of pods are not checked, as by Kubernetes.
        async with self.session.get(url, headers=headers, allow_redirects=False, ssl=False) as response:
            return None if 200 <= response.status < 400 else f"HTTP probe failed with statuscode: {response.status}"

    def _port(self, port: int | str) -> int:
        if isinstance(port, int) or port.isdecimal():
            return int(port)
        for candidate in self.container.get("ports") or []:
            if candidate.get("name") == port:
                return int(candidate["containerPort"])
        raise ValueError(f"no container port is named {port!r}")


async def until_started(probe: Probe, ask: Callable[[], Awaitable[str | None]]) -> str | None:
    """Ask until the first success (None); the last complaint once `failures` periods have passed without one.

    Kubernetes would ask once per period; the lab asks every 0.2 s, because it promises to be ready in seconds, and
    keeps the time that the manifest allows.
    """
    await asyncio.sleep(probe.initial_delay)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + probe.period * probe.failures
    while True:
        complaint = await ask()
        if complaint is None or loop.time() >= deadline:
            return complaint
        await asyncio.sleep(UNTIL_FIRST_SUCCESS_SECONDS)


async def follow(
    probe: Probe,
    ask: Callable[[], Awaitable[str | None]],
    verdict: Callable[[bool, str], None],
    *,
    hurry: bool,
) -> None:
    """Ask once per period for ever and call `verdict(good, complaint)` each time the thresholds turn it.

    With `hurry` it asks every 0.2 s until the first success (readiness: as in `until_started`); failures before that
    are no news. Without, the container counts as good from the start (liveness).
    """
    await asyncio.sleep(probe.initial_delay)
    good, in_a_row = not hurry, 0
    while True:
        complaint = await ask()
        in_a_row = in_a_row + 1 if (complaint is None) != good else 0
        if in_a_row >= (probe.failures if good else probe.successes):
            good, in_a_row, hurry = not good, 0, False
            verdict(good, complaint or "")
        await asyncio.sleep(UNTIL_FIRST_SUCCESS_SECONDS if hurry else probe.period)
