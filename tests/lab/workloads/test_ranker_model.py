import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from lab.workloads.ranker.metrics import RankerMetrics
from lab.workloads.ranker.model import DIMENSIONS, drawn_clicks, feature_vector, log_loss, sigmoid, train
from lab.workloads.ranker.protocol import BadRequestError, InferenceRequest, infer_response, parse_request

CLICKS = drawn_clicks(7, 1200)


def test_the_model_finds_the_hidden_taste_again() -> None:
    model = train(CLICKS[:600])
    assert log_loss(model, CLICKS[600:]) < 0.6  # a coin has 0.693


def test_all_replicas_train_the_same_model() -> None:
    assert train(CLICKS) == train(drawn_clicks(7, 1200))
    assert feature_vector("user", 3) == feature_vector("user", 3) != feature_vector("item", 3)


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_a_sigmoid_is_a_probability_for_any_value(value: float) -> None:
    assert 0 <= sigmoid(value) <= 1
    assert sigmoid(value) + sigmoid(-value) == pytest.approx(1)


def test_an_unknown_user_gets_the_average_score() -> None:
    model = train(CLICKS)
    zeros = (0.0,) * DIMENSIONS
    assert model.score(zeros, feature_vector("item", 1)) == sigmoid(model.bias)


def body(user: Any = (5,), items: Any = (1, 2), **changes: Any) -> bytes:
    tensors = [
        {"name": "user_id", "shape": [len(user)], "datatype": "INT64", "data": list(user)},
        {"name": "item_ids", "shape": [len(items)], "datatype": "INT64", "data": list(items)},
    ]
    tensors[1].update(changes)
    return json.dumps({"id": "x", "inputs": tensors}).encode()


def test_a_request_is_read_and_answered_in_the_v2_protocol() -> None:
    request = parse_request(body())
    assert request == InferenceRequest(5, [1, 2], "x")
    assert infer_response(request, "ranker", "1", [0.5, 0.25]) == {
        "id": "x",
        "model_name": "ranker",
        "model_version": "1",
        "outputs": [{"name": "scores", "datatype": "FP32", "shape": [2], "data": [0.5, 0.25]}],
    }


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        (b"{", "not JSON"),
        (b"[]", "inputs must be a list"),
        (b'{"inputs": [3, {"name": []}]}', "input user_id is missing"),
        (body(user=(1, 2)), "input user_id must have 1 to 1 elements"),
        (body(items=()), "input item_ids must have 1 to 100 elements"),
        (body(items=range(101)), "input item_ids must have 1 to 100 elements"),
        (body(shape=[3]), r"input item_ids must have shape \[2\]"),
        (body(datatype="FP32"), "must have datatype INT64"),
        (body(items=(1, True)), "whole numbers of 64 bits"),
        (body(items=(2**63,)), "whole numbers of 64 bits"),
    ],
)
def test_what_does_not_fit_is_said(request_body: bytes, message: str) -> None:
    with pytest.raises(BadRequestError, match=message):
        parse_request(request_body)


def test_tritons_counters_have_tritons_names() -> None:
    metrics = RankerMetrics(CollectorRegistry(), "ranker", "1")
    metrics.inference_done(0.002)
    metrics.inference_failed()
    lines = metrics.triton_text().splitlines()
    labels = '{model="ranker",version="1"}'
    assert f"nv_inference_request_success{labels} 1" in lines
    assert 'nv_inference_request_failure{model="ranker",reason="BACKEND",version="1"} 1' in lines
    assert 'nv_inference_request_failure{model="ranker",reason="CANCELED",version="1"} 0' in lines
    assert f"nv_inference_request_duration_us{labels} 2000" in lines
    assert "# TYPE nv_inference_request_success counter" in lines
