"""Anthropic: messages, whole and in events. Its input tokens leave caches out; ours include them."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Optional

from .reading import Joiner, Reading, Text, Usage, add_up, dump, get, get_list, is_text, make_usage


def read(answer: Any) -> Optional[Reading]:
    content = get_list(answer, "content")
    if get(answer, "type") != "message" or content is None or not is_text(get(answer, "role")):
        return None
    output = {"role": get(answer, "role"), "content": [dump(block) for block in content]}
    return Reading(
        get(answer, "model"), get(answer, "id"), read_usage(get(answer, "usage")), output
    )


def read_usage(usage: Any) -> Optional[Usage]:
    cached = get(usage, "cache_read_input_tokens")
    written = get(usage, "cache_creation_input_tokens")
    prompt = add_up(get(usage, "input_tokens"), cached, written)
    completion = get(usage, "output_tokens")
    if prompt is None and completion is None:
        return None
    return make_usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        total_tokens=add_up(prompt, completion),
        cached_tokens=cached,
        cache_write_tokens=written,
    )


def _read_json(text: str) -> Any:
    """The input of a tool arrives as JSON in pieces, of which the last ones may be missing."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def find_joiner(piece: Any) -> Optional[Joiner]:
    is_start = get(piece, "type") == "message_start" and get(piece, "message") is not None
    return MessageJoiner() if is_start else None


_DELTAS = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}
_COUNTS = (
    "input_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "output_tokens",
)


class MessageJoiner(Joiner):
    """Events of a message; the usage of a later event replaces what an earlier one said."""

    def __init__(self) -> None:
        self._message: Any = None
        self._counts: Dict[str, Any] = {}
        self._blocks: Dict[int, Dict[str, Any]] = {}
        self._texts: Dict[int, Dict[str, Text]] = {}

    def add(self, piece: Any) -> None:
        kind = get(piece, "type")
        if kind == "message_start":
            self._message = get(piece, "message")
            self._take_usage(get(self._message, "usage"))
        elif kind == "content_block_start":
            block = dump(get(piece, "content_block"))
            self._blocks[self._at(piece)] = dict(block) if isinstance(block, dict) else {}
        elif kind == "content_block_delta":
            self._add_delta(self._at(piece), get(piece, "delta"))
        elif kind == "message_delta":
            self._take_usage(get(piece, "usage"))

    @staticmethod
    def _at(piece: Any) -> int:
        index = get(piece, "index")
        return index if isinstance(index, int) else 0

    def _take_usage(self, usage: Any) -> None:
        for name in _COUNTS:
            value = get(usage, name)
            if value is not None:
                self._counts[name] = value

    def _add_delta(self, at: int, delta: Any) -> None:
        field = _DELTAS.get(get(delta, "type") or "")
        if field:
            text = self._texts.setdefault(at, {}).setdefault(field, Text())
            text.add(get(delta, field))

    def finish(self) -> Reading:
        blocks: List[Dict[str, Any]] = []
        for at, block in sorted(self._blocks.items()):
            for field, text in self._texts.get(at, {}).items():
                if field == "partial_json":
                    block = {**block, "input": _read_json(str(text))}
                else:
                    block = {**block, field: str(text)}
            blocks.append(block)
        role = get(self._message, "role") or "assistant"
        return Reading(
            get(self._message, "model"),
            get(self._message, "id"),
            read_usage(self._counts),
            {"role": role, "content": blocks} if blocks else None,
        )
