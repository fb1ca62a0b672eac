"""Records what an Anthropic client is asked and answers. A request's ``metadata.user_id`` is not our user."""

from __future__ import annotations

from typing import Any, Mapping, TypeVar

from ._log import harmless
from ._wrapping import Method, wrap_methods

C = TypeVar("C")


def _read_messages(given: Mapping[str, Any]) -> Any:
    """The system's prompt comes first, as a message."""
    messages, system = given.get("messages"), given.get("system")
    # An iterator is left to the client.
    if system is None or not isinstance(messages, (list, tuple)):
        return messages
    return [{"role": "system", "content": system}, *messages]


_METHODS = tuple(
    Method(f"{path}.{name}", "anthropic.messages", _read_messages)
    for path in ("messages", "beta.messages")
    for name in ("create", "parse", "stream")
)


def wrap_anthropic(client: C) -> C:
    """Records the messages of this client, sync or async, streams included; answers the client."""
    _wrap(client)
    return client


@harmless
def _wrap(client: Any) -> None:
    wrap_methods(client, _METHODS)
