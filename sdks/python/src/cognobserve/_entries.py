"""What a queue holds: what leaves together, spans of one trace or one event."""

from __future__ import annotations

from collections import deque
from typing import Callable, Deque, NamedTuple, Sequence, Union

from ._events import Event
from ._spans import Span
from ._traces import Trace
from ._wire import write_trace

#: Contents over this are left out, so that a queue that is bounded in spans is so in memory.
MAX_CONTENT_BYTES = 64 * 1024 * 1024
#: Of events that wait; over it the oldest go.
MAX_EVENT_BYTES = 16 * 1024 * 1024

Item = Union[Span, Event]


class Entry:
    """Spans of one trace that leave together, or an event."""

    __slots__ = ("whole", "items", "size", "since")

    def __init__(self, whole: Union[Trace, Event], since: float) -> None:
        self.whole = whole
        self.items: Deque[Item] = deque()
        self.size = 0
        self.since = since


def size_of(item: Item) -> int:
    return item.size if isinstance(item, Event) else len(item.input or b"") + len(item.output or b"")


def _write_spans(entry: Entry) -> bytes:
    assert isinstance(entry.whole, Trace)
    return write_trace(entry.whole, [span for span in entry.items if isinstance(span, Span)])


def _write_event(entry: Entry) -> bytes:
    assert isinstance(entry.whole, Event)
    return entry.whole.wire


class Kind(NamedTuple):
    """What a lane carries: each kind has a queue, a thread and a route of its own."""

    items: str
    #: What an answer has a result for each of.
    wholes: str
    one_whole: str
    #: What was too late.
    told_late: str
    path: str
    write: Callable[[Entry], bytes]
    #: In a request, save that it has one item at least.
    most_bytes: int

    def write_body(self, wholes: Sequence[bytes]) -> bytes:
        return b'{"' + self.wholes.encode() + b'":[' + b",".join(wholes) + b"]}"


TRACES = Kind(
    items="spans",
    wholes="traces",
    one_whole="a trace",
    told_late="traces and spans ended",
    path="/v1/traces/batch",
    write=_write_spans,
    most_bytes=16 * 1024 * 1024,
)
EVENTS = Kind(
    items="events",
    wholes="events",
    one_whole="an event",
    told_late="events were tracked",
    path="/v1/events",
    write=_write_event,
    most_bytes=4 * 1024 * 1024,
)
