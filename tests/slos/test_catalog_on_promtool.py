"""The catalogue's queries on the real promtool: what each says in good times, in bad ones, and without data."""

import pytest

from slos.model import EventRatio, GaugeThreshold, RawRatio, Slo
from slos.promql.language import at_window
from slos.rules.compile import compile_slos
from slos.rules.names import BAD_EVENTS, EVENTS
from slos.tiers import SLICE_SECONDS
from tests.slos.rules.promtool import Case, needs_promtool, run
from tests.slos.test_catalog import all_slos

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus"), needs_promtool]


def slo(name: str) -> Slo:
    return next(slo for slo in all_slos() if slo.name == name)


def gauge(name: str) -> str:
    indicator = slo(name).indicator
    assert isinstance(indicator, GaugeThreshold)
    return at_window(indicator.query, indicator.slice_seconds)


def raw(name: str) -> str:
    indicator = slo(name).indicator
    assert isinstance(indicator, RawRatio)
    return f"round({at_window(indicator.query, SLICE_SECONDS)}, 0.01)"


def bad(name: str) -> str:
    indicator = slo(name).indicator
    assert isinstance(indicator, EventRatio)
    return f"round({at_window(indicator.bad or '', SLICE_SECONDS)})"


def engine(pod: str, iterations: str, running: str) -> dict[str, str]:
    labels = f'{{pod="{pod}",engine="0"}}'
    return {
        f"vllm:iteration_tokens_total_count{labels}": iterations,
        f"vllm:num_requests_running{labels}": running,
        f"vllm:num_requests_waiting{labels}": "0x60",
    }


GATEWAY = 'http_requests_total{job="gateway",handler="/v1/chat/completions",status="2xx"}'
STALLS = gauge("llm-token-progress")
XIDS = gauge("gpu-fatal-xid")
CAPACITY = gauge("gpu-capacity")
PROGRESS = gauge("training-progress")
UNPRODUCTIVE = raw("training-effective-time")


def node(name: str, ready: str) -> dict[str, str]:
    return {
        f'kube_node_status_allocatable{{node="{name}",resource="nvidia_com_gpu",unit="integer"}}': "4x60",
        f'kube_node_status_allocatable{{node="{name}",resource="pods",unit="integer"}}': "110x60",
        f'kube_node_status_condition{{node="{name}",condition="Ready",status="true"}}': ready,
    }


def ttft(count: str, within: str, edge: str = "2.5", server: str = "vllm") -> dict[str, str]:
    return {
        f'{server}:time_to_first_token_seconds_count{{pod="a"}}': count,
        f'{server}:time_to_first_token_seconds_bucket{{pod="a",le="{edge}"}}': within,
    }


def whole(name: str, window: str = "5m") -> dict[tuple[str, str], float]:
    """50 of 50 events bad, in the recorded counts."""
    selector = f'{{slo="{name}",window="{window}"}}'
    return {("30m", f"round(sum({of}{selector}))"): 50 for of in (EVENTS, BAD_EVENTS)}


