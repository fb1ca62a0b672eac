"""An observed call: decides whose it is and which trace it belongs to, and records how it went.

Nothing in here raises into the host.
"""

from __future__ import annotations

import collections.abc
from typing import Any, Mapping, Optional

from ._client import Client, get_client
from ._encoding import encode
from ._log import harmless
from ._scope import Scope, choose_person, get_scope, read_person_safely, set_scope
from ._spans import Span, is_failure, read_name
from ._traces import Trace
from ._users import NOBODY, Person, read_id


class Options:
    """What an app says of a call beside its function."""

    __slots__ = (
        "name", "type", "user_id", "user", "session_id", "metadata",
        "capture_input", "capture_output", "is_new_trace", "trace_id",
    )  # fmt: skip

    def __init__(
        self,
        name: Optional[str] = None,
        type: str = "span",
        user_id: Any = None,
        user: Any = None,
        session_id: Any = None,
        metadata: Optional[Mapping[str, Any]] = None,
        capture_input: bool = True,
        capture_output: bool = True,
        is_new_trace: bool = False,
        trace_id: Any = None,
    ) -> None:
        self.name = name
        self.type = type if isinstance(type, str) and type else "span"
        self.user_id = user_id
        self.user = user
        self.session_id = session_id
        self.metadata = metadata
        self.capture_input = capture_input
        self.capture_output = capture_output
        self.is_new_trace = is_new_trace
        self.trace_id = trace_id


class Call:
    """A running call: its span, and the scope that it runs in and is left to."""

    __slots__ = ("span", "options", "inside", "_outside", "model", "__weakref__")

    def __init__(self, span: Span, options: Options, inside: Scope) -> None:
        self.span = span
        self.options = options
        self.inside = inside
        self._outside: Optional[Scope] = None
        #: The model that was asked for, where the answer does not say.
        self.model: Optional[str] = None

    def enter(self) -> None:
        self._outside = get_scope()
        set_scope(self.inside)

    def leave(self) -> None:
        if self._outside is not None:
            # What the call's own code has set and not taken back is kept for its next piece.
            self.inside = get_scope()
            set_scope(self._outside)
            self._outside = None

    @property
    def wants_output(self) -> bool:
        return self.options.capture_output and self.span.trace.client.settings.capture_content

    @harmless
    def succeed(self, answer: Any) -> None:
        """The call has answered."""
        self.leave()
        try:
            self.read(answer)
        finally:
            self.end()

    @harmless
    def read(self, answer: Any) -> None:
        self.put(self.span.read(answer))

    def put(self, output: Any) -> None:
        """The output, unless the app has set one."""
        span = self.span
        if output is not None and self.wants_output and not span.has_own_output and span.is_open:
            span.output = span.trace.client.encode_content(output, "output")

    @harmless
    def fail(self, error: BaseException) -> None:
        """The call has raised."""
        self.leave()
        if is_failure(error):
            self.span.set_error(error)
        self.end()

    def end(self) -> None:
        if self.span.model is None and self.model is not None and self.span.is_open:
            self.span.model = read_name(self.model, "")
        self.span.end()

    @harmless
    def settle(self) -> None:
        """Immediate mode waits here for the first call of a trace."""
        trace = self.span.trace
        if trace.root is self.span:
            trace.client.settle(trace)

    async def settle_async(self) -> None:
        trace = self.span.trace
        if trace.root is self.span:
            await trace.client.settle_async(trace)


@harmless
def begin(options: Options, default_name: str) -> Optional[Call]:
    """Starts the span of a call; None if nothing is recorded."""
    client = get_client()
    if not client.is_recording:
        return None
    scope = get_scope()
    own = None
    if options.user is not None or options.user_id is not None:
        own = read_person_safely(options.user, options.user_id)
    session_id = read_id(options.session_id) or scope.session_id
    name = read_name(options.name, default_name)
    trace = find_trace(client, scope)
    named = own if own is not None else scope.person
    if trace is not None and not options.is_new_trace and is_same(trace, named):
        span = trace.start_span(name, options.type, parent=scope.span, metadata=options.metadata)
    else:
        person = choose_person(own)
        span = start_first(client, name, options, person, session_id)
        if trace is not None and not options.is_new_trace:
            tell_origin(span.trace, trace, scope.span)
        named = person
    return Call(span, options, Scope(named, session_id, span.trace, span))


def start_first(
    client: Client,
    name: str,
    options: Options,
    person: Optional[Person],
    session_id: Optional[str],
) -> Span:
    """The first span of a trace of its own, whose metadata is the trace's."""
    trace = Trace(client, name, person, session_id, options.metadata, read_id(options.trace_id))
    trace.root = trace.start_span(name, options.type)
    return trace.root


def find_trace(client: Client, scope: Scope) -> Optional[Trace]:
    """The trace around, unless it belongs to a client before or to the process that this one was forked from."""
    trace = scope.trace
    if trace is None or trace.client is not client or trace.is_foreign:
        return None
    return trace


def is_same(trace: Trace, person: Optional[Person]) -> bool:
    """Whether a call that names ``person``, by itself or by a scope, can be a part of the trace."""
    return person is None or person.id == (trace.person or NOBODY).id


def tell_origin(trace: Trace, above: Trace, span: Optional[Span]) -> None:
    trace.metadata["parent_trace_id"] = encode(above.id)
    if span is not None:
        trace.metadata["parent_span_id"] = encode(span.id)


@harmless
def record_event(message: str, data: Any, level: str) -> None:
    """A moment within the trace around it, else within one of its own."""
    client = get_client()
    if not client.is_recording:
        return
    scope = get_scope()
    name = read_name(message, str(message))
    trace = find_trace(client, scope)
    is_within = trace is not None and is_same(trace, scope.person)
    if trace is not None and is_within:
        span = trace.start_span(name, "event", parent=scope.span)
    else:
        options = Options(type="event")
        span = start_first(client, name, options, choose_person(None), scope.session_id)
        if trace is not None:
            tell_origin(span.trace, trace, scope.span)
    if data is not None:
        span.set_metadata(data if isinstance(data, collections.abc.Mapping) else {"data": data})
    span.set_level(level)
    span.end()
    if not is_within:
        client.settle(span.trace)
