"""Calls of the app neither touch the network nor wait for it, whatever the server does; what is lost by that is counted.

No time is measured: what is looked at is which thread touches a socket, and whether the event loop has turned.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any, Awaitable, List

import pytest

import cognobserve
from cognobserve import observe, start_trace, with_user

from .support.receiver import Receiver

CALLS = 200
SPANS_OF_ALL = 4
WAYS = ["is well", "hangs", "breaks off", "answers 429", "answers 503"]


class Always(List[Any]):
    """A list of replies that is never used up."""

    def pop(self, _: Any = 0) -> Any:
        return self[0]


def misbehave(receiver: Receiver, way: str) -> None:
    if way == "hangs":
        receiver.hang = threading.Event()
    elif way != "is well":
        status = {"breaks off": 0, "answers 429": 429, "answers 503": 503}[way]
        receiver.replies = Always([(status, {"retry-after": "1"} if status == 429 else {}, b"{}")])


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> List[str]:
    """The threads that have opened a socket or written to one, except those of the receiver."""
    threads: List[str] = []
    for name in ("connect", "sendall"):
        real = getattr(socket.socket, name)

        def note(self: socket.socket, *given: Any, real: Any = real) -> Any:
            threads.append(threading.current_thread().name)
            return real(self, *given)

        monkeypatch.setattr(socket.socket, name, note)
    return threads


def call_all(number: int) -> None:
    """Everything that an app may call in the midst of its own work, besides what is meant to wait."""

    @observe
    def call(number: int) -> int:
        cognobserve.log("event", {"number": number})
        return number

    with with_user(f"user-{number % 7}", name="John"), cognobserve.span("outer", input="x" * 2000) as span:
        span.set_metadata(number=number)
        call(number)
    trace = start_trace("by hand")
    trace.start_span("step").end()
    trace.end()


async def is_kept_at_once(later: Awaitable[Any]) -> bool:
    """Whether it has answered without the event loop having turned, which waiting needs."""
    has_turned = False

    def turn() -> None:
        nonlocal has_turned
        has_turned = True

    handle = asyncio.get_running_loop().call_soon(turn)
    await later
    handle.cancel()
    return not has_turned


@pytest.mark.parametrize("way", WAYS)
def test_a_call_never_touches_the_network_or_waits_for_it(way: str, receiver: Receiver, touched: List[str]) -> None:
    misbehave(receiver, way)
    options = {"max_batch_size": 1, "max_queue_size": 20, "max_retries": 0, "flush_interval": 0.0}
    cognobserve.init(api_key="co_sk_test", endpoint=receiver.url, shutdown_timeout=0.1, **options)

    @observe
    async def later() -> int:
        return 1

    async def app() -> None:
        for number in range(CALLS):
            call_all(number)
            assert await is_kept_at_once(later()), "a call was held up"
        if way == "is well":
            await asyncio.to_thread(cognobserve.flush)

    asyncio.run(app())
    receiver.wait_for(lambda got: bool(got.bodies))
    before = cognobserve.stats()
    total = CALLS * (SPANS_OF_ALL + 1)
    assert before["refused"] == 0 and before["sent"] + before["dropped"] + before["waiting"] == total
    cognobserve.shutdown()
    after = cognobserve.stats()
    assert after["sent"] + after["dropped"] == total and after["waiting"] == 0
    if way == "is well":
        assert len({span["span_id"] for span in receiver.spans}) == after["sent"] > 0
    else:
        assert after["sent"] == 0
    ours = [name for name in touched if not name.startswith("Thread-")]
    assert set(ours) == {"cognobserve"}

