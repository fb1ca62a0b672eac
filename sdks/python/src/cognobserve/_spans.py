"""A span: one step of a trace. It is filled by setters that can be chained, none of which raises."""

from __future__ import annotations

import functools
import itertools
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, TypeVar, cast

from ._answers import Reading, read_answer
from ._encoding import encode, encode_values
from ._ids import make_span_id
from ._log import harmless, note_fault
from ._scope import Scope, come_out, get_scope, go_in

if TYPE_CHECKING:
    from ._traces import Trace

S = TypeVar("S", bound="Span")
F = TypeVar("F", bound=Callable[..., Any])

MODEL_TYPES = ("generation", "embedding")
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")
_MOST_NAME = 1024
_MOST_MESSAGE = 32 * 1024
_order = itertools.count()


def read_name(name: Any, default: str) -> str:
    """A name as short as the server keeps it."""
    text = name if isinstance(name, str) else default
    return text[:_MOST_NAME] or default


def chained(function: F) -> F:
    """A setter that answers the span, does nothing after its end, and never raises."""

    @functools.wraps(function)
    def run(self: "Span", *args: Any, **kwargs: Any) -> "Span":
        if self.is_open:
            try:
                function(self, *args, **kwargs)
            except Exception as error:
                note_fault(function.__name__, error)
        return self

    return cast(F, run)


