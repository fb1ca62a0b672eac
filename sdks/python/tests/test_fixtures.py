"""Every shared scenario, compared to the byte with what all SDKs send."""

from __future__ import annotations

from typing import Any, Callable, Dict

import anthropic
import openai
import pytest

import cognobserve
from cognobserve import observe, set_user, span, start_trace, with_session, with_user

from .conftest import Outbox, start
from .support.fixtures import FOLDER, normalise, read_answer, read_fixture, write
from .support.providers import Providers

JOHN = {"id": "user-123", "name": "John Doe", "email": "john@acme.com"}

SCENARIOS: Dict[str, Callable[[Outbox, Providers], None]] = {}


def scenario(play: Callable[[Outbox, Providers], None]) -> Callable[[Outbox, Providers], None]:
    SCENARIOS[play.__name__.replace("_", "-")] = play
    return play


def call(name: str, answer: Any = None, **options: Any) -> None:
    @observe(name=name, **options)
    def run() -> Any:
        return answer() if callable(answer) else answer

    run()


def chat() -> Any:
    return read_answer("openai-chat")


@scenario
def user_id(outbox: Outbox, providers: Providers) -> None:
    call("chat-completion", chat, user_id="user-123", session_id="session-456", type="generation")


@scenario
def full_user(outbox: Outbox, providers: Providers) -> None:
    user = {**JOHN, "plan": "enterprise", "company": "Acme Corp"}
    call("chat-completion", chat, user=user, session_id="session-456", type="generation")


@scenario
def global_user(outbox: Outbox, providers: Providers) -> None:
    set_user(JOHN)
    call("action-1", "one")
    call("action-2", None)
    set_user(None)
    call("action-3")


@scenario
def with_user_(outbox: Outbox, providers: Providers) -> None:
    set_user({"id": "global-1", "name": "G"})
    with with_user(JOHN):
        call("a")
        call("b", user_id="user-123")
        call("c", user_id="user-9")
        call("d", user={"id": "user-9", "name": "Nina"}, user_id="user-8")
        with with_user(None):
            call("e")
    call("f")
    call("g", user_id="user-9")


SCENARIOS["with-user"] = SCENARIOS.pop("with-user-")


@scenario
def another_user_within(outbox: Outbox, providers: Providers) -> None:
    @observe(name="welcome", user={"id": "user-123", "plan": "free"})
    def welcome() -> str:
        call("write", "hi")
        return "sent"

    call("import", lambda: welcome() and None, user_id="admin-1", session_id="batch-1")


@scenario
def user_of_the_innermost_scope(outbox: Outbox, providers: Providers) -> None:
    @observe(name="call", user_id="user-123")
    def outer() -> None:
        call("own")
        with with_user("user-9"):
            call("theirs")

    with with_user("outer-1"):
        outer()


@scenario
def nested(outbox: Outbox, providers: Providers) -> None:
    @observe(name="search", metadata={"index": "help"})
    def search(query: str) -> Any:
        return [1, 2]

    @observe(name="answer", user_id="user-123", metadata={"feature": "support"})
    def answer() -> str:
        search("invoice")
        cognobserve.log("found", {"hits": 2}, "WARNING")
        call("llm", chat, type="generation")
        return "done"

    answer()


@scenario
def failure(outbox: Outbox, providers: Providers) -> None:
    @observe(name="charge")
    def charge() -> None:
        raise ValueError("no credit")

    with pytest.raises(ValueError, match="no credit"):
        call("pay", charge, user_id="user-123")


@scenario
def by_hand(outbox: Outbox, providers: Providers) -> None:
    trace = start_trace("job", user_id="user-123", session_id="session-456", metadata={"kind": "nightly"})
    fetch = trace.start_span("fetch").set_input({"page": 1}).set_output({"rows": 10})
    fetch.end()
    llm = fetch.start_span("llm", "generation").set_model("gpt-4o", {"temperature": 0.7})
    llm.set_usage(prompt_tokens=100, completion_tokens=50).set_cost(0.25).set_metadata({"try": 2}).end()
    trace.start_span("broken").set_error("time-out").end()
    trace.end()


