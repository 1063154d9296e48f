"""The parent of a lab: brings everything up in order, watches it, answers requests, takes everything down.

Losing a node or a real server is what experiments are for, so the lab goes on without it until it is started again
(`chaos lab start NAME`). Losing a part of the control plane ends the lab: its state is in that process's memory.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from lab import exporter, logs, monitoring, processes, reaper, slo_rules, stack
from lab.accounts import write_kubeconfig
from lab.children import Child, Children
from lab.control import Reply, Request, serve
from lab.credentials import write_credentials
from lab.directory import LabDirectory
from lab.kubeclient import KubeClient
from lab.kubelet.node import ISOLATION
from lab.launch import last_line
from lab.logs import structlog
from lab.network import EXPORTER_PORT, LabNetwork
from lab.nodes import NODES
from lab.probe import load_flows, pods_not_scraped, reachable, reload_rules
from lab.servers import ALERTMANAGER, BRING, BY_NAME, SERVERS, Server, find
from lab.state import LabState, MissingServer, Phase, write_state
from lab.toxiproxies import populate

READY_SECONDS = 60.0
POLL_SECONDS = 0.2


class Supervisor:
    """One lab from start to end."""

    def __init__(
        self,
        directory: LabDirectory,
        network: LabNetwork,
        bare: bool,
        started_at: float,
        log: structlog.stdlib.BoundLogger,
    ) -> None:
        self._directory = directory
        self._network = network
        self._bare = bare
        self._log = log
        self._started_at = started_at
        self._ready_after: float | None = None
        self._phase: Phase = "starting"
        self._step = "starting"
        self._end = asyncio.Event()
        self._crash = ""
        self._isolated = True
        self._rules_problem = ""
        self._pages_url = ""
        self._found = {} if bare else {server.name: path for server in SERVERS if (path := find(server))}
        self._credentials = write_credentials(directory.root, network)
        self._children = Children(
            {
                **os.environ,
                processes.MARK: directory.lab_id,
                "KUBECONFIG": str(directory.kubeconfig),
                "PYTHONUNBUFFERED": "1",
            },
            self._ended,
        )

    async def run(self) -> int:
        """Serve until asked to end; the exit status is 0 where the lab ended because somebody wanted it to."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._end.set)
        control = await serve(self._directory, self._answer)
        warden = self._start_warden()
        watch_warden = asyncio.create_task(self._watch_warden(warden))
        bringing_up = asyncio.create_task(self._bring_up())
        ending = asyncio.create_task(self._end.wait())
        await asyncio.wait({bringing_up, ending}, return_when=asyncio.FIRST_COMPLETED)
        if bringing_up.done() and (error := bringing_up.exception()):
            self._log.error("the lab does not come up", exc_info=error)
            late = f"not ready within {READY_SECONDS:.0f} s, still {self._step}"
            self._crash = self._crash or (
                late if isinstance(error, TimeoutError) else f"{type(error).__name__}: {error}"
            )
            self._end.set()
        await ending
        bringing_up.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):  # said above; nothing may start from here on
            await bringing_up
        control.close()
        await self._take_down()
        await watch_warden
        return 1 if self._crash else 0

    # --- up ---------------------------------------------------------------------------------------------------------

    async def _bring_up(self) -> None:
        self._publish("starting the cluster")
        await self._start_control_plane()
        await asyncio.gather(*(self._start_server(server) for server in SERVERS if server is not ALERTMANAGER))
        await asyncio.gather(*(self._start_node(node.name) for node in NODES))
        rules = asyncio.create_task(self._write_rules())
        async with asyncio.timeout(READY_SECONDS), KubeClient(self._credentials.kubeconfig) as api:
            await self._until(lambda: self._reachable("the API server", self._network.api_url, "/readyz"))
            await self._until(lambda: self._nodes_not_ready(api))
            await stack.create(api, reaper.documents())
            if not self._bare:
                await self._apply(api)
                await self._start_reaper(api)
                await self._start_exporter(api)
                await self._until(lambda: self._not_ready(api))
            await self._load_rules(rules)
        self._ready_after = round(time.time() - self._started_at, 2)
        self._phase = "ready"
        self._publish("")
        self._log.info("ready", seconds=self._ready_after)

    async def _start_control_plane(self) -> None:
        infra, credentials = self._network.infra_ip, self._credentials
        await self._python(
            "apiserver",
            *("--host", infra, "--port", "6443"),
            *("--tls-cert", str(credentials.api_certificate), "--tls-key", str(credentials.api_key)),
            *("--token-file", str(credentials.token)),
            *("--service-cidr", str(self._network.service_range)),
        )
        await self._python("controllers")
        await self._python("proxy")

    async def _python(self, name: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"lab.{name}", *arguments]
        await self._children.start(Child(name, "control-plane", command, self._directory.log(name)))

    async def _start_node(self, name: str) -> None:
        node = next(node for node in NODES if node.name == name)
        arguments = node.kubelet_arguments(self._directory, self._network, self._credentials.token)
        command = [sys.executable, "-m", "lab.kubelet", *arguments]
        await self._children.start(Child(name, "node", command, self._directory.log(name)))

    async def _start_server(self, server: Server) -> None:
        binary = self._found.get(server.name)
        if binary is None:
            return
        place = self._directory.server(server.name)
        place.mkdir(parents=True, exist_ok=True)
        if server.name == "prometheus":
            (place / "rules").mkdir(exist_ok=True)
            text = monitoring.prometheus_configuration(self._network, self._credentials, place / "rules")
            (place / "prometheus.yml").write_text(text)
        detail = f"{self._network.infra_ip}:{server.port}"
        command = server.command(binary, self._network, place)
        await self._children.start(Child(server.name, "server", command, self._directory.log(server.name), detail))

    async def _start_reaper(self, api: KubeClient) -> None:
        await stack.create(api, reaper.bindings())
        kubeconfig = await write_kubeconfig(api, self._credentials, reaper.ACCOUNT)
        variables = reaper.variables(self._directory, kubeconfig)
        log = self._directory.log("reaper")
        await self._children.start(Child("reaper", "tool", reaper.command(), log, environment=variables))

    async def _start_exporter(self, api: KubeClient) -> None:
        await stack.create(api, exporter.documents())
        variables = exporter.variables(await write_kubeconfig(api, self._credentials, exporter.ACCOUNT))
        child = Child(
            "exporter",
            "tool",
            exporter.command(self._network),
            self._directory.log("exporter"),
            f"{self._network.infra_ip}:{EXPORTER_PORT}",
            environment=variables,
        )
        await self._children.start(child)

    async def _apply(self, api: KubeClient) -> None:
        """Services come first: the addresses that the rest is told are theirs."""
        documents = stack.manifests(self._found)
        first = [document for document in documents if document["kind"] in ("Namespace", "Service")]
        await stack.create(api, first)
        await stack.create(api, await stack.tls_secrets(api, self._network))
        upstreams = await stack.upstreams(api, self._network, self._found)
        proxied = "toxiproxy" in self._found
        await stack.create(api, stack.endpoints_config_maps(upstreams, self._network, proxied))
        if proxied:
            await self._until(lambda: self._server_reachable("toxiproxy"))
            await populate(self._network, upstreams)
        if "alertmanager" in self._found:
            await self._configure_alertmanager(await stack.service_ip(api, "ml-platform", "pager"))
        await stack.create(api, [document for document in documents if document not in first])

    async def _configure_alertmanager(self, pager: str) -> None:
        place = self._directory.server(ALERTMANAGER.name)
        place.mkdir(parents=True, exist_ok=True)
        self._pages_url = f"http://{pager}:8080"
        (place / "alertmanager.yml").write_text(monitoring.alertmanager_configuration(self._pages_url))
        await self._start_server(ALERTMANAGER)

    async def _write_rules(self) -> str:
        """Write the rules of the SLOs, beside all that starts; gives what is wrong with them."""
        if "prometheus" not in self._found:
            return ""
        output = self._directory.server("prometheus") / "rules" / "slos.yml"
        log = self._directory.log("slo-rules")
        command = slo_rules.command(output, self._found)
        writing = await processes.start(command, log, self._children.environment)
        if await writing.wait() == 0:
            return ""
        return last_line(self._directory, log.stem) + f"; see {log}"

    async def _load_rules(self, writing: asyncio.Task[str]) -> None:
        """Not sooner: rules that are evaluated while the stack starts would page for what is not there yet.

        A lab without them is of use all the same, so it starts, and says so.
        """
        problem = await writing
        if "prometheus" in self._found:
            rules = self._directory.server("prometheus") / "rules"
            (rules / "watchdog.yml").write_text(monitoring.watchdog_rules())
            problem = await reload_rules(self._network.prometheus_url) or problem
        if problem:
            self._rules_problem = problem
            self._log.error("the SLO rules are not loaded", reason=problem)

    # --- what is still waited for -----------------------------------------------------------------------------------

    async def _until(self, waiting_for: Callable[[], Awaitable[list[str]]]) -> None:
        """Poll until nothing is waited for any more, and say meanwhile what it is."""
        while waiting := await waiting_for():
            self._publish("waiting for " + ", ".join(waiting))
            await asyncio.sleep(POLL_SECONDS)

    async def _reachable(self, name: str, url: str, path: str) -> list[str]:
        return [] if await reachable(url + path) else [name]

    async def _server_reachable(self, name: str) -> list[str]:
        server = BY_NAME[name]
        if server.health_path is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(self._network.infra_ip, server.port)
                writer.close()
                return []
            return [name]
        return await self._reachable(name, f"http://{self._network.infra_ip}:{server.port}", server.health_path)

    async def _nodes_not_ready(self, api: KubeClient) -> list[str]:
        nodes = (await api.list("/api/v1/nodes"))["items"]
        self._isolated = all(node["metadata"].get("annotations", {}).get(ISOLATION) != "false" for node in nodes)
        ready = {
            node["metadata"]["name"]
            for node in nodes
            for condition in node.get("status", {}).get("conditions", [])
            if condition["type"] == "Ready" and condition["status"] == "True"
        }
        return [f"node {node.name}" for node in NODES if node.name not in ready]

    async def _not_ready(self, api: KubeClient) -> list[str]:
        waiting = await stack.unready(api)
        for name in self._found:
            waiting += await self._server_reachable(name)
        if not waiting and "prometheus" in self._found:
            unscraped = await pods_not_scraped(self._network.prometheus_url, await stack.scraped_pods(api))
            waiting += [f"Prometheus to scrape {pod}" for pod in unscraped]
            targets = ["llm", "ranker"] if "redis" in self._found else ["llm"]
            waiting += [f"load on {name}" for name in await load_flows(self._network.prometheus_url, targets)]
        return waiting

    # --- while it runs ----------------------------------------------------------------------------------------------

    def _ended(self, child: Child) -> None:
        self._log.warning("a process ended by itself", component=child.name, how=child.ended)
        if child.kind == "control-plane" or self._phase == "starting":
            self._crash = f"{child.name} was lost ({child.ended}); see {child.log}"
            self._end.set()
        self._publish(self._step)

    async def _answer(self, request: Request) -> Reply:
        child = self._children.by_name.get(request.component)
        if child is None or child.kind == "control-plane":
            names = ", ".join(c.name for c in self._children.by_name.values() if c.kind != "control-plane")
            problem = f"no node, server or tool is called {request.component!r}"
            if child is not None:
                problem = f"{child.name} is part of the control plane: the lab does not live without it"
            return Reply(problem=problem, remedy=f"choose one of: {names}")
        running = child.process is not None and child.process.returncode is None
        if request.verb == "stop":
            if not running:
                return Reply(detail=f"{child.name} is down already ({child.ended})")
            await self._children.stop(child, signal.SIGKILL if child.kind == "node" else signal.SIGTERM)
            reply = Reply(detail=f"{child.name} is down")
        elif running:
            return Reply(detail=f"{child.name} runs already")
        else:
            reply = await self._start_again(child)
        self._publish(self._step)
        return reply

    async def _start_again(self, child: Child) -> Reply:
        await self._children.start(child)
        if child.kind == "server":
            try:
                async with asyncio.timeout(20):
                    await self._until(lambda: self._server_reachable(child.name))
                    if child.name == "toxiproxy":
                        async with KubeClient(self._credentials.kubeconfig) as api:
                            await populate(self._network, await stack.upstreams(api, self._network, self._found))
            except TimeoutError:
                return Reply(problem=f"{child.name} does not answer 20 s after its start", remedy=f"read {child.log}")
            self._step = ""
        return Reply(detail=f"{child.name} runs")

    def _publish(self, step: str) -> None:
        if step not in ("", self._step):
            self._log.info(step)
        self._step = step
        missing = () if self._bare else tuple(s for s in SERVERS if s.name not in self._found)
        self._write(
            LabState(
                lab_id=self._directory.lab_id,
                phase=self._phase,
                step=step,
                supervisor_pid=os.getpid(),
                octet=self._network.octet,
                bare=self._bare,
                started_at=self._started_at,
                ready_after=self._ready_after,
                components=self._children.describe(),
                missing=tuple(MissingServer(name=s.name, needed_for=s.needed_for, remedy=BRING) for s in missing),
                isolated=self._isolated,
                rules_problem=self._rules_problem,
                pages_url=self._pages_url,
            )
        )

    def _write(self, state: LabState) -> None:
        """A lab that cannot say how it is ends; and nothing may keep it from ending."""
        try:
            write_state(self._directory.state, state)
        except OSError as error:
            self._log.error("the state cannot be written", error=str(error))
            self._crash = self._crash or f"cannot write {self._directory.state}: {error}"
            self._end.set()

    # --- down -------------------------------------------------------------------------------------------------------

    def _start_warden(self) -> subprocess.Popen[bytes]:
        """The warden must outlive this process: it alone is not killed together with its parent."""
        with self._directory.log("warden").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "lab.warden"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=dict(self._children.environment),
                start_new_session=True,
            )

    async def _watch_warden(self, warden: "subprocess.Popen[bytes]") -> None:
        returncode = await asyncio.to_thread(warden.wait)
        if not self._end.is_set():
            self._crash = f"the warden was lost ({processes.how_it_ended(returncode)})"
            self._end.set()

    async def _take_down(self) -> None:
        if not self._crash:
            self._phase = "stopping"
            self._publish("stopping")
        await self._children.stop_all()
        left = await asyncio.to_thread(processes.sweep, self._directory.lab_id)
        if left:
            self._crash = self._crash or f"processes that do not die: {left}"
        self._phase = "crashed" if self._crash else "stopped"
        self._publish(self._crash)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="lab.supervisor", description="The parent of a lab; `chaos lab up` starts it."
    )
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--octet", type=int, required=True)
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--started-at", type=float, default=time.time(), help="when `up` was asked for, epoch seconds")
    options = parser.parse_args()
    directory = LabDirectory(options.directory)
    log = logs.configure("supervisor")
    supervisor = Supervisor(directory, LabNetwork(options.octet), options.bare, options.started_at, log)
    raise SystemExit(asyncio.run(supervisor.run()))


if __name__ == "__main__":
    main()
