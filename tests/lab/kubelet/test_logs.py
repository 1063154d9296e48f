"""Container logs: what is kept of the output and what readers see of it."""

import asyncio
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.kubelet.logs import ContainerLog, LogQuery, parse_query, read_log, tail_offset


async def text_of(log: ContainerLog, query: LogQuery = LogQuery()) -> bytes:  # noqa: B008 (frozen)
    return b"".join([chunk async for chunk in read_log(log, query)])


def write_and_read(path: Path, chunks: list[tuple[str, bytes]], query: LogQuery, rotate_bytes: int = 1 << 20) -> bytes:
    async def scenario() -> bytes:
        log = ContainerLog(path, rotate_bytes)
        for stream, data in chunks:
            log.append(stream, data)
        log.close()
        return await text_of(log, query)

    return asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "lines", "offset", "missing"),
    [
        (b"a\nb\nc\n", 1, 4, 0),
        (b"a\nb\nc\n", 2, 2, 0),
        (b"a\nb\nc\n", 3, 0, 0),
        (b"a\nb\nc\n", 5, 0, 2),
        (b"", 2, 0, 2),
        (b"a\nb\nc\n", 0, 6, 0),
    ],
)
def test_the_tail_is_found_from_the_end(text: bytes, lines: int, offset: int, missing: int) -> None:
    assert tail_offset(BytesIO(text), lines) == (offset, missing)


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.binary(max_size=90_000).map(lambda b: b.replace(b"\n", b"")), max_size=6), st.integers(0, 8))
def test_the_tail_is_the_last_lines_whatever_their_length(lines: list[bytes], wanted: int) -> None:
    file = BytesIO(b"".join(line + b"\n" for line in lines))
    offset, missing = tail_offset(file, wanted)
    file.seek(offset)
    assert file.read().split(b"\n")[:-1] == (lines[-wanted:] if wanted else [])
    assert missing == max(0, wanted - len(lines))


def test_lines_cut_by_the_pipe_are_put_together(tmp_path: Path) -> None:
    chunks = [("stdout", b"on"), ("stderr", b"er"), ("stdout", b"e\ntw"), ("stderr", b"r\n"), ("stdout", b"o")]
    assert write_and_read(tmp_path / "log", chunks, LogQuery()) == b"one\nerr\ntwo"


@settings(deadline=None)  # the machine may be busy
@given(text=st.text(alphabet="ab\n", max_size=300), sizes=st.integers(1, 50))
def test_nothing_is_lost_or_added(tmp_path_factory: pytest.TempPathFactory, text: str, sizes: int) -> None:
    data = text.encode()
    chunks = [("stdout", data[i : i + sizes]) for i in range(0, len(data), sizes)]
    assert write_and_read(tmp_path_factory.mktemp("log") / "log", chunks, LogQuery()) == data


def test_a_line_without_end_is_kept_in_pieces(tmp_path: Path) -> None:
    assert write_and_read(tmp_path / "log", [("stdout", b"x" * 100_000)], LogQuery()) == b"x" * 100_000


def test_a_log_is_bounded_and_its_tail_reaches_over_the_cut(tmp_path: Path) -> None:
    chunks = [("stdout", f"line {i}\n".encode()) for i in range(1000)]
    log = tmp_path / "0.log"
    assert write_and_read(log, chunks, LogQuery(tail=30), rotate_bytes=2000).splitlines()[0] == b"line 970"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4000


def test_only_so_many_bytes_are_given(tmp_path: Path) -> None:
    chunks = [("stdout", b"one\n"), ("stdout", b"two\n")]
    assert write_and_read(tmp_path / "log", chunks, LogQuery(limit=5)) == b"one\nt"


def test_old_entries_are_left_out(tmp_path: Path) -> None:
    assert write_and_read(tmp_path / "log", [("stdout", b"one\n")], LogQuery(since="2999-01-01T00:00:00")) == b""
    assert write_and_read(tmp_path / "log2", [("stdout", b"one\n")], LogQuery(since="2001-01-01")) == b"one\n"


def test_a_follower_sees_what_comes_until_the_end_and_across_rotation(tmp_path: Path) -> None:
    async def scenario() -> bytes:
        log = ContainerLog(tmp_path / "0.log", rotate_bytes=300)
        log.append("stdout", b"0\n")
        reader = asyncio.create_task(text_of(log, LogQuery(follow=True)))
        for i in range(1, 50):
            await asyncio.sleep(0)
            log.append("stdout", f"{i}\n".encode())
            await asyncio.sleep(0)
        log.close()
        return await reader

    assert asyncio.run(asyncio.wait_for(scenario(), 10)) == b"".join(f"{i}\n".encode() for i in range(50))


def test_query_parameters_are_read() -> None:
    query = {"tailLines": "5", "limitBytes": "9", "timestamps": "true", "follow": "1", "previous": "false"}
    assert parse_query(query) == LogQuery(tail=5, limit=9, timestamps=True, follow=True)
    assert parse_query({"sinceTime": "2026-01-01T00:00:00Z"}).since == "2026-01-01T00:00:00"
    assert parse_query({"sinceSeconds": "60"}).since.startswith("20")


@pytest.mark.parametrize("name", ["tailLines", "limitBytes", "sinceSeconds"])
def test_a_number_that_is_none_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        parse_query({name: "-1"})
