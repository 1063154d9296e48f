"""Every dashboard, by the name of its file in `json/`."""

from collections.abc import Callable, Mapping

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import alert_path, chaos_runs, document, gpu_health, ml_serving, slo_in_depth, slo_overview, training

BUILDERS: Mapping[str, Callable[[], Dashboard]] = {
    "slo-overview": slo_overview.build,
    "slo-in-depth": slo_in_depth.build,
    "chaos-runs": chaos_runs.build,
    "alert-path": alert_path.build,
    "ml-serving": ml_serving.build,
    "training": training.build,
    "gpu-health": gpu_health.build,
}


def generate() -> Mapping[str, str]:
    """The text of every file of `json/`, by its name."""
    return {f"{name}.json": document.text(build()) for name, build in BUILDERS.items()}
