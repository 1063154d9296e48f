"""Model serving as users and as each replica see it: first token, tokens, queue, KV cache, errors."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, figure, lines
from dashboards.queries import Query
from dashboards.scales import ALL_IS_GOOD, GOOD, LOOK, NOW, SOON, UNDER_CHAOS, Scale
from dashboards.sheet import section, sheet
from dashboards.variables import any_of

NAMESPACE = 'namespace=~"$namespace"'
MODEL = f'{NAMESPACE},model_name=~"$model"'
GATEWAY = f'{NAMESPACE},job="gateway"'
RUNNING = "vllm:num_requests_running"
RATE = "[$__rate_interval]"
DAY = 86_400

FIRST_TOKEN = Scale(GOOD, ((0.5, LOOK), (2.5, NOW)))
"""Seconds: the thresholds of the SLOs llm-ttft-interactive and llm-ttft."""
INTER_TOKEN = Scale(GOOD, ((0.05, LOOK), (0.2, NOW)))
"""Seconds: llm-itl-interactive and llm-itl."""
QUEUE = Scale(GOOD, ((1, SOON),))
"""Seconds: llm-queue-time."""
ERRORS = Scale(GOOD, ((0.005, LOOK), (0.05, NOW)))
"""Ratio: llm-availability allows half a percent."""


def build() -> Dashboard:
    dashboard = sheet(
        identity.SERVING,
        "ML serving",
        "Language models behind a gateway: time to first token, time between tokens, queue, KV cache, and errors by "
        "replica. Names of vLLM's metrics; thresholds are those of the SLO catalogue.",
        tags=["serving"],
        span="1h",
        variables=[
            any_of("namespace", "Namespace", "Where the model servers run.", "namespace", RUNNING),
            any_of(
                "model", "Model", "As the servers call it.", "model_name", f"vllm:num_requests_running{{{NAMESPACE}}}"
            ),
        ],
        overlays=[firing_pages('service=~"gateway|vllm"')],
        links=[
            to_dashboard("SLOs", identity.SLO_OVERVIEW, "Is a promise broken?"),
            to_dashboard("GPU health", identity.GPU_HEALTH, "Is it the hardware?"),
        ],
    )
    section(dashboard, "Now", _now())
    section(dashboard, "What users wait for", _waiting())
    section(dashboard, "Replicas: queue, batch, KV cache", _replicas())
    section(dashboard, "Errors", _errors())
    return section(dashboard, "Throughput", _throughput()).build()


def _now() -> list[PanelBuilder]:
    gateway = f'http_requests_total{{{GATEWAY},handler=~"/v1/.*"'
    failed = f'sum(rate({gateway},status="5xx"}}{RATE}))'
    everything = f'sum(rate({gateway},status!="4xx"}}{RATE}))'
    return [
        figure(
            "Replicas that answer",
            "Model servers that Prometheus reaches and that export vLLM's metrics.",
            Query(f"count(count by (namespace, pod) ({RUNNING}{{{MODEL}}}))"),
            scale=ALL_IS_GOOD,
            absent="none",
        ),
        figure(
            "Requests per second",
            "At the gateway, answered ones and failed ones.",
            Query(f"sum(rate({gateway}}}{RATE}))"),
            unit="reqps",
            decimals=1,
        ),
        figure(
            "Errors at the gateway",
            "Share of requests that ended with 5xx. 4xx and clients that left are not counted, as in the SLO "
            "llm-availability.",
            Query(f"{failed} / ({everything} > 0)"),
            unit="percentunit",
            scale=ERRORS,
            decimals=2,
            absent="no traffic",
        ),
        figure(
            "First token, p99",
            "99 of 100 requests had their first token within this time, as the servers measure it.",
            Query(_quantile(0.99, "vllm:time_to_first_token_seconds", MODEL)),
            unit="s",
            scale=FIRST_TOKEN,
            decimals=2,
            absent="no traffic",
        ),
        figure(
            "Requests waiting",
            "Requests in the queues of all replicas. Growing: there is more load than they can take.",
            Query(f"sum(vllm:num_requests_waiting{{{MODEL}}})"),
            scale=Scale(GOOD, ((10, LOOK), (100, SOON))),
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


def _waiting() -> list[PanelBuilder]:
    first_token, between = "vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds"
    return [
        lines(
            "Time to first token",
            "From arrival to the first token, as the servers measure it. Dashed: 0.5 s interactive, 2.5 s chat. "
            "Requests that got no token at all are not in it: look at the errors, too.",
            _quantiles(first_token, MODEL),
            unit="s",
            scale=FIRST_TOKEN,
            absent="no traffic",
        ),
        lines(
            "Time to first token by replica, p99",
            "One replica above the others: its GPU, its node, or its queue.",
            [Query(_quantile(0.99, first_token, MODEL, "pod"), "{{pod}}")],
            unit="s",
            scale=FIRST_TOKEN,
            absent="no traffic",
        ),
        lines(
            "Time between tokens",
            "Between two tokens of an answer. Dashed: 50 ms reads fluently, 200 ms is the limit.",
            _quantiles(between, MODEL),
            unit="s",
            scale=INTER_TOKEN,
            absent="no traffic",
        ),
        lines(
            "Time between tokens by replica, p99",
            "One replica above the others: a slow GPU, or a batch that is too large.",
            [Query(_quantile(0.99, between, MODEL, "pod"), "{{pod}}")],
            unit="s",
            scale=INTER_TOKEN,
            absent="no traffic",
        ),
        lines(
            "First byte at the gateway",
            "The same as the gateway sees it: more than at the servers is the network, TLS, or a replica that is gone.",
            _quantiles("gateway_time_to_first_token_seconds", GATEWAY),
            unit="s",
            scale=FIRST_TOKEN,
            absent="no traffic",
        ),
        lines(
            "Whole request",
            "From arrival to the last token.",
            _quantiles("vllm:e2e_request_latency_seconds", MODEL),
            unit="s",
            absent="no traffic",
        ),
    ]


def _replicas() -> list[PanelBuilder]:
    return [
        lines(
            "Requests waiting by replica",
            "Requests in the queue of each replica. All high: too little capacity. One high: the balance is off.",
            [Query(f"sum by (pod) (vllm:num_requests_waiting{{{MODEL}}})", "{{pod}}")],
            unit="short",
            width=8,
        ),
        lines(
            "Time in the queue, p99",
            "How long requests waited before their prefill. Dashed: 1 s, the SLO llm-queue-time.",
            [Query(_quantile(0.99, "vllm:request_queue_time_seconds", MODEL, "pod"), "{{pod}}")],
            unit="s",
            width=8,
            scale=QUEUE,
            absent="no traffic",
        ),
        lines(
            "Requests running by replica",
            "Requests in the batch of each replica.",
            [Query(f"sum by (pod) ({RUNNING}{{{MODEL}}})", "{{pod}}")],
            unit="short",
            width=8,
        ),
        lines(
            "KV cache in use",
            "Share of the blocks in use. Near 100% requests are pushed out of the batch and computed again.",
            [Query(f"max by (pod) (vllm:kv_cache_usage_perc{{{MODEL}}})", "{{pod}}")],
            unit="percentunit",
            width=8,
            highest=1,
            scale=Scale(GOOD, ((0.8, LOOK), (0.95, NOW))),
        ),
        lines(
            "Preemptions",
            "Requests pushed out of the batch for want of KV cache, per second. 0 is normal.",
            [Query(f"sum by (pod) (rate(vllm:num_preemptions_total{{{MODEL}}}{RATE}))", "{{pod}}")],
            unit="ops",
            width=8,
        ),
        lines(
            "Engine steps",
            "Steps of each engine per second. 0 with requests running is an engine that hangs, and /health still "
            "answers 200 then.",
            [Query(f"sum by (pod) (rate(vllm:iteration_tokens_total_count{{{MODEL}}}{RATE}))", "{{pod}}")],
            unit="ops",
            width=8,
        ),
    ]


def _errors() -> list[PanelBuilder]:
    by_replica = f'http_requests_total{{{NAMESPACE},job!="gateway",handler=~"/v[12]/.*"'
    return [
        lines(
            "Errors by replica",
            "Share of each replica's own answers that were 5xx. A replica that is gone has none: see the gateway.",
            [
                Query(
                    f'sum by (pod) (rate({by_replica},status="5xx"}}{RATE}))'
                    f" / (sum by (pod) (rate({by_replica}}}{RATE})) > 0)",
                    "{{pod}}",
                )
            ],
            unit="percentunit",
            width=8,
            highest=1,
            scale=ERRORS,
            absent="no traffic",
        ),
        lines(
            "Upstream failures at the gateway",
            "What went wrong between gateway and model: no connection, reset, broken stream, timeout, 5xx.",
            [
                Query(
                    f"sum by (upstream, reason) (rate(gateway_upstream_failures_total{{{GATEWAY}}}{RATE}))",
                    "{{upstream}}: {{reason}}",
                )
            ],
            unit="ops",
            width=8,
        ),
        lines(
            "Answers at the gateway by status",
            "Requests per second by class of status.",
            [Query(f"sum by (status) (rate(http_requests_total{{{GATEWAY}}}{RATE}))", "{{status}}")],
            unit="reqps",
            width=8,
            stacked=True,
        ),
        lines(
            "What clients saw",
            "Ends of requests at synthetic clients. Refused and failed handshakes never reach the gateway's own "
            "counters.",
            [
                Query(f"sum by (outcome) (rate(loadgen_requests_total{{{NAMESPACE}}}{RATE}))", "{{outcome}}"),
                Query(f"sum(rate(loadgen_tls_handshake_failures_total{{{NAMESPACE}}}{RATE}))", "certificate refused"),
            ],
            unit="reqps",
            width=8,
            absent="no synthetic clients are scraped",
        ),
        lines(
            "How answers ended",
            "Ends of completions by reason. abort: the client went away, mostly because it waited too long.",
            [
                Query(
                    f"sum by (finished_reason) (rate(vllm:request_success_total{{{MODEL}}}{RATE}))",
                    "{{finished_reason}}",
                )
            ],
            unit="ops",
            width=8,
        ),
        figure(
            "Gateway certificate ends in",
            "Time until the gateway's certificate is no longer valid. Below a week: find out why it was not renewed.",
            Query(f"min(gateway_certificate_not_after_timestamp_seconds{{{GATEWAY}}}) - time()"),
            unit="s",
            scale=Scale(NOW, ((DAY, SOON), (7 * DAY, LOOK), (14 * DAY, GOOD))),
            width=8,
            height=8,
            decimals=1,
        ),
    ]


def _throughput() -> list[PanelBuilder]:
    return [
        lines(
            "Tokens generated by replica",
            "Tokens per second. What the fleet earns its money with.",
            [Query(f"sum by (pod) (rate(vllm:generation_tokens_total{{{MODEL}}}{RATE}))", "{{pod}}")],
            unit="ops",
            stacked=True,
        ),
        lines(
            "Prompt tokens by replica",
            "Prompt tokens computed per second: long prompts make first tokens late.",
            [Query(f"sum by (pod) (rate(vllm:prompt_tokens_total{{{MODEL}}}{RATE}))", "{{pod}}")],
            unit="ops",
            stacked=True,
        ),
    ]


def _quantiles(histogram: str, matchers: str) -> list[Query]:
    return [Query(_quantile(one, histogram, matchers), f"p{one * 100:g}") for one in (0.5, 0.95, 0.99)]


def _quantile(share: float, histogram: str, matchers: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({histogram}_bucket{{{matchers}}}{RATE})))"
