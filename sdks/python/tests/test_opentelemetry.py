"""The official OpenTelemetry SDK says on each span whose it is."""

from __future__ import annotations

from typing import Any, Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cognobserve import set_user, span, with_session, with_user
from cognobserve.opentelemetry import UserSpanProcessor

from .conftest import Outbox


class Tracing:
    def __init__(self, **options: Any) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(UserSpanProcessor(**options))
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")

    def trace(self, **attributes: Any) -> Any:
        with self.tracer.start_as_current_span("s", attributes=attributes):
            pass
        return dict(self.exporter.get_finished_spans()[-1].attributes or {})


@pytest.fixture
def tracing() -> Iterator[Tracing]:
    made = Tracing()
    yield made
    assert made.provider.force_flush()
    made.provider.shutdown()


def test_the_scopes_user_and_session(tracing: Tracing) -> None:
    assert tracing.trace() == {}
    set_user("global")
    assert tracing.trace() == {"user.id": "global"}
    user = {"id": "john", "name": "John", "email": "j@acme.com", "plan": "pro", "seats": 3, "tags": ["a"], "x": None}
    with with_user(user), with_session("s-1"):
        assert tracing.trace() == {
            "user.id": "john", "session.id": "s-1", "user.name": "John", "user.email": "j@acme.com",
            "user.plan": "pro", "user.seats": 3,
        }  # fmt: skip
        assert tracing.trace(**{"user.id": "own", "session.id": "mine"}) == {"user.id": "own", "session.id": "mine"}
        with with_user(None):
            assert tracing.trace() == {"session.id": "s-1"}


def test_the_user_of_an_observed_call(tracing: Tracing, outbox: Outbox) -> None:
    with span("x", user_id="john", session_id="s"):
        assert tracing.trace() == {"user.id": "john", "session.id": "s"}


def test_without_the_profile() -> None:
    with with_user({"id": "john", "name": "John"}):
        assert Tracing(profile=False).trace() == {"user.id": "john"}


def test_it_never_raises() -> None:
    with with_user("john"):
        UserSpanProcessor().on_start(object())
