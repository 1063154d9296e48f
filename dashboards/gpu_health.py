"""GPUs: are they all there, do they report errors, and are they busy, hot or throttled?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, figure, lines, states
from dashboards.queries import Query
from dashboards.scales import ALL_IS_GOOD, GOOD, LOOK, NONE_IS_GOOD, NOW, UNDER_CHAOS, Meaning, Scale
from dashboards.sheet import section, sheet
from dashboards.tables import LabelColumn, ValueColumn, rows
from dashboards.variables import any_of

HOST = 'Hostname=~"$host"'
GPU = "Hostname, gpu"
LEGEND = "{{Hostname}} GPU {{gpu}}"
RATE = "[$__rate_interval]"
RESOURCE = 'resource="nvidia_com_gpu"'
MEBIBYTE, MILLIJOULE = 1_048_576, 1000
TEMPERATURE = Scale(GOOD, ((80, LOOK), (90, NOW)))
"""Degrees Celsius: data-centre GPUs slow down from about 85 to 90 on."""


def build() -> Dashboard:
    dashboard = sheet(
        identity.GPU_HEALTH,
        "GPU health",
        "GPUs that pods may take, what DCGM says of each, and its load, memory, power and heat. Names of dcgm-exporter "
        "up to its 4.8 line, and of kube-state-metrics.",
        tags=["gpu"],
        span="3h",
        variables=[any_of("host", "Node", "Nodes with GPUs.", "Hostname", "DCGM_FI_DEV_GPU_TEMP")],
        overlays=[firing_pages('service="gpus"')],
        links=[
            to_dashboard("Training", identity.TRAINING, "What runs on them"),
            to_dashboard("Serving", identity.SERVING, "What runs on them"),
        ],
    )
    section(dashboard, "Now", _now())
    section(dashboard, "Are they there?", _capacity())
    section(dashboard, "Errors", _errors())
    return section(dashboard, "Load, memory, power, heat", _load()).build()


def _now() -> list[PanelBuilder]:
    return [
        figure(
            "GPUs allocatable",
            "GPUs that pods may take, on Ready nodes.",
            Query(
                f"sum(kube_node_status_allocatable{{{RESOURCE}}}"
                ' * on (node) group_left () (kube_node_status_condition{condition="Ready",status="true"} == 1))'
            ),
            scale=ALL_IS_GOOD,
            absent="none",
        ),
        figure(
            "GPUs missing",
            "GPUs that nodes have and that pods may not take. A node that is gone altogether is not in it: compare "
            "with the number that you have bought, or use the SLO gpu-capacity, which knows it.",
            Query(f"sum(kube_node_status_capacity{{{RESOURCE}}}) - sum(kube_node_status_allocatable{{{RESOURCE}}})"),
            scale=NONE_IS_GOOD,
        ),
        figure(
            "GPU nodes not Ready",
            "Nodes with GPUs that the cluster does not hear from, or that say that they are not well.",
            Query(
                'count((kube_node_status_condition{condition="Ready",status="true"} == 0)'
                f" and on (node) kube_node_status_capacity{{{RESOURCE}}})"
                f" or 0 * count(kube_node_status_capacity{{{RESOURCE}}})"
            ),
            scale=NONE_IS_GOOD,
        ),
        figure(
            "GPUs with an XID",
            "GPUs whose last XID is not 0. The number stays until the exporter starts anew; the table says which XID "
            "it is and what that means.",
            Query(f"sum(max by ({GPU}) (DCGM_FI_DEV_XID_ERRORS{{{HOST}}}) > bool 0)"),
            scale=NONE_IS_GOOD,
            absent="DCGM does not answer",
        ),
        figure(
            "Hottest GPU",
            "From 85 to 90 degrees on GPUs slow down.",
            Query(f"max(DCGM_FI_DEV_GPU_TEMP{{{HOST}}})"),
            unit="celsius",
            scale=TEMPERATURE,
            absent="DCGM does not answer",
        ),
        figure(
            "Faults in effect",
            "Faults that chaos runs have in now. An XID may be injected: then it is on purpose.",
            Query(chaos.FAULTS_NOW),
            scale=UNDER_CHAOS,
            absent="unknown",
            link=PanelLink("Chaos runs", identity.CHAOS_RUNS),
        ),
    ]


def _capacity() -> list[PanelBuilder]:
    return [
        lines(
            "GPUs allocatable by node",
            "A fall: the device plugin has lost GPUs, or somebody has cordoned the node. A gap: the node is gone.",
            [Query(f"max by (node) (kube_node_status_allocatable{{{RESOURCE}}})", "{{node}}")],
            unit="short",
            stacked=True,
        ),
        states(
            "GPU nodes",
            "Whether each node with GPUs is Ready.",
            [
                Query(
                    'max by (node) (kube_node_status_condition{condition="Ready",status="true"}'
                    f" and on (node) kube_node_status_capacity{{{RESOURCE}}})",
                    "{{node}}",
                )
            ],
            {"0": Meaning("not Ready", NOW), "1": Meaning("Ready", GOOD)},
            width=12,
            height=8,
        ),
    ]


def _errors() -> list[PanelBuilder]:
    def of(field: str) -> Query:
        return Query(f"max by ({GPU}) ({field}{{{HOST}}})")

    xids = f"max by ({GPU}, err_code, err_msg) (DCGM_FI_DEV_XID_ERRORS{{{HOST}}})"
    return [
        rows(
            "Last XID of each GPU",
            "The last error that the driver told of. 0 is none. 48, 79, 94, 95: drain the node and reset the GPU. 13, "
            "31: mostly the program's own fault.",
            [
                LabelColumn("Node", "Hostname"),
                LabelColumn("GPU", "gpu", width=70),
                LabelColumn("Meaning", "err_msg"),
                ValueColumn("XID", Query(xids), "none", Scale(GOOD, ((1, NOW),)), width=80),
                LabelColumn("Code", "err_code", width=70),
            ],
            sort_by="XID",
            descending=True,
            width=12,
            absent="DCGM does not answer",
        ),
        rows(
            "Memory of each GPU",
            "Double-bit errors and rows that could not be remapped want the GPU replaced; single-bit errors are "
            "corrected. InfoROM 0: its checksum is wrong.",
            [
                LabelColumn("Node", "Hostname"),
                LabelColumn("GPU", "gpu", width=60),
                ValueColumn("Double-bit", of("DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"), "short", NONE_IS_GOOD, width=100),
                ValueColumn("Single-bit", of("DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"), "short", width=100),
                ValueColumn("Remap failed", of("DCGM_FI_DEV_ROW_REMAP_FAILURE"), "short", NONE_IS_GOOD, width=120),
                ValueColumn("InfoROM", of("DCGM_FI_DEV_INFOROM_CONFIG_VALID"), "short", ALL_IS_GOOD, width=90),
            ],
            sort_by="Double-bit",
            descending=True,
            width=12,
            absent="DCGM does not answer",
        ),
        lines(
            "XIDs over time",
            "The last XID of each GPU. A step upwards is when it came.",
            [Query(f"max by ({GPU}) (DCGM_FI_DEV_XID_ERRORS{{{HOST}}})", LEGEND)],
            unit="none",
            width=8,
        ),
        lines(
            "PCIe replays",
            "Retries on the bus per second. A GPU with many of them will fall off the bus (XID 79).",
            [Query(f"sum by ({GPU}) (rate(DCGM_FI_DEV_PCIE_REPLAY_COUNTER{{{HOST}}}{RATE}))", LEGEND)],
            unit="ops",
            width=8,
        ),
        lines(
            "NVLink CRC errors",
            "Errors between GPUs per second. They come before XID 74, and make collectives slow.",
            [
                Query(
                    f"sum by ({GPU}) (rate(DCGM_FI_DEV_NVLINK_CRC_FLIT_ERROR_COUNT_TOTAL{{{HOST}}}{RATE}))",
                    LEGEND,
                )
            ],
            unit="ops",
            width=8,
        ),
    ]


def _load() -> list[PanelBuilder]:
    used, free = f"DCGM_FI_DEV_FB_USED{{{HOST}}}", f"DCGM_FI_DEV_FB_FREE{{{HOST}}}"
    return [
        lines(
            "GPU utilization",
            "Share of the time in which any kernel ran. 0 under a job that should run: it waits.",
            [Query(f"max by ({GPU}) (DCGM_FI_DEV_GPU_UTIL{{{HOST}}})", LEGEND)],
            unit="percent",
            highest=100,
            width=8,
        ),
        lines(
            "Tensor pipe active",
            "Share of cycles in which tensor cores worked: how much of the GPU is really used.",
            [Query(f"max by ({GPU}) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{{{HOST}}})", LEGEND)],
            unit="percentunit",
            highest=1,
            width=8,
        ),
        lines(
            "GPU memory in use",
            "Share of the frame buffer.",
            [Query(f"max by ({GPU}) ({used} / ({used} + {free}))", LEGEND)],
            unit="percentunit",
            highest=1,
            width=8,
            scale=Scale(GOOD, ((0.95, LOOK),)),
        ),
        lines(
            "Temperature",
            "From 85 to 90 degrees on GPUs slow down.",
            [Query(f"max by ({GPU}) (DCGM_FI_DEV_GPU_TEMP{{{HOST}}})", LEGEND)],
            unit="celsius",
            lowest=None,
            width=8,
            scale=TEMPERATURE,
        ),
        lines(
            "Power",
            "Draw of each GPU.",
            [Query(f"max by ({GPU}) (DCGM_FI_DEV_POWER_USAGE{{{HOST}}})", LEGEND)],
            unit="watt",
            width=8,
        ),
        lines(
            "SM clock",
            "A clock that falls under load is a GPU that throttles: heat, power, or a fault of the board.",
            [Query(f"max by ({GPU}) (DCGM_FI_DEV_SM_CLOCK{{{HOST}}}) * 1e6", LEGEND)],
            unit="hertz",
            lowest=None,
            width=8,
        ),
    ]
