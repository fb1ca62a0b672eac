"""What a queue holds: spans of one trace that leave together."""

from __future__ import annotations

from collections import deque
from typing import Deque

from ._spans import Span
from ._traces import Trace


class Entry:
    """Spans of one trace that leave together."""

    __slots__ = ("trace", "spans", "size", "since")

    def __init__(self, trace: Trace, since: float) -> None:
        self.trace = trace
        self.spans: Deque[Span] = deque()
        self.size = 0
        self.since = since


def size_of(span: Span) -> int:
    return len(span.input or b"") + len(span.output or b"")
