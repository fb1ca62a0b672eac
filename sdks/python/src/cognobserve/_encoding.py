"""Turns any value into JSON bytes, and never raises.

What JSON has is written by the standard library. What it lacks, what is cyclic, deep or large is first made
plain: bounded, without running ``__repr__`` of unknown classes.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import os
import re
import uuid
from typing import Any, Dict, List, Mapping, Optional, Set

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
TRUNCATED = "[truncated]"
_MOST_ITEMS = 20_000
_MOST_ARRAY = 1_000


def encode(value: Any, limit: int = MAX_BYTES) -> bytes:
    """The JSON text of ``value`` in UTF-8, at most about ``limit`` bytes."""
    try:
        if not _is_large(value, limit):
            data = _dump(value)
            if len(data) <= limit:
                return data
    except Exception:
        pass
    try:
        # Escapes and quotes make JSON longer than its text: a smaller room until it fits.
        for room in (limit - 1024, limit // 2, limit // 7):
            data = _dump(make_plain(value, room))
            if len(data) <= limit:
                return data
    except Exception:
        pass
    return _dump(_name_type(value))


def encode_text(text: str) -> bytes:
    """A text that is known to be short."""
    return _dump(text)


def encode_values(values: Mapping[str, Any]) -> Dict[str, bytes]:
    """Key by key, for objects that are merged; None means absent."""
    return {str(key): encode(value) for key, value in values.items() if value is not None}


def make_plain(value: Any, limit: int = MAX_BYTES) -> Any:
    """A copy of ``value`` that consists of dict, list, str, int, float, bool and None alone."""
    return _Plain(limit).walk(value, 0)


def convert(value: Any) -> Any:
    """One step from what JSON lacks towards what it has; the name of the type where there is none."""
    try:
        return _convert_known(value)
    except Exception:
        return _name_type(value)


def _dump(value: Any) -> bytes:
    text = _write(value)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _mend(text).encode("utf-8")


_write = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=convert
).encode


def _mend(text: str) -> str:
    """Halves of surrogate pairs become whole characters where they meet, else U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _is_large(value: Any, limit: int) -> bool:
    """A quick look without recursion; what objects hold inside is not seen."""
    kind = type(value)
    if kind is str:
        return len(value) > limit
    if kind not in (dict, list, tuple):
        return isinstance(value, (bytes, bytearray, memoryview))
    stack: List[Any] = [value]
    items = size = 0
    while stack:
        one = stack.pop()
        kind = type(one)
        items += 1
        if kind is str:
            size += len(one)
        elif kind is dict:
            stack.extend(one.values())
        elif kind is list or kind is tuple:
            stack.extend(one)
        if items + len(stack) > _MOST_ITEMS or size > limit:
            return True
    return False


def _name_type(value: Any) -> str:
    kind = type(value)
    return f"<{kind.__module__}.{kind.__qualname__}>"


_TEXTS = (uuid.UUID, os.PathLike, datetime.timedelta, datetime.tzinfo)


def _convert_known(value: Any) -> Any:
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=lambda one: (type(one).__name__, str(one)[:100]))
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    if isinstance(value, type):
        return f"<class {value.__module__}.{value.__qualname__}>"
    if isinstance(value, (re.Pattern,)):
        return str(value.pattern)
    if isinstance(value, _TEXTS):
        return str(value)
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return _convert_by_manner(value)


def _convert_by_manner(value: Any) -> Any:
    """Objects of packages that are known by how they behave: pydantic, numpy, mappings, views."""
    kind = type(value)
    if callable(getattr(kind, "model_dump", None)):
        return dump_model(value)
    if hasattr(kind, "__fields__") and callable(getattr(kind, "dict", None)):
        return value.dict()
    if hasattr(kind, "tolist") and hasattr(kind, "dtype"):
        if getattr(value, "size", _MOST_ARRAY + 1) <= _MOST_ARRAY:
            return value.tolist()
        return f"<{kind.__module__}.{kind.__qualname__} {value.shape} {value.dtype}>"
    if hasattr(kind, "keys") and hasattr(kind, "__getitem__"):
        return {key: value[key] for key in value.keys()}
    if isinstance(value, (type({}.keys()), type({}.values()), type({}.items()), range)):
        return list(value)
    return _name_type(value)


def dump_model(value: Any) -> Any:
    """What a pydantic model was given, without its defaults."""
    try:
        return value.model_dump(mode="json", exclude_unset=True, warnings=False)
    except Exception:
        return value.model_dump()


class _Plain:
    """Copies a value as long as there is room."""

    def __init__(self, limit: int) -> None:
        self.room = limit
        self.above: Set[int] = set()

    def walk(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return self._take(value, 5)
        kind = type(value)
        if kind is int:
            return self._take(value, 8) if abs(value) < 1 << 200 else TRUNCATED
        if isinstance(value, float):
            plain = float(value)
            return self._take(plain if math.isfinite(plain) else str(plain), 12)
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            return self._cut(str.__str__(value))
        if depth >= MAX_DEPTH:
            return "[too deep]"
        if id(value) in self.above:
            return "[circular]"
        self.above.add(id(value))
        try:
            return self._walk_inside(value, depth)
        finally:
            self.above.discard(id(value))

    def _walk_inside(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self._walk_dict(value, depth)
        if isinstance(value, (list, tuple)):
            return self._walk_list(value, depth)
        if isinstance(value, int):
            return self._take(int(value), 8)
        # At most a few steps: what converts to itself or to ever new objects ends at the depth.
        return self.walk(convert(value), depth + 1)

    def _walk_dict(self, value: Dict[Any, Any], depth: int) -> Dict[str, Any]:
        plain: Dict[str, Any] = {}
        for key, one in list(value.items()):
            if self.room <= 0:
                plain[TRUNCATED] = True
                break
            name = self._cut(key if isinstance(key, str) else self._write_key(key))
            plain[name] = self.walk(one, depth + 1)
        return plain

    def _walk_list(self, value: Any, depth: int) -> List[Any]:
        plain: List[Any] = []
        for one in list(value):
            if self.room <= 0:
                plain.append(TRUNCATED)
                break
            plain.append(self.walk(one, depth + 1))
        return plain

    def _write_key(self, key: Any) -> str:
        if key is None or isinstance(key, (bool, int, float)):
            return json.dumps(key)
        if isinstance(key, tuple):
            return ",".join(one if isinstance(one, str) else self._write_key(one) for one in key)
        plain = convert(key)
        return plain if isinstance(plain, str) else _name_type(key)

    def _take(self, value: Any, size: int) -> Any:
        self.room -= size
        return value

    def _cut(self, text: str) -> str:
        # Every character is at least a byte, so a slice bounds the work; the marker is over the room.
        kept: Optional[str] = None
        room = max(self.room, 0)
        if len(text) > room:
            kept = text[:room]
        elif len(text) * 4 > room and len(text.encode("utf-8", "replace")) > room:
            kept = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
        self.room -= len(text) + 4
        return text if kept is None else kept + TRUNCATED
