"""One block object that several tasks or threads enter at once: each is in its own scope, before, within and after it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, Callable, Dict, List

import pytest

import cognobserve
from cognobserve import get_user, observe, span, start_trace, trace, with_context, with_session, with_user

from .conftest import Outbox


@observe
def call(name: str) -> None:
    pass


def users(outbox: Outbox) -> Dict[str, Any]:
    """Whose each call was, by its argument."""
    found: Dict[str, Any] = {}
    for one in outbox.traces:
        for step in one["spans"]:
            if step["name"] == "call":
                found[step["input"]["name"]] = one.get("user_id")
    return found


async def overlap(block: Any, name: str, turns: "asyncio.Queue[None]", late: bool) -> None:
    """Enters in turn, and leaves in that same order and not in the reverse one."""
    with with_user(name):
        if late:
            await turns.get()
        async with block:
            turns.put_nowait(None)
            await asyncio.sleep(0)
            call(f"{name} within")
            if late:
                await turns.get()
        turns.put_nowait(None)
        call(f"{name} after")


async def both(block: Any) -> None:
    turns: "asyncio.Queue[None]" = asyncio.Queue()
    await asyncio.gather(overlap(block, "a", turns, False), overlap(block, "b", turns, True))


def test_two_tasks_in_one_with_user_keep_their_own_users(outbox: Outbox) -> None:
    asyncio.run(both(with_user("guest")))
    assert users(outbox) == {"a within": "guest", "b within": "guest", "a after": "a", "b after": "b"}


@pytest.mark.parametrize("make", [lambda: with_session("s"), lambda: span("shared"), lambda: trace("shared")])
def test_two_tasks_in_one_block_keep_their_own_users(outbox: Outbox, make: Callable[[], Any]) -> None:
    asyncio.run(both(make()))
    assert users(outbox) == {"a within": "a", "b within": "b", "a after": "a", "b after": "b"}


def test_two_tasks_in_one_trace_by_hand_come_back_to_their_own_users(outbox: Outbox) -> None:
    asyncio.run(both(start_trace("shared", user_id="guest")))
    assert users(outbox) == {"a within": "guest", "b within": "guest", "a after": "a", "b after": "b"}


@pytest.mark.parametrize("make", [lambda: span("shared"), lambda: trace("shared")])
def test_each_entering_of_a_shared_block_is_a_span(outbox: Outbox, make: Callable[[], Any]) -> None:
    block, barrier = make(), threading.Barrier(3)
    order = [threading.Event() for _ in range(4)]
    order[0].set()

    def work(number: int) -> None:
        with with_user(str(number)):
            # They enter one after the other, and leave in the order in which they came.
            with block as step:
                barrier.wait(30)
                step.set_output(number)
                call(f"{number} within")
                order[number].wait(30)
            call(f"{number} after")
        order[number + 1].set()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert users(outbox) == {f"{number} {when}": str(number) for number in range(3) for when in ("within", "after")}
    shared = {one["user_id"]: one["spans"][0]["output"] for one in outbox.traces if one["name"] == "shared"}
    assert shared == {"0": 0, "1": 1, "2": 2}


def test_a_failure_marks_the_span_of_who_failed(outbox: Outbox) -> None:
    block = span("shared")

    async def work(name: str, fails: bool) -> None:
        with with_user(name):
            try:
                with block:
                    await asyncio.sleep(0)
                    if fails:
                        raise ValueError("lost")
            except ValueError:
                pass

    async def app() -> None:
        await asyncio.gather(work("a", True), work("b", False))

    asyncio.run(app())
    assert {one["user_id"]: one["spans"][0].get("level") for one in outbox.traces} == {"a": "ERROR", "b": None}


def test_a_block_is_entered_in_itself_and_in_tasks_that_inherit_it(outbox: Outbox) -> None:
    who, step, seen = with_user("guest"), span("step"), []

    async def child() -> None:
        with who, step:
            seen.append(get_user())
        seen.append(get_user())

    async def app() -> None:
        with with_user("a"), who, step:
            with who, with_user("b"), step:
                task = asyncio.ensure_future(child())
                seen.append(get_user())
            seen.append(get_user())
        seen.append(get_user())
        await task

    asyncio.run(app())
    assert [one and one["id"] for one in seen] == ["b", "guest", None, "guest", "b"]
    assert len([one for one in outbox.spans if one["name"] == "step"]) == 3


def test_a_chain_of_tasks_in_one_block_holds_no_longer_and_longer_chain() -> None:
    who = with_user("guest")
    scopes: List[Any] = []

    async def again(left: int) -> None:
        with who:
            scopes.append(cognobserve._scope.get_scope())
            if left:
                asyncio.get_running_loop().call_soon(lambda: tasks.append(asyncio.ensure_future(again(left - 1))))

    tasks: List[Any] = []

    async def app() -> None:
        await again(5)
        while len(scopes) < 6:
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)

    asyncio.run(app())
    assert len(scopes) == 6 and all(one.entry.before is None for one in scopes)


def test_a_block_that_is_left_in_another_context_loses_no_span_and_changes_no_scope(outbox: Outbox) -> None:
    def pieces() -> Any:
        with with_user("a"), span("step"):
            yield 1

    generator = pieces()

    def take() -> None:
        next(generator, None)

    # A copy of the context each, as frameworks make that take the pieces in threads.
    for _ in range(2):
        with with_user("b"):
            with_context(take)()
            call("b")
    assert users(outbox) == {"b": "b"}
    assert [(one["name"], one["user_id"]) for one in outbox.traces] == [("call", "b"), ("step", "a"), ("call", "b")]
