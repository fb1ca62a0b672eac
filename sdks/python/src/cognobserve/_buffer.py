"""The queues of spans and of events. Spans wait for the end of their trace, and leave with it."""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Callable

from ._entries import EVENTS, MAX_CONTENT_BYTES, MAX_EVENT_BYTES, TRACES, Entry, size_of
from ._events import Event
from ._log import warn_once
from ._queue import Queue
from ._settings import Settings
from ._spans import Span
from ._traces import Trace

_LEFT_OUT = b'"[left out: too much waits to be sent]"'


class SpanQueue(Queue):
    """``ready`` is in the order of the traces' ends; ``open`` waits for its trace's end."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(settings, clock, TRACES)
        self._open: "OrderedDict[str, Entry]" = OrderedDict()
        self._late: "OrderedDict[str, Entry]" = OrderedDict()

    @property
    def is_empty(self) -> bool:
        return not self._ready and not self._open

    def add_span(self, trace: Trace, span: Span) -> bool:
        """Whether there is something to send."""
        with self._condition:
            if self._is_shut:
                self.drop()
                self._warn_closed()
                return False
            if self._bytes + size_of(span) > MAX_CONTENT_BYTES:
                self._leave_content_out(span)
            entry = self._find_entry(trace)
            if trace.is_ended:
                self._ready_count += 1
            else:
                self._open_count += 1
            self._put(entry, span)
            return True

    def end_trace(self, trace: Trace) -> bool:
        """Nothing is left to wait for: what has ended leaves."""
        with self._condition:
            entry = self._open.pop(trace.id, None)
            if entry is not None:
                self._release(entry)
            elif not trace.was_released and not self._add_empty(trace):
                return False
            self._wake()
            return True

    def _add_empty(self, trace: Trace) -> bool:
        """A trace without spans tells of its user, too."""
        most = self._settings.max_queue_size
        if self._is_shut:
            self._warn_closed()
        elif self._empty_count >= most:
            warn_once("empty", f"more than {most} traces without spans wait to be sent: the newest are dropped")
        else:
            self._empty_count += 1
            self._release(Entry(trace, 0.0))
            return True
        return False

    def _find_entry(self, trace: Trace) -> Entry:
        if not trace.is_ended:
            if trace.id not in self._open:
                self._open[trace.id] = Entry(trace, self._clock())
            return self._open[trace.id]
        entry = self._late.get(trace.id)
        if entry is None:
            entry = self._late[trace.id] = Entry(trace, self._clock())
            self._ready.append(entry)
        return entry

    def _release(self, entry: Entry) -> None:
        assert isinstance(entry.whole, Trace)
        entry.since = self._clock()
        entry.whole.was_released = True
        self._open_count -= len(entry.items)
        self._ready_count += len(entry.items)
        self._ready.append(entry)

    def _release_all(self) -> None:
        while self._open:
            self._release(self._open.popitem(last=False)[1])

    def _clear_open(self) -> None:
        self._open.clear()
        self._late.clear()

    def _find_open(self) -> Entry:
        return next(iter(self._open.values()))

    def _forget(self, entry: Entry) -> None:
        assert isinstance(entry.whole, Trace)
        for known in (self._open, self._late):
            if known.get(entry.whole.id) is entry:
                del known[entry.whole.id]

    def _leave_content_out(self, span: Span) -> None:
        span.input = _LEFT_OUT if span.input is not None else None
        span.output = _LEFT_OUT if span.output is not None else None
        warn_once("too large", "over 64 MiB wait to be sent: inputs and outputs are left out")


class EventQueue(Queue):
    """All are ready at once."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(settings, clock, EVENTS)

    def add(self, event: Event) -> bool:
        """Whether there is something to send."""
        with self._condition:
            if self._is_shut:
                self.drop()
                self._warn_closed()
                return False
            entry = Entry(event, self._clock())
            self._ready.append(entry)
            self._ready_count += 1
            self._put(entry, event)
            while self._bytes > MAX_EVENT_BYTES:
                self._drop_oldest("over 16 MiB of events wait to be sent")
            return True
