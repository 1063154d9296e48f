"""Options that several `chaos slo` commands share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., None])


class TimeoutSeconds(click.FloatRange):
    """Seconds that something may take: more than none, a day at most, and no NaN, which is in every range."""

    def __init__(self) -> None:
        super().__init__(min=0, max=86_400, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{seconds} is no number of seconds", param, ctx)
        return seconds


def prometheus_option(command: F) -> F:
    return click.option(
        "--prometheus",
        "prometheus_url",
        envvar="PROMETHEUS_URL",
        show_envvar=True,
        default="",
        help="Address of Prometheus, such as http://prometheus.example:9090.",
    )(command)


def timeout_option(command: F) -> F:
    return click.option(
        "--timeout",
        "timeout_seconds",
        type=TimeoutSeconds(),
        default=10.0,
        show_default=True,
        help="Seconds that Prometheus may take for one answer.",
    )(command)


def json_option(command: F) -> F:
    # Eager: what is wrong with another option is told as JSON, too.
    return click.option("--json", "as_json", is_flag=True, is_eager=True, help="Print JSON for machines.")(command)


def at_option(command: F) -> F:
    return click.option(
        "--at",
        metavar="TIME",
        help="Look back: a time such as 2026-11-22T03:00:00Z, Unix seconds, or an age such as 2h.",
    )(command)


def time_scale_option(command: F) -> F:
    return click.option(
        "--time-scale",
        type=click.FloatRange(min=1),
        default=1.0,
        show_default=True,
        help="Divide every window by this; the lab runs at 60, where 5m become 5s.",
    )(command)


def files_argument(command: F) -> F:
    return click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|DIRECTORY]...")(command)
