"""Records what an OpenAI client is asked and answers. A request's own ``user`` is not our user."""

from __future__ import annotations

from typing import Any, Mapping, TypeVar

from ._log import harmless
from ._wrapping import Method, wrap_methods

C = TypeVar("C")


def _read_messages(given: Mapping[str, Any]) -> Any:
    return given.get("messages")


def _read_response_input(given: Mapping[str, Any]) -> Any:
    """Instructions come first, as the system's message."""
    input, instructions = given.get("input"), given.get("instructions")
    if isinstance(input, str):
        asked: Any = [{"role": "user", "content": input}]
    else:
        asked = input if isinstance(input, (list, tuple)) else []
    if instructions is None or (input is not None and not asked):
        return input
    return [{"role": "system", "content": instructions}, *asked]


def _read_input(given: Mapping[str, Any]) -> Any:
    return given.get("input")


_METHODS = (
    Method("chat.completions.create", "openai.chat.completions", _read_messages),
    Method("chat.completions.parse", "openai.chat.completions", _read_messages),
    Method("responses.create", "openai.responses", _read_response_input),
    Method("responses.parse", "openai.responses", _read_response_input),
    Method("embeddings.create", "openai.embeddings", _read_input),
)


def wrap_openai(client: C) -> C:
    """Records chat completions, responses and embeddings of this client, sync or async; answers the client.

    The tokens of a stream of chat completions are known only if it was asked for with
    ``stream_options={"include_usage": True}``.
    """
    _wrap(client)
    return client


@harmless
def _wrap(client: Any) -> None:
    wrap_methods(client, _METHODS)
