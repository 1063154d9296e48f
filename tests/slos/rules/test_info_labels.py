"""A document's labels on `slo:info`."""

from slos.rules.recording import info_labels


def test_names_become_those_of_prometheus_labels() -> None:
    assert info_labels({"team": "ml", "app/name": "chat", "7": "x"}.items()) == {
        "label_7": "x",
        "label_app_name": "chat",
        "label_team": "ml",
    }


def test_names_that_become_the_same_share_a_label_in_one_order() -> None:
    labels = {"a_b": "2", "a-b": "1", "a.b": "3"}
    assert info_labels(labels.items()) == info_labels(reversed(labels.items())) == {"label_a_b": "1,3,2"}
