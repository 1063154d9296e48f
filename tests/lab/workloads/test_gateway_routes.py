import pytest

from lab.workloads.gateway.failures import UpstreamFailure
from lab.workloads.gateway.routes import LLM, RANKER, handler_label, upstream_of


@pytest.mark.parametrize(
    ("path", "upstream"),
    [
        ("/v1/chat/completions", LLM),
        ("/v1/anything", LLM),
        ("/v2", RANKER),
        ("/v2/models/ranker/infer", RANKER),
        ("/v1", None),
        ("/v22/models", None),
        ("//v1/completions", None),
        ("/", None),
    ],
)
def test_the_first_part_of_the_path_chooses_the_upstream(path: str, upstream: str | None) -> None:
    assert upstream_of(path) == upstream


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/v1/chat/completions", "/v1/chat/completions"),
        ("/v2/models/ranker", "/v2/models/{model}"),
        ("/v2/models/ranker/infer", "/v2/models/{model}/infer"),
        ("/v2/models/other/ready", "/v2/models/{model}/ready"),
        ("/v2/models/a/b/infer", "none"),
        ("/v1/made-up-by-a-client", "none"),
    ],
)
def test_clients_cannot_make_new_labels(path: str, label: str) -> None:
    assert handler_label(path) == label


def test_waiting_too_long_is_504_and_everything_else_502() -> None:
    late = {UpstreamFailure.TIMEOUT, UpstreamFailure.STALLED_STREAM}
    assert {reason for reason in UpstreamFailure if reason.status == 504} == late
    assert all(reason.status in (502, 504) for reason in UpstreamFailure)
