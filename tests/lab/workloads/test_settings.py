import pytest

from lab.workloads.settings import SettingError, Settings, mount_variable


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingError, match="POD_IP is not set"):
        Settings({}).text("POD_IP")


def test_an_empty_variable_counts_as_missing() -> None:
    assert Settings({"X": ""}).text("X", "default") == "default"
    assert Settings({"X": ""}).optional("X") is None


@pytest.mark.parametrize("value", ["abc", "-1", "nan"])
def test_a_number_out_of_range_is_refused_by_name(value: str) -> None:
    with pytest.raises(SettingError, match=r"^RATE must be"):
        Settings({"RATE": value}).number("RATE", 1.0)


def test_a_count_must_be_whole() -> None:
    assert Settings({"N": "3"}).count("N", 1) == 3
    with pytest.raises(SettingError, match="whole number"):
        Settings({"N": "2.5"}).count("N", 1)


def test_a_mount_path_becomes_the_variable_that_the_kubelet_sets() -> None:
    assert mount_variable("/etc/tls") == "MOUNT_ETC_TLS"
    assert mount_variable("/var/run/my-data.d") == "MOUNT_VAR_RUN_MY_DATA_D"
    with pytest.raises(SettingError, match="mount a volume at /etc/tls"):
        Settings({}).mount("/etc/tls")


def test_a_service_is_found_through_the_variables_of_kubernetes() -> None:
    settings = Settings({"MY_SVC_SERVICE_HOST": "127.77.8.3", "MY_SVC_SERVICE_PORT": "8000"})
    assert settings.service_url("my-svc") == "http://127.77.8.3:8000"
    with pytest.raises(SettingError, match="create Service other"):
        settings.service_url("other")
