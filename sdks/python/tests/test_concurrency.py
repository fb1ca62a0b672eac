"""Many users at once, in tasks, threads and executors, never mix."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from typing import Any, Dict, List

from cognobserve import observe, set_user, span, with_context, with_user

from .conftest import Outbox

COUNT = 50


def check(outbox: Outbox, calls: int) -> None:
    """Each user has traces of their own, whose spans carry their number and hang together."""
    by_user: Dict[str, List[Any]] = {}
    for trace in outbox.traces:
        by_user.setdefault(trace["user_id"], []).append(trace)
    assert sorted(by_user) == sorted(str(number) for number in range(COUNT))
    for user, traces in by_user.items():
        assert len(traces) == 1
        spans = traces[0]["spans"]
        assert len(spans) == calls
        assert {one["input"]["user"] for one in spans} == {user}
        known = {one["span_id"] for one in spans}
        assert all(one["parent_span_id"] in known for one in spans[1:])
    assert len({one["span_id"] for one in outbox.spans}) == COUNT * calls


def test_tasks(outbox: Outbox) -> None:
    gate: Any = None

    @observe
    async def inner(user: str) -> None:
        await asyncio.sleep(0)

    @observe
    def in_thread(user: str) -> None:
        pass

    @observe
    async def outer(user: str) -> None:
        await gate.wait()
        await asyncio.gather(inner(user), inner(user))
        await asyncio.to_thread(in_thread, user)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, with_context(in_thread), user)
        await asyncio.create_task(inner(user))

    async def request(number: int) -> None:
        async with with_user(str(number)):
            await outer(str(number))

    async def run() -> None:
        nonlocal gate
        gate = asyncio.Event()
        tasks = [asyncio.create_task(request(number)) for number in range(COUNT)]
        await asyncio.sleep(0)
        gate.set()
        await asyncio.gather(*tasks)

    set_user("global")
    asyncio.run(run())
    check(outbox, calls=6)


def test_threads(outbox: Outbox) -> None:
    barrier = threading.Barrier(COUNT)

    @observe
    def inner(user: str) -> None:
        pass

    @observe
    def outer(user: str) -> None:
        barrier.wait(30)
        for _ in range(5):
            inner(user)

    def request(number: int) -> None:
        with with_user(str(number)):
            outer(str(number))

    with concurrent.futures.ThreadPoolExecutor(COUNT) as pool:
        list(pool.map(request, range(COUNT)))
    check(outbox, calls=6)


def test_a_bare_thread_starts_empty_unless_bound(outbox: Outbox) -> None:
    @observe
    def work(user: str) -> None:
        pass

    with with_user("john"), span("first"):
        for target in (work, with_context(work)):
            thread = threading.Thread(target=target, args=("x",))
            thread.start()
            thread.join()
    alone, first = outbox.traces
    assert "user_id" not in alone
    assert [one["name"] for one in first["spans"]] == ["first", "work"]


def test_a_bound_function_runs_in_many_threads_at_once(outbox: Outbox) -> None:
    barrier = threading.Barrier(4)

    @observe
    def work() -> None:
        barrier.wait(30)

    with with_user("john"):
        bound = with_context(work)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: bound(), range(4)))
    assert [one["user_id"] for one in outbox.traces] == ["john"] * 4


def test_a_generator_taken_in_other_contexts_keeps_its_own(outbox: Outbox) -> None:
    """As web frameworks do that take each piece in a thread of a pool."""

    @observe
    def inner() -> None:
        pass

    @observe
    def pieces() -> Any:
        for number in range(3):
            inner()
            yield number

    with with_user("john"):
        generator = pieces()
    with with_user("other"):
        for _ in range(4):
            thread = threading.Thread(target=with_context(lambda: next(generator, None)))
            thread.start()
            thread.join()
    (sent,) = outbox.traces
    assert sent["user_id"] == "john"
    assert [one["name"] for one in sent["spans"]] == ["pieces", "inner", "inner", "inner"]
