"""What makes a dashboard in Grafana one of ours, and how each is called there."""

TAG = "mlchaos"
"""Of every dashboard of ours, and of every annotation that a run leaves."""
UID_PREFIX = "mlchaos-"
FOLDER_UID = "mlchaos"
FOLDER_TITLE = "mlchaos"

SLO_OVERVIEW = "mlchaos-slo-overview"
SLO_IN_DEPTH = "mlchaos-slo-in-depth"
CHAOS_RUNS = "mlchaos-chaos-runs"
ALERT_PATH = "mlchaos-alert-path"
SERVING = "mlchaos-ml-serving"
TRAINING = "mlchaos-training"
GPU_HEALTH = "mlchaos-gpu-health"


def is_ours(uid: str, tags: tuple[str, ...]) -> bool:
    """Whether a dashboard that Grafana has is one that we may write over: by its uid and by its tag, both."""
    return uid.startswith(UID_PREFIX) and TAG in tags
