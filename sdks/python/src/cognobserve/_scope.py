"""The scope that a call runs in: whose it is, which session, which trace and span are around it.

A scope is immutable and lives in one context variable, so that tasks and threads never see each other's.
"""

from __future__ import annotations

import contextvars
import functools
import inspect
from typing import TYPE_CHECKING, Any, Callable, Optional, TypeVar, cast

from ._log import harmless
from ._users import NOBODY, Person, User, UserLike, merge, read_id, read_person

if TYPE_CHECKING:
    from ._spans import Span
    from ._traces import Trace

F = TypeVar("F", bound=Callable[..., Any])


class Scope:
    """What is known where a call starts. ``person`` is None where no scope says who it is."""

    __slots__ = ("person", "session_id", "trace", "span", "entry")

    def __init__(
        self,
        person: Optional[Person] = None,
        session_id: Optional[str] = None,
        trace: Optional["Trace"] = None,
        span: Optional["Span"] = None,
    ) -> None:
        self.person = person
        self.session_id = session_id
        self.trace = trace
        self.span = span
        #: The block that was entered to come here.
        self.entry: Optional[Entry] = None

    def copy(self) -> "Scope":
        return Scope(self.person, self.session_id, self.trace, self.span)


class Entry:
    """One entering of a block. It lies in the scope, as one block may be entered by many tasks and threads at once."""

    __slots__ = ("block", "before", "call")

    def __init__(self, block: object, before: Scope, call: Any) -> None:
        self.block = block
        #: None when it has been left, so that scopes that tasks have inherited hold no longer and longer chain.
        self.before: Optional[Scope] = before
        self.call = call


_EMPTY = Scope()
_scope: "contextvars.ContextVar[Scope]" = contextvars.ContextVar("cognobserve", default=_EMPTY)
_global: Optional[Person] = None


def get_scope() -> Scope:
    return _scope.get()


def set_scope(scope: Scope) -> None:
    """Without a token: a generator may be left in another context than it was entered in."""
    _scope.set(scope)


def go_in(block: object, inside: Scope, call: Any = None) -> Entry:
    """Enters a block: ``inside``, a scope of its own, holds until ``come_out``."""
    entry = inside.entry = Entry(block, get_scope(), call)
    set_scope(inside)
    return entry


def come_out(block: object) -> Optional[Entry]:
    """Leaves what was entered of a block here last, to the scope before it; None if it was not entered here."""
    entry = get_scope().entry
    while entry is not None and entry.before is not None:
        before = entry.before
        if entry.block is block:
            entry.before = None
            set_scope(before)
            return entry
        entry = before.entry
    return None


def set_user(user: UserLike, **attributes: Any) -> None:
    """Names the user of all calls of this process that name none: for programs with one user.

    A server uses ``with_user``. ``set_user(None)`` forgets.
    """
    global _global
    _global = read_person_safely(merge(user, attributes))


def get_user() -> Optional[User]:
    """The user that a call made here would be counted for, as far as scopes and the global user say."""
    person = choose_person(None)
    return person.show() if person else None


@harmless
def read_person_safely(user: Any, user_id: Any = None) -> Optional[Person]:
    """Whom an app names, with the profile of the scope's or global user if that is the same."""
    return complete(read_person(user, user_id))


def complete(person: Optional[Person]) -> Optional[Person]:
    """Adds the profile that is already known to somebody who is named by id alone."""
    if person is None or person.profile is not None:
        return person
    for known in (get_scope().person, _global):
        if known is not None and known.id == person.id and known.profile:
            return known
    return person


def choose_person(own: Optional[Person]) -> Optional[Person]:
    """The first of: the call's own user, the innermost scope's, the global one."""
    if own is not None:
        return own
    inner = get_scope().person
    return inner if inner is not None else _global


class _Within:
    """Changes the scope for a ``with`` or ``async with`` block, or for the calls of a decorated function."""

    def __init__(self, change: Callable[[Scope], Scope]) -> None:
        self._change = change

    def __enter__(self) -> None:
        go_in(self, self._change(get_scope()))

    def __exit__(self, *_: Any) -> None:
        come_out(self)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, *_: Any) -> None:
        self.__exit__()

    def __call__(self, function: F) -> F:
        from ._generators import keep_scope

        change = self._change

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                with _Within(change):
                    return await function(*args, **kwargs)

            return cast(F, run_async)

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with _Within(change):
                return keep_scope(function(*args, **kwargs))

        return cast(F, run)


def with_user(user: UserLike, **attributes: Any) -> _Within:
    """Whose the calls in the block are: an id, a user, or None for nobody. Also a decorator.

    ``with with_user("user-123", plan="pro"): ...``
    """
    named = merge(user, attributes)

    def change(scope: Scope) -> Scope:
        # Who cannot be read is nobody, and not the one around.
        person = read_person_safely(named) or NOBODY
        return Scope(person, scope.session_id, scope.trace, scope.span)

    return _Within(change)


def with_session(session_id: Any) -> _Within:
    """Which session the calls in the block belong to; None for none. Also a decorator."""

    def change(scope: Scope) -> Scope:
        return Scope(scope.person, read_id(session_id), scope.trace, scope.span)

    return _Within(change)


def with_context(function: F) -> F:
    """Binds a function to the scope of this place, for bare threads and executors, which start without one.

    ``Thread(target=with_context(work))``, ``loop.run_in_executor(None, with_context(work))``
    """
    context = contextvars.copy_context()

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        # A copy each time, since a context cannot be entered twice at once.
        return context.copy().run(function, *args, **kwargs)

    return cast(F, run)
