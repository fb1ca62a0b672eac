"""A trace: one request of one user. It hands its ended spans to the client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from ._encoding import encode_values
from ._ids import make_trace_id
from ._log import harmless
from ._scope import Scope, come_out, get_scope, go_in
from ._spans import Span, read_name
from ._users import Person

if TYPE_CHECKING:
    from ._client import Client


class Trace:
    """Made by ``start_trace`` or an observed call. One that was started by hand leaves with ``end``."""

    def __init__(
        self,
        client: "Client",
        name: str,
        person: Optional[Person] = None,
        session_id: Optional[str] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        id: Optional[str] = None,
    ) -> None:
        self.id = id or make_trace_id()
        self.client = client
        #: A process forked off in the meantime must not send what is its parent's.
        self.generation = client.generation
        self.name = name
        self.person = person
        self.session_id = session_id
        self.start_ns = time.time_ns()
        self.metadata: Dict[str, bytes] = {}
        self.root: Optional[Span] = None
        around = get_scope().span
        #: The span of another trace that this one was started in, while that may still read an answer.
        self.around = around if around is not None and around.is_open else None
        self.is_ended = False
        self.was_released = False
        if metadata:
            self.set_metadata(metadata)

    @property
    def is_foreign(self) -> bool:
        return self.generation != self.client.generation

    def start_span(
        self,
        name: str,
        type: str = "span",
        *,
        parent: Optional[Span] = None,
        input: Any = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> Span:
        """A span of this trace, below ``parent`` if one is given."""
        span = Span(self, read_name(name, "span"), type if isinstance(type, str) else "span", parent)
        if input is not None:
            span.set_input(input)
        if metadata:
            span.set_metadata(metadata)
        return span

    def set_metadata(self, metadata: Optional[Mapping[str, Any]] = None, **more: Any) -> "Trace":
        """Adds keys; they are sent with what leaves from now on."""
        self._add_metadata(metadata, more)
        return self

    @harmless
    def _add_metadata(self, metadata: Optional[Mapping[str, Any]], more: Dict[str, Any]) -> None:
        self.metadata.update(encode_values({**(metadata or {}), **more}))

    def take_ended(self, span: Span) -> None:
        """A span of this trace has ended."""
        self._hand_over(span)
        if span is self.root:
            self.close()

    @harmless
    def _hand_over(self, span: Span) -> None:
        if not self.is_foreign:
            self.client.take_span(self, span)

    def end(self) -> None:
        """Lets the trace leave with what has ended; spans that end later follow it.

        In immediate mode this waits until it was sent, except in an event loop: there, use ``async with``, or
        ``await cognobserve.flush_async()`` afterwards.
        """
        self.close()
        self.client.settle(self)

    def close(self) -> None:
        """As ``end``, but never waits."""
        if not self.is_ended:
            self.is_ended = True
            self._leave()

    @harmless
    def _leave(self) -> None:
        if not self.is_foreign:
            self.client.take_trace(self)

    def __enter__(self) -> "Trace":
        """Observed calls in the block become spans of this trace; it ends with the block."""
        go_in(self, Scope(self.person or get_scope().person, self.session_id, self, None))
        return self

    def __exit__(self, *_: Any) -> None:
        come_out(self)
        self.end()

    async def __aenter__(self) -> "Trace":
        return self.__enter__()

    async def __aexit__(self, *_: Any) -> None:
        come_out(self)
        self.close()
        await self.client.settle_async(self)
