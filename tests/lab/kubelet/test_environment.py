"""The environment of a container from its manifest."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.kubelet.environment import PodPlace, container_environment, expand, references, service_links
from lab.kubelet.sources import CONFIG_MAP, SECRET, MissingSourceError, Reference, data_of

PLACE = PodPlace(node_name="cpu-a", host_ip="127.77.1.1", pod_ip="127.77.16.2")
POD: dict[str, Any] = {
    "metadata": {
        "name": "p",
        "namespace": "ns",
        "uid": "u",
        "labels": {"app": "llm", "a.b/c": "d"},
        "annotations": {"note": "n"},
    },
    "spec": {"serviceAccountName": "robot"},
}
SOURCES = {
    Reference(CONFIG_MAP, "c"): {"A": b"1", "B": b"2", "not a name": b"3"},
    Reference(SECRET, "s"): {"A": b"secret"},
}


def environment(container: dict[str, Any], services: tuple[dict[str, Any], ...] = (), **spec: Any) -> dict[str, str]:
    pod = {**POD, "spec": {**POD["spec"], **spec}}
    return container_environment(pod, container, PLACE, SOURCES.get, services)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)/x", "1/x"),
        ("$(A)$(B)", "12"),
        ("$(NONE)", "$(NONE)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A ${A} $", "$A ${A} $"),
        ("$(A", "$(A"),
        ("", ""),
    ],
)
def test_references_are_expanded(text: str, expected: str) -> None:
    assert expand(text, {"A": "1", "B": "2"}) == expected


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet="ab ()", max_size=40))
def test_text_without_a_dollar_is_left_as_it_is(text: str) -> None:
    assert expand(text, {"a": "1"}) == text


def test_the_lab_says_where_the_pod_is() -> None:
    assert environment({}) == {"POD_IP": "127.77.16.2", "POD_NAME": "p", "POD_NAMESPACE": "ns", "NODE_NAME": "cpu-a"}


def test_later_sources_win_and_env_wins_over_all() -> None:
    blocks = [{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}]
    found = environment({"envFrom": blocks, "env": [{"name": "B", "value": "$(A)!"}]})
    assert (found["A"], found["B"]) == ("secret", "secret!")
    assert "not a name" not in found


def test_a_prefix_is_put_before_every_key() -> None:
    assert environment({"envFrom": [{"prefix": "X_", "configMapRef": {"name": "c"}}]})["X_A"] == "1"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "p"),
        ("metadata.namespace", "ns"),
        ("metadata.uid", "u"),
        ("metadata.labels['app']", "llm"),
        ("metadata.labels['a.b/c']", "d"),
        ("metadata.annotations['note']", "n"),
        ("metadata.labels['none']", ""),
        ("spec.nodeName", "cpu-a"),
        ("spec.serviceAccountName", "robot"),
        ("status.podIP", "127.77.16.2"),
        ("status.hostIP", "127.77.1.1"),
    ],
)
def test_fields_of_the_pod_can_be_variables(path: str, value: str) -> None:
    entry = {"name": "V", "valueFrom": {"fieldRef": {"fieldPath": path}}}
    assert environment({"env": [entry]})["V"] == value


@pytest.mark.parametrize(
    ("container", "message"),
    [
        ({"envFrom": [{"configMapRef": {"name": "no"}}]}, 'configmap "no" not found'),
        ({"envFrom": [{"secretRef": {"name": "no"}}]}, 'secret "no" not found'),
        ({"env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": "no", "key": "k"}}}]}, 'secret "no" not found'),
        (
            {"env": [{"name": "V", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]},
            "couldn't find key k in ConfigMap c",
        ),
        ({"env": [{"name": "V", "valueFrom": {"fieldRef": {"fieldPath": "spec.none"}}}]}, "spec.none"),
        ({"env": [{"name": "V", "valueFrom": {"resourceFieldRef": {}}}]}, "resourceFieldRef"),
    ],
)
def test_what_is_not_there_is_named(container: dict[str, Any], message: str) -> None:
    with pytest.raises(MissingSourceError, match=message):
        environment(container)


def test_what_is_optional_may_be_missing() -> None:
    gone = {"name": "no", "optional": True}
    container = {
        "envFrom": [{"configMapRef": gone}, {"secretRef": gone}],
        "env": [{"name": "V", "valueFrom": {"secretKeyRef": {**gone, "key": "k"}}}],
    }
    assert "V" not in environment(container)


def test_the_sources_of_a_container_are_listed() -> None:
    container = {
        "envFrom": [{"configMapRef": {"name": "a"}}],
        "env": [{"name": "V", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}}, {"name": "W", "value": "x"}],
    }
    assert set(references(container)) == {Reference(CONFIG_MAP, "a"), Reference(SECRET, "b")}


SERVICE: dict[str, Any] = {
    "metadata": {"name": "my-llm", "namespace": "ns"},
    "spec": {"clusterIP": "127.77.8.5", "ports": [{"name": "http-api", "port": 8000}]},
}


def test_services_are_told_as_kubernetes_tells_them() -> None:
    assert service_links([SERVICE]) == {
        "MY_LLM_SERVICE_HOST": "127.77.8.5",
        "MY_LLM_SERVICE_PORT": "8000",
        "MY_LLM_SERVICE_PORT_HTTP_API": "8000",
        "MY_LLM_PORT": "tcp://127.77.8.5:8000",
        "MY_LLM_PORT_8000_TCP": "tcp://127.77.8.5:8000",
        "MY_LLM_PORT_8000_TCP_PROTO": "tcp",
        "MY_LLM_PORT_8000_TCP_PORT": "8000",
        "MY_LLM_PORT_8000_TCP_ADDR": "127.77.8.5",
    }


def test_headless_services_are_not_told() -> None:
    assert service_links([{**SERVICE, "spec": {**SERVICE["spec"], "clusterIP": "None"}}]) == {}


def test_a_pod_can_do_without_service_links() -> None:
    assert "MY_LLM_PORT" in environment({}, (SERVICE,))
    assert "MY_LLM_PORT" not in environment({}, (SERVICE,), enableServiceLinks=False)


def test_values_of_secrets_are_decoded() -> None:
    assert data_of({"kind": SECRET, "data": {"k": "djE="}}) == {"k": b"v1"}
    config_map = {"kind": CONFIG_MAP, "data": {"a": "ä"}, "binaryData": {"b": "AP8="}}
    assert data_of(config_map) == {"a": "ä".encode(), "b": b"\x00\xff"}
