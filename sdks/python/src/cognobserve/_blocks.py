"""``span`` and ``trace``: what ``observe`` does for a function, for a ``with`` or ``async with`` block."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Union

from ._calls import Call, Options, begin
from ._client import get_client
from ._scope import Entry, come_out, get_scope, go_in
from ._spans import Span, read_name
from ._traces import Trace
from ._users import UserLike, read_id


class SpanBlock:
    """A block that is recorded. Each entering, also of several tasks at once, makes a span, and answers it."""

    def __init__(self, options: Options, input: Any) -> None:
        self._options = options
        self._input = input
        self._open: List[Entry] = []

    def __enter__(self) -> Span:
        call = begin(self._options, "span")
        inside = get_scope().copy() if call is None else call.inside
        self._open.append(go_in(self, inside, call))
        if call is None:
            return make_idle(self._options)
        if self._input is not None:
            call.span.set_input(self._input)
        return call.span

    def __exit__(self, _: Any, error: Optional[BaseException], __: Any) -> None:
        call = self._end(error)
        if call is not None:
            call.settle()

    async def __aenter__(self) -> Span:
        return self.__enter__()

    async def __aexit__(self, _: Any, error: Optional[BaseException], __: Any) -> None:
        call = self._end(error)
        if call is not None:
            await call.settle_async()

    def _end(self, error: Optional[BaseException]) -> Optional[Call]:
        call = self._leave()
        if call is not None and error is not None:
            call.fail(error)
        elif call is not None:
            call.succeed(None)
        return call

    def _leave(self) -> Optional[Call]:
        entry = come_out(self)
        try:
            if entry is None:
                # A generator may be ended in another context than it was begun in, whose scope stays as it is.
                entry = self._open.pop()
            else:
                self._open.remove(entry)
        except (IndexError, ValueError):
            return None
        call: Optional[Call] = entry.call
        return call


def make_idle(options: Options) -> Span:
    """A span that is never sent, for blocks where nothing is recorded."""
    name = read_name(options.name, "span")
    return Span(Trace(get_client(), name, id=read_id(options.trace_id)), name, options.type)


def span(
    name: str,
    *,
    type: str = "span",
    user_id: Union[str, int, None] = None,
    user: UserLike = None,
    session_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
    input: Any = None,
) -> SpanBlock:
    """Records a block as a span of the trace around it, or as a trace if there is none.

    ``with span("search", input={"query": query}) as step: step.set_output(found)``
    """
    return SpanBlock(Options(name, type, user_id, user, session_id, metadata), input)


def trace(
    name: str,
    *,
    id: Union[str, int, None] = None,
    type: str = "span",
    user_id: Union[str, int, None] = None,
    user: UserLike = None,
    session_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
    input: Any = None,
) -> SpanBlock:
    """As ``span``, but always starts a trace, whose id the span tells as ``trace_id``.

    ``id`` is an id of your own; what is told twice under one id counts once.
    """
    options = Options(name, type, user_id, user, session_id, metadata, is_new_trace=True, trace_id=id)
    return SpanBlock(options, input)
