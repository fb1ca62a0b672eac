"""Stands in for a generator and behaves the same: each step runs in the scope of the call that made it.

The scope of the one who takes the pieces is never touched.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Generator
from typing import Any, Optional

from ._pieces import Pieces
from ._scope import Scope, get_scope, set_scope


class _Steps:
    """Runs each step of a generator in its own scope, and leaves the consumer's as it was."""

    def __init__(self, inner: Any, scope: Scope, pieces: Optional[Pieces]) -> None:
        self._inner = inner
        self._scope = scope
        self._pieces = pieces

    def _enter(self) -> Scope:
        outside = get_scope()
        set_scope(self._scope)
        return outside

    def _leave(self, outside: Scope) -> None:
        self._scope = get_scope()
        set_scope(outside)

    def _add(self, piece: Any) -> None:
        if self._pieces is not None:
            self._pieces.add(piece)

    def _end(self, error: Optional[BaseException] = None) -> None:
        if self._pieces is not None:
            self._pieces.end(error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def __del__(self) -> None:
        try:
            self._end()
        except Exception:
            pass


class ObservedGenerator(_Steps, Generator):  # type: ignore[type-arg]
    """A generator whose steps are recorded."""

    def _step(self, step: Any, *args: Any) -> Any:
        outside = self._enter()
        try:
            piece = step(*args)
        except StopIteration:
            self._leave(outside)
            self._finish(None)
            raise
        except BaseException as error:
            self._leave(outside)
            self._finish(error)
            raise
        self._leave(outside)
        self._add(piece)
        return piece

    def _finish(self, error: Optional[BaseException]) -> None:
        self._end(error)
        if self._pieces is not None:
            self._pieces.call.settle()

    def __next__(self) -> Any:
        return self._step(self._inner.__next__)

    def send(self, value: Any) -> Any:
        return self._step(self._inner.send, value)

    def throw(self, *error: Any) -> Any:
        return self._step(self._inner.throw, *error)

    def close(self) -> None:
        outside = self._enter()
        try:
            self._inner.close()
        except BaseException as error:
            self._leave(outside)
            self._finish(error)
            raise
        self._leave(outside)
        self._finish(None)


class ObservedAsyncGenerator(_Steps, AsyncGenerator):  # type: ignore[type-arg]
    """An async generator whose steps are recorded."""

    async def _step(self, step: Any, *args: Any) -> Any:
        outside = self._enter()
        try:
            piece = await step(*args)
        except StopAsyncIteration:
            self._leave(outside)
            await self._finish(None)
            raise
        except BaseException as error:
            self._leave(outside)
            await self._finish(error)
            raise
        self._leave(outside)
        self._add(piece)
        return piece

    async def _finish(self, error: Optional[BaseException]) -> None:
        self._end(error)
        if self._pieces is not None:
            await self._pieces.call.settle_async()

    async def __anext__(self) -> Any:
        return await self._step(self._inner.__anext__)

    async def asend(self, value: Any) -> Any:
        return await self._step(self._inner.asend, value)

    async def athrow(self, *error: Any) -> Any:
        return await self._step(self._inner.athrow, *error)

    async def aclose(self) -> None:
        outside = self._enter()
        try:
            await self._inner.aclose()
        except BaseException as error:
            self._leave(outside)
            await self._finish(error)
            raise
        self._leave(outside)
        await self._finish(None)


def keep_scope(answer: Any) -> Any:
    """Lets a generator run in the scope that it was made in; any other answer stays as it is."""
    if inspect.isgenerator(answer):
        return ObservedGenerator(answer, get_scope(), None)
    if inspect.isasyncgen(answer):
        return ObservedAsyncGenerator(answer, get_scope(), None)
    return answer
