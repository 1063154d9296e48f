"""Journals as Chaos Toolkit writes them, for tests."""

from typing import Any


def activity(name: str, module: str = "probes.serving", func: str = "availability", **more: Any) -> dict[str, Any]:
    return {"type": "probe", "name": name, "provider": {"type": "python", "module": module, "func": func}, **more}


def succeeded(what: dict[str, Any], output: Any = None) -> dict[str, Any]:
    return {"activity": what, "output": output, "status": "succeeded", "tolerance_met": True}


def failed(what: dict[str, Any], exception: str) -> dict[str, Any]:
    lines = ["Traceback (most recent call last):\n", '  File "x.py", line 1, in f\n']
    wrapped = [*lines, f"chaoslib.exceptions.ActivityFailed: {exception}\n"]
    return {"activity": what, "output": None, "status": "failed", "exception": wrapped}


def met() -> dict[str, Any]:
    return {"steady_state_met": True, "probes": [succeeded(activity("availability"))]}


def outside(value: float = 0.9) -> dict[str, Any]:
    tolerance = {"type": "range", "target": "share", "range": [0.99, 1.0]}
    run = succeeded(activity("availability", tolerance=tolerance), {"share": value})
    return {"steady_state_met": False, "probes": [{**run, "tolerance_met": False}]}


def unreadable(exception: str) -> dict[str, Any]:
    return {"steady_state_met": False, "probes": [failed(activity("availability"), exception)]}


def journal(**changes: Any) -> dict[str, Any]:
    """A run that held, with these keys changed."""
    return {
        "status": "completed",
        "deviated": False,
        "experiment": {"title": "a title"},
        "steady_states": {"before": met(), "after": met(), "during": []},
        "run": [succeeded(activity("kill", "actions.pods", "kill"))],
        "rollbacks": [],
        **changes,
    }


def states(before: Any = None, after: Any = None, during: Any = ()) -> dict[str, Any]:
    return {"before": before or met(), "after": after or met(), "during": list(during)}
