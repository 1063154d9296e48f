"""The V2 inference protocol's documents, as far as this model needs them: pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

USER, ITEMS, SCORES = "user_id", "item_ids", "scores"
MAX_ITEMS = 100


class BadRequestError(Exception):
    """The request does not fit the model's inputs; the message says where and how."""


@dataclass(frozen=True, slots=True)
class InferenceRequest:
    """A user and the items to score for them."""

    user_id: int
    item_ids: list[int]
    id: str | None = None


def parse_request(body: bytes) -> InferenceRequest:
    """The request in the body of POST /v2/models/{name}/infer."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is not JSON: {error}") from None
    inputs = document.get("inputs") if isinstance(document, dict) else None
    if not isinstance(inputs, list):
        raise BadRequestError("inputs must be a list")
    tensors = {tensor.get("name"): tensor for tensor in inputs if _is_tensor(tensor)}
    (user_id,) = _integers(tensors, USER, most=1)
    item_ids = _integers(tensors, ITEMS, most=MAX_ITEMS)
    request_id = document.get("id")
    return InferenceRequest(user_id, item_ids, request_id if isinstance(request_id, str) else None)


def infer_response(request: InferenceRequest, model: str, version: str, scores: Sequence[float]) -> dict[str, Any]:
    """The answer to an inference request."""
    output = {"name": SCORES, "datatype": "FP32", "shape": [len(scores)], "data": list(scores)}
    answer = {"model_name": model, "model_version": version, "outputs": [output]}
    return answer if request.id is None else {"id": request.id, **answer}


def model_metadata(model: str, version: str) -> dict[str, Any]:
    """What GET /v2/models/{name} says."""
    return {
        "name": model,
        "versions": [version],
        "platform": "mlchaos_logistic_regression",
        "inputs": [
            {"name": USER, "datatype": "INT64", "shape": [1]},
            {"name": ITEMS, "datatype": "INT64", "shape": [-1]},
        ],
        "outputs": [{"name": SCORES, "datatype": "FP32", "shape": [-1]}],
    }


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("name"), str)


def _integers(tensors: dict[str, dict[str, Any]], name: str, most: int) -> list[int]:
    tensor = tensors.get(name)
    if tensor is None:
        raise BadRequestError(f"input {name} is missing")
    if tensor.get("datatype") != "INT64":
        raise BadRequestError(f"input {name} must have datatype INT64")
    data = tensor.get("data")
    if not isinstance(data, list) or not 1 <= len(data) <= most:
        raise BadRequestError(f"input {name} must have 1 to {most} elements in data")
    if tensor.get("shape") != [len(data)]:
        raise BadRequestError(f"input {name} must have shape [{len(data)}] for its {len(data)} elements")
    if not all(type(value) is int and -(2**63) <= value < 2**63 for value in data):
        raise BadRequestError(f"input {name} must hold whole numbers of 64 bits")
    return data
