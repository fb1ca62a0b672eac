"""A fresh state for each test, and servers to send to."""

from __future__ import annotations

import json
import os
from typing import Any, Callable, Dict, Iterator, List

import pytest

import cognobserve
from cognobserve import _client, _delivery, _http, _log, _scope

from .support.providers import Providers
from .support.real_server import RealServer
from .support.receiver import Receiver, take

for name in list(os.environ):
    if name.startswith("COGNOBSERVE_") and name != "COGNOBSERVE_TEST_BIN":
        del os.environ[name]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    _log.forget_said()
    _scope.set_scope(_scope._EMPTY)
    yield
    cognobserve.set_user(None)
    _client._current = None
    for client in _client._clients:
        client.shutdown(0)
    _client._clients.clear()
    _log.set_debug(False)


class Outbox:
    """What would be sent, without a network."""

    def __init__(self) -> None:
        self.bodies: List[Dict[str, Any]] = []

    def post(self, url: str, headers: Dict[str, str], body: bytes, timeout: float) -> _http.Answer:
        import gzip

        text = gzip.decompress(body) if headers.get("Content-Encoding") else body
        self.bodies.append(json.loads(text))
        status, more, answer = take(self.bodies[-1])
        return _http.Answer(status, more, answer)

    @property
    def traces(self) -> List[Dict[str, Any]]:
        """All that was recorded so far."""
        cognobserve.flush()
        return [trace for body in self.bodies for trace in body.get("traces", [])]

    @property
    def events(self) -> List[Dict[str, Any]]:
        """All that was tracked so far."""
        cognobserve.flush()
        return [event for body in self.bodies for event in body.get("events", [])]

    @property
    def spans(self) -> List[Dict[str, Any]]:
        return [span for trace in self.traces for span in trace["spans"]]

    @property
    def span(self) -> Dict[str, Any]:
        (span,) = self.spans
        return span

    def by_name(self) -> Dict[str, Dict[str, Any]]:
        return {span["name"]: span for span in self.spans}


@pytest.fixture
def outbox() -> Outbox:
    box = Outbox()
    start(box)
    return box


def start(box: Outbox, **options: Any) -> None:
    given = {"api_key": "co_sk_test", "flush_interval": 3600, **options}
    _client.replace_client(given, _delivery.Tools(post=box.post))


@pytest.fixture
def make_receiver() -> Iterator[Callable[..., Receiver]]:
    made: List[Receiver] = []

    def make(port: int = 0) -> Receiver:
        made.append(Receiver(port))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def receiver(make_receiver: Callable[..., Receiver]) -> Receiver:
    return make_receiver()


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    made = RealServer()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def providers() -> Iterator[Providers]:
    fake = Providers()
    yield fake
    fake.close()
