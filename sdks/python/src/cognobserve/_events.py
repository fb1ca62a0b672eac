"""Product events: what an app tells beside its traces. Written at the call, so that nothing of the app's is held.

What is too large for the server, or no JSON object, is left out here, with one warning; the event itself is kept.
"""

from __future__ import annotations

import datetime
import time
from typing import Any, Dict, Optional

from ._encoding import encode, encode_text
from ._log import note_fault, warn_once
from ._wire import join, write_time

#: In bytes, as the server takes them.
MAX_NAME_BYTES = 255
MAX_PROPERTIES_BYTES = 64 * 1024


class Event:
    """One event as it is sent."""

    __slots__ = ("wire",)

    def __init__(self, wire: bytes) -> None:
        self.wire = wire

    @property
    def size(self) -> int:
        return len(self.wire)


def write_event(
    name: str,
    event_id: str,
    timestamp: Optional[datetime.datetime],
    user_id: Optional[str],
    session_id: Optional[str],
    properties: Optional[bytes],
) -> Event:
    fields: Dict[str, Optional[bytes]] = {
        "event": encode_text(name),
        "event_id": encode_text(event_id),
        "timestamp": encode_text(_write_moment(timestamp)),
        "user_id": encode_text(user_id) if user_id else None,
        "session_id": encode_text(session_id) if session_id else None,
        "properties": properties,
    }
    return Event(join(fields))


def read_event_name(name: Any) -> Optional[str]:
    """As the server keeps it; None for what is no name."""
    text = name.strip() if isinstance(name, str) else ""
    if not text:
        warn_once("event name", "an event without a name was tracked: it is not sent")
        return None
    data = text.encode("utf-8", "replace")
    if len(data) <= MAX_NAME_BYTES:
        return text
    warn_once("long event name", f"the name of an event is longer than {MAX_NAME_BYTES} bytes: it is cut")
    return data[:MAX_NAME_BYTES].decode("utf-8", "ignore")


def encode_properties(properties: Any) -> Optional[bytes]:
    """A mapping as a JSON object; None if there is nothing to send of it."""
    try:
        given = dict(properties or {})
    except Exception as error:
        note_fault("properties", error)
        return None
    data = encode(given) if given else None
    if data is not None and len(data) > MAX_PROPERTIES_BYTES:
        warn_once("large properties", "the properties of an event are larger than 64 KiB: it is sent without them")
        return None
    return data


def _write_moment(value: Any) -> str:
    """What is no time is now."""
    if value is not None:
        try:
            return write_time(int(round(value.timestamp() * 1e6)) * 1000)
        except Exception:
            warn_once("timestamp", "the timestamp of an event is no usable datetime: it is sent with that of its call")
    return write_time(time.time_ns())
