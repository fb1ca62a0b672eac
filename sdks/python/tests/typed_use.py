"""What a type checker must accept of a program that uses the package; it is checked and never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Dict, List, Optional

import anthropic
import openai

import cognobserve
from cognobserve.opentelemetry import UserSpanProcessor


def hide(value: Any, what: str) -> Any:
    return "hidden" if what == "input" else value


cognobserve.init(api_key="k", mode="immediate", mask=hide, max_queue_size=10, flush_interval=0.5)
john: cognobserve.User = {"id": "john", "name": "John"}
cognobserve.set_user(john)
cognobserve.set_user({"id": 7, "plan": "pro"})
cognobserve.set_user(None)


@cognobserve.observe
def plain(a: int, b: str = "x") -> List[str]:
    return [b] * a


@cognobserve.observe(name="later", type="generation", user=john, metadata={"a": 1})
async def later(a: int) -> Dict[str, int]:
    async with cognobserve.span("inner") as step, cognobserve.with_user("x", plan="pro"):
        step.set_input(a).set_output(1).set_model("m", {"t": 0}).set_usage(prompt_tokens=1).set_cost(0.1)
    return {"a": a}


@cognobserve.observe(user_id="x", capture_input=False)
def pieces() -> Iterator[int]:
    yield 1


@cognobserve.with_session("s")
async def async_pieces() -> AsyncIterator[str]:
    yield "a"


class Bot:
    @cognobserve.observe
    def ask(self, question: str) -> str:
        return question


texts: List[str] = plain(1, b="y")
number: str = Bot().ask("a")
integers: Iterator[int] = pieces()
words: AsyncIterator[str] = async_pieces()


async def use() -> int:
    return (await later(1))["a"]


with cognobserve.trace("t", id="order-7", user=john) as first:
    ids: List[str] = [first.id, first.trace_id, first.trace.id]
    here: Optional[cognobserve.Trace] = cognobserve.current_trace()
    span: Optional[cognobserve.Span] = cognobserve.current_span()
    cognobserve.log("x", {"a": 1}, "WARNING")
    first.start_span("child").set_error(ValueError()).end()

trace = cognobserve.start_trace("job", user_id=7)
trace.set_metadata(a=1).end()
own_id: str = trace.id
chat: openai.AsyncOpenAI = cognobserve.wrap_openai(openai.AsyncOpenAI())
claude: anthropic.Anthropic = cognobserve.wrap_anthropic(anthropic.Anthropic())
bound = cognobserve.with_context(plain)
more: List[str] = bound(2)


async def end_async() -> None:
    async with cognobserve.start_trace("t") as trace:
        trace.start_span("s").end()
    was_in_time: bool = await cognobserve.flush_async(timeout=1)
    print(was_in_time)


ok: bool = cognobserve.flush(timeout=1) and UserSpanProcessor().force_flush()
counts: Dict[str, int] = cognobserve.stats()
cognobserve.track("memory_created", {"type": "text"}, user=john, session_id="s", event_id=7)
event_counts: Dict[str, int] = cognobserve.event_stats()
who: Optional[cognobserve.User] = cognobserve.get_user()
