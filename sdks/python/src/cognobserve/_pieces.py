"""The call behind an answer that arrives in pieces: joins them, and ends its span with the last one."""

from __future__ import annotations

import weakref
from typing import Any, Callable, Optional

from ._answers import Joiner, find_joiner
from ._calls import Call
from ._log import harmless


def end_with(thing: Any, end: Callable[[], object]) -> None:
    """Calls ``end`` when ``thing`` is forgotten, but not at the end of the program."""
    finalizer = weakref.finalize(thing, end)
    setattr(finalizer, "atexit", False)


class Pieces:
    """The call behind an answer in pieces. Whatever comes first, end, failure or neglect, ends it once."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self._joiner: Optional[Joiner] = None
        self._is_over = False

    @harmless
    def add(self, piece: Any) -> None:
        call = self.call
        if not (call.span.is_model_call or call.wants_output):
            return
        if self._joiner is None:
            self._joiner = find_joiner(piece)
        self._joiner.add(piece)

    @harmless
    def end(self, error: Optional[BaseException] = None) -> None:
        """All have come, or nobody wants more of them."""
        if self._is_over:
            return
        self._is_over = True
        call = self.call
        try:
            reading = self._joiner.finish() if self._joiner else None
            if reading is not None:
                if call.span.is_model_call:
                    call.span.fill(reading)
                call.put(reading.output)
        finally:
            if error is not None:
                call.fail(error)
            else:
                call.end()
