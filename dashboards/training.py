"""Training jobs on the contract of docs/mltrain-metrics.md: does it move, how well, and what did failures cost?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, dashed, figure, lines
from dashboards.queries import Query
from dashboards.scales import GOOD, LOOK, NOW, SOON, UNDER_CHAOS, Scale
from dashboards.sheet import section, sheet
from dashboards.variables import any_of, span

NAMESPACE = 'namespace=~"$namespace"'
RATE = "[$__rate_interval]"
WINDOW = "[$window]"
EFFECTIVE = Scale(NOW, ((0.7, SOON), (0.8, LOOK), (0.9, GOOD)))
"""Ratio: the SLO training-effective-time promises 0.9."""
STRAGGLER = Scale(GOOD, ((1.1, LOOK), (1.5, SOON)))
"""The SLO training-straggler: 1.1."""


def build() -> Dashboard:
    dashboard = sheet(
        identity.TRAINING,
        "ML training",
        "Training jobs: effective training time, step time, stragglers, checkpoint age, and the steps that failures "
        "lost. Metrics of docs/mltrain-metrics.md.",
        tags=["training"],
        span="3h",
        variables=[
            any_of("namespace", "Namespace", "Where the jobs run.", "namespace", "mltrain_step"),
            span(
                "window",
                "Effective time over",
                "Over how long effective training time is taken: longer than a recovery.",
                ("1m", "5m", "15m", "1h", "6h", "1d"),
                "15m",
            ),
        ],
        overlays=[firing_pages('service="training"')],
        links=[
            to_dashboard("SLOs", identity.SLO_OVERVIEW, "Is a promise broken?"),
            to_dashboard("GPU health", identity.GPU_HEALTH, "Is it the hardware?"),
        ],
    )
    section(dashboard, "Now", _now())
    section(dashboard, "Does it move?", _moving())
    section(dashboard, "Steps and stragglers", _steps())
    section(dashboard, "Checkpoints", _checkpoints())
    return section(dashboard, "What failures cost", _failures()).build()


def _now() -> list[PanelBuilder]:
    return [
        figure(
            "Effective training time",
            "Share of the time, over the span chosen above, that went into steps done for the first time. Outages and "
            "repeated steps are the rest.",
            Query(_effective()),
            unit="percentunit",
            scale=EFFECTIVE,
            decimals=1,
        ),
        figure(
            "Since the last step",
            "Seconds since any rank did a step. More than 30 usual steps: the job stands still, whatever its pods say.",
            Query(f"time() - max(mltrain_last_step_timestamp_seconds{{{NAMESPACE}}})"),
            unit="s",
            scale=Scale(GOOD, ((30, LOOK), (300, NOW))),
            decimals=1,
            absent="no rank answers",
        ),
        figure(
            "Ranks missing",
            "Ranks that the job needs and that the others do not see. The gang waits for every one of them.",
            Query(f"max(mltrain_world_size{{{NAMESPACE}}}) - min(mltrain_up_ranks{{{NAMESPACE}}})"),
            scale=Scale(GOOD, ((1, NOW),)),
            absent="no rank answers",
        ),
        figure(
            "Straggler",
            "The slowest rank's compute time over the median rank's. 1 is ideal; at 1.1 one rank holds up all others.",
            Query(f"max(mltrain_straggler_ratio{{{NAMESPACE}}})"),
            scale=STRAGGLER,
            decimals=2,
        ),
        figure(
            "Checkpoint age",
            "In planned intervals: 1 is due, above 2 an attempt has failed. It is the work that a failure would lose.",
            Query(
                f"max(mltrain_checkpoint_age_seconds{{{NAMESPACE}}}"
                f" / mltrain_checkpoint_interval_seconds{{{NAMESPACE}}})"
            ),
            scale=Scale(GOOD, ((1.5, LOOK), (2, NOW))),
            decimals=1,
        ),
        figure(
            "Faults in effect",
            "Faults that chaos runs have in now, here or elsewhere. More than 0: what you see may be on purpose.",
            Query(chaos.FAULTS_NOW),
            scale=UNDER_CHAOS,
            absent="unknown",
            link=PanelLink("Chaos runs", identity.CHAOS_RUNS),
        ),
    ]


def _moving() -> list[PanelBuilder]:
    return [
        lines(
            "Effective training time",
            "Share of the time that went into steps done for the first time. The SLO promises 90%. It falls while "
            "steps are repeated, a little after the failure itself.",
            [Query(_effective(), "effective")],
            unit="percentunit",
            width=8,
            highest=1,
            scale=EFFECTIVE,
        ),
        lines(
            "Last step of each rank",
            "The optimizer step that each rank has done. Flat: it waits. A fall: it went back to a checkpoint.",
            [Query(f"max by (rank) (mltrain_step{{{NAMESPACE}}})", "rank {{rank}}")],
            unit="short",
            width=8,
            lowest=None,
        ),
        lines(
            "Seconds since each rank's last step",
            "All of them rise together: the gang waits for a rank that is not in this picture, or for its checkpoint.",
            [Query(f"time() - max by (rank) (mltrain_last_step_timestamp_seconds{{{NAMESPACE}}})", "rank {{rank}}")],
            unit="s",
            width=8,
        ),
        lines(
            "Ranks that are there",
            "Ranks that the ranks see, and how many the job needs (dashed).",
            [
                Query(f"min(mltrain_up_ranks{{{NAMESPACE}}})", "seen by the worst rank"),
                Query(f"max(mltrain_world_size{{{NAMESPACE}}})", "needed"),
            ],
            unit="short",
            width=8,
        ).override_by_name("needed", dashed(SOON)),
        lines(
            "Samples per second",
            "Training samples of all ranks, repeated ones included.",
            [Query(f"sum(rate(mltrain_samples_total{{{NAMESPACE}}}{RATE}))", "samples")],
            unit="ops",
            width=8,
        ),
        lines(
            "Loss",
            "Mean training loss of the last step. A jump after a restore is a checkpoint that was damaged; NaN is a "
            "gap.",
            [Query(f"max(mltrain_loss{{{NAMESPACE}}})", "loss")],
            unit="short",
            width=8,
            lowest=None,
        ),
    ]


def _steps() -> list[PanelBuilder]:
    return [
        lines(
            "Step time",
            "Duration of whole steps over all ranks: compute, all-reduce, update.",
            [Query(_quantile(share, "mltrain_step_seconds"), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)],
            unit="s",
            absent="no steps",
        ),
        lines(
            "All-reduce by rank, mean",
            "Time in the all-reduce, waiting included. The rank for which it is short is the one that the others wait "
            "for.",
            [
                Query(
                    f"sum by (rank) (rate(mltrain_allreduce_seconds_sum{{{NAMESPACE}}}{RATE}))"
                    f" / (sum by (rank) (rate(mltrain_allreduce_seconds_count{{{NAMESPACE}}}{RATE})) > 0)",
                    "rank {{rank}}",
                )
            ],
            unit="s",
            absent="no steps",
        ),
        lines(
            "Straggler ratio",
            "Slowest over median compute time. The SLO allows 1.1.",
            [Query(f"max(mltrain_straggler_ratio{{{NAMESPACE}}})", "slowest / median")],
            unit="short",
            lowest=1,
            decimals=2,
            scale=STRAGGLER,
        ),
        lines(
            "Step time by rank, mean",
            "Whole steps last equally long on all ranks while the gang is whole; a rank apart is one that comes and "
            "goes.",
            [
                Query(
                    f"sum by (rank) (rate(mltrain_step_seconds_sum{{{NAMESPACE}}}{RATE}))"
                    f" / (sum by (rank) (rate(mltrain_step_seconds_count{{{NAMESPACE}}}{RATE})) > 0)",
                    "rank {{rank}}",
                )
            ],
            unit="s",
            absent="no steps",
        ),
    ]


def _checkpoints() -> list[PanelBuilder]:
    return [
        lines(
            "Checkpoint age",
            "Time since the step in the newest stored checkpoint was done, and twice the planned interval (dashed): "
            "above it an attempt has failed.",
            [
                Query(f"max(mltrain_checkpoint_age_seconds{{{NAMESPACE}}})", "age"),
                Query(f"2 * max(mltrain_checkpoint_interval_seconds{{{NAMESPACE}}})", "two intervals"),
            ],
            unit="s",
            width=8,
        ).override_by_name("two intervals", dashed(NOW)),
        lines(
            "Time to store a checkpoint",
            "From handing it to the writer to having it stored, retries included. Longer than the interval: they "
            "queue.",
            [
                Query(_quantile(share, "mltrain_checkpoint_seconds", WINDOW), f"p{share * 100:g}")
                for share in (0.5, 0.99)
            ],
            unit="s",
            width=8,
            absent="no checkpoint was stored in this span",
        ),
        lines(
            "Checkpoint attempts that failed",
            "Within the span chosen above, by reason. One checkpoint may be tried several times.",
            [
                Query(
                    f"sum by (reason) (increase(mltrain_checkpoint_failures_total{{{NAMESPACE}}}{WINDOW}))",
                    "{{reason}}",
                ),
                Query(
                    f"sum(increase(mltrain_checkpoint_fallbacks_total{{{NAMESPACE}}}{WINDOW}))",
                    "damaged at a restore",
                ),
            ],
            unit="short",
            width=8,
        ),
    ]


def _failures() -> list[PanelBuilder]:
    return [
        figure(
            "Steps lost in the last failure",
            "Steps that were done and had to be done again.",
            Query(f"max(mltrain_last_lost_steps{{{NAMESPACE}}})"),
            width=6,
        ),
        figure(
            "Last recovery took",
            "From the last step before the failure to the first one after it.",
            Query(f"max(mltrain_last_recovery_seconds{{{NAMESPACE}}})"),
            unit="s",
            scale=Scale(GOOD, ((300, LOOK), (900, NOW))),
            width=6,
            decimals=1,
        ),
        figure(
            "Failures recovered from",
            "Since the run began.",
            Query(f"max(mltrain_recoveries_total{{{NAMESPACE}}})"),
            width=6,
        ),
        figure(
            "Steps lost since the run began",
            "In all failures of the run together.",
            Query(f"max(mltrain_lost_steps_total{{{NAMESPACE}}})"),
            width=6,
            decimals=0,
        ),
        lines(
            "Lost steps",
            "Steps done and lost in failures since the run began: each step upwards is a failure, as high as its cost.",
            [Query(f"max(mltrain_lost_steps_total{{{NAMESPACE}}})", "lost steps")],
            unit="short",
            width=12,
            height=7,
        ),
        lines(
            "Returns to the rendezvous",
            "Times that ranks left training, within the span chosen above, by reason.",
            [
                Query(
                    f"sum by (reason) (increase(mltrain_restarts_total{{{NAMESPACE}}}{WINDOW}))",
                    "{{reason}}",
                )
            ],
            unit="short",
            width=12,
            height=7,
        ),
    ]


def _effective() -> str:
    def spent(series: str) -> str:
        return f"sum(increase({series}{{{NAMESPACE}}}{WINDOW}))"

    return f"clamp_max({spent('mltrain_productive_seconds_total')} / ({spent('mltrain_wall_seconds_total')} > 0), 1)"


def _quantile(share: float, histogram: str, window: str = RATE) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({histogram}_bucket{{{NAMESPACE}}}{window})))"
