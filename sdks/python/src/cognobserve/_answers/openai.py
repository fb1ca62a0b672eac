"""OpenAI and what speaks like it: chat completions, completions, responses, embeddings, whole and in pieces."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from .reading import Joiner, Reading, Text, Usage, dump, get, get_list, is_text, make_usage


def read(answer: Any) -> Optional[Reading]:
    kind = get(answer, "object")
    if kind == "response":
        return read_response(answer)
    if kind == "list":
        return _read_embeddings(answer)
    choices = get_list(answer, "choices")
    if not choices or not (kind in (None, "", "chat.completion", "text_completion")):
        return None
    if get(choices[0], "message") is not None:
        messages = [dump(get(choice, "message")) for choice in choices]
    elif is_text(get(choices[0], "text")):
        messages = [get(choice, "text") for choice in choices]
    else:
        return None
    return _make(answer, messages)


def _make(answer: Any, messages: List[Any]) -> Reading:
    output = messages[0] if len(messages) == 1 else messages
    return Reading(
        get(answer, "model"), get(answer, "id"), read_usage(get(answer, "usage")), output or None
    )


def read_usage(usage: Any) -> Optional[Usage]:
    """Both manners of counting: that of chat completions and that of responses."""
    if usage is None:
        return None
    if get(usage, "input_tokens") is not None:
        prompt, completion = "input_tokens", "output_tokens"
    else:
        prompt, completion = "prompt_tokens", "completion_tokens"
    return make_usage(
        prompt_tokens=get(usage, prompt),
        completion_tokens=get(usage, completion),
        total_tokens=get(usage, "total_tokens"),
        cached_tokens=get(usage, f"{prompt}_details", "cached_tokens"),
        reasoning_tokens=get(usage, f"{completion}_details", "reasoning_tokens"),
    )


def read_response(answer: Any) -> Reading:
    items = get_list(answer, "output")
    return Reading(
        get(answer, "model"),
        get(answer, "id"),
        read_usage(get(answer, "usage")),
        [dump(item) for item in items] if items else None,
    )


def _read_embeddings(answer: Any) -> Optional[Reading]:
    """Their number and dimensions, never the vectors."""
    data = get_list(answer, "data")
    if not data or get(data[0], "embedding") is None:
        return None
    vector = get(data[0], "embedding")
    output: Dict[str, int] = {"embeddings": len(data)}
    if hasattr(vector, "__len__") and not is_text(vector):
        output["dimensions"] = len(vector)
    return Reading(get(answer, "model"), None, read_usage(get(answer, "usage")), output)


def find_joiner(piece: Any) -> Optional[Joiner]:
    kind = get(piece, "object")
    if kind in ("chat.completion.chunk", "text_completion"):
        return ChatJoiner()
    if kind is None and get_list(piece, "choices") and get(piece, "choices")[0] is not None:
        return ChatJoiner() if get(get(piece, "choices")[0], "delta") is not None else None
    name = get(piece, "type")
    return ResponseJoiner() if is_text(name) and name.startswith("response.") else None


class _Choice:
    """One message that grows."""

    def __init__(self) -> None:
        self.role: Optional[str] = None
        self.texts: Dict[str, Text] = {}
        self.calls: Dict[int, Dict[str, Any]] = {}
        self.is_plain = False

    def add(self, choice: Any) -> None:
        delta = get(choice, "delta")
        if delta is None:
            self.is_plain = True
            self._add_text("content", get(choice, "text"))
            return
        role = get(delta, "role")
        self.role = role if is_text(role) else self.role
        for name in ("content", "refusal", "reasoning_content"):
            self._add_text(name, get(delta, name))
        for at, call in enumerate(get_list(delta, "tool_calls") or ()):
            self._add_call(at, call)

    def _add_text(self, name: str, part: Any) -> None:
        if is_text(part):
            self.texts.setdefault(name, Text()).add(part)

    def _add_call(self, at: int, call: Any) -> None:
        index = get(call, "index")
        known = self.calls.setdefault(
            index if isinstance(index, int) else at, {"arguments": Text(), "name": Text()}
        )
        known["id"] = get(call, "id") or known.get("id")
        known["type"] = get(call, "type") or known.get("type") or "function"
        known["name"].add(get(call, "function", "name"))
        known["arguments"].add(get(call, "function", "arguments"))

    def finish(self) -> Any:
        if self.is_plain:
            return str(self.texts.get("content") or "")
        message: Dict[str, Any] = {"role": self.role} if self.role else {}
        for name, text in self.texts.items():
            if text or (name == "content" and not self.calls):
                message[name] = str(text)
        if self.calls:
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": call["type"],
                    "function": {"name": str(call["name"]), "arguments": str(call["arguments"])},
                }
                for _, call in sorted(self.calls.items())
            ]
        return message


class ChatJoiner(Joiner):
    """Chunks of chat completions and completions."""

    def __init__(self) -> None:
        self._model: Any = None
        self._id: Any = None
        self._usage: Optional[Usage] = None
        self._choices: Dict[int, _Choice] = {}

    def add(self, piece: Any) -> None:
        self._model = get(piece, "model") or self._model
        self._id = get(piece, "id") or self._id
        self._usage = read_usage(get(piece, "usage")) or self._usage
        for at, choice in enumerate(get_list(piece, "choices") or ()):
            index = get(choice, "index")
            key = index if isinstance(index, int) else at
            self._choices.setdefault(key, _Choice()).add(choice)

    def finish(self) -> Reading:
        messages = [choice.finish() for _, choice in sorted(self._choices.items())]
        output = messages[0] if len(messages) == 1 else messages
        return Reading(self._model, self._id, self._usage, output or None)


class ResponseJoiner(Joiner):
    """Events of a response: the last one has it whole, before that there is its text."""

    def __init__(self) -> None:
        self._last: Any = None
        self._text = Text()

    def add(self, piece: Any) -> None:
        response = get(piece, "response")
        if response is not None and not is_text(response):
            self._last = response
        if get(piece, "type") == "response.output_text.delta":
            self._text.add(get(piece, "delta"))

    def finish(self) -> Reading:
        reading = read_response(self._last) if self._last is not None else Reading()
        if reading.output is None and self._text:
            content = [{"type": "output_text", "text": str(self._text)}]
            reading.output = [{"type": "message", "role": "assistant", "content": content}]
        return reading
