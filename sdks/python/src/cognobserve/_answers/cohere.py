"""Cohere: chat of both versions, embeddings, and the events of the second version's chat."""

from __future__ import annotations

from typing import Any, Dict, Optional

from .reading import Joiner, Reading, Text, Usage, add_up, dump, get, is_text, make_usage


def read(answer: Any) -> Optional[Reading]:
    usage = read_usage(get(answer, "usage") or get(answer, "meta"))
    if usage is None:
        return None
    response_id = get(answer, "id") or get(answer, "generation_id")
    message = get(answer, "message")
    if get(message, "role") is not None:
        return Reading(None, response_id, usage, dump(message))
    if is_text(get(answer, "text")):
        return Reading(None, response_id, usage, get(answer, "text"))
    vectors = get(answer, "embeddings")
    if vectors is None:
        return None
    return Reading(None, response_id, usage, _measure(vectors))


def read_usage(usage: Any) -> Optional[Usage]:
    """What was billed, else what was used."""
    for name in ("billed_units", "tokens"):
        prompt = get(usage, name, "input_tokens")
        completion = get(usage, name, "output_tokens")
        total = add_up(prompt, completion)
        if total is not None:
            return make_usage(
                prompt_tokens=prompt, completion_tokens=completion, total_tokens=total
            )
    return None


def _measure(vectors: Any) -> Dict[str, int]:
    """Number and dimensions of embeddings, which may be listed by their type."""
    if not isinstance(vectors, (list, tuple)):
        kinds = [get(vectors, name) for name in ("float", "float_", "int8", "uint8")]
        vectors = next((one for one in kinds if one), [])
    output = {"embeddings": len(vectors)}
    if vectors and hasattr(vectors[0], "__len__") and not is_text(vectors[0]):
        output["dimensions"] = len(vectors[0])
    return output


def find_joiner(piece: Any) -> Optional[Joiner]:
    return ChatJoiner() if get(piece, "type") == "message-start" else None


class ChatJoiner(Joiner):
    """Events from ``message-start`` to ``message-end``."""

    def __init__(self) -> None:
        self._id: Any = None
        self._usage: Optional[Usage] = None
        self._text = Text()

    def add(self, piece: Any) -> None:
        self._id = get(piece, "id") or self._id
        self._text.add(get(piece, "delta", "message", "content", "text"))
        self._usage = read_usage(get(piece, "delta", "usage")) or self._usage

    def finish(self) -> Reading:
        output = None
        if self._text:
            content = [{"type": "text", "text": str(self._text)}]
            output = {"role": "assistant", "content": content}
        return Reading(None, self._id, self._usage, output)