class Span:
    """Made by ``start_span``, ``span`` or an observed call. After ``end`` nothing changes it any more."""

    def __init__(
        self, trace: "Trace", name: str, type: str = "span", above: Optional["Span"] = None
    ) -> None:
        self.id = make_span_id()
        self.trace = trace
        self.name = name
        self.type = type
        self.above = above
        self.has_told_below = False
        #: Answers whose tokens a trace that was started below has told.
        self.told_elsewhere: List[Reading] = []
        self.order = next(_order)
        self.start_ns = time.time_ns()
        self.end_ns: Optional[int] = None
        self._clock = time.perf_counter_ns()
        self.input: Optional[bytes] = None
        self.output: Optional[bytes] = None
        self.model: Optional[str] = None
        self.model_parameters: Optional[bytes] = None
        self.usage: Optional[Dict[str, int]] = None
        self.cost: Optional[Dict[str, Any]] = None
        self.metadata: Dict[str, bytes] = {}
        self.level = "DEFAULT"
        self.status_message: Optional[str] = None
        self.response_id: Optional[str] = None
        self.has_own_output = False

    @property
    def trace_id(self) -> str:
        """The id of the trace that it is in."""
        return self.trace.id

    @property
    def parent_id(self) -> Optional[str]:
        return self.above.id if self.above is not None else None

    @property
    def is_open(self) -> bool:
        return self.end_ns is None

    def start_span(
        self,
        name: str,
        type: str = "span",
        *,
        input: Any = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> "Span":
        """A span below this one."""
        return self.trace.start_span(name, type, parent=self, input=input, metadata=metadata)

    @chained
    def set_input(self: S, value: Any) -> S:
        self.input = self._encode_content(value, "input")
        return self

    @chained
    def set_output(self: S, value: Any) -> S:
        """What the step answered; wins over what an observed function returns.

        Of a generation, a provider's answer is read: its message is the output, its model and usage are kept.
        """
        self.has_own_output = True
        self.output = self._encode_content(self.read(value), "output")
        return self

    @property
    def is_model_call(self) -> bool:
        return self.type in MODEL_TYPES

    def read(self, answer: Any) -> Any:
        """Takes over what a provider's answer says; answers what of it is the output."""
        reading = read_answer(answer) if self.is_model_call else None
        if reading is None:
            return answer
        self.fill(reading)
        return reading.output

    @chained
    def fill(self: S, reading: Reading) -> S:
        """What the app has set by itself stays."""
        if self.model is None and isinstance(reading.model, str):
            self.model = reading.model[:_MOST_NAME]
        if self.response_id is None and isinstance(reading.response_id, str):
            self.response_id = reading.response_id[:255]
        # Without a response's id the server could not tell that this is what a call below has told already.
        is_told = self.has_told_below and not reading.response_id
        is_told = is_told or any(is_same_answer(one, reading) for one in self.told_elsewhere)
        if self.usage is None and reading.usage and not is_told:
            self.usage = dict(reading.usage)
            self._tell_above(reading)
        return self

    def _tell_above(self, reading: Reading) -> None:
        """All calls around know that the tokens of this answer are told, those in other traces, too."""
        trace, above = self.trace, self.above
        while True:
            while above is not None:
                if trace is self.trace:
                    above.has_told_below = True
                else:
                    above.told_elsewhere.append(Reading(None, reading.response_id, reading.usage))
                above = above.above
            if trace.around is None:
                return
            above = trace.around
            trace = above.trace

    @chained
    def set_model(self: S, model: Any, parameters: Optional[Mapping[str, Any]] = None) -> S:
        """The model's name and its parameters, such as ``{"temperature": 0.2}``; wins over the answer's."""
        if model is not None:
            self.model = str(model)[:_MOST_NAME]
        if parameters:
            self.model_parameters = encode(dict(parameters))
        return self

    @chained
    def set_usage(
        self: S,
        prompt_tokens: Optional[int] = None,
        completion_tokens: Optional[int] = None,
        total_tokens: Optional[int] = None,
        cached_tokens: Optional[int] = None,
        cache_write_tokens: Optional[int] = None,
        reasoning_tokens: Optional[int] = None,
    ) -> S:
        """Tokens; wins over the answer's. Prompt tokens include cached, completion tokens reasoning ones."""
        given = {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": total_tokens,
            "cached_tokens": cached_tokens,
            "cache_write_tokens": cache_write_tokens,
            "reasoning_tokens": reasoning_tokens,
        }
        self.usage = {key: value for key, value in given.items() if value is not None}
        return self

    @chained
    def set_cost(self: S, total: Any = None, *, input: Any = None, output: Any = None) -> S:
        """Dollars, as a number, Decimal or text; wins over the server's price book."""
        given = {"total": total, "input": input, "output": output}
        self.cost = {key: value for key, value in given.items() if value is not None}
        return self

    @chained
    def set_metadata(self: S, metadata: Optional[Mapping[str, Any]] = None, **more: Any) -> S:
        """Adds keys; a key that is set again is replaced."""
        self.metadata.update(encode_values({**(metadata or {}), **more}))
        return self

    @chained
    def set_level(self: S, level: str, status_message: Optional[str] = None) -> S:
        """``DEBUG``, ``DEFAULT``, ``WARNING`` or ``ERROR``."""
        word = str(level).upper()
        self.level = word if word in LEVELS else "DEFAULT"
        if status_message is not None:
            self.status_message = str(status_message)[:_MOST_MESSAGE]
        return self

    def set_error(self: S, error: Any) -> S:
        """Marks the step as failed, with an exception or a message."""
        return self.set_level("ERROR", describe_error(error))

    def end(self) -> None:
        """Ends the span; if it is the first of an observed trace, the trace leaves."""
        if self.end_ns is None:
            self.end_ns = self.start_ns + max(0, time.perf_counter_ns() - self._clock)
            self.trace.take_ended(self)

    @harmless
    def _encode_content(self, value: Any, what: str) -> Optional[bytes]:
        return self.trace.client.encode_content(value, what)

    def __enter__(self: S) -> S:
        """Observed calls in the block become children of this span; it ends with the block."""
        trace = self.trace
        go_in(self, Scope(trace.person or get_scope().person, trace.session_id, trace, self))
        return self

    def __exit__(self, _: Any, error: Optional[BaseException], __: Any) -> None:
        come_out(self)
        if error is not None and is_failure(error):
            self.set_error(error)
        self.end()


def is_same_answer(one: Reading, other: Reading) -> bool:
    """By the response's id; where one of them lacks it, by the tokens."""
    if one.response_id and other.response_id:
        return bool(one.response_id == other.response_id)
    return bool(one.usage == other.usage)


def describe_error(error: Any) -> str:
    """The message of an error, else its type; never raises."""
    try:
        return (str(error) or type(error).__name__)[:_MOST_MESSAGE]
    except Exception:
        return type(error).__name__


def is_failure(error: BaseException) -> bool:
    """Whether a call that ended by this has failed. To be closed, and to end the program well, is no failure."""
    if isinstance(error, GeneratorExit):
        return False
    return not (isinstance(error, SystemExit) and error.code in (None, 0))
