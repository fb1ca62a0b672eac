"""What ``flush`` waits for, be it a thread or an event loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Callable, List


class Barrier:
    """Passed when all that was put into the queue before it has been dealt with."""

    def __init__(self) -> None:
        self._event = threading.Event()
        # Reentrant, as the garbage collector may come in between.
        self._lock = threading.RLock()
        self._wakers: List[Callable[[], None]] = []

    @property
    def is_passed(self) -> bool:
        return self._event.is_set()

    def let_pass(self) -> None:
        with self._lock:
            self._event.set()
            wakers, self._wakers = self._wakers, []
        for wake in wakers:
            wake()

    def wait(self, seconds: float) -> bool:
        """Whether it was passed in time. It blocks the thread."""
        return self._event.wait(seconds)

    def make_future(self, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[None]":
        """A future of the loop that is done when the barrier is passed."""
        future: "asyncio.Future[None]" = loop.create_future()

        def finish() -> None:
            if not future.done():
                future.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(finish)
            except RuntimeError:
                # The loop has ended, and nobody waits any more.
                pass

        with self._lock:
            if self._event.is_set():
                finish()
            else:
                self._wakers.append(wake)
        return future