@scenario
def empty_trace(outbox: Outbox, providers: Providers) -> None:
    trace = start_trace("visit", user_id="user-123", session_id="session-456", metadata={"page": 1})
    trace.end()
    trace.end()


@scenario
def late_span(outbox: Outbox, providers: Providers) -> None:
    trace = start_trace("request", user_id="user-123")
    respond, background = trace.start_span("respond"), trace.start_span("background")
    respond.end()
    trace.end()
    cognobserve.flush()
    background.set_output("late").end()


@scenario
def log_alone(outbox: Outbox, providers: Providers) -> None:
    set_user("user-123")
    cognobserve.log("started", {"version": 3})


@scenario
def masked(outbox: Outbox, providers: Providers) -> None:
    def ask() -> None:
        with span("ask", user_id="user-123", input="my card is 4111") as step:
            step.set_output("thanks")
        cognobserve.flush()

    def fail(value: Any, what: str) -> Any:
        raise RuntimeError

    start(outbox, mask=lambda value, what: {"hidden": True})
    ask()
    start(outbox, mask=fail)
    ask()


@scenario
def events(outbox: Outbox, providers: Providers) -> None:
    start(outbox, mask=lambda value, what: {key: one for key, one in value.items() if key != "secret"})
    cognobserve.track("signup")
    with with_user("user-123", plan="pro"), with_session("session-456"):
        properties = {"type": "text", "count": 2, "has_metadata": True, "secret": 1}
        cognobserve.track("memory_created", properties)
        cognobserve.track("memory_read", {}, user_id="user-9", session_id="session-7")
    with with_user(None):
        cognobserve.track("logout")


@scenario
def without_content(outbox: Outbox, providers: Providers) -> None:
    @observe(name="ask", user_id="user-123", type="generation")
    def ask(question: str) -> Any:
        return chat()

    start(outbox, capture_content=False)
    ask("secret")


@scenario
def anthropic_(outbox: Outbox, providers: Providers) -> None:
    call("ask", lambda: read_answer("anthropic"), user_id="user-123", type="generation")


SCENARIOS["anthropic"] = SCENARIOS.pop("anthropic-")


@scenario
def responses(outbox: Outbox, providers: Providers) -> None:
    call("ask", lambda: read_answer("openai-responses"), user_id="user-123", type="generation")


@scenario
def embeddings(outbox: Outbox, providers: Providers) -> None:
    call("embed", lambda: read_answer("openai-embeddings"), user_id="user-123", type="generation")


@scenario
def openai_stream(outbox: Outbox, providers: Providers) -> None:
    client = cognobserve.wrap_openai(openai.OpenAI(api_key="k", base_url=providers.base))
    with with_user("user-123"):
        stream = client.chat.completions.create(
            model="gpt-4o",
            messages=[{"role": "user", "content": "Hi"}],
            temperature=0.2,
            stream=True,
            stream_options={"include_usage": True},
        )
        assert len(list(stream)) == 5


@scenario
def anthropic_stream(outbox: Outbox, providers: Providers) -> None:
    client = cognobserve.wrap_anthropic(anthropic.Anthropic(api_key="k", base_url=providers.base))
    with with_user("user-123"):
        events = client.messages.create(
            model="claude-sonnet-4-5",
            max_tokens=100,
            system="Be kind.",
            messages=[{"role": "user", "content": "Hi"}],
            stream=True,
        )
        assert [event.type for event in events][-1] == "message_stop"


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.json")))
def test_scenario_sends_the_golden_requests(
    name: str, outbox: Outbox, providers: Providers
) -> None:
    SCENARIOS[name](outbox, providers)
    cognobserve.flush()
    expected = [write(body) for body in read_fixture(name)]
    if name == "masked":
        # Two runs: ids begin anew.
        assert [normalise([body])[0] for body in outbox.bodies] == expected
    else:
        assert normalise(outbox.bodies) == expected


def test_every_scenario_has_a_fixture() -> None:
    assert set(SCENARIOS) == {path.stem for path in FOLDER.glob("*.json")}


def test_a_session_reaches_into_calls_within(outbox: Outbox) -> None:
    with with_session("s-1"):
        call("a")
        call("b", session_id="s-2")
    call("c")
    assert [trace.get("session_id") for trace in outbox.traces] == ["s-1", "s-2", None]
