import pytest

from lab.network import LabNetwork
from lab.paths import PATHS, endpoint
from lab.stack import endpoints_config_maps

UPSTREAMS = {"llm": "127.9.8.1:8000", "features": "127.9.0.1:6379", "checkpoints": "127.9.8.2:8333"}


@pytest.mark.parametrize(
    ("proxied", "expected"),
    [
        (
            True,
            {"llm": "http://127.9.0.1:28000", "features": "127.9.0.1:26379", "checkpoints": "https://127.9.0.1:28333"},
        ),
        (
            False,
            {"llm": "http://127.9.8.1:8000", "features": "127.9.0.1:6379", "checkpoints": "https://127.9.8.2:8333"},
        ),
    ],
)
def test_callers_go_through_toxiproxy_only_where_it_runs(proxied: bool, expected: dict[str, str]) -> None:
    network = LabNetwork(9)
    assert {path.name: endpoint(path, UPSTREAMS[path.name], network, proxied) for path in PATHS} == expected


def test_a_path_without_its_far_end_is_not_told_to_anyone() -> None:
    without_redis = {name: address for name, address in UPSTREAMS.items() if name != "features"}
    for config_map in endpoints_config_maps(without_redis, LabNetwork(9), proxied=True):
        assert sorted(config_map["data"]) == ["CHECKPOINT_URL", "LLM_URL"]
