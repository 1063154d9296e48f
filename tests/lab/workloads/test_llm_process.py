"""The model server as a process: its two halves, its signals and what it does when one half is gone."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.lab.workloads import programs
from tests.waiting import wait_for

pytestmark = pytest.mark.lab

LABELS = {"engine": "0", "model_name": "sre-ngram-4"}
LONG = {"prompt": "The pager", "max_tokens": 900, "ignore_eos": True, "stream": True}
ANSWER = {"prompt": "The pager", "max_tokens": 30, "ignore_eos": True}


async def texts(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The texts of a completion's stream; the stream's end mark is "[DONE]"."""
    async for line in response.content:
        if line.startswith(b"data: "):
            data = line.removeprefix(b"data: ").strip()
            yield "[DONE]" if data == b"[DONE]" else json.loads(data)["choices"][0]["text"]


async def rest(stream: AsyncIterator[str]) -> list[str]:
    """What is still to come of a stream."""
    return [text async for text in stream]


def gone(pid: int) -> bool:
    """No such process, or only its remains (which nobody has collected yet)."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_the_first_line_of_the_log_names_the_gpus_that_the_process_sees(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path, NVIDIA_VISIBLE_DEVICES="0,3") as llm:
        assert "visible_devices=0,3" in llm.logs().splitlines()[0]


def test_answers_streamed_or_whole_are_the_same_and_counted(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:
        url = f"http://{llm.ip}:8000/v1/completions"
        body = {"prompt": "An error budget", "max_tokens": 12, "seed": 5}
        _, whole = programs.post(url, body)

        async def stream() -> list[str]:
            async with aiohttp.ClientSession() as session, session.post(url, json={**body, "stream": True}) as response:
                assert response.content_type == "text/event-stream"
                return [text async for text in texts(response)]

        *pieces, end = asyncio.run(stream())
        assert end == "[DONE]"
        answer = json.loads(whole)
        assert "".join(pieces) == answer["choices"][0]["text"]
        assert answer["usage"] == {
            "prompt_tokens": 3,
            "completion_tokens": len(pieces),
            "total_tokens": 3 + len(pieces),
        }
        metrics = llm.metrics(8000)
        assert metrics.get("vllm:time_to_first_token_seconds_count", **LABELS) == 2
        assert metrics.get("vllm:generation_tokens_total", **LABELS) == 2 * len(pieces)
        assert metrics.get("vllm:iteration_tokens_total_count", **LABELS) >= len(pieces)
        assert metrics.get("http_requests_total", handler="/v1/completions", method="POST", status="2xx") == 2
        status, error = programs.post(url, {"prompt": "x", "model": "other"})
        assert (status, json.loads(error)["error"]["type"]) == (404, "NotFoundError")


def test_a_frozen_engine_looks_healthy_and_makes_no_tokens(lab_octet: int, tmp_path: Path) -> None:
    ips = [programs.pod_ip(lab_octet, number) for number in (1, 2)]
    with programs.llm(ips[0], tmp_path) as llm, programs.llm(ips[1], tmp_path) as twin:
        base, engine = f"http://{llm.ip}:8000", llm.child()

        def twin_answers() -> None:
            assert programs.post(f"http://{twin.ip}:8000/v1/completions", ANSWER)[0] == 200

        def steps() -> float:
            return llm.metrics(8000).get("vllm:iteration_tokens_total_count", **LABELS)

        async def main() -> None:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{base}/v1/completions", json=LONG) as response,
            ):
                stream = texts(response)
                await anext(stream)
                os.kill(engine, signal.SIGSTOP)
                twin_answers()  # meanwhile what was on its way arrives
                before = steps()
                twin_answers()  # and now nothing
                assert steps() == before
                assert programs.get(f"{base}/health")[0] == 200
                os.kill(engine, signal.SIGCONT)
                assert await anext(stream)

        asyncio.run(main())
        assert programs.post(f"{base}/v1/completions", {"prompt": "x"})[0] == 200


def test_sigterm_ends_even_a_frozen_engine(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:
        engine = llm.child()

        async def main() -> None:
            url = f"http://{llm.ip}:8000/v1/completions"
            async with aiohttp.ClientSession() as session, session.post(url, json=LONG) as response:
                await anext(texts(response))
                os.kill(engine, signal.SIGSTOP)
                await asyncio.to_thread(llm.end)

        asyncio.run(main())
        assert llm.process.returncode == 0, llm.logs()
        assert gone(engine)


def test_sigterm_lets_an_answer_that_is_under_way_finish(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:

        async def main() -> list[str]:
            url, body = f"http://{llm.ip}:8000/v1/completions", {**LONG, "max_tokens": 30}
            async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
                stream = texts(response)
                await anext(stream)
                llm.process.terminate()
                return await rest(stream)

        assert asyncio.run(main())[-1] == "[DONE]"
        assert llm.process.wait(timeout=30) == 0


def test_when_the_engine_dies_the_server_breaks_the_stream_and_exits(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:

        async def main() -> None:
            url = f"http://{llm.ip}:8000/v1/completions"
            async with aiohttp.ClientSession() as session, session.post(url, json=LONG) as response:
                stream = texts(response)
                await anext(stream)
                os.kill(llm.child(), signal.SIGKILL)
                with pytest.raises(aiohttp.ClientError):
                    await rest(stream)

        asyncio.run(main())
        assert llm.process.wait(timeout=30) == 1
        assert "engine died" in llm.logs()


@pytest.mark.parametrize("frozen", [False, True])
def test_no_engine_outlives_its_server(lab_octet: int, tmp_path: Path, frozen: bool) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:
        engine = llm.child()
        if frozen:
            os.kill(engine, signal.SIGSTOP)
        llm.end(signal.SIGKILL)
        wait_for(lambda: gone(engine))


def test_a_client_that_leaves_frees_its_seat_and_its_cache(lab_octet: int, tmp_path: Path) -> None:
    with programs.llm(programs.pod_ip(lab_octet, 1), tmp_path) as llm:

        async def main() -> None:
            url = f"http://{llm.ip}:8000/v1/completions"
            async with aiohttp.ClientSession() as session, session.post(url, json=LONG) as response:
                await anext(texts(response))
                assert llm.metrics(8000).get("vllm:num_requests_running", **LABELS) == 1

        asyncio.run(main())
        wait_for(lambda: llm.metrics(8000).get("vllm:num_requests_running", **LABELS) == 0)
        metrics = llm.metrics(8000)
        assert metrics.get("vllm:kv_cache_usage_perc", **LABELS) == 0
        assert metrics.get("vllm:request_success_total", finished_reason="abort", **LABELS) == 1


def test_a_setting_that_cannot_be_used_is_one_line_and_exit_2(tmp_path: Path) -> None:
    with programs.program("llm", "127.0.0.1", tmp_path, LLM_KV_BLOCKS="many") as llm:
        assert llm.process.wait(timeout=programs.START_SECONDS) == 2
        assert "LLM_KV_BLOCKS must be a number, not 'many'" in llm.logs()
        assert "Traceback" not in llm.logs()
