"""A client: settings, what waits, and one daemon thread that sends it. Safe to fork and to end at any time."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import os
import threading
import time
from typing import Any, Dict, List, Optional

from . import _ids
from ._barrier import Barrier
from ._buffer import Buffer
from ._delivery import Delivery, Tools
from ._encoding import encode, make_plain
from ._log import forget_said, harmless, renew_lock, say, set_debug, warn, warn_once
from ._settings import Settings, read_settings, show_address
from ._spans import Span
from ._traces import Trace

_MASKED = b'"[masked]"'


class Client:
    """Owns what waits. After a fork the child's copy is empty and of a new generation."""

    def __init__(self, settings: Settings, tools: Optional[Tools] = None) -> None:
        self.settings = settings
        self.tools = tools or Tools()
        self.is_recording = settings.is_recording
        self.is_immediate = settings.mode == "immediate"
        self.generation = 0
        self.is_retired = False
        self._start_empty()
        _clients.append(self)

    def _start_empty(self) -> None:
        self._buffer = Buffer(self.settings, self.tools.clock)
        self._delivery = Delivery(self.settings, self.tools)
        self._thread: Optional[threading.Thread] = None
        self._thread_lock = threading.RLock()

    def forget_parent(self) -> None:
        """In a child process: the parent sends what is the parent's."""
        self.generation += 1
        self._start_empty()

    # What spans and traces call.

    def take_span(self, trace: Trace, span: Span) -> None:
        if self.is_recording:
            if self._buffer.add_span(trace, span):
                self._start_thread()

    def take_trace(self, trace: Trace) -> None:
        if self.is_recording:
            if self._buffer.end_trace(trace):
                self._start_thread()

    def encode_content(self, value: Any, what: str) -> Optional[bytes]:
        """An input or output as it is sent; None if it is not."""
        settings = self.settings
        if value is None or not (self.is_recording and settings.capture_content):
            return None
        if settings.mask is None:
            return encode(value)
        try:
            # A copy of plain data: a mask may change it in place without changing the app's own.
            return encode(settings.mask(make_plain(value), what))
        except Exception as error:
            warn_once("mask", f"the mask raised {type(error).__name__}: [masked] is sent instead")
            return _MASKED

    # What the app calls.

    def stats(self) -> Dict[str, int]:
        """Spans: ``sent``, ``dropped``, ``refused`` and ``waiting``."""
        # In this order: what is settled in between still waits in this answer, and nothing is counted twice.
        fates = self._delivery.read_fates()
        counts = self._buffer.read_counts()
        return {
            "sent": fates.sent,
            "dropped": fates.dropped + counts.dropped,
            "refused": fates.refused,
            "waiting": counts.waiting + counts.taken - sum(fates),
        }

    def flush(self, timeout: Optional[float] = None) -> bool:
        """Waits until what has ended was dealt with; whether that was so in time."""
        barrier = self._begin_flush()
        if barrier is None:
            return not self._is_sender
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = 1.0 if until is None else until - time.monotonic()
            if not self._start_thread():
                self._run(wait=False, longest=None if until is None else max(0.0, left))
            if barrier.wait(max(0.0, min(left, 1.0))) or left <= 0:
                return barrier.is_passed

    async def flush_async(self, timeout: Optional[float] = None) -> bool:
        """The same, without holding up the event loop."""
        barrier = self._begin_flush()
        if barrier is None:
            return not self._is_sender
        try:
            passed = barrier.make_future(asyncio.get_running_loop())
        except RuntimeError:
            # Another kind of event loop: it leaves, but there is nothing to wait with.
            self._start_thread()
            return barrier.is_passed
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            left = 1.0 if until is None else until - time.monotonic()
            has_thread = self._start_thread()
            await asyncio.wait([passed], timeout=max(0.0, min(left, 1.0)))
            if passed.done() or left <= 0 or not has_thread:
                return passed.done()

    def _begin_flush(self) -> Optional[Barrier]:
        """What to wait for; None if there is nothing, or nobody who could."""
        if not self.is_recording or self._buffer.is_closed or self._is_sender:
            return None
        if self.is_retired and self._buffer.is_empty and not self.stats()["waiting"]:
            return None
        return self._buffer.add_barrier()

    @property
    def _is_sender(self) -> bool:
        return threading.current_thread() is self._thread

    def settle(self, trace: Trace) -> None:
        """In immediate mode, waits until an ended trace was sent: not longer than the end of a program would, and
        not at all where an event loop would be held up."""
        if not self._wants_to_settle(trace):
            return
        if _is_in_event_loop():
            self._buffer.hasten()
        else:
            self._tell_late(self.flush(self.settings.shutdown_timeout))

    async def settle_async(self, trace: Trace) -> None:
        """The same, without holding up the event loop."""
        if not self._wants_to_settle(trace):
            return
        if _is_in_event_loop():
            self._tell_late(await self.flush_async(self.settings.shutdown_timeout))
        else:
            self._buffer.hasten()

    def _wants_to_settle(self, trace: Trace) -> bool:
        return self.is_immediate and self.is_recording and trace.is_ended and not self._is_sender

    def _tell_late(self, is_done: bool) -> None:
        if not is_done:
            warn_once("late", "a trace was not sent within shutdown_timeout: it is tried further, and nobody waits for it")

    def retire(self) -> None:
        """Another client follows: this one goes on with its traces that are still open, and its thread ends in between."""
        self.is_retired = True
        self._buffer.retire()
        if not self._buffer.is_empty:
            self._buffer.hasten()
            self._start_thread()

    def hurry(self, timeout: float) -> None:
        """Begins to send what waits, for a limited time."""
        if self.is_recording and not self._buffer.is_closed and self.stats()["waiting"]:
            self._delivery.hurry(timeout)
            self._buffer.add_barrier()
            self._start_thread()

    def shutdown(self, timeout: Optional[float] = None) -> None:
        """Sends what waits, for a limited time, and takes nothing any more."""
        buffer = self._buffer
        if buffer.is_closed:
            return
        if timeout is None:
            timeout = self.settings.shutdown_timeout
        if self.is_recording and (self.stats()["waiting"] or not buffer.is_empty):
            deadline = self.tools.clock() + timeout
            self._delivery.hurry(timeout)
            self.flush(max(0.0, deadline - self.tools.clock()))
        left = buffer.close() + self._delivery.stop(buffer.read_counts().taken)
        if left:
            warn(f"{left} spans could not be sent before the end of the program")

    # The thread.

    def _start_thread(self) -> bool:
        thread = self._thread
        if thread is not None and thread.is_alive() and not self.is_retired:
            return True
        with self._thread_lock:
            if self._thread is None or not self._thread.is_alive():
                # An empty context: what the SDK itself does belongs to no request of the app.
                run = functools.partial(contextvars.Context().run, self._run)
                thread = threading.Thread(target=run, name="cognobserve", daemon=True)
                try:
                    thread.start()
                except RuntimeError:
                    # The interpreter is ending, or there are too many: ``flush`` does it by itself.
                    return False
                self._thread = thread
        return True

    @harmless
    def _run(self, wait: bool = True, longest: Optional[float] = None) -> None:
        buffer, delivery = self._buffer, self._delivery
        until = None if longest is None else self.tools.clock() + longest
        while True:
            batch = buffer.take(wait)
            if batch is None:
                if self._may_end():
                    return
                continue
            delivery.deliver(batch, until)
            if until is not None and self.tools.clock() >= until:
                return


    def _may_end(self) -> bool:
        """Whoever adds something afterwards starts another thread."""
        with self._thread_lock:
            is_idle = self.is_retired and self._is_sender
            if is_idle and not self._buffer.is_closed and not self._buffer.is_empty:
                return False
            if is_idle:
                self._thread = None
            return True


