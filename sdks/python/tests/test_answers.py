"""What is read from providers' answers beyond the shared fixtures, whole and in pieces."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, List
from unittest.mock import MagicMock

import pytest

from cognobserve._answers import Reading, find_joiner, read_answer

TOOL_CHUNKS: List[Any] = [
    {"object": "chat.completion.chunk", "id": "c", "model": "m", "choices": [
        {"index": 0, "delta": {"role": "assistant", "content": None, "tool_calls": [
            {"index": 0, "id": "t1", "type": "function", "function": {"name": "find", "arguments": ""}}]}}]},
    {"object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '{"q":'}}]}}]},
    {"object": "chat.completion.chunk", "choices": [
        {"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"x"}'}},
                                              {"index": 1, "id": "t2", "function": {"name": "g"}}]}},
        {"index": 1, "delta": {"role": "assistant", "content": "other"}}]},
]  # fmt: skip

GEMINI: Any = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello!"}]}, "index": 0}],
    "usageMetadata": {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 3,
                      "thoughtsTokenCount": 5, "toolUsePromptTokenCount": 2, "totalTokenCount": 20},
    "modelVersion": "gemini-2.5-pro", "responseId": "g1",
}  # fmt: skip
GEMINI_USAGE = {
    "prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20, "cached_tokens": 4, "reasoning_tokens": 5,
}  # fmt: skip


def objects(value: Any) -> Any:
    """Dicts as objects with attributes."""
    return json.loads(json.dumps(value), object_hook=lambda fields: SimpleNamespace(**fields))


def join(pieces: List[Any]) -> Reading:
    joiner = find_joiner(pieces[0])
    for piece in pieces:
        joiner.add(piece)
    reading = joiner.finish()
    assert reading is not None
    return reading


def read(answer: Any) -> Reading:
    reading = read_answer(answer)
    assert reading is not None
    return reading


def test_tool_calls_and_choices_in_pieces() -> None:
    for pieces in (TOOL_CHUNKS, [objects(chunk) for chunk in TOOL_CHUNKS]):
        reading = join(pieces)
        assert (reading.model, reading.response_id, reading.usage) == ("m", "c", None)
        called, said = reading.output
        assert called["tool_calls"][0]["function"] == {"name": "find", "arguments": '{"q":"x"}'}
        assert called["tool_calls"][1]["id"] == "t2" and "content" not in called
        assert said == {"role": "assistant", "content": "other"}


def test_several_choices_are_a_list() -> None:
    answer = {"object": "chat.completion", "choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]}
    assert read(answer).output == [{"content": "a"}, {"content": "b"}]
    assert read({"object": "text_completion", "choices": [{"text": "t"}]}).output == "t"


def test_gemini() -> None:
    assert read(GEMINI).usage == GEMINI_USAGE
    assert read(GEMINI).output == GEMINI["candidates"][0]["content"]
    snake = SimpleNamespace(
        candidates=[SimpleNamespace(content={"parts": [{"text": "Hi"}]}, index=None)],
        usage_metadata=SimpleNamespace(prompt_token_count=1, candidates_token_count=2, total_token_count=3),
        model_version="g", response_id="r",
    )  # fmt: skip
    assert read(snake).usage == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert (read(snake).model, read(snake).response_id) == ("g", "r")


def test_gemini_in_pieces() -> None:
    def piece(part: Any) -> Any:
        return {"candidates": [{"content": {"role": "model", "parts": [part]}}], "usageMetadata": {"promptTokenCount": 1}}

    call = {"functionCall": {"name": "f"}}
    pieces = [piece({"text": "so", "thought": True}), piece({"text": "Hel"}), piece({"text": "lo"}), piece(call), GEMINI]
    reading = join(pieces)
    assert reading.output["parts"] == [
        {"text": "so", "thought": True}, {"text": "Hello"}, call, {"text": "Hello!"},
    ]  # fmt: skip
    assert (reading.usage, reading.model) == (GEMINI_USAGE, "gemini-2.5-pro")


def test_cohere() -> None:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]}
    usage = {"billed_units": {"input_tokens": 3.0, "output_tokens": 4.0}, "tokens": {"input_tokens": 70}}
    reading = read({"id": "x", "message": message, "usage": usage})
    assert reading.usage == {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    assert reading.output == message
    assert read({"generation_id": "y", "text": "Hi", "meta": usage}).output == "Hi"
    embedded = read({"id": "z", "embeddings": {"float": [[1, 2]]}, "meta": {"billed_units": {"input_tokens": 2}}})
    assert embedded.output == {"embeddings": 1, "dimensions": 2}
    events = [
        {"type": "message-start", "id": "s"},
        {"type": "content-delta", "delta": {"message": {"content": {"text": "He"}}}},
        {"type": "content-delta", "delta": {"message": {"content": {"text": "y"}}}},
        {"type": "message-end", "delta": {"usage": usage}},
    ]
    joined = join(events)
    assert joined.output["content"][0]["text"] == "Hey"
    assert (joined.usage, joined.response_id) == (reading.usage, "s")


def test_anthropic_tools_in_pieces() -> None:
    def delta(kind: str, **fields: str) -> Any:
        return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **fields}}

    start = {"type": "message_start", "message": {"id": "m", "role": "assistant", "usage": {"input_tokens": 5}}}
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "name": "f", "input": {}}}
    parts = [delta("input_json_delta", partial_json='{"a":'), delta("input_json_delta", partial_json="1}")]
    assert join([start, block, *parts]).output["content"] == [{"type": "tool_use", "name": "f", "input": {"a": 1}}]
    assert join([start, block, parts[0]]).output["content"][0]["input"] == '{"a":'


@pytest.mark.parametrize(
    "answer",
    [None, "text", 5, {}, {"choices": []}, {"choices": [1]}, {"object": "list", "data": []}, [1], b"x",
     {"type": "message"}, {"candidates": []}, {"usage": {"tokens": "x"}}, object(), MagicMock()],
    ids=repr,
)  # fmt: skip
def test_other_answers_are_none_of_these(answer: Any) -> None:
    assert read_answer(answer) is None


def test_absurd_counts_are_left_out() -> None:
    usage = {"prompt_tokens": "12", "completion_tokens": True, "total_tokens": float("nan"),
             "prompt_tokens_details": {"cached_tokens": 3.0}}  # fmt: skip
    answer = {"object": "chat.completion", "choices": [{"message": {"content": "a"}}], "usage": usage}
    assert read(answer).usage == {"cached_tokens": 3}


def test_other_pieces() -> None:
    assert join(["a", "b"]).output == "ab"
    assert join([{"n": 1}, {"n": 2}]).output == [{"n": 1}, {"n": 2}]
    assert join([b"a", b"b"]).output == b"ab"
    long = join(["x" * 700_000] * 10).output
    assert long.endswith("[truncated]") and len(long) < 2_000_000
