"""Calls with wrong arguments fail as they do without us, are recorded as failed, and leave no scope behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cognobserve import current_trace, get_user, observe, with_user

from .conftest import Outbox


@observe(user_id="alice")
def plain(one: int) -> int:
    return one


@observe(user_id="alice")
def pieces(one: int) -> Any:
    yield one


@observe(user_id="alice")
async def later(one: int) -> int:
    return one


@observe(user_id="alice")
async def later_pieces(one: int) -> Any:
    yield one


class Thing:
    @observe(user_id="alice")
    async def method(self, one: int) -> int:
        return one


FUNCTIONS = [plain, pieces, later, later_pieces, Thing().method]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_wrong_arguments_leave_no_scope_behind(outbox: Outbox, function: Any) -> None:
    @observe
    def after() -> None:
        pass

    async def app() -> None:
        with pytest.raises(TypeError, match="argument"):
            answer = function(1, 2, nonsense=3)
            if asyncio.iscoroutine(answer):
                await answer
        assert current_trace() is None and get_user() is None
        with with_user("bob"):
            after()

    asyncio.run(app())
    failed, well = outbox.traces
    assert failed["user_id"] == "alice" and failed["spans"][0]["level"] == "ERROR"
    assert "argument" in failed["spans"][0]["status_message"]
    assert (well["name"], well["user_id"]) == ("after", "bob")
