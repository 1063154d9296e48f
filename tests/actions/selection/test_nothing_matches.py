"""What is said when a selector matches nothing."""

from actions.selection.nothing_matches import suggestion


def labelled(**labels: str) -> dict[str, object]:
    return {"metadata": {"labels": labels}}


def test_a_typing_error_is_told_with_the_label_that_is_near() -> None:
    assert suggestion("app=lmm", [labelled(app="llm"), labelled(app="gateway")]) == "did you mean app=llm?"


def test_without_a_near_one_the_labels_there_are_listed() -> None:
    assert (
        suggestion("role=web", [labelled(app="llm"), labelled(app="gateway")]) == "labels there: app=gateway, app=llm"
    )


def test_a_namespace_without_pods_is_doubted() -> None:
    assert suggestion("app=llm", []) == "the namespace has no pod with labels; is it the right one?"
