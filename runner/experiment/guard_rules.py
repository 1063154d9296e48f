"""What an experiment must say so that the guard runs, runs first, and can stop what it watches."""

from collections.abc import Mapping, Sequence
from typing import Any

from chaoslib import substitute

from runner.experiment.fitting import fit, list_at, mapping_at
from runner.experiment.guard_block import CONTROL_MODULE, EXTENSION, GuardBlock, guard_blocks
from runner.experiment.slo_names import find_slos
from runner.experiment.variables import Variables, check_references
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path
from slos.model import Slo

_CONTROL = f"{{name: guard, provider: {{type: python, module: {CONTROL_MODULE}}}}}"

_HINTS: Mapping[str, str] = {
    "slo": "write slos",
    "blast-radius": "write blast_radius",
    "error_budget": "move it into blast_radius",
    "namespaces": "move it into blast_radius",
    "duration": "move it into blast_radius",
    "gang": "move it into blast_radius",
    "burn_rate": "move it into abort_when",
    "window": "move it into abort_when",
}
"""What to write instead of keys that people put elsewhere."""


def check_guard(experiment: Mapping[str, Any], variables: Variables, findings: Findings) -> None:
    """Reports what is wrong with the guard's control, its block, and the rollback strategy."""
    _check_control(experiment, findings)
    blocks = guard_blocks(experiment)
    if not blocks:
        _no_block(experiment, findings)
    for index, _ in blocks[1:]:
        message = "a second extension called guard"
        findings.error(("extensions", index), message, "keep one: it holds all limits of the experiment")
    if blocks:
        _check_block(*blocks[0], variables, findings)


def _check_control(experiment: Mapping[str, Any], findings: Findings) -> None:
    controls = list_at(experiment, "controls")
    modules = [str(mapping_at(control, "provider").get("module", "")) for control in controls]
    guards = [index for index, module in enumerate(modules) if module == CONTROL_MODULE]
    if not guards:
        _no_control(experiment, modules, findings)
        return
    first = guards[0]
    if first > 0:
        message = f"the guard is control number {first + 1}, so what runs before it is not guarded"
        findings.error(("controls", first), message, "make it the first control")
    for index in guards[1:]:
        findings.error(("controls", index), "the guard a second time", "keep the first")
    control = controls[first]
    if "scope" in control:
        message = f"the guard is called only {control['scope']} what it guards"
        findings.error(("controls", first, "scope"), message, "remove scope")
    if control.get("automatic") is False:
        findings.error(("controls", first, "automatic"), "the guard is switched off", "remove automatic")


def _no_control(experiment: Mapping[str, Any], modules: Sequence[str], findings: Findings) -> None:
    for index, module in enumerate(modules):
        if module and nearest(module, [CONTROL_MODULE], 0.85):
            path = ("controls", index, "provider", "module")
            findings.error(path, f"no control is called {module}", f"write {CONTROL_MODULE}")
            return
    if isinstance(experiment.get("controls"), list):
        findings.error(("controls",), "no guard watches this experiment", f"add, as the first: {_CONTROL}")


def _no_block(experiment: Mapping[str, Any], findings: Findings) -> None:
    extensions = list_at(experiment, "extensions")
    for index, extension in enumerate(extensions):
        name = extension.get("name") if isinstance(extension, Mapping) else None
        if isinstance(name, str) and nearest(name, [EXTENSION]):
            findings.error(("extensions", index, "name"), f"no extension is called {name!r}", f"write {EXTENSION}")
            return
    if isinstance(experiment.get("extensions"), list):
        message = "no extension declares what the guard watches and what may be broken"
        findings.error(("extensions",), message, "add one with name: guard, slos, blast_radius and abort_when")


def _check_block(index: int, block: Mapping[str, Any], variables: Variables, findings: Findings) -> None:
    path = ("extensions", index)
    check_references(block, path, variables, findings, now=True)
    resolved = substitute(dict(block), dict(variables.configuration), {})
    guard = fit(GuardBlock, resolved, path, findings, _HINTS)
    if guard is not None:
        _check_slos(guard, path, findings)
        _check_alerts(guard, path, findings)


def _check_slos(guard: GuardBlock, path: Path, findings: Findings) -> None:
    for index, name in enumerate(guard.slos):
        if name in guard.slos[:index]:
            findings.error((*path, "slos", index), f"{name} a second time", "name each SLO once")
    named = find_slos(guard.slos)
    for one in named.unknown:
        findings.error((*path, "slos", one.index), one.message, one.remedy)
    for slo in named.slos:
        _check_reachable(guard, slo, (*path, "abort_when", "burn_rate"), findings)


def _check_reachable(guard: GuardBlock, slo: Slo, path: Path, findings: Findings) -> None:
    """When everything is bad the burn rate is 1 / (1 - objective), and it can be no higher."""
    highest = 1 / (1 - slo.objective)
    if guard.abort_when.burn_rate >= highest:
        message = (
            f"{slo.name} never burns faster than {highest:.4g} (objective {slo.objective:g}), so a burn rate of "
            f"{guard.abort_when.burn_rate:g} would never end the run"
        )
        findings.error(path, message, f"write less than {highest:.4g}")


def _check_alerts(guard: GuardBlock, path: Path, findings: Findings) -> None:
    seen: set[tuple[str, str, str]] = set()
    for index, alert in enumerate(guard.alerts):
        key = (alert.alert, alert.severity, alert.receiver)
        if key in seen:
            findings.error((*path, "alerts", index), f"{alert.alert} a second time", "name each alert once")
        seen.add(key)
        if alert.fires_within_seconds > guard.blast_radius.duration_seconds:
            message = (
                f"{alert.alert} may take {alert.fires_within} to fire, and every fault is out after "
                f"{guard.blast_radius.duration}"
            )
            findings.error((*path, "alerts", index, "fires_within"), message, "write less, or a longer duration")
