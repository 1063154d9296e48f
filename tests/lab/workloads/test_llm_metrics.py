"""The metrics are vLLM's: names, types, labels and bucket edges."""

from prometheus_client import CollectorRegistry, generate_latest

from lab.workloads.llm.metrics import LlmMetrics
from lab.workloads.llm.protocol import StepReport, Token

LABELS = {"model_name": "m", "engine": "0"}
TYPES = {
    "vllm:num_requests_running": "gauge",
    "vllm:num_requests_waiting": "gauge",
    "vllm:kv_cache_usage_perc": "gauge",
    "vllm:num_preemptions_total": "counter",
    "vllm:prompt_tokens_total": "counter",
    "vllm:generation_tokens_total": "counter",
    "vllm:request_success_total": "counter",
    "vllm:time_to_first_token_seconds": "histogram",
    "vllm:inter_token_latency_seconds": "histogram",
    "vllm:request_time_per_output_token_seconds": "histogram",
    "vllm:e2e_request_latency_seconds": "histogram",
    "vllm:request_queue_time_seconds": "histogram",
    "vllm:iteration_tokens_total": "histogram",
}


def test_names_and_types_are_vllms() -> None:
    registry = CollectorRegistry()
    LlmMetrics(registry, "m")
    text = generate_latest(registry).decode()
    for name, kind in TYPES.items():
        assert f"# TYPE {name} {kind}\n" in text


def test_every_finish_reason_starts_at_zero() -> None:
    registry = CollectorRegistry()
    LlmMetrics(registry, "m")
    for reason in ("stop", "length", "abort"):
        assert registry.get_sample_value("vllm:request_success_total", {**LABELS, "finished_reason": reason}) == 0


def test_first_token_edges_have_no_two_seconds() -> None:
    registry = CollectorRegistry()
    LlmMetrics(registry, "m")

    def is_edge(name: str, edge: str) -> bool:
        return registry.get_sample_value(f"{name}_bucket", {**LABELS, "le": edge}) is not None

    assert [edge for edge in ("1.0", "2.0", "2.5", "5.0") if is_edge("vllm:time_to_first_token_seconds", edge)] == [
        "1.0", "2.5", "5.0",
    ]  # fmt: skip
    assert is_edge("vllm:inter_token_latency_seconds", "0.2")
    assert not is_edge("vllm:inter_token_latency_seconds", "0.04")
    assert is_edge("vllm:e2e_request_latency_seconds", "0.3")


def test_a_step_counts_prompt_and_generated_tokens() -> None:
    registry = CollectorRegistry()
    metrics = LlmMetrics(registry, "m")
    metrics.step(StepReport([Token("a", "x"), Token("b", "y")], 10, 2, 1, 0.25, 3))
    expected = {
        "vllm:num_requests_running": 2,
        "vllm:num_requests_waiting": 1,
        "vllm:kv_cache_usage_perc": 0.25,
        "vllm:num_preemptions_total": 3,
        "vllm:prompt_tokens_total": 10,
        "vllm:generation_tokens_total": 2,
        "vllm:iteration_tokens_total_sum": 12,
        "vllm:iteration_tokens_total_count": 1,
    }
    assert {name: registry.get_sample_value(name, LABELS) for name in expected} == expected


def test_a_report_without_tokens_is_no_iteration() -> None:
    registry = CollectorRegistry()
    metrics = LlmMetrics(registry, "m")
    metrics.step(StepReport([Token("a", "x")], 10, 1, 0, 0.25, 0))
    metrics.step(StepReport([], 0, 0, 0, 0.0, 0))
    assert registry.get_sample_value("vllm:iteration_tokens_total_count", LABELS) == 1
    assert registry.get_sample_value("vllm:num_requests_running", LABELS) == 0


def test_time_per_output_token_leaves_the_first_token_out() -> None:
    registry = CollectorRegistry()
    metrics = LlmMetrics(registry, "m")
    metrics.finished("length", total_seconds=2.0, decode_seconds=1.0, tokens=11)
    metrics.finished("stop", total_seconds=1.0, decode_seconds=0.0, tokens=1)
    assert registry.get_sample_value("vllm:request_time_per_output_token_seconds_sum", LABELS) == 0.1
    assert registry.get_sample_value("vllm:request_time_per_output_token_seconds_count", LABELS) == 1
    assert registry.get_sample_value("vllm:e2e_request_latency_seconds_count", LABELS) == 2
