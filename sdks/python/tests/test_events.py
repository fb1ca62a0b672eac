"""Product events: whose they are, what of them is sent, and that they have a queue and counts of their own."""

from __future__ import annotations

import datetime
import json
import threading
import time
from typing import Any, Dict, List

import pytest

import cognobserve
from cognobserve import _client, event_stats, start_trace, track, with_session, with_user
from cognobserve._http import Answer

from .conftest import Outbox, start
from .support.receiver import Receiver, take
from .test_delivery import World, record


def counts() -> List[int]:
    cognobserve.flush(20)
    return list(event_stats().values())


def init(receiver: Receiver, **options: Any) -> None:
    cognobserve.init(api_key="k", endpoint=receiver.url, **{"flush_interval": 3600, **options})


def test_an_event_has_an_id_a_time_and_properties(outbox: Outbox) -> None:
    before = datetime.datetime.now(datetime.timezone.utc)
    track("memory_created", {"type": "text", "has_metadata": True, "count": 2})
    track(" upload ")
    first, second = outbox.events
    assert len(first.pop("event_id")) == 32 != second.pop("event_id")
    moment = datetime.datetime.fromisoformat(first.pop("timestamp").replace("Z", "+00:00"))
    assert before <= moment <= datetime.datetime.now(datetime.timezone.utc)
    assert first == {"event": "memory_created", "properties": {"type": "text", "has_metadata": True, "count": 2}}
    assert second["event"] == "upload" and "properties" not in second
    assert counts() == [2, 0, 0, 0] and list(cognobserve.stats().values()) == [0, 0, 0, 0]


def test_what_the_app_has_stays_as_it_is_without_a_mask_too(outbox: Outbox) -> None:
    given = {"type": "text", "deep": {"n": [1]}}
    track("e", given)
    assert given == {"type": "text", "deep": {"n": [1]}} and outbox.events[0]["properties"] == given


def test_it_is_whose_the_call_the_scope_or_the_trace_says(outbox: Outbox) -> None:
    def tell(**more: Any) -> None:
        track("e", **more)

    tell()
    cognobserve.set_user("global")
    tell()
    with with_user("ann", plan="pro"), with_session("s1"):
        tell()
        tell(user_id=7, session_id="s2")
        with with_user(None):
            tell()
    with start_trace("t", user_id="bob", session_id="s3"):
        tell(user={"id": "carl", "name": "Carl"})
        tell()
    told = [(one.get("user_id"), one.get("session_id")) for one in outbox.events]
    assert told == [
        (None, None), ("global", None), ("ann", "s1"), ("7", "s2"), (None, "s1"), ("carl", "s3"), ("bob", "s3"),
    ]  # fmt: skip
    assert not any("user" in one for one in outbox.events), "a profile belongs to traces"


def test_own_ids_and_times_are_sent(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.timezone.utc)
    track("e", event_id="order-7", timestamp=moment)
    assert [(one["event_id"], one["timestamp"]) for one in outbox.events] == [("order-7", "2026-01-02T03:04:05.678901Z")]
    for odd in ("yesterday", 1.5, datetime.datetime.max):
        track("e", timestamp=odd)  # type: ignore[arg-type]
    assert [one["timestamp"] > "2026-01-03" for one in outbox.events[1:]] == [True] * 3
    assert len(caplog.records) == 1


def test_a_mask_sees_properties_and_the_app_s_own_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    box, seen = Outbox(), []

    def mask(value: Any, what: str) -> Any:
        seen.append(what)
        if "odd" in value:
            raise RuntimeError("secret")
        value["mail"] = "***"
        return [] if "list" in value else value

    start(box, mask=mask, capture_content=False)
    own: Dict[str, Any] = {"mail": "a@b.c", "deep": {"x": [1]}}
    track("e", own)
    track("e", {"odd": 1})
    track("e", {"list": 1})
    track("e", {})
    assert own == {"mail": "a@b.c", "deep": {"x": [1]}}
    told = [one.get("properties") for one in box.events]
    assert told == [{"mail": "***", "deep": {"x": [1]}}, None, None, None]
    assert seen == ["properties"] * 3
    assert len(caplog.records) == 2 and "secret" not in caplog.text