def _is_in_event_loop() -> bool:
    """Whether to wait here would hold up other tasks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


#: All of this process: a program that calls ``init`` again and again has few settings, and what they sent counts.
_clients: "List[Client]" = []
_current: Optional[Client] = None
_current_lock = threading.Lock()


def get_client() -> Client:
    """The one that ``init`` made, else one that the environment alone describes."""
    client = _current
    return client if client is not None else _make_from_environment()


def _make_from_environment() -> Client:
    global _current
    with _current_lock:
        if _current is None:
            _current = _make({}, None)
        return _current


def _make(options: Dict[str, Any], tools: Optional[Tools]) -> Client:
    settings = read_settings(options)
    set_debug(settings.debug)
    say(f"sends to {show_address(settings.endpoint)}" if settings.is_recording else "records nothing")
    return Client(settings, tools)


def replace_client(options: Dict[str, Any], tools: Optional[Tools] = None) -> Client:
    """A new client; the one before sends what waits in it, and what is still open when it ends."""
    global _current
    with _current_lock:
        before = _current
        if before is not None:
            forget_said()
            before.retire()
        _current = _make(options, tools)
        return _current


def _after_fork() -> None:
    global _current_lock
    _current_lock = threading.Lock()
    renew_lock()
    _ids.renew()
    for client in list(_clients):
        client.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
