"""Writes traces and spans as the server reads them. Absent, empty and default values are left out."""

from __future__ import annotations

import datetime
import decimal
from typing import Any, Dict, Iterable, List, Mapping, Optional

from ._encoding import encode, encode_text
from ._spans import Span
from ._traces import Trace

_EPOCH = datetime.datetime(1970, 1, 1)


def write_time(ns: int) -> str:
    """RFC 3339 with microseconds."""
    return (_EPOCH + datetime.timedelta(microseconds=ns // 1000)).isoformat("T", "microseconds") + "Z"


def write_trace(trace: Trace, spans: Iterable[Span]) -> bytes:
    """A trace with some of its spans, in the order in which they began."""
    ordered = sorted(spans, key=lambda span: span.order)
    person = trace.person
    fields: Dict[str, Optional[bytes]] = {
        "trace_id": _plain(trace.id),
        "name": encode_text(trace.name),
        "timestamp": _plain(write_time(trace.start_ns)),
        "user_id": _text(person.id if person else None),
        "user": person.wire if person else None,
        "session_id": _text(trace.session_id),
        "metadata": _object(trace.metadata),
        "spans": b"[" + b",".join(map(write_span, ordered)) + b"]",
    }
    return join(fields)


def write_span(span: Span) -> bytes:
    fields: Dict[str, Optional[bytes]] = {
        "span_id": _plain(span.id),
        "parent_span_id": _text(span.parent_id),
        "name": encode_text(span.name),
        "type": encode_text(span.type),
        "start_time": _plain(write_time(span.start_ns)),
        "end_time": None if span.end_ns is None else _plain(write_time(span.end_ns)),
        "input": _content(span.input),
        "output": _content(span.output),
        "metadata": _object(span.metadata),
        "model": _text(span.model),
        "model_parameters": span.model_parameters,
        "usage": encode(_clean_usage(span.usage)) if span.usage else None,
        "response_id": _text(span.response_id),
        "level": None if span.level == "DEFAULT" else _plain(span.level),
        "status_message": _text(span.status_message),
    }
    cost = {key: _clean_cost(value) for key, value in (span.cost or {}).items()}
    if set(cost) == {"total"}:
        fields["total_cost"] = encode(cost["total"])
    elif cost:
        fields["cost"] = encode(cost)
    return join(fields)


def join(fields: Mapping[str, Optional[bytes]]) -> bytes:
    parts: List[bytes] = [
        b'"' + key.encode() + b'":' + value for key, value in fields.items() if value is not None
    ]
    return b"{" + b",".join(parts) + b"}"


def _plain(text: str) -> bytes:
    """Our own words, which need no escapes."""
    return b'"' + text.encode("ascii") + b'"'


def _text(value: Optional[str]) -> Optional[bytes]:
    return encode_text(value) if value else None


def _content(value: Optional[bytes]) -> Optional[bytes]:
    return None if value == b"null" else value


def _object(values: Mapping[str, bytes]) -> Optional[bytes]:
    if not values:
        return None
    return b"{" + b",".join(encode_text(key) + b":" + one for key, one in values.items()) + b"}"


def _clean_usage(usage: Mapping[str, Any]) -> Dict[str, Any]:
    """Whole numbers where they are; the server says what it cannot use."""
    return {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in usage.items()
    }


def _clean_cost(value: Any) -> Any:
    return str(value) if isinstance(value, decimal.Decimal) else value
