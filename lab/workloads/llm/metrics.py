"""What the model server measures: vLLM's names, types, labels and bucket edges."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from lab.workloads.buckets import INTER_TOKEN, ITERATION_TOKENS, REQUEST_LATENCY, TIME_TO_FIRST_TOKEN
from lab.workloads.llm.protocol import FINISH_REASONS, StepReport

_LABELS = ("model_name", "engine")


class LlmMetrics:
    """The metrics of one engine."""

    def __init__(self, registry: CollectorRegistry, model_name: str, engine: str = "0") -> None:
        def counter(name: str, text: str) -> Counter:
            return Counter(name, text, _LABELS, registry=registry).labels(model_name, engine)

        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, _LABELS, registry=registry).labels(model_name, engine)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(name, text, _LABELS, buckets=buckets, registry=registry).labels(model_name, engine)

        self._running = gauge("vllm:num_requests_running", "Requests in the batch.")
        self._waiting = gauge("vllm:num_requests_waiting", "Requests in the queue.")
        self._kv_cache = gauge("vllm:kv_cache_usage_perc", "Share of the KV cache's blocks in use, 0 to 1.")
        self._preemptions = counter("vllm:num_preemptions", "Requests pushed out of the batch for want of blocks.")
        self._prompt_tokens = counter("vllm:prompt_tokens", "Prompt tokens computed.")
        self._generation_tokens = counter("vllm:generation_tokens", "Tokens generated.")
        success = Counter(
            "vllm:request_success",
            "Requests that the engine has ended, by reason.",
            [*_LABELS, "finished_reason"],
            registry=registry,
        )
        self._success = {reason: success.labels(model_name, engine, reason) for reason in FINISH_REASONS}
        self._iteration_tokens = histogram("vllm:iteration_tokens_total", "Tokens per engine step.", ITERATION_TOKENS)
        self._ttft = histogram("vllm:time_to_first_token_seconds", "Time to first token.", TIME_TO_FIRST_TOKEN)
        self._inter_token = histogram("vllm:inter_token_latency_seconds", "Time between two tokens.", INTER_TOKEN)
        self._time_per_token = histogram(
            "vllm:request_time_per_output_token_seconds", "Mean time per token after the first.", INTER_TOKEN
        )
        self._e2e = histogram("vllm:e2e_request_latency_seconds", "Time from arrival to last token.", REQUEST_LATENCY)
        self._queue_time = histogram("vllm:request_queue_time_seconds", "Time in the queue.", REQUEST_LATENCY)

    def step(self, report: StepReport) -> None:
        """Record one step of the engine, or how it stands without one."""
        self._running.set(report.num_running)
        self._waiting.set(report.num_waiting)
        self._kv_cache.set(report.kv_cache_usage)
        if not report.tokens:
            return
        self._preemptions.inc(report.preempted)
        self._prompt_tokens.inc(report.prompt_tokens)
        self._generation_tokens.inc(len(report.tokens))
        self._iteration_tokens.observe(report.prompt_tokens + len(report.tokens))

    def queued(self, seconds: float) -> None:
        self._queue_time.observe(seconds)

    def first_token(self, seconds: float) -> None:
        self._ttft.observe(seconds)

    def next_token(self, seconds: float) -> None:
        self._inter_token.observe(seconds)

    def finished(self, reason: str, *, total_seconds: float, decode_seconds: float, tokens: int) -> None:
        """Record a request's end; `decode_seconds` runs from its first token to its last."""
        self._success[reason].inc()
        self._e2e.observe(total_seconds)
        if tokens > 1:
            self._time_per_token.observe(decode_seconds / (tokens - 1))

    def aborted(self) -> None:
        """Record a request whose client went away."""
        self._success["abort"].inc()