CASES = [
    Case(
        "an engine with requests and without steps has stalled, an idle one has not",
        (),
        engine("a", "0+10x60", "1x60") | engine("b", "0+10x20 200x40", "2x60") | engine("c", "7x60", "0x60"),
        {("18m", STALLS): 0, ("30m", STALLS): 1},
    ),
    Case(
        "requests that are served without any token being made are a stall, too",
        (),
        engine("a", "0+10x20 200x40", "1x20 0x40") | {GATEWAY: "0+8x40 320+1x20"},
        {("18m", STALLS): 0, ("30m", STALLS): 1, ("50m", STALLS): 0},
    ),
    Case("without vLLM nothing is known of its progress", (), {GATEWAY: "0+5x60"}, {("30m", STALLS): None}),
    Case(
        "failed requests count as late, and an error series that does not exist counts as none",
        (),
        ttft("0+100x60", "0+90x60"),
        {("30m", bad("llm-ttft")): 50},
    ),
    Case(
        "requests that never got a token are late ones",
        (),
        ttft("0+100x60", "0+90x60")
        | {'http_requests_total{job="gateway",handler="/v1/completions",status="5xx"}': "0+4x60"},
        {("30m", bad("llm-ttft")): 70},
    ),
    Case(
        "without the bucket's edge every request is late",
        compile_slos([slo("llm-ttft"), slo("llm-ttft-interactive")]),
        ttft("0+10x60", "0+9x60", edge="3.0"),
        whole("llm-ttft") | whole("llm-ttft-interactive"),
    ),
    Case(
        "without the bucket's edge every request to SGLang is late, too",
        compile_slos([slo("sglang-ttft"), slo("sglang-ttft-interactive")]),
        ttft("0+10x60", "0+9x60", edge="1.0", server="sglang"),
        whole("sglang-ttft") | whole("sglang-ttft-interactive"),
    ),
    *(
        Case(
            f"the edge of a whole number is found as {edge}",
            (),
            ttft("0+100x60", "0+90x60", edge, "sglang"),
            {("30m", bad("sglang-ttft")): 50},
        )
        for edge in ("2", "2.0")
    ),
    Case(
        "without first tokens at all nothing is known of their time",
        compile_slos([slo("llm-ttft")]),
        {'http_requests_total{job="gateway",handler="/v1/completions",status="5xx"}': "0+4x60"},
        {("30m", f'{of}{{slo="llm-ttft"}}'): None for of in (EVENTS, BAD_EVENTS)},
    ),
    Case(
        "a fatal XID is one as long as it is the GPU's last code",
        (),
        {
            'DCGM_FI_DEV_XID_ERRORS{gpu="0",err_code="0"}': "0x60",
            'DCGM_FI_DEV_XID_ERRORS{gpu="1",err_code="0"}': "0x20 stale",
            'DCGM_FI_DEV_XID_ERRORS{gpu="1",err_code="79"}': "_x20 79x40",
            'DCGM_FI_DEV_XID_ERRORS{gpu="2",err_code="43"}': "43x60",
        },
        {("10m", XIDS): 0, ("40m", XIDS): 1},
    ),
    Case(
        "with a fatal XID on every GPU all count",
        (),
        {'DCGM_FI_DEV_XID_ERRORS{err_code="48"}': "48x9"},
        {("5m", XIDS): 1},
    ),
    Case(
        "an exporter without codes says nothing", (), {'DCGM_FI_DEV_XID_ERRORS{gpu="0"}': "79x9"}, {("5m", XIDS): None}
    ),
    Case(
        "the GPUs of a node that is not Ready are lost, though its object still has them",
        (),
        node("gpu-a", "1x60") | node("gpu-b", "1x20 0x40"),
        {("10m", CAPACITY): 8, ("40m", CAPACITY): 4},
    ),
    Case(
        "a replaced rank 0 has lost the time in between, and its account goes on",
        (),
        {
            # 60 productive seconds a minute until 20m; away for 2 minutes; then on from where it was.
            'mltrain_productive_seconds_total{pod="old",rank="0"}': "0+15x80 stale",
            'mltrain_productive_seconds_total{pod="new",rank="0"}': "_x88 1200+15x80",
            'mltrain_world_size{pod="other",rank="1"}': "2x240",
        },
        # Two minutes of five, less the half scrape interval that `rate` goes on at the end of each series.
        {("18m", UNPRODUCTIVE): 0, ("24m", UNPRODUCTIVE): 0.35, ("40m", UNPRODUCTIVE): 0},
        interval="15s",
        evaluation="15s",
    ),
    Case(
        "a job whose pods wait for GPUs is not productive, and one that does not exist is unknown",
        (),
        {'kube_job_status_active{namespace="ml-training",job_name="t"}': "2x120 0x120"},
        {("20m", UNPRODUCTIVE): 1, ("50m", UNPRODUCTIVE): None},
        interval="15s",
        evaluation="15s",
    ),
    Case(
        "a job is late when its last step is old, or when no rank tells of one while the job is active",
        (),
        {
            'mltrain_last_step_timestamp_seconds{rank="0"}': "0+15x80 1200x40 stale",
            'mltrain_last_step_timestamp_seconds{rank="1"}': "0x120 stale",
            'mltrain_step_seconds_sum{rank="0"}': "0+15x80 1200x40 stale",
            'mltrain_step_seconds_count{rank="0"}': "0+3x80 240x40 stale",
            'kube_job_status_active{namespace="ml-training",job_name="t"}': "2x160 0x80",
            'kube_job_status_start_time{namespace="ml-training",job_name="t"}': "0x240",
        },
        {("15m", PROGRESS): 0, ("25m", PROGRESS): 60, ("35m", PROGRESS): 2_000_000, ("50m", PROGRESS): None},
        interval="15s",
        evaluation="15s",
    ),
    Case(
        "a job that has just been started may take its time to the first step",
        (),
        {
            'kube_job_status_active{namespace="ml-training",job_name="t"}': "2x120",
            'kube_job_status_start_time{namespace="ml-training",job_name="t"}': "0x120",
        },
        {("14m", PROGRESS): None, ("16m", PROGRESS): 2_000_000},
    ),
    Case(
        "a young run is judged by its own age",
        (),
        {
            'mltrain_productive_seconds_total{pod="a",rank="0"}': "_x70 0+15x10",
            'mltrain_world_size{pod="a",rank="0"}': "_x70 2x10",
        },
        # All of its 105 s were productive; the eight steps at which it was seen stand for a little more.
        {("19m15s", UNPRODUCTIVE): 0.08},
        interval="15s",
        evaluation="15s",
    ),
]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return run(CASES, tmp_path_factory.mktemp("promtool"))


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_the_catalogue_reads(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[name] == "SUCCESS"
