"""What wrapped clients share: one method of one object is recorded, and answers what it answered before."""

from __future__ import annotations

import functools
import inspect
import json
import weakref
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional

from ._calls import Call, Options, begin
from ._log import harmless, note_fault
from ._observe import finish
from ._pieces import end_with
from ._streams import abandon, is_stream, watch

_MARK = "_cognobserve_wrapped"
_RAW_HEADER = "x-stainless-raw-response"

#: What of a request is a parameter of the model, in all providers' names.
PARAMETERS = (
    "dimensions",
    "frequency_penalty",
    "max_completion_tokens",
    "max_output_tokens",
    "max_tokens",
    "n",
    "presence_penalty",
    "reasoning",
    "reasoning_effort",
    "seed",
    "service_tier",
    "stop",
    "stop_sequences",
    "temperature",
    "thinking",
    "tool_choice",
    "top_k",
    "top_p",
    "verbosity",
)

#: Makes a request's input from its arguments.
ReadInput = Callable[[Mapping[str, Any]], Any]


class Method(NamedTuple):
    """A method to record: where it is, what its spans are called, what of its arguments is input."""

    path: str
    name: str
    read_input: ReadInput


def wrap_methods(client: Any, methods: "tuple[Method, ...]") -> Any:
    """Records the methods of this client, and of the copies that it makes with other options."""
    if getattr(client, _MARK, False):
        return client
    for method in methods:
        owner_path, _, name = method.path.rpartition(".")
        try:
            owner = functools.reduce(getattr, owner_path.split("."), client)
            function = getattr(owner, name)
        except AttributeError:
            continue
        if not isinstance(vars(owner).get(name), _Recorded):
            setattr(owner, name, _Recorded(function, method))
    for name in ("copy", "with_options"):
        if callable(getattr(client, name, None)):
            setattr(client, name, _wrap_copy(getattr(client, name), methods))
    setattr(client, _MARK, True)
    return client


def _wrap_copy(function: Any, methods: "tuple[Method, ...]") -> Any:
    @functools.wraps(function)
    def copy(*args: Any, **kwargs: Any) -> Any:
        return wrap_methods(function(*args, **kwargs), methods)

    return copy


class _Recorded:
    """A method that is recorded. All else about it is the method's own."""

    def __init__(self, function: Any, method: Method) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._method = method

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = begin(Options(self._method.name, "generation"), self._method.name)
        if call is None:
            return self._function(*args, **kwargs)
        self._describe(call, kwargs)
        call.enter()
        try:
            answer = self._function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            call.settle()
            raise
        if inspect.iscoroutine(answer):
            call.leave()
            return _follow(answer, call)
        return _finish(answer, call)

    @harmless
    def _describe(self, call: Call, kwargs: Mapping[str, Any]) -> None:
        given = {name: value for name, value in kwargs.items() if is_given(value)}
        model = given.get("model")
        call.model = model if isinstance(model, str) else None
        parameters = {name: given[name] for name in PARAMETERS if name in given}
        call.span.set_model(None, parameters)
        if call.span.trace.client.settings.capture_content:
            call.span.set_input(self._method.read_input(given))


def is_given(value: Any) -> bool:
    """Packages have their own words for what was not given."""
    return value is not None and type(value).__name__ not in ("NotGiven", "Omit")


async def _follow(coroutine: Any, call: Call) -> Any:
    call.enter()
    try:
        answer = await coroutine
    except BaseException as error:
        call.fail(error)
        await call.settle_async()
        raise
    if _is_unfinished(answer):
        return _finish(answer, call)
    call.succeed(read_raw(answer) if is_raw(answer) else answer)
    await call.settle_async()
    return answer


def _finish(answer: Any, call: Call) -> Any:
    if is_manager(answer):
        call.leave()
        return watch_manager(answer, call)
    if not is_raw(answer):
        return finish(answer, call)
    if _is_unfinished(answer):
        call.leave()
        watch_raw(answer, call)
        return answer
    call.succeed(read_raw(answer))
    call.settle()
    return answer


def _is_unfinished(answer: Any) -> bool:
    if is_raw(answer):
        return read_raw(answer) is None
    return is_stream(answer, True) or is_manager(answer)


# Raw answers: what ``with_raw_response`` and ``with_streaming_response`` lead to.


def is_raw(answer: Any) -> bool:
    return hasattr(answer, "http_response") and callable(getattr(answer, "parse", None))


def read_raw(answer: Any) -> Optional[Dict[str, Any]]:
    """The body of a raw answer that has been read already; None if it is still to come."""
    try:
        if "event-stream" in answer.http_response.headers.get("content-type", ""):
            return None
        body = json.loads(answer.http_response.content)
    except Exception:
        return None
    return body if isinstance(body, dict) else {}


@harmless
def watch_raw(answer: Any, call: Call) -> None:
    """The span ends with what ``parse`` answers, or when the raw answer is closed or forgotten."""

    stream: Any = None

    def take(parsed: Any) -> Any:
        nonlocal stream
        if not call.span.is_open:
            return parsed
        parsed = finish(parsed, call)
        stream = weakref.ref(parsed) if is_stream(parsed, True) else None
        return parsed

    def end(result: Any) -> Any:
        abandon(stream and stream())
        if call.span.is_open:
            call.succeed(read_raw(answer))
        return result

    answer.parse = _then(answer.parse, take)
    if callable(getattr(answer, "close", None)):
        answer.close = _then(answer.close, end)
    end_with(answer, call.end)


def _then(function: Any, follow: Callable[[Any], Any]) -> Any:
    """The function, sync or async, and then another one with what it answers."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if not inspect.iscoroutine(result):
            return follow(result)

        async def run_async() -> Any:
            return follow(await result)

        return run_async()

    return run


# Managers: what is entered to get a stream.


def is_manager(answer: Any) -> bool:
    return type(answer).__name__.endswith("StreamManager")


def watch_manager(manager: Any, call: Call) -> Any:
    """The stream that the manager answers is recorded; what fails before it comes ends the span."""
    try:
        kind = type(manager)
        name = "__aenter__" if hasattr(kind, "__aenter__") else "__enter__"
        members = _async_manager(kind, call) if name == "__aenter__" else _manager(kind, call)
        tapped = type(kind.__name__, (kind,), {"__slots__": (), "__module__": kind.__module__, **members})
        manager.__class__ = tapped
    except Exception as error:
        note_fault("manager", error)
        call.end()
    return manager


def _manager(kind: Any, call: Call) -> Dict[str, Any]:
    def __enter__(self: Any) -> Any:
        call.enter()
        try:
            stream = kind.__enter__(self)
        except BaseException as error:
            call.fail(error)
            raise
        call.leave()
        return watch(stream, call)

    def __exit__(self: Any, kind_of: Any, error: Any, trace: Any) -> Any:
        try:
            return kind.__exit__(self, kind_of, error, trace)
        finally:
            call.end()
            call.settle()

    return {"__enter__": __enter__, "__exit__": __exit__}


def _async_manager(kind: Any, call: Call) -> Dict[str, Any]:
    async def __aenter__(self: Any) -> Any:
        call.enter()
        try:
            stream = await kind.__aenter__(self)
        except BaseException as error:
            call.fail(error)
            raise
        call.leave()
        return watch(stream, call)

    async def __aexit__(self: Any, kind_of: Any, error: Any, trace: Any) -> Any:
        try:
            return await kind.__aexit__(self, kind_of, error, trace)
        finally:
            call.end()
            await call.settle_async()

    return {"__aenter__": __aenter__, "__aexit__": __aexit__}
