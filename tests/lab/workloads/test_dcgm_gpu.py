"""The simulated GPUs are deterministic and physically coherent."""

import pytest

from lab.workloads.dcgm import fields
from lab.workloads.dcgm.fields import BY_NAME, BY_NUMBER, FIELDS, UnknownFieldError, find, parse_value
from lab.workloads.dcgm.gpu import Gpu, Sensors


def lived(gpu: Gpu, seconds: int, has_owner: bool) -> Gpu:
    for _ in range(seconds):
        gpu.advance(1.0, has_owner)
    return gpu


def test_an_idle_gpu_is_cool_slow_and_empty() -> None:
    shown = lived(Gpu(0, "GPU-a"), 60, has_owner=False).readings()
    assert shown[fields.GPU_UTIL] == 0
    assert shown[fields.POWER_USAGE] == pytest.approx(72)
    assert shown[fields.GPU_TEMP] < 35
    assert shown[fields.SM_CLOCK] == 345
    assert shown[fields.FB_USED] < 10
    assert shown[fields.INFOROM_CONFIG_VALID] == 1


def test_a_busy_gpu_is_hot_fast_and_full() -> None:
    shown = lived(Gpu(0, "GPU-a"), 120, has_owner=True).readings()
    assert 80 <= shown[fields.GPU_UTIL] <= 100
    assert 500 < shown[fields.POWER_USAGE] <= 690
    assert 55 <= shown[fields.GPU_TEMP] <= 75
    assert shown[fields.SM_CLOCK] > 1800
    assert shown[fields.FB_USED] > 60_000
    assert shown[fields.FB_USED] + shown[fields.FB_FREE] == 81559
    assert shown[fields.GR_ENGINE_ACTIVE] == pytest.approx(shown[fields.GPU_UTIL] / 100, abs=0.01)


def test_temperature_follows_power_with_a_delay() -> None:
    busy = Sensors().after(1.0, is_busy=True, noise=0.0)
    later = busy
    for _ in range(60):
        later = later.after(1.0, is_busy=True, noise=0.0)
    assert busy.celsius < later.celsius
    assert later.after(1.0, is_busy=False, noise=0.0).celsius < later.celsius


def test_energy_is_power_over_time() -> None:
    state = Sensors()
    for _ in range(10):
        state = state.after(1.0, is_busy=False, noise=0.0)
    assert state.millijoules == pytest.approx(72 * 10 * 1000)


def test_counters_never_go_back() -> None:
    gpu = Gpu(1, "GPU-b")
    counters = [field for field in FIELDS if field.kind == "counter"]
    before = gpu.readings()
    for second in range(50):
        gpu.advance(1.0, has_owner=second % 7 < 4)
        after = gpu.readings()
        assert all(after[field] >= before[field] for field in counters)
        before = after


def test_a_gpu_lives_the_same_life_again() -> None:
    one, other = (lived(Gpu(0, "GPU-a"), 30, has_owner=True).readings() for _ in range(2))
    assert one == other
    assert one != lived(Gpu(0, "GPU-b"), 30, has_owner=True).readings()


@pytest.mark.parametrize(("number", "value"), [(230, 95), (395, 1), (84, 0), (319, 1), (150, 99)])
def test_an_injected_value_stays_until_it_is_overwritten(number: int, value: float) -> None:
    gpu = Gpu(0, "GPU-a")
    field = BY_NUMBER[number]
    healthy = gpu.readings()[field]
    gpu.inject(field, value)
    assert lived(gpu, 20, has_owner=True).readings()[field] == value
    gpu.inject(field, healthy)
    assert gpu.readings()[field] == healthy


def test_fields_are_found_by_number_and_name() -> None:
    assert find("230") is find("dcgm_fi_dev_xid_errors") is fields.XID_ERRORS
    assert len(BY_NUMBER) == len(BY_NAME) == len(FIELDS)
    with pytest.raises(UnknownFieldError, match="no field 231"):
        find("231")


def test_values_must_be_of_the_field_s_type() -> None:
    assert parse_value(fields.XID_ERRORS, "95") == 95
    assert parse_value(fields.POWER_USAGE, "512.5") == 512.5
    with pytest.raises(UnknownFieldError, match="a whole number"):
        parse_value(fields.XID_ERRORS, "95.5")
