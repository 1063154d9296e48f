import asyncio
from collections.abc import Awaitable, Callable

import pytest

from lab.workqueue import WorkQueue


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test(), 10)

    asyncio.run(bounded())


def test_a_key_added_twice_is_worked_on_once() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        queue.add("b")
        queue.add("a")
        assert [await queue.get(), await queue.get()] == ["a", "b"]
        assert len(queue) == 0

    run(check)


def test_a_key_added_while_worked_on_comes_again_only_after_done() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        await queue.get()
        queue.add("a")
        assert len(queue) == 0
        queue.done("a")
        assert await queue.get() == "a"

    run(check)


def test_get_waits_for_a_key() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.add("a")
        assert await waiting == "a"

    run(check)


def test_the_earliest_of_several_delays_counts() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 60)
        queue.add_after("a", 0.01)
        queue.add_after("a", 60)
        assert await queue.get() == "a"

    run(check)


def test_no_delay_is_at_once() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 0)
        assert len(queue) == 1

    run(check)


def test_retries_wait_longer_and_longer_up_to_a_limit_and_start_over_after_forget() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue(first_retry_seconds=1, longest_retry_seconds=5)
        assert [queue.retry("a") for _ in range(5)] == [1, 2, 4, 5, 5]
        assert queue.retry("b") == 1
        queue.forget("a")
        assert queue.retry("a") == 1

    run(check)


def test_very_many_failures_do_not_overflow() -> None:
    async def check() -> None:
        queue: WorkQueue[str] = WorkQueue()
        assert max(queue.retry("a") for _ in range(2000)) == pytest.approx(10.0)

    run(check)


def test_two_workers_never_hold_the_same_key() -> None:
    async def check() -> None:
        queue: WorkQueue[int] = WorkQueue()
        held: set[int] = set()
        finished = 0

        async def work() -> None:
            nonlocal finished
            while True:
                key = await queue.get()
                assert key not in held
                held.add(key)
                await asyncio.sleep(0)
                held.discard(key)
                queue.done(key)
                finished += 1

        workers = [asyncio.create_task(work()) for _ in range(4)]
        for round_ in range(50):
            for key in range(3):
                queue.add(key)
            if round_ % 7 == 0:
                await asyncio.sleep(0)
        while len(queue) or held:
            assert not any(worker.done() for worker in workers)
            await asyncio.sleep(0)
        assert finished >= 3
        for worker in workers:
            worker.cancel()

    run(check)
