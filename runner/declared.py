"""Which SLIs a run is judged by: read out of the experiment's own hypothesis, so that nothing is declared twice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib import substitute

from probes import serving
from probes.sli import DeclarationError, EventRatio

EXTENSION = "summary"
WHOLE_HYPOTHESIS_OBJECTIVE = 1.0


@dataclass(frozen=True, slots=True)
class Objective:
    """An SLI of the hypothesis and the least share of good events that it allows."""

    declared: serving.Declared
    least_good: float


@dataclass(frozen=True, slots=True)
class ClientCounter:
    """Where the clients' own count of requests is, if they keep one."""

    sli: EventRatio
    counted_by: str


def objectives(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> tuple[Objective, ...]:
    """The SLIs that the probes of the steady-state hypothesis read, in their order."""
    probes = (experiment.get("steady-state-hypothesis") or {}).get("probes") or ()
    return tuple(found for probe in probes if (found := _objective(probe, configuration)) is not None)


def client_counter(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> ClientCounter | None:
    """The clients' counter that the extension `summary` names under `clients`: metric, selector, bad, counted_by."""
    for extension in _extensions(experiment):
        clients = substitute(extension.get("clients") or {}, dict(configuration), {})
        if clients:
            missing = sorted({"metric", "selector", "bad"} - set(clients))
            if missing:
                raise DeclarationError(f"extensions: {EXTENSION}: clients: {', '.join(missing)} must be given too")
            sli = EventRatio("requests", clients["metric"], clients["selector"], clients["bad"])
            return ClientCounter(sli, str(clients.get("counted_by", "the clients")))
    return None


def _extensions(experiment: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (one for one in experiment.get("extensions") or () if one.get("name") == EXTENSION)


def _objective(probe: Mapping[str, Any], configuration: Mapping[str, Any]) -> Objective | None:
    provider = probe.get("provider") or {}
    if provider.get("module") != serving.__name__:
        return None
    arguments = substitute(provider.get("arguments") or {}, dict(configuration), {})
    if "prometheus_url" not in arguments or "selector" not in arguments:
        raise DeclarationError(f"probe {probe.get('name')}: prometheus_url and selector must be given")
    declared = serving.declared(str(provider.get("func")), arguments)
    return None if declared is None else Objective(declared, _least_good(probe.get("tolerance")))


def _least_good(tolerance: object) -> float:
    """The lower end of a range; anything else allows no bad event."""
    allowed = tolerance.get("range") if isinstance(tolerance, Mapping) else tolerance
    if isinstance(allowed, list) and len(allowed) == 2:
        return float(allowed[0])
    return WHOLE_HYPOTHESIS_OBJECTIVE
