"""The object store's directory, and its HTTP face through aiohttp's test client."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import yarl
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request
from hypothesis import given
from hypothesis import strategies as st

from lab.workloads.store import CHECKSUM_HEADER, InvalidKeyError, ObjectDirectory, Store, check_key

Client = TestClient[Request, Application]


def on_store(root: Path, work: Callable[[Client], Awaitable[None]], max_bytes: int = 1 << 20) -> None:
    """Run `work` with a client of a fresh store on `root`."""

    async def main() -> None:
        async with TestClient(TestServer(Store(ObjectDirectory(root), max_bytes).application())) as client:
            await work(client)

    asyncio.run(main())


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_an_object_is_put_read_listed_and_deleted(tmp_path: Path) -> None:
    data = bytes(range(256)) * 1000

    async def work(client: Client) -> None:
        put = await client.put("/job/a.ckpt", data=data, headers={CHECKSUM_HEADER: sha256(data)})
        assert put.status == 201
        assert put.headers["ETag"] == f'"{sha256(data)}"'
        got = await client.get("/job/a.ckpt")
        assert await got.read() == data
        assert got.headers["ETag"] == put.headers["ETag"]
        head = await client.head("/job/a.ckpt")
        assert (head.status, head.headers["Content-Length"]) == (200, str(len(data)))
        await client.put("/job/b.ckpt", data=b"b")
        await client.put("/other/c", data=b"c")
        listed = await (await client.get("/", params={"prefix": "job/"})).json()
        assert [(o["key"], o["size"]) for o in listed["objects"]] == [("job/a.ckpt", len(data)), ("job/b.ckpt", 1)]
        assert (await client.delete("/job/a.ckpt")).status == 204
        assert (await client.delete("/job/a.ckpt")).status == 404
        assert (await client.get("/job/a.ckpt")).status == 404
        assert (await client.head("/job/a.ckpt")).status == 404

    on_store(tmp_path, work)


def test_a_body_that_is_not_the_one_announced_leaves_the_object_as_it_was(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.put("/a", data=b"good")
        assert (await client.put("/a", data=b"bad", headers={CHECKSUM_HEADER: sha256(b"other")})).status == 400
        assert await (await client.get("/a")).read() == b"good"

    on_store(tmp_path, work)


def test_an_upload_that_breaks_off_leaves_the_object_as_it_was(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.put("/a", data=b"good")
        assert client.port is not None
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"PUT /a HTTP/1.1\r\nHost: store\r\nContent-Length: 100\r\n\r\nonly this")
        await writer.drain()
        writer.write_eof()
        await reader.read()
        writer.close()
        assert await (await client.get("/a")).read() == b"good"
        assert list((tmp_path / ".incoming").iterdir()) == []

    on_store(tmp_path, work)


def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        assert (await client.put("/a", data=b"x" * 11)).status == 413
        assert (await client.get("/a")).status == 404

    on_store(tmp_path, work, max_bytes=10)


@pytest.mark.parametrize(
    "path", ["/%2e%2e/x", "/a/%2e%2e%2fx", "/a//b", "/.incoming/1", "/a/.hidden", "/a%00b", "/a%20b"]
)
def test_a_key_that_leads_out_or_hides_is_refused(tmp_path: Path, path: str) -> None:
    async def work(client: Client) -> None:
        url = client.make_url("/").human_repr().rstrip("/") + path
        assert (await client.session.put(yarl.URL(url, encoded=True), data=b"x")).status == 400

    on_store(tmp_path / "root", work)
    assert [p.name for p in tmp_path.iterdir()] == ["root"]
    assert [p.name for p in (tmp_path / "root").iterdir()] == [".incoming"]


def test_a_symbolic_link_does_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)

    async def work(client: Client) -> None:
        assert (await client.put("/out/x", data=b"x")).status == 400

    on_store(root, work)
    assert not (tmp_path / "x").exists()


def test_a_key_cannot_be_object_and_folder(tmp_path: Path) -> None:
    async def work(client: Client) -> None:
        await client.put("/a/b", data=b"1")
        assert (await client.put("/a", data=b"2")).status == 409
        assert (await client.put("/a/b/c", data=b"3")).status == 409
        assert (await client.delete("/a")).status == 404
        assert await (await client.get("/a/b")).read() == b"1"

    on_store(tmp_path, work)


def test_objects_outlive_the_store_s_process_and_half_uploads_do_not(tmp_path: Path) -> None:
    first = ObjectDirectory(tmp_path)
    upload = first.new_upload()
    upload.write_bytes(b"data")
    first.commit("job/a", upload, sha256(b"data"))
    first.new_upload().write_bytes(b"half")
    second = ObjectDirectory(tmp_path)
    info = second.get("job/a")
    assert info is not None
    assert (info.sha256, info.size, second.count, second.total_bytes) == (sha256(b"data"), 4, 1, 4)


def test_requests_and_bytes_are_measured(tmp_path: Path) -> None:
    store = Store(ObjectDirectory(tmp_path), max_bytes=1 << 20)

    async def main() -> None:
        public, private = TestServer(store.application()), TestServer(store.private_application())
        async with TestClient(public) as client, TestClient(private) as cluster:
            await client.put("/a", data=b"12345")
            await client.get("/none")
            assert (await client.get("/healthz")).status == (await cluster.get("/healthz")).status == 200
            text = await (await cluster.get("/metrics")).text()
        assert 'store_requests_total{method="PUT",status="201"} 1.0' in text
        assert 'store_requests_total{method="GET",status="404"} 1.0' in text
        assert "store_bytes 5.0" in text
        assert 'store_request_seconds_count{method="PUT"} 1.0' in text

    asyncio.run(main())


@given(st.text(max_size=40))
def test_a_key_that_is_accepted_stays_below_the_root(key: str) -> None:
    try:
        checked = check_key(key)
    except InvalidKeyError:
        return
    assert Path("/root", checked).resolve().is_relative_to("/root")
    assert "//" not in checked
    assert checked == key
