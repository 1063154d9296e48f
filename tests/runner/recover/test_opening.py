"""What is said while a ledger does not answer."""

from runner.recover.opening import Telling


def test_a_ledger_without_an_answer_is_named_once_and_then_only_the_time() -> None:
    telling = Telling()
    said = [telling.words("the cluster is away", tenth / 10) for tenth in range(0, 150, 5)]
    assert [one for one in said if one] == [
        "the cluster is away; asking again for up to 15 s",
        "still no answer (5 s of 15 s)",
        "still no answer (10 s of 15 s)",
    ]
