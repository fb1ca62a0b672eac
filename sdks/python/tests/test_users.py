"""Whose a call is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

import cognobserve
from cognobserve import get_user, observe, set_user, span, start_trace, trace, with_session, with_user

from .conftest import Outbox


@observe
def work() -> None:
    """Observed."""


def users(outbox: Outbox) -> Any:
    return [one.get("user_id") for one in outbox.traces]


def test_own_before_scope_before_global(outbox: Outbox) -> None:
    set_user("global")
    work()
    with with_user("outer"), with_user("inner"):
        work()
        with span("own", user_id="mine"):
            work()
    work()
    assert users(outbox) == ["global", "inner", "mine", "global"]


@pytest.mark.parametrize(
    "given, expected",
    [(7, "7"), ("é 1", "é 1"), (7.0, "7"), (uuid.UUID(int=1), str(uuid.UUID(int=1)))],
)
def test_ids_are_text(outbox: Outbox, given: Any, expected: str) -> None:
    with with_user(given):
        work()
    assert users(outbox) == [expected]


@pytest.mark.parametrize("junk", ["", "  ", {}, {"name": "N"}, object(), True, [], b"x", {"id": None}])
def test_who_cannot_be_read_is_nobody_and_never_somebody_else(outbox: Outbox, junk: Any) -> None:
    set_user("global")
    with with_user("outer"), with_user(junk):
        work()
    assert users(outbox) == [None]


def test_nobody_within_a_users_trace_is_a_trace_of_its_own(outbox: Outbox) -> None:
    with span("first", user_id="john"), with_user(None):
        work()
    assert users(outbox) == [None, "john"]
    assert outbox.traces[0]["metadata"]["parent_trace_id"] == outbox.traces[1]["trace_id"]


def test_the_same_user_named_again_stays_in_the_trace(outbox: Outbox) -> None:
    with span("first", user_id="john"), with_user({"id": "john", "plan": "pro"}):
        work()
    assert len(outbox.traces) == 1


def test_a_global_user_set_within_a_trace_does_not_split_it(outbox: Outbox) -> None:
    with span("first"):
        set_user("late")
        work()
    assert users(outbox) == [None]


def test_attributes_by_keyword_and_what_get_user_says(outbox: Outbox) -> None:
    with with_user("john", plan="pro"):
        assert get_user() == {"id": "john", "plan": "pro"}
        with with_user("john"):
            work()
        with with_user(None):
            assert get_user() is None
    assert get_user() is None
    assert outbox.traces[0]["user"] == {"id": "john", "plan": "pro"}


def test_a_user_is_copied_when_named(outbox: Outbox) -> None:
    user = {"id": "john", "tags": ["a"]}
    with with_user(user):
        user["tags"].append("b")  # type: ignore[attr-defined]
        work()
    assert outbox.traces[0]["user"]["tags"] == ["a"]


def test_null_in_a_profile_is_kept_for_it_clears(outbox: Outbox) -> None:
    with with_user({"id": "john", "name": None}):
        work()
    assert outbox.traces[0]["user"] == {"id": "john", "name": None}


def test_two_ids_are_warned_about_once(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        with span("x", user_id="a", user={"id": "b", "name": "B"}):
            pass
    assert users(outbox) == ["a"] * 3
    assert all("user" not in one for one in outbox.traces)
    assert len(caplog.records) == 1


def test_trace_always_starts_one(outbox: Outbox) -> None:
    with trace("outer", user_id="john", metadata={"a": 1}), trace("inner"):
        work()
    inner, outer = outbox.traces
    assert [inner["name"], outer["name"]] == ["inner", "outer"]
    assert inner["user_id"] == "john" and "metadata" not in inner
    assert [one["name"] for one in inner["spans"]] == ["inner", "work"]


def test_calls_within_a_trace_by_hand(outbox: Outbox) -> None:
    with start_trace("job", user_id="john", session_id="s") as job:
        with job.start_span("step") as step:
            assert cognobserve.current_span() is step
            assert cognobserve.current_trace() is job
            work()
        work()
    assert cognobserve.current_trace() is None
    (sent,) = outbox.traces
    step_id = sent["spans"][0]["span_id"]
    assert [one.get("parent_span_id") for one in sent["spans"]] == [None, step_id, None]
    assert (sent["user_id"], sent["session_id"]) == ("john", "s")


def test_a_trace_by_hand_may_have_an_id_of_its_own(outbox: Outbox) -> None:
    assert start_trace("job", id="order-7").id == "order-7"
    start_trace("job", id=7).end()
    start_trace("job", id="").end()
    own, made = outbox.traces
    assert own["trace_id"] == "7"
    assert len(made["trace_id"]) == 32


def test_a_trace_around_a_block_tells_its_id_and_may_have_its_own(outbox: Outbox) -> None:
    with cognobserve.trace("job", id="order-7") as job:
        assert job.trace_id == "order-7"
        with cognobserve.trace("other", id=" ") as other, cognobserve.span("step") as step:
            assert step.trace_id == other.trace_id != "order-7"
            current = cognobserve.current_trace()
            assert current and current.id == other.trace_id
    sent = {one["name"]: one["trace_id"] for one in outbox.traces}
    assert sent == {"job": "order-7", "other": other.trace_id} and len(other.trace_id) == 32
    cognobserve.init(disabled=True)
    with cognobserve.trace("job", id=7) as job:
        assert job.trace_id == "7"


def test_an_empty_trace_by_hand_is_sent_once(outbox: Outbox) -> None:
    job = start_trace("job", user_id="john")
    job.end()
    job.end()
    assert [one["spans"] for one in outbox.traces] == [[]]


def test_with_user_and_with_session_decorate_every_kind_of_function(outbox: Outbox) -> None:
    import asyncio

    @with_user("john")
    @with_session("s")
    def plain() -> None:
        work()

    @with_user("john")
    async def later() -> None:
        work()

    @with_user("john")
    def pieces() -> Any:
        work()
        yield 1
        work()

    @with_user("john")
    async def later_pieces() -> Any:
        yield 1
        work()

    async def run() -> None:
        await later()
        async for _ in later_pieces():
            assert get_user() is None

    plain()
    for _ in pieces():
        assert get_user() is None
    asyncio.run(run())
    assert users(outbox) == ["john"] * 5
    assert outbox.traces[0]["session_id"] == "s"
    with with_session("s"), with_session(None):
        work()
    assert "session_id" not in outbox.traces[-1]


def test_flush_sends_what_has_ended_of_open_traces(outbox: Outbox) -> None:
    job = start_trace("job", user_id="john")
    job.start_span("a").end()
    with span("outer"):
        work()
        assert [[step["name"] for step in one["spans"]] for one in outbox.traces] == [["a"], ["work"]]
        work()
    job.end()
    assert [[step["name"] for step in one["spans"]] for one in outbox.traces[2:]] == [["outer", "work"]]
    assert outbox.traces[2]["trace_id"] == outbox.traces[1]["trace_id"]
    job.start_span("late").end()
    assert outbox.traces[3]["trace_id"] == job.id
