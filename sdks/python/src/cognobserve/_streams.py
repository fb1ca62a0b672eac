"""Answers that are still to come: finds them, and records what arrives.

A stream of a provider's package stays the object that it is and gets a subclass of its class, so that all its
other methods and ``isinstance`` work as before. Where that cannot be, a proxy stands in.
"""

from __future__ import annotations

import inspect
import io
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, Dict

from ._calls import Call
from ._generators import ObservedAsyncGenerator, ObservedGenerator
from ._pieces import Pieces, end_with

_tapped: "Dict[type, type]" = {}
_FIELD = "_cognobserve_pieces"



def is_stream(answer: Any, is_model_call: bool) -> bool:
    """Whether an answer is still to come. Files, cursors and other iterators are answers as they are."""
    kind = type(answer)
    if hasattr(kind, "__anext__") or isinstance(answer, Generator):
        return True
    if not hasattr(kind, "__next__") or isinstance(answer, io.IOBase):
        return False
    return is_model_call or "stream" in kind.__name__.lower()


def watch(answer: Any, call: Call) -> Any:
    """The stream to hand out instead of ``answer``; its span ends with it."""
    pieces = Pieces(call)
    if isinstance(answer, Generator):
        return ObservedGenerator(answer, call.inside, pieces)
    if isinstance(answer, AsyncGenerator):
        return ObservedAsyncGenerator(answer, call.inside, pieces)
    if _tap(answer, pieces):
        return answer
    is_async = hasattr(type(answer), "__anext__")
    return _AsyncProxy(answer, pieces) if is_async else _Proxy(answer, pieces)


def abandon(stream: Any) -> None:
    """Nobody will take more of this stream."""
    pieces = getattr(stream, _FIELD, None)
    if isinstance(pieces, Pieces):
        pieces.end()


def _tap(stream: Any, pieces: Pieces) -> bool:
    kind = type(stream)
    if getattr(stream, _FIELD, None) is not None:
        # A stream that is recorded by a wrapped client, within an observed call: each has its own span.
        return False
    try:
        tapped = _tapped.get(kind) or _make_tapped(kind)
        setattr(stream, _FIELD, pieces)
        end_with(stream, pieces.end)
        stream.__class__ = tapped
    except (TypeError, AttributeError):
        return False
    return True


def _make_tapped(kind: Any) -> type:
    members = _async_members(kind) if hasattr(kind, "__anext__") else _sync_members(kind)
    tapped = type(kind.__name__, (kind,), {"__slots__": (), "__module__": kind.__module__, **members})
    tapped.__qualname__ = kind.__qualname__
    _tapped[kind] = tapped
    return tapped


def _sync_members(kind: Any) -> Dict[str, Any]:
    def __next__(self: Any) -> Any:
        pieces: Pieces = getattr(self, _FIELD)
        try:
            piece = kind.__next__(self)
        except StopIteration:
            pieces.end()
            raise
        except BaseException as error:
            pieces.end(error)
            raise
        pieces.add(piece)
        return piece

    def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return kind.close(self, *args, **kwargs)
        finally:
            getattr(self, _FIELD).end()

    members = {"__next__": __next__, "__iter__": lambda self: self}
    return {**members, "close": close} if hasattr(kind, "close") else members


def _async_members(kind: Any) -> Dict[str, Any]:
    async def __anext__(self: Any) -> Any:
        pieces: Pieces = getattr(self, _FIELD)
        try:
            piece = await kind.__anext__(self)
        except StopAsyncIteration:
            pieces.end()
            raise
        except BaseException as error:
            pieces.end(error)
            raise
        pieces.add(piece)
        return piece

    members: Dict[str, Any] = {"__anext__": __anext__, "__aiter__": lambda self: self}
    for name in ("close", "aclose"):
        if inspect.iscoroutinefunction(getattr(kind, name, None)):
            members[name] = _make_async_close(kind, name)
    return members


def _make_async_close(kind: Any, name: str) -> Any:
    async def close(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return await getattr(kind, name)(self, *args, **kwargs)
        finally:
            getattr(self, _FIELD).end()

    return close


class _ProxyBase:
    """For streams whose class cannot be changed: hands everything through."""

    def __init__(self, inner: Any, pieces: Pieces) -> None:
        self._inner = inner
        setattr(self, _FIELD, pieces)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __del__(self) -> None:
        try:
            getattr(self, _FIELD).end()
        except Exception:
            pass


class _Inner(_ProxyBase, Iterator):  # type: ignore[type-arg]
    def __next__(self) -> Any:
        return next(self._inner)

    def close(self) -> None:
        if hasattr(self._inner, "close"):
            self._inner.close()

    def __enter__(self) -> Any:
        if hasattr(self._inner, "__enter__"):
            self._inner.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        try:
            return self._inner.__exit__(*error) if hasattr(self._inner, "__exit__") else None
        finally:
            getattr(self, _FIELD).end()


class _AsyncInner(_ProxyBase, AsyncIterator):  # type: ignore[type-arg]
    async def __anext__(self) -> Any:
        return await self._inner.__anext__()

    async def close(self) -> None:
        closing = getattr(self._inner, "close", None) or getattr(self._inner, "aclose", None)
        result = closing() if closing else None
        if inspect.isawaitable(result):
            await result

    async def __aenter__(self) -> Any:
        if hasattr(self._inner, "__aenter__"):
            await self._inner.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        try:
            if hasattr(self._inner, "__aexit__"):
                return await self._inner.__aexit__(*error)
        finally:
            getattr(self, _FIELD).end()


_Proxy: Any = type("_Proxy", (_Inner,), _sync_members(_Inner))
_AsyncProxy: Any = type("_AsyncProxy", (_AsyncInner,), _async_members(_AsyncInner))
