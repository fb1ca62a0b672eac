"""A second ``init``: what has begun under the first settings is sent with them, and only ``shutdown`` closes."""

from __future__ import annotations

import threading
from typing import Callable

import pytest

import cognobserve
from cognobserve import _client, span, start_trace

from .support.receiver import Receiver


def init(receiver: Receiver, key: str) -> None:
    cognobserve.init(api_key=key, endpoint=receiver.url, flush_interval=3600)


def test_what_is_open_at_a_second_init_is_sent_as_it_began(make_receiver: Callable[..., Receiver]) -> None:
    first, second = make_receiver(), make_receiver()
    init(first, "one")
    by_hand = start_trace("by hand")
    with span("open"):
        init(second, "two")
        with span("new"):
            pass
    assert cognobserve.flush(20)
    # Long after the first client has had nothing to do.
    by_hand.start_span("step").end()
    by_hand.end()
    assert cognobserve.flush(20)
    assert sorted(one["name"] for one in first.traces) == ["by hand", "open"]
    assert {one["x-api-key"] for one in first.requests} == {"one"}
    assert [one["name"] for one in second.traces] == ["new"]
    assert cognobserve.stats() == {"sent": 3, "dropped": 0, "refused": 0, "waiting": 0}


def test_a_client_before_holds_no_thread_while_it_has_nothing_to_send(receiver: Receiver) -> None:
    init(receiver, "one")
    with span("first"):
        pass
    assert cognobserve.flush(20)
    sender = _client.get_client().traces.thread
    assert sender is not None
    init(receiver, "two")
    sender.join(20)
    assert not sender.is_alive()


def test_only_shutdown_closes_and_what_ends_after_it_is_counted_and_said_once(
    make_receiver: Callable[..., Receiver], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = make_receiver(), make_receiver()
    init(first, "one")
    by_hand = start_trace("by hand")
    by_hand.start_span("sent").end()
    late = by_hand.start_span("late")
    init(second, "two")
    with span("new"):
        pass
    cognobserve.shutdown()
    assert [one["name"] for one in first.spans + second.spans] == ["sent", "new"]
    late.end()
    by_hand.end()
    with span("after"):
        pass
    assert cognobserve.stats() == {"sent": 2, "dropped": 2, "refused": 0, "waiting": 0}
    assert [one.message for one in caplog.records] == ["traces and spans ended after the shutdown: they are not sent"]


def test_a_client_before_sends_at_the_end_though_the_new_server_hangs(make_receiver: Callable[..., Receiver]) -> None:
    first, second = make_receiver(), make_receiver()
    second.hang = threading.Event()
    init(first, "one")
    by_hand = start_trace("by hand")
    cognobserve.init(api_key="two", endpoint=second.url, shutdown_timeout=0.2)
    by_hand.start_span("step").end()
    with span("lost"):
        pass
    cognobserve.shutdown()
    assert [one["name"] for one in first.spans] == ["step"]
    assert cognobserve.stats() == {"sent": 1, "dropped": 1, "refused": 0, "waiting": 0}
