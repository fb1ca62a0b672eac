"""The tokens of one answer are told once, whichever traces the calls that saw it belong to."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest

from cognobserve import observe, span, start_trace, trace, with_user

from .conftest import Outbox
from .support.providers import complete_chat


def answer(number: int = 0, with_id: bool = True) -> Dict[str, Any]:
    made = complete_chat()
    made["usage"] = {"prompt_tokens": 10 + number, "completion_tokens": 1, "total_tokens": 11 + number}
    made["id"] = f"answer-{number}" if with_id else None
    return made


def told(outbox: Outbox) -> List[str]:
    return sorted(one["name"] for one in outbox.spans if "usage" in one)


@observe(type="generation")
def inner(given: Any) -> Any:
    return given


@pytest.mark.parametrize("with_id", [True, False])
def test_a_call_around_does_not_tell_what_another_user_s_trace_has_told(outbox: Outbox, with_id: bool) -> None:
    @observe(type="generation", user_id="a")
    def outer() -> Any:
        with with_user("b"):
            return inner(answer(0, with_id))

    outer()
    assert told(outbox) == ["inner"]
    assert {one.get("user_id") for one in outbox.traces} == {"a", "b"}
    assert {one["model"] for one in outbox.spans} == {complete_chat()["model"]}


def test_a_trace_in_a_trace_in_a_call_is_known_to_it(outbox: Outbox) -> None:
    @observe(type="generation", user_id="a")
    def outer() -> Any:
        with trace("block"), span("step"), start_trace("by hand") as by_hand:
            step = by_hand.start_span("model", "generation").set_output(answer())
            step.end()
        return answer()

    outer()
    assert told(outbox) == ["model"]


@pytest.mark.parametrize("with_id", [True, False])
def test_an_answer_of_its_own_is_told(outbox: Outbox, with_id: bool) -> None:
    @observe(type="generation", user_id="a")
    def outer() -> Any:
        with with_user("b"):
            inner(answer(0, with_id))
        return answer(1, with_id)

    outer()
    assert told(outbox) == ["inner", "outer"]
