from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.apiserver.errors import Refused
from lab.apiserver.protobuf import MEDIA_TYPE, decode_protobuf
from lab.apiserver.protobuf_schema import parse_schema
from tests.lab.apiserver.in_process import CONFIG_MAPS, Api

SCALARS = {"str", "int", "bool", "bytes", "time", "quantity", "int-or-str", "Nothing"}


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])


def text(number: int, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def enveloped(kind: str, message: bytes, version: str = "v1") -> bytes:
    return b"k8s\x00" + text(1, text(1, version) + text(2, kind)) + text(2, message)


METADATA = text(1, text(1, "x") + text(4, "") + text(11, text(1, "a") + text(2, "b")))


def test_a_config_map_is_read_with_its_maps() -> None:
    message = METADATA + text(2, text(1, "k") + text(2, "v")) + text(3, text(1, "b") + text(2, b"\xff"))
    assert decode_protobuf(enveloped("ConfigMap", message)) == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x", "labels": {"a": "b"}},
        "data": {"k": "v"},
        "binaryData": {"b": "/w=="},
    }


def test_optional_zeros_are_kept_and_others_are_not() -> None:
    container = text(1, "main") + text(6, number(2, 0) + number(3, 80))
    spec = number(1, 0) + text(3, text(2, text(2, container))) + number(5, 0)
    document = decode_protobuf(enveloped("Deployment", text(2, spec), "apps/v1"))
    ports = [{"containerPort": 80}]
    assert document["spec"] == {
        "replicas": 0,
        "template": {"spec": {"containers": [{"name": "main", "ports": ports}]}},
    }


def test_numbers_can_be_negative_and_alternatives_text_or_number() -> None:
    assert decode_protobuf(enveloped("PriorityClass", number(2, -5)))["value"] == -5
    percent, count = text(1, number(1, 1) + text(3, "50%")), text(3, number(1, 0) + number(2, 2))
    spec = decode_protobuf(enveloped("PodDisruptionBudget", text(2, percent + count)))["spec"]
    assert spec == {"minAvailable": "50%", "maxUnavailable": 2}


def test_what_is_not_known_is_refused_and_never_half_read() -> None:
    for body in (enveloped("ResourceQuota", b""), enveloped("ConfigMap", text(99, "x")), b"{}", b""):
        with pytest.raises(Refused) as refused:
            decode_protobuf(body)
        assert refused.value.code == 415
        assert "send JSON instead" in refused.value.message


@given(st.binary(max_size=60))
def test_no_bytes_whatever_do_more_than_be_refused(noise: bytes) -> None:
    for body in (b"k8s\x00" + noise, enveloped("Deployment", noise)):
        with suppress(Refused):
            assert isinstance(decode_protobuf(body), dict)


def test_every_type_in_the_schema_exists() -> None:
    messages = parse_schema()
    for name, fields in messages.items():
        for field, its_type in fields.values():
            assert its_type.strip("[]{}?") in SCALARS | set(messages), f"{name}.{field}"


def test_a_protobuf_body_makes_an_object() -> None:
    api = Api()
    body = enveloped("ConfigMap", METADATA)
    assert api.ask("POST", CONFIG_MAPS, body, content=MEDIA_TYPE)[0] == 201
    assert api.names(CONFIG_MAPS) == ["x"]
