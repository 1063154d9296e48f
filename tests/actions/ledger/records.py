"""Records for tests."""

from actions.fault import Target
from actions.ledger.record import Record, Undo

RUN = "20261122T163800Z-ab12cd"
NOW = 1_795_365_480.25


def record(number: int = 1, run: str = RUN, **changes: object) -> Record:
    """An intended record of a pod's kill; `number` tells it from others."""
    values: dict[str, object] = {
        "id": f"mlchaos-{run.lower()}-{number:08x}",
        "run": run,
        "fault": "pods.kill",
        "target": Target("pod", f"llm-{number}", "ml-serving", f"uid-{number}", {"node": "gpu-a"}),
        "undo": Undo("pods.kill", {"replicas": 3, "names": ["a", "b"]}),
        "intended_at": NOW + number,
        "expires_at": NOW + 300,
        "changed_at": NOW + number,
    }
    return Record(**{**values, **changes})  # type: ignore[arg-type]  # a test says what it changes
