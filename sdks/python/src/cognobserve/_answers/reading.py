"""What is read from an answer, and the tools that all providers' readers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, Optional

from .._encoding import MAX_BYTES, TRUNCATED, dump_model

Usage = Dict[str, int]


class Reading:
    """What an answer says. ``output`` is the message, not the whole answer."""

    __slots__ = ("model", "response_id", "usage", "output")

    def __init__(
        self,
        model: Any = None,
        response_id: Any = None,
        usage: Optional[Usage] = None,
        output: Any = None,
    ) -> None:
        self.model = model
        self.response_id = response_id
        self.usage = usage
        self.output = output


class Joiner:
    """Takes the pieces of one answer; ``finish`` reads what they say together."""

    def add(self, piece: Any) -> None:
        raise NotImplementedError

    def finish(self) -> Optional[Reading]:
        raise NotImplementedError


class TextJoiner(Joiner):
    """Pieces of no known provider: texts become one text, anything else a list."""

    def __init__(self) -> None:
        self._pieces: List[Any] = []
        self._size = 0

    def add(self, piece: Any) -> None:
        if self._size > MAX_BYTES or piece is None:
            return
        self._size += len(piece) if isinstance(piece, (str, bytes)) else 64
        self._pieces.append(piece)
        if self._size > MAX_BYTES:
            self._pieces.append(TRUNCATED)

    def finish(self) -> Optional[Reading]:
        pieces = self._pieces
        if not pieces:
            return None
        if all(isinstance(piece, str) for piece in pieces):
            return Reading(output="".join(pieces))
        if all(isinstance(piece, bytes) for piece in pieces if piece != TRUNCATED):
            return Reading(output=b"".join(piece for piece in pieces if piece != TRUNCATED))
        return Reading(output=pieces)


class Text:
    """Text that grows up to the size of what is sent at most."""

    __slots__ = ("_parts", "_size")

    def __init__(self) -> None:
        self._parts: List[str] = []
        self._size = 0

    def add(self, part: Any) -> None:
        if isinstance(part, str) and part and self._size <= MAX_BYTES:
            self._parts.append(part)
            self._size += len(part)

    def __str__(self) -> str:
        return "".join(self._parts)

    def __bool__(self) -> bool:
        return bool(self._parts)


def get(value: Any, *names: str) -> Any:
    """What is found under the names, one below the other; None where something is missing."""
    for name in names:
        if type(value) is dict or isinstance(value, Mapping):
            value = value.get(name)
        else:
            value = getattr(value, name, None)
        if value is None:
            return None
    return value


def get_either(value: Any, *names: str) -> Any:
    """The first of several spellings of one name."""
    for name in names:
        found = get(value, name)
        if found is not None:
            return found
    return None


def get_list(value: Any, *names: str) -> Optional[List[Any]]:
    found = get(value, *names)
    return list(found) if isinstance(found, (list, tuple)) else None


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def dump(value: Any) -> Any:
    """A model as the dict that it was made from."""
    if callable(getattr(type(value), "model_dump", None)):
        return dump_model(value)
    return value


def count(value: Any) -> Optional[int]:
    """A number of tokens; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if value == value and abs(value) < 1e15 else None


def make_usage(**counts: Any) -> Optional[Usage]:
    """Only what is known; None if nothing is."""
    usage: Usage = {}
    for name, value in counts.items():
        number = count(value)
        if number is not None:
            usage[name] = number
    return usage or None


def add_up(*values: Any) -> Optional[int]:
    """The sum of what is known; None if nothing is."""
    known = [number for number in map(count, values) if number is not None]
    return sum(known) if known else None
