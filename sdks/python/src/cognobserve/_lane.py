"""One kind of things on their way: a queue, who sends what is in it, and a daemon thread that does so."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
import time
from typing import Dict, Generic, Optional, TypeVar

from ._barrier import Barrier
from ._delivery import Delivery, Tools
from ._entries import EVENTS, Kind
from ._log import harmless, warn
from ._queue import Queue
from ._settings import Settings

Q = TypeVar("Q", bound=Queue)


class Lane(Generic[Q]):
    """What waits and is sent of one kind. The thread is there once something is."""

    def __init__(self, settings: Settings, tools: Tools, kind: Kind, queue: Q) -> None:
        self.queue = queue
        self.thread: Optional[threading.Thread] = None
        self._settings = settings
        self._tools = tools
        self._kind = kind
        self._delivery = Delivery(settings, tools, kind)
        self._thread_lock = threading.RLock()
        self._is_retired = False

    def stats(self) -> Dict[str, int]:
        """Items: ``sent``, ``dropped``, ``refused`` and ``waiting``."""
        # In this order: what is settled in between still waits in this answer, and nothing is counted twice.
        fates = self._delivery.read_fates()
        counts = self.queue.read_counts()
        return {
            "sent": fates.sent,
            "dropped": fates.dropped + counts.dropped,
            "refused": fates.refused,
            "waiting": counts.waiting + counts.taken - sum(fates),
        }

    def begin_flush(self) -> Optional[Barrier]:
        """What to wait for; None if there is nothing."""
        may_rest = self._is_retired or self._kind is EVENTS
        if self.queue.is_closed or may_rest and self.queue.is_empty and not self.stats()["waiting"]:
            return None
        return self.queue.add_barrier()

    def wait(self, barrier: Barrier, until: Optional[float]) -> bool:
        """Whether it was passed before ``until`` by the monotonic clock."""
        while True:
            left = 1.0 if until is None else until - time.monotonic()
            if not self.start_thread():
                self._run(wait=False, longest=None if until is None else max(0.0, left))
            if barrier.wait(max(0.0, min(left, 1.0))) or left <= 0:
                return barrier.is_passed

    async def wait_async(self, barrier: Barrier, until: Optional[float]) -> bool:
        """The same, without holding up the event loop."""
        try:
            passed = barrier.make_future(asyncio.get_running_loop())
        except RuntimeError:
            # Another kind of event loop: it leaves, but there is nothing to wait with.
            self.start_thread()
            return barrier.is_passed
        while True:
            left = 1.0 if until is None else until - time.monotonic()
            has_thread = self.start_thread()
            await asyncio.wait([passed], timeout=max(0.0, min(left, 1.0)))
            if passed.done() or left <= 0 or not has_thread:
                return passed.done()

    @property
    def is_sender(self) -> bool:
        return threading.current_thread() is self.thread

    def retire(self) -> None:
        """Another client follows: this goes on with what is still open, and the thread ends in between."""
        self._is_retired = True
        self.queue.retire()
        if not self.queue.is_empty:
            self.queue.hasten()
            self.start_thread()

    def hurry(self, timeout: float) -> None:
        """Begins to send what waits, for a limited time."""
        if not self.queue.is_closed and self.stats()["waiting"]:
            self._delivery.hurry(timeout)
            self.queue.add_barrier()
            self.start_thread()

    def shutdown(self, timeout: float) -> None:
        """Sends what waits, for a limited time, and takes nothing any more."""
        if self.queue.is_closed:
            return
        deadline = self._tools.clock() + timeout
        self._drain(timeout)
        # What other threads have ended meanwhile was taken, and leaves, too.
        self.queue.shut()
        self._drain(max(0.0, deadline - self._tools.clock()))
        left = self.queue.close() + self._delivery.stop(self.queue.read_counts().taken)
        if left:
            warn(f"{left} {self._kind.items} could not be sent before the end of the program")

    def _drain(self, timeout: float) -> None:
        if not self.stats()["waiting"] and self.queue.is_empty:
            return
        until = time.monotonic() + timeout
        self._delivery.hurry(timeout)
        barrier = None if self.is_sender else self.begin_flush()
        if barrier is not None:
            self.wait(barrier, until)

    def start_thread(self) -> bool:
        thread = self.thread
        if thread is not None and thread.is_alive() and not self._is_retired:
            return True
        with self._thread_lock:
            if self.thread is None or not self.thread.is_alive():
                # An empty context: what the SDK itself does belongs to no request of the app.
                run = functools.partial(contextvars.Context().run, self._run)
                thread = threading.Thread(target=run, name="cognobserve", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # The interpreter is ending, or there are too many: ``flush`` does it by itself.
                    return False
                self.thread = thread
        return True

    @harmless
    def _run(self, wait: bool = True, longest: Optional[float] = None) -> None:
        until = None if longest is None else self._tools.clock() + longest
        while True:
            batch = self.queue.take(wait)
            if batch is None:
                if self._may_end():
                    return
                continue
            self._delivery.deliver(batch, until)
            if until is not None and self._tools.clock() >= until:
                return

    def _may_end(self) -> bool:
        """Whoever adds something afterwards starts another thread."""
        with self._thread_lock:
            is_idle = self._is_retired and self.is_sender
            if is_idle and not self.queue.is_closed and not self.queue.is_empty:
                return False
            if is_idle:
                self.thread = None
            return True