def test_what_is_too_large_or_no_mapping_is_left_out_and_told_once(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        track("big", {"text": "x" * (64 * 1024)})
        track("list", ["a"])  # type: ignore[arg-type]
        track("é" * 200)
    track("fits", {"text": "x" * (64 * 1024 - len('{"text":""}'))})
    events = outbox.events
    assert [one["event"] for one in events] == ["big", "list", "é" * 127] * 2 + ["fits"]
    assert [one["event"] for one in events if "properties" in one] == ["fits"]
    assert len(caplog.records) == 3 and counts() == [7, 0, 0, 0]


def test_an_event_without_a_name_is_dropped_and_nothing_raises(
    outbox: Outbox, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Dict[str, Any]):
        def keys(self) -> Any:
            raise RuntimeError("secret")

    class Name(str):
        def strip(self, *_: Any) -> str:
            raise RuntimeError("secret")

    track(Name("e"))
    for name in ("", " ", None, 7):
        track(name)  # type: ignore[arg-type]
    track("e", Odd(a=1), user={"name": "nobody"}, session_id=object())  # type: ignore[arg-type]
    track("e", {"self": object(), "nan": float("nan"), 1: {2, 3}})  # type: ignore[dict-item]
    assert counts() == [2, 4, 0, 0] and len(outbox.events) == 2
    assert "secret" not in caplog.text


def test_over_the_limit_the_oldest_go_and_spans_are_not_counted(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.start(max_queue_size=4, max_batch_size=100)
    gate = threading.Event()
    world.before_post = lambda: assert_in_time(gate)
    track("first")
    track("second")
    wait_until(lambda: len(world.bodies) == 1)
    for number in range(6):
        track(f"e{number}")
    record()
    assert event_stats() == {"sent": 0, "dropped": 2, "refused": 0, "waiting": 6}
    gate.set()
    assert counts() == [6, 2, 0, 0] and cognobserve.stats()["sent"] == 1
    names = [one["event"] for body in world.bodies for one in body.get("events", [])]
    assert names == ["first", "second", "e2", "e3", "e4", "e5"]
    assert ["more than 4 events wait" in one.message for one in caplog.records] == [True]


def test_many_large_events_are_bounded_in_bytes(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    start(outbox, max_batch_size=2048)
    for _ in range(300):
        track("e", {"text": "x" * 60_000})
    told = event_stats()
    assert 270 < told["waiting"] < 280 and told["waiting"] + told["dropped"] == 300
    assert counts()[0] == told["waiting"] and len(outbox.bodies) == 5, "a request has at most 4 MiB"
    assert ["over 16 MiB" in one.message for one in caplog.records] == [True]


@pytest.mark.parametrize("status", [0, 429, 503])
def test_what_may_pass_is_tried_again_with_the_same_ids(status: int) -> None:
    world = World()
    world.start()
    world.answers = [Answer(status)] * 2
    track("e")
    assert counts() == [1, 0, 0, 0]
    assert world.pauses == [0.5, 1.0] and world.bodies[1:] == world.bodies[:1] * 2
    assert {url.rsplit("/v1")[1] for url in world.urls} == {"/events"}


def test_what_is_refused_or_final_is_counted_and_told(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.start()

    def refuse(body: Dict[str, Any]) -> Answer:
        fault = {"success": False, "error": {"code": "invalid_request", "message": "an id is at most 255"}}
        return Answer(202, {}, json.dumps({"results": [fault, {"success": True}]}).encode())

    world.answers = [refuse, Answer(404, {}, b'{"code":"not_found"}'), Answer(413), Answer(413), None]
    track("bad", user_id="x" * 300)
    track("good")
    assert counts() == [1, 0, 1, 0]
    track("lost")
    assert counts() == [1, 1, 1, 0]
    track("half")
    track("other")
    assert counts() == [2, 2, 1, 0]
    told = [one.message for one in caplog.records]
    assert "1 of 2 events were refused: invalid_request" in told[0]
    assert "refuses events: status 404 (not_found)" in told[1] and "an event was larger" in told[2]


def test_track_never_waits_for_a_server_that_hangs_and_spans_do_not_either(receiver: Receiver) -> None:
    receiver.hang = threading.Event()
    init(receiver, mode="immediate", shutdown_timeout=0.05)
    started = time.monotonic()
    for _ in range(100):
        track("e", {"a": 1})
    assert time.monotonic() - started < 5
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    assert not cognobserve.flush(0.05)
    cognobserve.shutdown()
    assert list(event_stats().values()) == [0, 100, 0, 0]
    receiver.hang.set()


def test_a_trace_does_not_wait_for_events_in_immediate_mode(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()
    receiver.replies = [lambda body: (assert_in_time(gate), take(body))[1]]
    init(receiver, mode="immediate", shutdown_timeout=20)
    track("e")
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    record()
    assert event_stats()["waiting"] == 1 and cognobserve.stats()["sent"] == 1
    gate.set()
    assert counts() == [1, 0, 0, 0] and caplog.records == []


def test_the_end_of_the_program_sends_events_and_what_other_threads_track_meanwhile(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    gate = threading.Event()
    receiver.replies = [lambda body: (assert_in_time(gate), take(body))[1]] * 2
    init(receiver, shutdown_timeout=20)
    track("before")
    record()

    def go_on() -> None:
        receiver.wait_for(lambda it: len(it.bodies) == 2)
        track("meanwhile")
        record()
        gate.set()

    other = threading.Thread(target=go_on)
    other.start()
    cognobserve.shutdown()
    other.join()
    assert [one["event"] for one in receiver.events] == ["before", "meanwhile"] and len(receiver.spans) == 2
    assert list(event_stats().values()) == list(cognobserve.stats().values()) == [2, 0, 0, 0]
    assert caplog.records == []
    track("late")
    assert event_stats()["dropped"] == 1
    assert ["events were tracked after the shutdown" in one.message for one in caplog.records] == [True]


def test_a_second_init_sends_what_waits_with_the_first_key(receiver: Receiver) -> None:
    init(receiver)
    track("first")
    cognobserve.init(api_key="two", endpoint=receiver.url, flush_interval=3600)
    track("second")
    assert counts() == [2, 0, 0, 0]
    told = {body["events"][0]["event"]: head["x-api-key"] for body, head in zip(receiver.bodies, receiver.requests)}
    assert told == {"first": "k", "second": "two"}
    assert {head["x-cognobserve-client"] for head in receiver.requests} == {"python"}


def test_a_forked_process_sends_nothing_of_its_parent_s(receiver: Receiver) -> None:
    init(receiver)
    track("parent")
    # What a fork runs in the child.
    _client.get_client().forget_parent()
    track("child")
    assert counts() == [1, 0, 0, 0] and [one["event"] for one in receiver.events] == ["child"]


def test_nothing_is_recorded_without_a_key() -> None:
    cognobserve.init(api_key="", endpoint="http://127.0.0.1:1")
    track("e")
    assert counts() == [0, 0, 0, 0]


def assert_in_time(gate: threading.Event) -> None:
    assert gate.wait(20)


def wait_until(is_there: Any) -> None:
    until = time.monotonic() + 20
    while not is_there():
        assert time.monotonic() < until
        time.sleep(0.005)
