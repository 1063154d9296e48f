from lab.controllers.scheduling.gang import GROUP_LABEL, TOTAL_ANNOTATION, Gang, place_gang
from lab.controllers.scheduling.places import Places
from lab.kubeclient import Document
from tests.lab.controllers.objects import node, pod


def rank(name: str, total: str = "2", on: str = "", **more: object) -> Document:
    return pod(
        name,
        node=on,
        labels={GROUP_LABEL: "trainer"},
        annotations={TOTAL_ANNOTATION: total},
        requests={"nvidia.com/gpu": "2"},
        phase=str(more.pop("phase", "Running" if on else "Pending")),
        going=bool(more.pop("going", False)),
    )


def gpus(*counts: int, pods: tuple[Document, ...] = ()) -> Places:
    made = Places()
    for i, count in enumerate(counts):
        made.set_node(node(f"gpu-{i}", nvidia_com__gpu=str(count)))
    for one in pods:
        made.set_pod(one)
    return made


def place(where: Places, *members: Document) -> Gang:
    return place_gang([m for m in members if "nodeName" not in m["spec"]], list(members), where)


def test_a_gang_that_fits_is_placed_whole() -> None:
    where = gpus(2, 2)
    assert place(where, rank("a"), rank("b")).nodes == {"uid-a": "gpu-0", "uid-b": "gpu-1"}
    assert where.holds("uid-a")


def test_a_gang_that_fits_only_in_part_is_not_placed_at_all() -> None:
    where = gpus(2, 1)
    gang = place(where, rank("a"), rank("b"))
    assert gang.nodes == {}
    assert gang.message == (
        "0/2 nodes are available: 2 Insufficient nvidia.com/gpu. "
        'gang "trainer": 1 of 2 missing pods fit at once, and all must.'
    )
    assert not where.holds("uid-a")
    assert all(place.used.get("nvidia.com/gpu", 0) == 0 for place in where.nodes())


def test_a_gang_waits_until_all_its_pods_exist() -> None:
    assert place(gpus(4), rank("a")).message == 'gang "trainer": waiting for pods: 1 of 2 exist.'


def test_a_lost_member_is_replaced_beside_those_that_run() -> None:
    running = rank("a", on="gpu-0")
    assert place(gpus(2, 2, pods=(running,)), running, rank("b")).nodes == {"uid-b": "gpu-1"}


def test_members_that_go_or_failed_do_not_count() -> None:
    for left in (rank("a", on="gpu-0", going=True), rank("a", on="gpu-0", phase="Failed")):
        assert "1 of 2 exist" in place(gpus(2, 2, pods=(left,)), left, rank("b")).message


def test_a_member_that_has_succeeded_is_not_waited_for() -> None:
    done = rank("a", on="gpu-0", phase="Succeeded")
    assert place(gpus(2), done, rank("b")).nodes == {"uid-b": "gpu-0"}


def test_a_size_that_makes_no_sense_is_said() -> None:
    for total in ("", "two", "0", "-1"):
        assert f'not "{total}"' in place(gpus(4), rank("a", total), rank("b", total)).message
    assert "same whole number" in place(gpus(4), rank("a", "2"), rank("b", "3")).message
