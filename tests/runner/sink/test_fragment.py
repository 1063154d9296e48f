import yaml

from runner.sink.fragment import fragment


def test_each_receiver_gets_a_webhook_of_its_name() -> None:
    receivers = yaml.safe_load(fragment(["ml-oncall", "a/b c"], "http://sink:8080/"))["receivers"]
    assert [one["name"] for one in receivers] == ["ml-oncall", "a/b c"]
    urls = [one["webhook_configs"] for one in receivers]
    assert urls == [
        [{"url": "http://sink:8080/alerts/ml-oncall", "send_resolved": True}],
        [{"url": "http://sink:8080/alerts/a%2Fb%20c", "send_resolved": True}],
    ]
