"""Immediate mode waits for the server, but not for longer than the end of a program would, and never in an event loop.

No time is measured: what is looked at is whether something had settled when a call came back.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Awaitable, Callable, Dict, List

import pytest

import cognobserve
from cognobserve import observe, start_trace

from .support.receiver import Receiver, take


def init(url: str, **options: Any) -> None:
    cognobserve.init(api_key="k", endpoint=url, mode="immediate", **options)


def by_hand() -> None:
    trace = start_trace("by hand")
    trace.start_span("step").end()
    trace.end()


def block() -> None:
    with cognobserve.trace("block"):
        pass


@observe
def call() -> None:
    pass


@observe
def pieces() -> Any:
    yield 1


def event() -> None:
    cognobserve.log("event")


WAYS: List[Callable[[], Any]] = [by_hand, block, call, lambda: list(pieces()), event]


async def by_hand_async() -> None:
    async with start_trace("by hand") as trace:
        trace.start_span("step").end()


async def block_async() -> None:
    async with cognobserve.trace("block"):
        pass


@observe
async def call_async() -> None:
    pass


@observe
async def pieces_async() -> Any:
    yield 1


async def take_pieces() -> None:
    async for _ in pieces_async():
        pass


async def flush_after() -> None:
    by_hand()
    await cognobserve.flush_async()


ASYNC_WAYS: List[Callable[[], Awaitable[Any]]] = [by_hand_async, block_async, call_async, take_pieces]


@pytest.fixture(params=["hangs", "is absent"])
def dead_url(request: pytest.FixtureRequest, receiver: Receiver) -> str:
    if request.param == "hangs":
        receiver.hang = threading.Event()
        return receiver.url
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def expect_counted_and_said(caplog: pytest.LogCaptureFixture) -> None:
    # All tries together would take much longer: it has come back before anybody could know.
    assert cognobserve.stats() == {"sent": 0, "dropped": 0, "refused": 0, "waiting": 1}
    assert [one.message for one in caplog.records if "within shutdown_timeout" in one.message]
    cognobserve.shutdown()
    assert cognobserve.stats() == {"sent": 0, "dropped": 1, "refused": 0, "waiting": 0}
    assert "could not be" in caplog.records[-1].message


@pytest.mark.parametrize("way", WAYS)
def test_a_trace_waits_no_longer_than_the_shutdown_timeout(
    way: Callable[[], Any], dead_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    init(dead_url, shutdown_timeout=0.05)
    way()
    expect_counted_and_said(caplog)


@pytest.mark.parametrize("way", ASYNC_WAYS)
def test_nor_does_it_in_asyncio(
    way: Callable[[], Any], dead_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    init(dead_url, shutdown_timeout=0.05)
    asyncio.run(way())
    expect_counted_and_said(caplog)


async def arrival(receiver: Receiver) -> None:
    await asyncio.to_thread(receiver.wait_for, lambda it: len(it.bodies) == 1)


class Gate:
    """Lets the server answer as soon as the event loop has gone on."""

    def __init__(self, receiver: Receiver) -> None:
        self.has_gone_on = threading.Event()
        self.was_in_time: List[bool] = []
        receiver.replies = [self._answer]

    def _answer(self, body: Dict[str, Any]) -> Any:
        self.was_in_time.append(self.has_gone_on.wait(10))
        return take(body)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_async_leaves_without_holding_up_the_event_loop(
    way: Callable[[], Any], receiver: Receiver
) -> None:
    gate = Gate(receiver)
    init(receiver.url, shutdown_timeout=60, flush_interval=3600)

    async def app() -> None:
        way()
        gate.has_gone_on.set()
        # It has left by itself, before anybody asks for it.
        await arrival(receiver)
        assert await cognobserve.flush_async(60)

    asyncio.run(app())
    assert gate.was_in_time == [True]
    assert cognobserve.stats() == {"sent": 1, "dropped": 0, "refused": 0, "waiting": 0}


@pytest.mark.parametrize("way", [*ASYNC_WAYS, flush_after])
def test_what_is_async_waits_while_the_event_loop_goes_on(way: Callable[[], Any], receiver: Receiver) -> None:
    gate = Gate(receiver)
    init(receiver.url, shutdown_timeout=60)

    async def app() -> None:
        task = asyncio.ensure_future(way())
        await arrival(receiver)
        assert not task.done()
        gate.has_gone_on.set()
        await task
        assert cognobserve.stats() == {"sent": 1, "dropped": 0, "refused": 0, "waiting": 0}

    asyncio.run(app())
    assert gate.was_in_time == [True]


def test_flush_async_says_whether_it_was_in_time(receiver: Receiver) -> None:
    receiver.hang = threading.Event()
    cognobserve.init(api_key="k", endpoint=receiver.url, shutdown_timeout=0)

    async def app() -> None:
        assert await cognobserve.flush_async(0)
        call()
        assert not await cognobserve.flush_async(0.01)
        assert receiver.hang is not None
        receiver.hang.set()
        assert await cognobserve.flush_async()
        cognobserve.shutdown()
        assert await cognobserve.flush_async()

    asyncio.run(app())
    assert cognobserve.stats()["sent"] == 1


def test_where_no_thread_can_be_started_the_limit_holds_too(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.hang = threading.Event()
    init(receiver.url, shutdown_timeout=0.05)

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "cognobserve":
            raise RuntimeError("can't start new thread")
        start(thread)

    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", refuse)
    by_hand()
    # Nobody goes on with it.
    assert cognobserve.stats() == {"sent": 0, "dropped": 1, "refused": 0, "waiting": 0}
    assert "could not be reached" in caplog.records[0].message
