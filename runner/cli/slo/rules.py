"""`chaos slo rules`."""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NoReturn

import click

from runner.atomic_file import write_atomically
from runner.cli.slo.ending import fail
from runner.cli.slo.loading import load_or_exit
from runner.cli.slo.options import files_argument, time_scale_option
from runner.exit_codes import Exit
from runner.slo.garbage import without_collecting
from slos.rules.compile import RuleGroup, compile_slos
from slos.rules.text import prometheus_rule, rule_file

_NAME = "chaos slo rules"
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_DNS_LABEL}(\.{_DNS_LABEL})*"
_LABEL_PART = r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_OBJECT_NAME = re.compile(rf"(?=.{{1,240}}$){_SUBDOMAIN}")
"""Of the 253 characters that Kubernetes allows, some are left for the number of a further object."""
_NAMESPACE = re.compile(rf"(?=.{{1,63}}$){_DNS_LABEL}")
_LABEL = re.compile(rf"(?P<name>({_SUBDOMAIN}/)?{_LABEL_PART})=(?P<value>({_LABEL_PART})?)")


def _matching(
    pattern: re.Pattern[str], what: str
) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A check of an option that names something in Kubernetes."""

    def check(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
        if text is not None and not pattern.fullmatch(text):
            raise click.BadParameter(f"{text!r} is no {what}: use lower-case letters, digits and -")
        return text

    return check


def _labels(_context: click.Context, _parameter: click.Parameter, texts: Iterable[str]) -> dict[str, str]:
    labels = {}
    for text in texts:
        label = _LABEL.fullmatch(text)
        if label is None:
            raise click.BadParameter(f"{text!r} is no label: write it like release=prometheus")
        labels[label["name"]] = label["value"]
    return labels


@click.command()
@files_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(["prometheus", "kubernetes"]),
    default="prometheus",
    show_default=True,
    help="A rule file for Prometheus, or PrometheusRule objects for its operator.",
)
@click.option(
    "--name",
    metavar="NAME",
    callback=_matching(_OBJECT_NAME, "name of a PrometheusRule"),
    help="Name of the PrometheusRule.  [default: slo-rules]",
)
@click.option(
    "--namespace",
    metavar="NAMESPACE",
    callback=_matching(_NAMESPACE, "namespace"),
    help="Namespace of the PrometheusRule.  [default: none: that of kubectl]",
)
@click.option(
    "--label",
    "labels",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_labels,
    help="Label of the PrometheusRule, such as the one that Prometheus's ruleSelector asks for; may be repeated.",
)
@time_scale_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file.  [default: print]")
def command(
    files: tuple[Path, ...],
    form: str,
    name: str | None,
    namespace: str | None,
    labels: dict[str, str],
    time_scale: float,
    out: Path | None,
) -> None:
    """Compile SLOs to Prometheus rules: counts, burn rates, budget left, alerts.

    Without files it is the catalogue that comes with mlchaos. Nothing is written unless every file checks out. The
    rules are explained in docs/slo-rules.md. Exit status: 0 written, 2 something is wrong with a file or an option.

    \b
    Example: chaos slo rules slos/ --out /etc/prometheus/rules/slo.yml
             chaos slo rules slos/ --format kubernetes --label release=prometheus | kubectl apply -f -
             chaos slo rules slos/ --time-scale 60 --out lab-rules.yml

    Write to a file with --out, which leaves it as it was when something is wrong; `>` would have emptied it by then.
    """
    if form == "prometheus" and (name or namespace or labels):
        raise click.UsageError("--name, --namespace and --label are of a PrometheusRule: add --format kubernetes")
    with without_collecting():
        groups = _compiled(files, time_scale)
        text = (
            rule_file(groups)
            if form == "prometheus"
            else prometheus_rule(groups, name or "slo-rules", namespace, labels)
        )
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        write_atomically(out, text)
    except RuntimeError:  # of Path.resolve, before Python 3.13
        _refuse(f"cannot write {out}: its symbolic links lead in a circle; name another file with --out")
    except OSError as error:
        _refuse(f"cannot write {out}: {(error.strerror or str(error)).lower()}; name another file with --out")


def _compiled(files: Sequence[Path], time_scale: float) -> tuple[RuleGroup, ...]:
    declared = load_or_exit(files)
    if not declared.slos:
        _refuse("no SLO in these files: add one of `kind: SLO`")
    try:
        return compile_slos(declared.slos, time_scale)
    except ValueError as error:
        _refuse(str(error))


def _refuse(reason: str) -> NoReturn:
    fail(_NAME, reason, Exit.REFUSED)
