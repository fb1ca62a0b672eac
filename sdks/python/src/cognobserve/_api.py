"""The functions of the package that are about the program as a whole, and traces by hand."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional, Union

from ._all import end_all, flush_all, flush_all_async, sum_event_stats, sum_stats
from ._calls import record_event
from ._client import get_client, replace_client
from ._log import note_fault
from ._scope import choose_person, get_scope, read_person_safely
from ._settings import Mask
from ._spans import Span, read_name
from ._traces import Trace
from ._users import UserLike, read_id


def init(
    api_key: Optional[str] = None,
    endpoint: Optional[str] = None,
    *,
    disabled: Optional[bool] = None,
    debug: Optional[bool] = None,
    capture_content: Optional[bool] = None,
    mask: Optional[Mask] = None,
    mode: Optional[str] = None,
    max_queue_size: Optional[int] = None,
    max_batch_size: Optional[int] = None,
    flush_interval: Optional[float] = None,
    request_timeout: Optional[float] = None,
    max_retries: Optional[int] = None,
    shutdown_timeout: Optional[float] = None,
) -> None:
    """Says where to send and how. What is not given is read from ``COGNOBSERVE_…`` in the environment.

    Without a call of ``init`` the environment alone holds. A second call replaces the settings; what has
    begun under the first ones is still sent with them.
    """
    options = dict(locals())
    try:
        replace_client(options)
    except Exception as error:
        note_fault("init", error)


def start_trace(
    name: str,
    *,
    id: Union[str, int, None] = None,
    user_id: Union[str, int, None] = None,
    user: UserLike = None,
    session_id: Optional[str] = None,
    metadata: Optional[Mapping[str, Any]] = None,
) -> Trace:
    """A trace by hand: it leaves with ``end``. Used in a ``with``, observed calls in the block belong to it.

    ``id`` is an id of your own; what is told twice under one id counts once.
    """
    own = read_person_safely(user, user_id) if user is not None or user_id is not None else None
    session = read_id(session_id) or get_scope().session_id
    return Trace(get_client(), read_name(name, "trace"), choose_person(own), session, metadata, read_id(id))


def log(message: str, data: Any = None, level: str = "DEFAULT") -> None:
    """Notes a moment in the trace around it, else as a trace of its own. A mapping as ``data`` is its metadata."""
    record_event(message, data, level)


def current_trace() -> Optional[Trace]:
    """The trace around this place."""
    trace = get_scope().trace
    return None if trace is None or trace.is_foreign else trace


def current_span() -> Optional[Span]:
    """The span around this place."""
    return get_scope().span if current_trace() is not None else None


def flush(timeout: Optional[float] = None) -> bool:
    """Waits until all that has ended or was tracked was sent or given up; False if that took longer than ``timeout`` seconds."""
    return flush_all(timeout)


async def flush_async(timeout: Optional[float] = None) -> bool:
    """As ``flush``, without holding up the event loop of asyncio."""
    return await flush_all_async(timeout)


def shutdown() -> None:
    """Sends what waits, for ``shutdown_timeout`` seconds at the most. Done by itself when the program ends."""
    get_client()
    end_all()


def stats() -> Dict[str, int]:
    """How many spans were ``sent``, ``dropped``, ``refused``, and how many are ``waiting``."""
    return sum_stats()


def event_stats() -> Dict[str, int]:
    """The same of events that were tracked."""
    return sum_event_stats()
