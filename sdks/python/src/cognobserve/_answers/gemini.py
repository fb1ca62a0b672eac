"""Gemini: generated content, in the names of its REST interface and of its Python package."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .reading import (
    Joiner, Reading, Text, Usage, add_up, count, dump, get, get_either, get_list, is_text, make_usage,
)  # fmt: skip


def read(answer: Any) -> Optional[Reading]:
    if not _is_ours(answer):
        return None
    contents = [dump(get(one, "content")) for one in get_list(answer, "candidates") or ()]
    output = contents[0] if len(contents) == 1 else contents
    return Reading(_model(answer), _id(answer), _usage(answer), output or None)


def _is_ours(answer: Any) -> bool:
    candidates = get_list(answer, "candidates")
    usage = get_either(answer, "usageMetadata", "usage_metadata")
    if candidates is None:
        return count(get_either(usage, "promptTokenCount", "prompt_token_count")) is not None
    return usage is not None or any(get(one, "content") is not None for one in candidates)


def _model(answer: Any) -> Any:
    return get_either(answer, "modelVersion", "model_version")


def _id(answer: Any) -> Any:
    return get_either(answer, "responseId", "response_id")


def _usage(answer: Any) -> Optional[Usage]:
    """Tool prompts are prompt, thoughts are completion; both are left out of Gemini's own two numbers."""
    usage = get_either(answer, "usageMetadata", "usage_metadata")
    if usage is None:
        return None
    thoughts = get_either(usage, "thoughtsTokenCount", "thoughts_token_count")
    return make_usage(
        prompt_tokens=add_up(
            get_either(usage, "promptTokenCount", "prompt_token_count"),
            get_either(usage, "toolUsePromptTokenCount", "tool_use_prompt_token_count"),
        ),
        completion_tokens=add_up(
            get_either(usage, "candidatesTokenCount", "candidates_token_count"), thoughts
        ),
        total_tokens=get_either(usage, "totalTokenCount", "total_token_count"),
        cached_tokens=get_either(usage, "cachedContentTokenCount", "cached_content_token_count"),
        reasoning_tokens=thoughts,
    )


def find_joiner(piece: Any) -> Optional[Joiner]:
    return ContentJoiner() if _is_ours(piece) else None


class ContentJoiner(Joiner):
    """Each piece is a whole answer with a part of the text; the last usage counts."""

    def __init__(self) -> None:
        self._model: Any = None
        self._id: Any = None
        self._usage: Optional[Usage] = None
        self._contents: Dict[int, "_Content"] = {}

    def add(self, piece: Any) -> None:
        self._model = _model(piece) or self._model
        self._id = _id(piece) or self._id
        self._usage = _usage(piece) or self._usage
        for at, candidate in enumerate(get_list(piece, "candidates") or ()):
            index = get(candidate, "index")
            key = index if isinstance(index, int) else at
            self._contents.setdefault(key, _Content()).add(get(candidate, "content"))

    def finish(self) -> Reading:
        contents = [one.finish() for _, one in sorted(self._contents.items())]
        output = contents[0] if len(contents) == 1 else contents
        return Reading(self._model, self._id, self._usage, output or None)


class _Content:
    """One candidate that grows: neighbouring texts of a kind are one part, other parts stay as they are."""

    def __init__(self) -> None:
        self._role: Optional[str] = None
        self._parts: List[Any] = []
        self._thought: Optional[bool] = None

    def add(self, content: Any) -> None:
        role = get(content, "role")
        self._role = role if is_text(role) else self._role
        for part in get_list(content, "parts") or ():
            text, thought = get(part, "text"), bool(get(part, "thought"))
            if not is_text(text):
                self._parts.append(dump(part))
                self._thought = None
                continue
            if self._thought is not thought:
                self._parts.append((thought, Text()))
                self._thought = thought
            self._parts[-1][1].add(text)

    def finish(self) -> Dict[str, Any]:
        parts = [self._write(part) for part in self._parts]
        return {"parts": parts, **({"role": self._role} if self._role else {})}

    @staticmethod
    def _write(part: Any) -> Any:
        if not isinstance(part, tuple):
            return part
        thought, text = part
        return {"text": str(text), **({"thought": True} if thought else {})}
