"""``track``: tells that something has happened, for whom, and in which session."""

from __future__ import annotations

import datetime
from typing import Any, Mapping, Optional, Union

from ._client import get_client
from ._events import encode_properties, read_event_name, write_event
from ._ids import make_trace_id
from ._log import harmless
from ._scope import choose_person, get_scope, read_person_safely
from ._users import UserLike, read_id


def track(
    event: str,
    properties: Optional[Mapping[str, Any]] = None,
    *,
    user_id: Union[str, int, None] = None,
    user: UserLike = None,
    session_id: Optional[str] = None,
    timestamp: Optional[datetime.datetime] = None,
    event_id: Union[str, int, None] = None,
) -> None:
    """Tells that something has happened, such as ``track("memory_created", {"type": "text"})``. Never waits or raises.

    It is the end user's whom the call names, else the scope's or the global one; so is its session. ``event_id`` is an
    id of your own: what is told twice under one id counts once. Properties are a mapping of at most 64 KiB as JSON.
    """
    _record(event, properties, user_id, user, session_id, timestamp, event_id)


@harmless
def _record(
    name: Any, properties: Any, user_id: Any, user: Any, session_id: Any, timestamp: Any, event_id: Any
) -> None:
    client = get_client()
    if not client.is_recording:
        return
    read = read_event_name(name)
    if read is None:
        client.events.queue.drop()
        return
    own = read_person_safely(user, user_id) if user is not None or user_id is not None else None
    person = choose_person(own)
    event = write_event(
        read,
        read_id(event_id) or make_trace_id(),
        timestamp,
        person.id if person is not None else None,
        read_id(session_id) or get_scope().session_id,
        encode_properties(client.mask_properties(properties)),
    )
    client.take_event(event)
