from lab.kubelet.backoff import Backoff


def test_waits_double_up_to_five_seconds() -> None:
    backoff = Backoff()
    assert [backoff.wait_after(0) for _ in range(7)] == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_long_run_is_forgiven() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.wait_after(0)
    assert backoff.wait_after(10) == 0.2
