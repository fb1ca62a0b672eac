"""What waits to be sent, in the order in which it became ready. Bounded: over the limit the oldest go, and are counted.

Its lock is reentrant, since the garbage collector may end a span while another one is being taken.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Callable, Deque, List, NamedTuple, Optional, Union, cast

from ._barrier import Barrier
from ._entries import Entry, Item, Kind, size_of
from ._log import warn_once
from ._settings import Settings


class Counts(NamedTuple):
    """In items: spans, or events."""

    waiting: int
    #: Handed to whoever sends them, so far.
    taken: int
    dropped: int


class Queue:
    """``ready`` leaves as soon as it is due. What fills it, and what else waits, is each kind's own affair."""

    def __init__(self, settings: Settings, clock: Callable[[], float], kind: Kind) -> None:
        self._settings = settings
        self._clock = clock
        self._kind = kind
        #: A small queue is sent before it is full.
        self._most = min(settings.max_batch_size, max(1, settings.max_queue_size // 2))
        self._condition = threading.Condition(threading.RLock())
        self._ready: Deque[Union[Entry, Barrier]] = deque()
        self._ready_count = 0
        #: Of items that are not ready.
        self._open_count = 0
        self._empty_count = 0
        self._bytes = 0
        self._barriers = 0
        self._taken = 0
        self._dropped = 0
        self._is_urgent = False
        self._is_shut = False
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
        return not self._ready

    def drop(self) -> None:
        """Something cannot even be queued."""
        with self._condition:
            self._dropped += 1

    def _warn_closed(self) -> None:
        warn_once(f"closed to {self._kind.items}", f"{self._kind.told_late} after the shutdown: they are not sent")

    def add_barrier(self) -> Barrier:
        """Is passed when all that waits now, ready or not, has been dealt with."""
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

    def shut(self) -> None:
        """Takes nothing any more. What it has taken still leaves."""
        with self._condition:
            self._is_shut = True

    def close(self) -> int:
        """Takes nothing any more, and gives up what waits; answers how many items that are."""
        with self._condition:
            self._is_shut = self.is_closed = True
            left = self.count
            self._dropped += left
            barriers = [one for one in self._ready if isinstance(one, Barrier)]
            self._barriers = 0
            self._ready.clear()
            self._clear_open()
            self._ready_count = self._open_count = self._empty_count = self._bytes = 0
            self._condition.notify_all()
        for barrier in barriers:
            barrier.let_pass()
        return left

    def _release_all(self) -> None:
        """Makes ready what is not."""

    def _clear_open(self) -> None:
        """Forgets what is not ready."""

    def _forget(self, entry: Entry) -> None:
        """It is not in the queue any more."""

    def _put(self, entry: Entry, item: Item) -> None:
        size = size_of(item)
        entry.items.append(item)
        entry.size += size
        self._bytes += size
        most = self._settings.max_queue_size
        if self.count > most:
            self._drop_oldest(f"more than {most} {self._kind.items} wait to be sent")
        self._wake()

    def _wake(self) -> None:
        """The sender looks up when something new is due, and not for each item."""
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
        room, space = self._settings.max_batch_size, self._kind.most_bytes
        while self._ready and room > 0 and not isinstance(self._ready[0], Barrier):
            entry = self._ready[0]
            if len(entry.items) <= room and entry.size <= space:
                self._ready.popleft()
                self._forget(entry)
            elif batch:
                break
            else:
                entry = self._split(entry, room)
            batch.append(entry)
            room -= len(entry.items)
            space -= entry.size
            self._ready_count -= len(entry.items)
            self._taken += len(entry.items)
            self._empty_count -= 0 if entry.items else 1
            self._bytes -= entry.size
        return batch

    def _split(self, entry: Entry, room: int) -> Entry:
        part = Entry(entry.whole, entry.since)
        while len(entry.items) > 1 and len(part.items) < room:
            size = size_of(entry.items[0])
            if part.items and part.size + size > self._kind.most_bytes:
                break
            part.items.append(entry.items.popleft())
            part.size += size
            entry.size -= size
        return part

    def _drop_oldest(self, why: str) -> None:
        index = self._find_oldest() if self._ready_count else None
        if index is not None:
            entry = cast(Entry, self._ready[index])
            self._ready_count -= 1
        else:
            entry = self._find_open()
            self._open_count -= 1
        size = size_of(entry.items.popleft())
        entry.size -= size
        self._bytes -= size
        self._dropped += 1
        if not entry.items:
            if index is not None:
                del self._ready[index]
            self._forget(entry)
        warn_once(f"queue full of {self._kind.items}", f"{why}: the oldest are dropped")

    def _find_oldest(self) -> Optional[int]:
        # By number, since the garbage collector may add to the queue while it is gone through.
        for index in range(len(self._ready)):
            one = self._ready[index]
            if isinstance(one, Entry) and one.items:
                return index
        return None

    def _find_open(self) -> Entry:
        """The oldest that is not ready."""
        raise LookupError
