"""What the lab exports in the place of kube-state-metrics."""

from lab.apiserver.kinds import JOB, NODE
from lab.apiserver.kube_state_metrics import PATH, exposition
from tests.lab.apiserver.in_process import Api, stored

GPUS = {"cpu": "8", "memory": "16Gi", "nvidia.com/gpu": "4"}


def test_a_nodes_gpus_have_the_names_of_kube_state_metrics() -> None:
    status = {"capacity": GPUS, "allocatable": {**GPUS, "nvidia.com/gpu": "3"}, "conditions": []}
    lines = exposition([stored(NODE, metadata={"name": "gpu-a"}, status=status)], []).splitlines()
    assert 'kube_node_status_allocatable{node="gpu-a",resource="nvidia_com_gpu",unit="integer"} 3' in lines
    assert 'kube_node_status_capacity{node="gpu-a",resource="nvidia_com_gpu",unit="integer"} 4' in lines
    assert 'kube_node_status_capacity{node="gpu-a",resource="cpu",unit="core"} 8' in lines
    assert not [line for line in lines if "16Gi" in line]


def test_a_condition_is_1_for_the_status_that_it_has() -> None:
    status = {"conditions": [{"type": "Ready", "status": "Unknown"}]}
    lines = exposition([stored(NODE, metadata={"name": "n"}, status=status)], []).splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        'kube_node_status_condition{node="n",condition="Ready",status="true"} 0',
        'kube_node_status_condition{node="n",condition="Ready",status="false"} 0',
        'kube_node_status_condition{node="n",condition="Ready",status="unknown"} 1',
    ]


def test_a_job_has_as_many_active_pods_as_its_status_says() -> None:
    jobs = [stored(JOB, metadata={"name": name}, status=status) for name, status in (("a", {"active": 2}), ("b", {}))]
    lines = exposition([], jobs).splitlines()
    assert 'kube_job_status_active{namespace="default",job_name="a"} 2' in lines
    assert 'kube_job_status_active{namespace="default",job_name="b"} 0' in lines


def test_a_job_that_was_started_says_when() -> None:
    job = stored(JOB, metadata={"name": "a"}, status={"startTime": "2026-11-22T13:37:51Z"})
    lines = exposition([], [job]).splitlines()
    assert 'kube_job_status_start_time{namespace="default",job_name="a"} 1795354671' in lines


def test_every_family_says_what_it_is_before_its_samples() -> None:
    lines = exposition([], []).splitlines()
    assert [line.split()[1] for line in lines] == ["HELP", "TYPE"] * 5


def test_prometheus_is_answered_and_nobody_without_the_token() -> None:
    api = Api()
    assert api.ask("GET", PATH, token="guess")[0] == 401
    code, text = api.ask("GET", PATH)
    assert (code, text.split()[:2]) == (200, [b"#", b"HELP"])
