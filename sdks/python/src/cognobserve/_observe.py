"""``observe``: records each call of a function, whatever kind of function it is, and changes nothing else about it."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any, Callable, Dict, Mapping, Optional, TypeVar, Union, overload

from ._calls import Call, Options, begin
from ._log import harmless, note_fault, warn_once
from ._streams import is_stream, watch
from ._users import UserLike

F = TypeVar("F", bound=Callable[..., Any])


@overload
def observe(name: F) -> F: ...


@overload
def observe(
    name: Optional[str] = None,
    *,
    type: str = "span",
    user_id: Union[str, int, None] = None,
    user: UserLike = None,
    session_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
    capture_input: bool = True,
    capture_output: bool = True,
) -> Callable[[F], F]: ...


def observe(name: Any = None, **options: Any) -> Any:
    """Records each call of a function as a span, or as a trace if there is none around it.

    ``@observe``, ``@observe(name="answer", type="generation")``. Arguments become the input by name, the answer
    becomes the output; of a generation, model and tokens are read from a provider's answer.
    """
    if callable(name) or isinstance(name, (staticmethod, classmethod)):
        return decorate(name, Options(**options))
    return lambda function: decorate(function, Options(name, **options))


def decorate(function: Any, options: Options) -> Any:
    """The function to call instead."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(decorate(function.__func__, options))
    if inspect.isclass(function):
        warn_once("observed class", "a class cannot be observed: observe its methods")
        return function
    name = getattr(function, "__name__", None) or type(function).__name__
    read = _make_reader(function) if options.capture_input else None

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            call = begin(options, name)
            if call is None:
                return await function(*args, **kwargs)
            enter(call, read, args, kwargs)
            # Called within the coroutine that is followed, as wrong arguments are refused by the call itself.
            return await follow(function, args, kwargs, call)

        return run_async

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        call = begin(options, name)
        if call is None:
            return function(*args, **kwargs)
        enter(call, read, args, kwargs)
        try:
            answer = function(*args, **kwargs)
        except BaseException as error:
            call.fail(error)
            call.settle()
            raise
        return finish(answer, call)

    return run


Reader = Callable[["tuple[Any, ...]", Dict[str, Any]], Any]


def enter(call: Call, read: Optional[Reader], args: Any, kwargs: Dict[str, Any]) -> None:
    """Notes the input, and goes into the call's scope."""
    if read is not None and call.span.trace.client.settings.capture_content:
        try:
            given = read(args, kwargs)
            if given:
                call.span.set_input(given)
        except Exception as error:
            note_fault("input", error)
    call.enter()


def finish(answer: Any, call: Call) -> Any:
    """Ends the call, or lets it go on with what is still to come; answers what the host gets."""
    try:
        if is_stream(answer, call.span.is_model_call):
            call.leave()
            return watch(answer, call)
        if inspect.iscoroutine(answer):
            call.leave()
            return follow_later(answer, call)
        if isinstance(answer, asyncio.Future):
            call.leave()
            answer.add_done_callback(lambda done: _end_with(done, call))
            return answer
    except Exception as error:
        note_fault("finish", error)
    call.succeed(answer)
    call.settle()
    return answer


async def follow(function: Any, args: Any, kwargs: Dict[str, Any], call: Call) -> Any:
    """Awaits what an entered call is about."""
    try:
        answer = await function(*args, **kwargs)
    except BaseException as error:
        call.fail(error)
        await call.settle_async()
        raise
    if is_stream(answer, call.span.is_model_call):
        return finish(answer, call)
    call.succeed(answer)
    await call.settle_async()
    return answer


async def follow_later(coroutine: Any, call: Call) -> Any:
    call.enter()
    return await follow(lambda: coroutine, (), {}, call)


@harmless
def _end_with(done: "asyncio.Future[Any]", call: Call) -> None:
    if done.cancelled():
        call.fail(asyncio.CancelledError())
        return
    error = done.exception()
    if error is not None:
        call.fail(error)
    else:
        call.succeed(done.result())


def _make_reader(function: Any) -> Optional[Reader]:
    """Reads arguments by name, without ``self`` and ``cls``."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    parameters = list(signature.parameters.values())
    own = parameters[0].name if parameters and parameters[0].name in ("self", "cls") else None
    rest = next((one.name for one in parameters if one.kind is one.VAR_KEYWORD), None)

    def read(args: Any, kwargs: Dict[str, Any]) -> Dict[str, Any]:
        given = signature.bind(*args, **kwargs).arguments
        values = {name: value for name, value in given.items() if name not in (own, rest)}
        if rest is not None:
            values.update(given.get(rest, {}))
        return values

    return read
