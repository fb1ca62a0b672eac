"""Rules that all SDKs share: small queues, pauses of the sender, events of another user, ids that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

import cognobserve
from cognobserve import observe, start_trace, trace, with_session, with_user
from cognobserve._http import Answer

from .conftest import Outbox
from .support.receiver import Receiver
from .test_delivery import World, record


def test_a_small_queue_leaves_when_it_is_half_full(receiver: Receiver) -> None:
    cognobserve.init(api_key="k", endpoint=receiver.url, max_queue_size=10, flush_interval=3600)
    for number in range(5):
        record(5)
        receiver.wait_for(lambda it: len(it.spans) == 5 * (number + 1))
    assert cognobserve.stats()["dropped"] == 0


def test_a_queue_of_one_leaves_at_once(receiver: Receiver) -> None:
    cognobserve.init(api_key="k", endpoint=receiver.url, max_queue_size=1, flush_interval=3600)
    record()
    receiver.wait_for(lambda it: len(it.spans) == 1)


def test_the_server_s_pause_holds_for_the_next_batch() -> None:
    world = World()
    world.start(max_retries=0)
    world.answers = [Answer(429, {"retry-after": "7"}), Answer(503)]
    for pauses in ([], [7.0], [7.0, 0.5]):
        record()
        cognobserve.flush()
        assert world.pauses == pauses
    assert cognobserve.stats() == {"sent": 1, "dropped": 2, "refused": 0, "waiting": 0}
    record()
    cognobserve.flush()
    assert world.pauses == [7.0, 0.5], "what is taken ends the pause"


def test_the_end_of_the_program_does_not_wait_for_a_pause_that_the_server_asked_for() -> None:
    world = World()
    world.start(max_retries=0)
    world.answers = [Answer(429, {"retry-after": "60"})]
    record()
    cognobserve.flush()
    record()
    cognobserve.shutdown()
    assert len(world.bodies) == 1
    assert cognobserve.stats() == {"sent": 0, "dropped": 2, "refused": 0, "waiting": 0}


@pytest.mark.parametrize("user", ["b", None])
def test_an_event_of_another_user_is_a_trace_of_its_own(outbox: Outbox, user: Any) -> None:
    @observe(user_id="a")
    def outer() -> None:
        cognobserve.log("mine")
        with with_user(user):
            cognobserve.log("other's")

    outer()
    by_name = {one["name"]: one for one in outbox.traces}
    assert [one["name"] for one in by_name["outer"]["spans"]] == ["outer", "mine"]
    other = by_name["other's"]
    assert other.get("user_id") == user and other["spans"][0]["type"] == "event"
    assert other["metadata"] == {
        "parent_trace_id": by_name["outer"]["trace_id"],
        "parent_span_id": by_name["outer"]["spans"][0]["span_id"],
    }


class Unreadable:
    def __str__(self) -> str:
        raise ValueError("secret")

    def __eq__(self, other: object) -> bool:
        raise ValueError("secret")


def test_an_id_that_cannot_be_read_is_none(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    bad: Any = Unreadable()
    with with_session(bad), with_user(bad), trace("block", id=bad, user_id=bad, session_id=bad):
        pass
    start_trace("by hand", id=bad, user=bad, user_id=bad, session_id=bad).end()
    for one in outbox.traces:
        assert "user_id" not in one and "session_id" not in one and len(one["trace_id"]) == 32
    assert [one["name"] for one in outbox.traces] == ["block", "by hand"]
    assert len(caplog.records) == 1 and "secret" not in caplog.text


@pytest.mark.parametrize("path", ["", "/base"])
def test_the_commentary_keeps_the_endpoint_s_password(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    cognobserve.init(api_key="k", endpoint=f"http://john:pass@word@127.0.0.1:9{path}", debug=True)
    said = capsys.readouterr().err
    assert f"sends to http://***@127.0.0.1:9{path}\n" in said
    assert "john" not in said and "word" not in said
