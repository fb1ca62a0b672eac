"""What the SDK says: warnings through ``logging``, once each, and its own doings on stderr if asked.

It must not print contents or keys, and nothing in here may raise into the host.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import Any, Callable, Optional, Set, TypeVar, cast

logger = logging.getLogger("cognobserve")

F = TypeVar("F", bound=Callable[..., Any])

_said: Set[str] = set()
# Reentrant, as a signal's handler may come in between.
_lock = threading.RLock()
_debug = False


def set_debug(on: bool) -> None:
    """Switches the running commentary on stderr."""
    global _debug
    _debug = on


def warn(message: str) -> None:
    """One warning; a broken log handler of the host stays the host's."""
    try:
        logger.warning(message)
    except Exception:
        pass


def warn_once(topic: str, message: str) -> None:
    """Warns the first time that ``topic`` comes up in this process."""
    with _lock:
        if topic in _said:
            return
        _said.add(topic)
    warn(message)


def say(message: str) -> None:
    """Commentary for ``debug``."""
    if not _debug:
        return
    try:
        sys.stderr.write(f"cognobserve: {message}\n")
    except Exception:
        pass


def forget_said() -> None:
    """Lets every warning be said anew: for a new set of settings."""
    _said.clear()


def renew_lock() -> None:
    """After a fork: the one that held the lock may be gone."""
    global _lock
    _lock = threading.RLock()


def harmless(function: F) -> F:
    """Makes a function answer None where it would raise: for what runs inside the host's calls."""

    def run(*args: Any, **kwargs: Any) -> Optional[Any]:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            note_fault(function.__name__, error)
            return None

    run.__doc__ = function.__doc__
    run.__name__ = function.__name__
    return cast(F, run)


def note_fault(place: str, error: BaseException) -> None:
    """An error of the SDK itself: told once a place, without its message, which may hold content."""
    warn_once(
        f"fault:{place}", f"a call was not recorded in full: {type(error).__name__} in {place}"
    )
