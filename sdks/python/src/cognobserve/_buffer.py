"""Ended spans that wait to be sent. Bounded: over the limit the oldest go, and are counted.

Its lock is reentrant, since the garbage collector may end a span while another one is being taken.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from typing import Callable, Deque, List, NamedTuple, Optional, Union, cast

from ._barrier import Barrier
from ._entries import Entry, size_of
from ._log import warn_once
from ._settings import Settings
from ._spans import Span
from ._traces import Trace

#: Contents over this are left out, so that a queue that is bounded in spans is so in memory.
MAX_CONTENT_BYTES = 64 * 1024 * 1024
MAX_BATCH_BYTES = 16 * 1024 * 1024
_LEFT_OUT = b'"[left out: too much waits to be sent]"'


class Counts(NamedTuple):
    """In spans."""

    waiting: int
    #: Handed to whoever sends them, so far.
    taken: int
    dropped: int


class Buffer:
    """``ready`` leaves as soon as it is due, in the order of the traces' ends; ``open`` waits for its trace's end."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        #: A small queue is sent before it is full.
        self._most = min(settings.max_batch_size, max(1, settings.max_queue_size // 2))
        self._condition = threading.Condition(threading.RLock())
        self._ready: Deque[Union[Entry, Barrier]] = deque()
        self._open: "OrderedDict[str, Entry]" = OrderedDict()
        self._late: "OrderedDict[str, Entry]" = OrderedDict()
        self._ready_count = 0
        self._open_count = 0
        self._bytes = 0
        self._barriers = 0
        self._empty_count = 0
        self._taken = 0
        self._is_urgent = False
        self._dropped = 0
        self.is_closed = False
        self._is_retired = False

    def retire(self) -> None:
        """Whoever waits for something to send need not wait any longer than there is something."""
        with self._condition:
            self._is_retired = True
            self._condition.notify_all()

    def read_counts(self) -> Counts:
        with self._condition:
            return Counts(self.count, self._taken, self._dropped)

    @property
    def count(self) -> int:
        return self._ready_count + self._open_count

    @property
    def is_empty(self) -> bool:
        return not self._ready and not self._open

    def add_span(self, trace: Trace, span: Span) -> bool:
        """Whether there is something to send."""
        with self._condition:
            if self.is_closed:
                self._dropped += 1
                self._warn_closed()
                return False
            if self._bytes + size_of(span) > MAX_CONTENT_BYTES:
                self._leave_content_out(span)
            entry = self._find_entry(trace)
            entry.spans.append(span)
            entry.size += size_of(span)
            self._bytes += size_of(span)
            if trace.is_ended:
                self._ready_count += 1
            else:
                self._open_count += 1
            if self.count > self._settings.max_queue_size:
                self._drop_oldest()
            self._wake()
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
        if self.is_closed:
            self._warn_closed()
        elif self._empty_count >= most:
            warn_once("empty", f"more than {most} traces without spans wait to be sent: the newest are dropped")
        else:
            self._empty_count += 1
            self._release(Entry(trace, 0.0))
            return True
        return False

    @staticmethod
    def _warn_closed() -> None:
        warn_once("closed", "traces and spans ended after the shutdown: they are not sent")

    def add_barrier(self) -> Barrier:
        """Is passed when all that waits now, also of open traces, has been dealt with."""
        barrier = Barrier()
        with self._condition:
            if self.is_closed:
                barrier.let_pass()
                return barrier
            self._release_all()
            self._ready.append(barrier)
            self._barriers += 1
            self._condition.notify_all()
        return barrier

    def hasten(self) -> None:
        """What is ready leaves as soon as it can, though nobody waits for it."""
        with self._condition:
            self._is_urgent = True
            self._condition.notify_all()

    def take(self, wait: bool = True) -> Optional[List[Entry]]:
        """The next batch when it is due; None when there is nothing more to come."""
        with self._condition:
            while True:
                self._pass_barriers()
                pause = self._find_pause()
                if pause is not None and pause <= 0:
                    return self._cut_batch()
                if self.is_closed or not wait or (self._is_retired and self.is_empty):
                    return None
                self._condition.wait(pause)

    def close(self) -> int:
        """Takes nothing any more; answers how many spans are left behind."""
        with self._condition:
            self.is_closed = True
            left = self.count
            self._dropped += left
            barriers = [one for one in self._ready if isinstance(one, Barrier)]
            self._barriers = 0
            self._ready.clear()
            self._open.clear()
            self._late.clear()
            self._ready_count = self._open_count = self._empty_count = self._bytes = 0
            self._condition.notify_all()
        for barrier in barriers:
            barrier.let_pass()
        return left

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
        entry.since = self._clock()
        entry.trace.was_released = True
        self._open_count -= len(entry.spans)
        self._ready_count += len(entry.spans)
        self._ready.append(entry)

    def _release_all(self) -> None:
        while self._open:
            self._release(self._open.popitem(last=False)[1])

    def _wake(self) -> None:
        """The sender looks up when something new is due, and not for each span."""
        most = self._most
        if len(self._ready) == 1 or self._ready_count >= most or self._open_count >= most:
            self._condition.notify_all()

    def _pass_barriers(self) -> None:
        while self._ready and isinstance(self._ready[0], Barrier):
            cast(Barrier, self._ready.popleft()).let_pass()
            self._barriers -= 1

    def _find_pause(self) -> Optional[float]:
        """Seconds until something is due; None while nothing is in sight."""
        if self._open_count >= self._most:
            # Of traces that never end, too, something arrives.
            self._release_all()
        if not self._ready:
            self._is_urgent = False
            return None
        if self._ready_count >= self._most:
            return 0.0
        if self.is_closed or self._barriers or self._is_urgent:
            return 0.0
        first = self._ready[0]
        assert isinstance(first, Entry)
        return first.since + self._settings.flush_interval - self._clock()

    def _cut_batch(self) -> List[Entry]:
        """What fits into one request: of a trace that is too large alone, a part."""
        batch: List[Entry] = []
        room, space = self._settings.max_batch_size, MAX_BATCH_BYTES
        while self._ready and room > 0 and not isinstance(self._ready[0], Barrier):
            entry = self._ready[0]
            if len(entry.spans) <= room and entry.size <= space:
                self._ready.popleft()
                self._late.pop(entry.trace.id, None)
            elif batch:
                break
            else:
                entry = self._split(entry, room)
            batch.append(entry)
            room -= len(entry.spans)
            space -= entry.size
            self._ready_count -= len(entry.spans)
            self._taken += len(entry.spans)
            self._empty_count -= 0 if entry.spans else 1
            self._bytes -= entry.size
        return batch

    @staticmethod
    def _split(entry: Entry, room: int) -> Entry:
        part = Entry(entry.trace, entry.since)
        while len(entry.spans) > 1 and len(part.spans) < room:
            size = size_of(entry.spans[0])
            if part.spans and part.size + size > MAX_BATCH_BYTES:
                break
            part.spans.append(entry.spans.popleft())
            part.size += size
            entry.size -= size
        return part

    def _drop_oldest(self) -> None:
        index = self._find_oldest() if self._ready_count else None
        if index is not None:
            entry = cast(Entry, self._ready[index])
            self._ready_count -= 1
        else:
            entry = next(iter(self._open.values()))
            self._open_count -= 1
        span = entry.spans.popleft()
        entry.size -= size_of(span)
        self._bytes -= size_of(span)
        self._dropped += 1
        if not entry.spans and index is not None:
            del self._ready[index]
            self._late.pop(entry.trace.id, None)
        elif not entry.spans:
            del self._open[entry.trace.id]
        warn_once(
            "queue full",
            f"more than {self._settings.max_queue_size} spans wait to be sent: the oldest are dropped",
        )

    def _find_oldest(self) -> Optional[int]:
        # By number, since the garbage collector may add to the queue while it is gone through.
        for index in range(len(self._ready)):
            one = self._ready[index]
            if isinstance(one, Entry) and one.spans:
                return index
        return None

    def _leave_content_out(self, span: Span) -> None:
        span.input = _LEFT_OUT if span.input is not None else None
        span.output = _LEFT_OUT if span.output is not None else None
        warn_once("too large", "over 64 MiB wait to be sent: inputs and outputs are left out")
