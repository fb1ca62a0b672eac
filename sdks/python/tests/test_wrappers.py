"""The official clients, wrapped: recorded, and otherwise as they were."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, Dict, Iterator

import anthropic
import openai
import pytest

import cognobserve
from cognobserve import observe, with_user, wrap_anthropic, wrap_openai

from .conftest import Outbox, start
from .support.providers import Providers

MESSAGES: Any = [{"role": "user", "content": "Hi"}]
CHAT: Dict[str, Any] = {"model": "gpt-4o", "messages": MESSAGES}
STREAM: Dict[str, Any] = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
MESSAGE: Dict[str, Any] = {"model": "claude-x", "max_tokens": 9, "messages": MESSAGES}
CHAT_USAGE = {
    "prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15, "cached_tokens": 4, "reasoning_tokens": 0,
}  # fmt: skip
MESSAGE_USAGE = {
    "prompt_tokens": 35, "completion_tokens": 7, "total_tokens": 42, "cached_tokens": 20, "cache_write_tokens": 5,
}  # fmt: skip


@pytest.fixture
def providers() -> Iterator[Providers]:
    fake = Providers()
    yield fake
    fake.close()


@pytest.fixture
def chat(providers: Providers) -> openai.OpenAI:
    return wrap_openai(openai.OpenAI(api_key="k", base_url=providers.base, max_retries=0))


@pytest.fixture
def claude(providers: Providers) -> anthropic.Anthropic:
    return wrap_anthropic(anthropic.Anthropic(api_key="k", base_url=providers.base, max_retries=0))


def test_chat(outbox: Outbox, chat: openai.OpenAI) -> None:
    with with_user("john"):
        answer = chat.chat.completions.create(
            **CHAT, user="provider-user", temperature=0.5, tools=openai.NOT_GIVEN, metadata={"user_id": "m"}
        )
    assert answer.choices[0].message.content == "Hello!"
    span = outbox.span
    assert outbox.traces[0]["user_id"] == "john"
    assert (span["name"], span["type"]) == ("openai.chat.completions", "generation")
    assert (span["input"], span["model_parameters"]) == (MESSAGES, {"temperature": 0.5})
    assert (span["usage"], span["output"]["content"]) == (CHAT_USAGE, "Hello!")
    assert (span["model"], span["response_id"]) == ("gpt-4o-2024-08-06", "chatcmpl-1")


def test_the_provider_gets_the_same_request(chat: openai.OpenAI, outbox: Outbox, providers: Providers) -> None:
    plain = openai.OpenAI(api_key="k", base_url=providers.base)
    for client in (plain, chat):
        list(client.chat.completions.create(**{**STREAM, "stream_options": openai.NOT_GIVEN}))
    assert providers.requests[0] == providers.requests[1]


def test_wrapping_twice_records_once_and_copies_are_wrapped(outbox: Outbox, chat: openai.OpenAI) -> None:
    assert wrap_openai(chat) is chat
    chat.chat.completions.create(**CHAT)
    chat.with_options(timeout=5).chat.completions.create(**CHAT)
    chat.copy(timeout=5).with_options(timeout=6).chat.completions.create(**CHAT)
    assert len(outbox.spans) == 3


def test_responses_and_embeddings(outbox: Outbox, chat: openai.OpenAI) -> None:
    answer = chat.responses.create(model="gpt-5-mini", input="Hi", instructions="Be kind.")
    assert answer.output_text == "Hello!"
    events = list(chat.responses.create(model="gpt-5-mini", input="Hi", stream=True))
    assert events[-1].type == "response.completed"
    stream = chat.responses.create(model="gpt-5-mini", input="Hi", stream=True)
    for event in stream:
        if event.type == "response.output_text.delta":
            break
    stream.close()
    assert len(chat.embeddings.create(model="e", input=["a", "b"]).data) == 2
    whole, streamed, left, embedded = outbox.spans
    assert whole["input"] == [
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"},
    ]  # fmt: skip
    assert whole["usage"] == streamed["usage"]
    assert whole["usage"]["reasoning_tokens"] == 5
    assert whole["output"][0]["content"][0]["text"] == "Hello!"
    assert streamed["output"][0]["content"][0]["text"] == "Hello!"
    assert left["output"][0]["content"][0]["text"] == "Hel" and "usage" not in left
    assert embedded["output"] == {"embeddings": 2, "dimensions": 3}
    assert embedded["usage"] == {"prompt_tokens": 8, "total_tokens": 8}


def test_streams_are_the_packages_own(outbox: Outbox, chat: openai.OpenAI) -> None:
    stream = chat.chat.completions.create(**STREAM)
    assert isinstance(stream, openai.Stream) and stream.response.status_code == 200
    assert outbox.spans == []
    with stream as entered:
        assert sum(1 for _ in entered) == 5
    assert (outbox.span["usage"], outbox.span["output"]["content"]) == (CHAT_USAGE, "Hello!")


def test_streams_that_are_left(outbox: Outbox, chat: openai.OpenAI) -> None:
    with chat.chat.completions.create(**STREAM) as stream:
        next(stream)
        next(stream)
    stream = chat.chat.completions.create(**STREAM)
    next(stream)
    del stream
    gc.collect()
    assert [one["output"]["content"] for one in outbox.spans] == ["Hel", ""]
    assert all("level" not in one for one in outbox.spans)


def test_the_packages_helpers(outbox: Outbox, chat: openai.OpenAI) -> None:
    with chat.chat.completions.stream(**CHAT) as stream:
        assert stream.get_final_completion().choices[0].message.content == "Hello!"
    with chat.responses.stream(model="gpt-5-mini", input="Hi") as events:
        assert events.get_final_response().output_text == "Hello!"
    parsed = chat.chat.completions.parse(**CHAT)
    assert parsed.choices[0].message.content == "Hello!"
    assert [one["usage"]["prompt_tokens"] for one in outbox.spans] == [12, 20, 12]


def test_raw_answers(outbox: Outbox, chat: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    raw = chat.chat.completions.with_raw_response.create(**CHAT)
    assert raw.http_response.status_code == 200 and raw.parse().id == "chatcmpl-1"
    raw_stream = chat.chat.completions.with_raw_response.create(**STREAM)
    assert sum(1 for _ in raw_stream.parse()) == 5
    with chat.chat.completions.with_streaming_response.create(**CHAT) as streamed:
        assert streamed.parse().id == "chatcmpl-1"
    with chat.chat.completions.with_streaming_response.create(**CHAT) as streamed:
        assert b"Hello!" in streamed.read()
    with chat.chat.completions.with_streaming_response.create(**CHAT) as streamed:
        assert streamed.http_response.status_code == 200
    with chat.chat.completions.with_streaming_response.create(**STREAM) as streamed:
        stream = streamed.parse()
        next(stream)
    message = claude.messages.with_raw_response.create(**MESSAGE)
    assert message.parse().id == "msg_1"
    usages = [one.get("usage", {}).get("prompt_tokens") for one in outbox.spans]
    assert usages == [12, 12, 12, 12, None, None, 35]


def test_errors_pass(outbox: Outbox, chat: openai.OpenAI, providers: Providers) -> None:
    providers.status = 500
    with pytest.raises(openai.InternalServerError) as caught:
        chat.chat.completions.create(**CHAT)
    assert outbox.span["level"] == "ERROR"
    assert outbox.span["status_message"] == str(caught.value)
    assert outbox.span["model"] == "gpt-4o"


def test_within_an_observed_generation_the_tokens_are_said_by_both(outbox: Outbox, chat: openai.OpenAI) -> None:
    """The server counts a response once by its id."""

    @observe(type="generation")
    def ask() -> Any:
        return chat.chat.completions.create(**STREAM)

    assert sum(1 for _ in ask()) == 5
    outer, inner = outbox.spans
    assert outer["response_id"] == inner["response_id"] == "chatcmpl-1"
    assert outer["usage"] == inner["usage"] == CHAT_USAGE
    assert inner["parent_span_id"] == outer["span_id"]


def test_messages(outbox: Outbox, claude: anthropic.Anthropic) -> None:
    answer = claude.messages.create(**MESSAGE, system="Be kind.", metadata={"user_id": "theirs"})
    assert answer.content[0].text == "Hello!"  # type: ignore[union-attr]
    span = outbox.span
    assert "user_id" not in outbox.traces[0]
    assert span["input"][0] == {"role": "system", "content": "Be kind."}
    assert (span["usage"], span["model_parameters"]) == (MESSAGE_USAGE, {"max_tokens": 9})
    assert span["output"]["content"] == [{"type": "text", "text": "Hello!"}]


def test_message_streams(outbox: Outbox, claude: anthropic.Anthropic) -> None:
    with claude.messages.stream(**MESSAGE) as stream:
        assert isinstance(stream, anthropic.MessageStream)
        assert "".join(stream.text_stream) == "Hello!"
        assert stream.get_final_message().usage.output_tokens == 7
    with claude.messages.stream(**MESSAGE) as stream:
        assert next(stream).type == "message_start"
    with pytest.raises(KeyError), claude.messages.stream(**MESSAGE) as stream:
        raise KeyError
    whole, left, failed = outbox.spans
    assert (whole["usage"], whole["output"]["content"][0]["text"]) == (MESSAGE_USAGE, "Hello!")
    assert left["usage"]["prompt_tokens"] == 35
    assert whole["name"] == failed["name"] == "anthropic.messages"


def test_async_clients(outbox: Outbox, providers: Providers) -> None:
    async def run() -> None:
        async with openai.AsyncOpenAI(api_key="k", base_url=providers.base) as client:
            wrap_openai(client)

            async def request(user: str) -> None:
                async with with_user(user):
                    answer = await client.chat.completions.create(**CHAT)
                    assert answer.id == "chatcmpl-1"
                    stream = await client.chat.completions.create(**STREAM)
                    assert isinstance(stream, openai.AsyncStream)
                    assert len([piece async for piece in stream]) == 5

            await asyncio.gather(*(request(str(number)) for number in range(10)))
            left = await client.chat.completions.create(**STREAM)
            await left.__anext__()
            await left.close()
            raw = await client.chat.completions.with_raw_response.create(**CHAT)
            assert raw.parse().id == "chatcmpl-1"
            async with client.chat.completions.with_streaming_response.create(**CHAT) as streamed:
                assert (await streamed.parse()).id == "chatcmpl-1"
            assert len((await client.embeddings.create(model="e", input="a")).data) == 2
        async with anthropic.AsyncAnthropic(api_key="k", base_url=providers.base) as claude:
            wrap_anthropic(claude)
            assert (await claude.messages.create(**MESSAGE)).id == "msg_1"
            async with claude.messages.stream(**MESSAGE) as stream:
                assert "".join([text async for text in stream.text_stream]) == "Hello!"
            events = await claude.messages.create(**MESSAGE, stream=True)
            assert [event.type async for event in events][-1] == "message_stop"

    asyncio.run(run())
    users = sorted(one["user_id"] for one in outbox.traces if "user_id" in one)
    assert users == sorted([str(number) for number in range(10)] * 2)
    usages = [one.get("usage", {}).get("prompt_tokens") for one in outbox.spans[20:]]
    assert usages == [None, 12, 12, 8, 35, 35, 35]
    assert all(one["usage"] == CHAT_USAGE for one in outbox.spans[:20])


def test_disabled_leaves_the_client_alone(outbox: Outbox, chat: openai.OpenAI) -> None:
    start(outbox, disabled=True)
    assert len(list(chat.chat.completions.create(**STREAM))) == 5
    cognobserve.flush()
    assert outbox.bodies == []


def test_what_is_no_client_is_left_alone() -> None:
    thing = object()
    assert wrap_openai(thing) is thing and wrap_anthropic(thing) is thing
