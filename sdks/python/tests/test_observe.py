"""All kinds of functions are recorded, and behave as if they were not."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import inspect
from typing import Any, List

import pytest

import cognobserve
from cognobserve import current_span, observe, span, with_user

from .conftest import Outbox, start


def test_arguments_by_name_and_the_answer(outbox: Outbox) -> None:
    @observe
    def add(a: int, b: int = 2, *rest: int, **more: int) -> int:
        """Adds."""
        return a + b

    assert add(1, 5, 6, c=7) == 6
    assert (add.__name__, add.__doc__) == ("add", "Adds.")
    assert outbox.span["input"] == {"a": 1, "b": 5, "rest": [6], "c": 7}
    assert outbox.span["output"] == 6
    assert outbox.traces[0]["name"] == "add"


def test_methods_leave_self_out(outbox: Outbox) -> None:
    class Bot:
        @observe
        def ask(self, question: str) -> str:
            return question

        @observe
        @classmethod
        def make(cls, name: str) -> str:
            return name

        @staticmethod
        @observe(name="helped")
        def help(topic: str) -> str:
            return topic

    assert Bot().ask("a") == "a" and Bot.make("b") == "b" and Bot.help("c") == "c"
    assert [one["input"] for one in outbox.spans] == [{"question": "a"}, {"name": "b"}, {"topic": "c"}]
    assert outbox.spans[2]["name"] == "helped"


def test_without_input_and_output(outbox: Outbox) -> None:
    @observe(capture_input=False, capture_output=False)
    def secret(word: str) -> str:
        return word

    secret("x")
    assert "input" not in outbox.span and "output" not in outbox.span


def test_what_the_app_sets_wins(outbox: Outbox) -> None:
    @observe(type="generation")
    def ask() -> Any:
        step = current_span()
        assert step
        step.set_model("mine").set_usage(prompt_tokens=1).set_output("mine").set_input("in")
        return {"object": "chat.completion", "id": "r", "model": "theirs",
                "choices": [{"message": {"role": "assistant", "content": "theirs"}}],
                "usage": {"prompt_tokens": 9}}  # fmt: skip

    ask()
    sent = outbox.span
    assert (sent["model"], sent["usage"], sent["output"]) == ("mine", {"prompt_tokens": 1}, "mine")
    assert (sent["response_id"], sent["input"]) == ("r", "in")


def test_an_answer_given_to_a_generation_block_is_read(outbox: Outbox) -> None:
    with span("ask", type="generation") as step:
        step.set_output({"object": "chat.completion", "model": "m", "choices": [
            {"message": {"content": "hi"}}], "usage": {"prompt_tokens": 9}})  # fmt: skip
    assert (outbox.span["output"], outbox.span["model"]) == ({"content": "hi"}, "m")


class Odd(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    "error, message",
    [(ValueError("no"), "no"), (KeyError(), "KeyError"), (Odd(), "Odd"), (SystemExit(3), "3")],
)
def test_errors_pass_unchanged(outbox: Outbox, error: BaseException, message: str) -> None:
    @observe
    def fail() -> None:
        raise error

    @observe
    async def fail_later() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        fail()
    assert caught.value is error
    coroutine = fail_later()
    with pytest.raises(type(error)) as caught:
        coroutine.send(None)
    assert caught.value is error
    with pytest.raises(type(error)), span("block"):
        raise error
    assert [one["level"] for one in outbox.spans] == ["ERROR"] * 3
    assert [one["status_message"] for one in outbox.spans] == [message] * 3


def test_a_wrong_call_fails_as_it_would(outbox: Outbox) -> None:
    @observe
    def one(a: int) -> None:
        pass

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'a'"):
        one()  # type: ignore[call-arg]
    assert outbox.span["level"] == "ERROR"


def test_a_good_end_of_the_program_is_no_error(outbox: Outbox) -> None:
    with pytest.raises(SystemExit), span("main"):
        raise SystemExit(0)
    assert "level" not in outbox.span


def test_async_and_cancelled(outbox: Outbox) -> None:
    @observe
    async def ask(question: str) -> str:
        await asyncio.sleep(0)
        return question

    @observe
    async def wait() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        assert inspect.iscoroutinefunction(ask)
        assert await ask("a") == "a"
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with span("block"):
            await ask("b")

    asyncio.run(run())
    spans = outbox.by_name()
    assert spans["ask"]["output"] == "b"
    assert (spans["wait"]["level"], spans["wait"]["status_message"]) == ("ERROR", "CancelledError")
    assert spans["ask"]["parent_span_id"] == spans["block"]["span_id"]


def test_a_function_that_answers_a_coroutine_or_future(outbox: Outbox) -> None:
    async def later() -> str:
        assert current_span()
        return "late"

    @observe
    def ask() -> Any:
        return later()

    @observe
    def promise() -> Any:
        return asyncio.ensure_future(asyncio.sleep(0, "future"))

    async def run() -> None:
        assert await ask() == "late"
        assert await promise() == "future"

    asyncio.run(run())
    assert [one["output"] for one in outbox.spans] == ["late", "future"]


def test_generators(outbox: Outbox) -> None:
    @observe
    def count(most: int) -> Any:
        got = yield "a"
        assert got == "sent"
        with span("within"):
            yield "b"
        return "end"

    def outer() -> Any:
        result = yield from count(2)
        yield result

    generator = outer()
    assert next(generator) == "a"
    assert current_span() is None
    assert generator.send("sent") == "b"
    assert list(generator) == ["end"]
    spans = outbox.by_name()
    assert (spans["count"]["output"], spans["count"]["input"]) == ("ab", {"most": 2})
    assert spans["within"]["parent_span_id"] == spans["count"]["span_id"]


def test_generators_that_are_left_fail_or_are_thrown_into(outbox: Outbox) -> None:
    closed: List[str] = []

    @observe
    def count() -> Any:
        try:
            yield 1
            yield 2
        except KeyError:
            yield "caught"
        finally:
            closed.append("x")

    for _ in count():
        break
    gc.collect()
    assert closed == ["x"]
    with contextlib.closing(count()) as generator:
        next(generator)
        assert generator.throw(KeyError("k")) == "caught"
    with pytest.raises(ValueError):
        generator = count()
        next(generator)
        generator.throw(ValueError("out"))
    count()
    gc.collect()
    spans = outbox.spans
    assert [one.get("output") for one in spans] == [[1], [1, "caught"], [1], None]
    assert [one.get("level") for one in spans] == [None, None, "ERROR", None]


def test_a_generator_as_a_context_manager(outbox: Outbox) -> None:
    @contextlib.contextmanager
    @observe
    def resource() -> Any:
        try:
            yield "r"
        except KeyError:
            pass

    with resource() as found:
        assert found == "r"
        raise KeyError
    assert "level" not in outbox.span


def test_async_generators(outbox: Outbox) -> None:
    @observe
    async def words() -> Any:
        try:
            yield "a"
            cognobserve.log("between")
            yield "b"
        finally:
            await asyncio.sleep(0)

    @observe
    async def broken() -> Any:
        yield "a"
        raise ValueError("cut off")

    async def run() -> None:
        with with_user("john"):
            generator = words()
        with with_user("other"):
            assert [word async for word in generator] == ["a", "b"]
        async for _ in words():
            break
        gc.collect()
        await asyncio.sleep(0.01)
        with pytest.raises(ValueError, match="cut off"):
            async for _ in broken():
                pass
        generator = words()
        await generator.__anext__()
        await generator.aclose()

    asyncio.run(run())
    first, left, failed, closed = outbox.traces
    assert first["user_id"] == "john"
    assert [one["name"] for one in first["spans"]] == ["words", "between"]
    assert [one["spans"][0]["output"] for one in outbox.traces] == ["ab", "a", "a", "a"]
    assert failed["spans"][0]["status_message"] == "cut off"
    assert "level" not in left["spans"][0] and "level" not in closed["spans"][0]


def test_iterators_that_are_answers_stay_what_they_are(outbox: Outbox, tmp_path: Any) -> None:
    path = tmp_path / "f"
    path.write_text("x")

    @observe
    def open_it() -> Any:
        return path.open()

    numbers = iter([1])
    with open_it() as file:
        assert file.read() == "x"
    assert observe(lambda: numbers)() is numbers
    assert len(outbox.spans) == 2


def test_a_stream_object_keeps_its_class_and_its_manners(outbox: Outbox) -> None:
    class TokenStream:
        def __init__(self) -> None:
            self.inner = iter(["a", "b", "c"])
            self.is_closed = False

        def __iter__(self) -> Any:
            yield from self.inner

        def __next__(self) -> str:
            return next(self.inner)

        def close(self) -> None:
            self.is_closed = True

    class SlottedStream:
        __slots__ = ("left",)

        def __init__(self) -> None:
            self.left = 2

        def __iter__(self) -> Any:
            return self

        def __next__(self) -> int:
            self.left -= 1
            if self.left < 0:
                raise StopIteration
            return self.left

    @observe
    def ask(kind: Any) -> Any:
        return kind()

    stream = ask(TokenStream)
    assert isinstance(stream, TokenStream) and type(stream).__name__ == "TokenStream"
    assert next(stream) == "a"
    assert list(stream) == ["b", "c"]
    left = ask(TokenStream)
    next(left)
    left.close()
    assert left.is_closed
    forgotten = ask(TokenStream)
    next(forgotten)
    del forgotten
    gc.collect()
    slotted = ask(SlottedStream)
    assert list(slotted) == [1, 0] and slotted.left == -1
    assert [one["output"] for one in outbox.spans] == ["abc", "a", "a", [1, 0]]


def test_other_callables(outbox: Outbox) -> None:
    assert observe(functools.partial(max, 1))(2) == 2
    assert observe(len)("abc") == 3
    assert observe(dict) is dict
    assert len(outbox.spans) == 2


def test_setters_never_raise(outbox: Outbox, caplog: pytest.LogCaptureFixture) -> None:
    with span("x") as step:
        step.set_metadata(5)  # type: ignore[arg-type]
        step.set_model("m", 5)  # type: ignore[arg-type]
        step.set_level(None)  # type: ignore[arg-type]
        step.set_usage(prompt_tokens=float("nan"))  # type: ignore[arg-type]
        step.set_cost("much").set_error(None)
        cognobserve.log(5, {1: {2}})  # type: ignore[arg-type]
    step.set_output("too late")
    assert outbox.by_name()["x"].get("output") is None
    assert all("Error in set_" in one.message for one in caplog.records)


def test_disabled_runs_calls_and_records_nothing(outbox: Outbox) -> None:
    start(outbox, disabled=True)

    @observe
    def ask(question: str) -> Any:
        assert current_span() is None
        return question

    with with_user("john"), span("x") as step:
        assert step.set_output(1).start_span("y") is not None
        assert cognobserve.get_user() == {"id": "john"}
        assert ask("a") == "a"
    cognobserve.start_trace("t").end()
    cognobserve.log("l")
    assert cognobserve.flush() and outbox.bodies == []
    assert cognobserve.stats() == {"sent": 0, "dropped": 0, "refused": 0, "waiting": 0}


def test_no_key_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    @observe
    def ask() -> int:
        return 1

    cognobserve.init()
    assert [ask(), ask()] == [1, 1]
    assert [one.message.split(" (")[0] for one in caplog.records] == ["no API key"]


def test_the_environment_and_options(monkeypatch: pytest.MonkeyPatch) -> None:
    from cognobserve._settings import read_settings

    env = {"COGNOBSERVE_API_KEY": "k", "COGNOBSERVE_ENDPOINT": "https://h/base/", "COGNOBSERVE_DISABLED": "yes",
           "COGNOBSERVE_CAPTURE_CONTENT": "off", "COGNOBSERVE_DEBUG": "1"}  # fmt: skip
    read = read_settings({}, env)
    assert (read.api_key, read.endpoint, read.disabled) == ("k", "https://h/base", True)
    assert (read.capture_content, read.debug, read.mode) == (False, True, "batch")
    read = read_settings({"api_key": "own", "disabled": False, "endpoint": "http://[::1]:4100"}, env)
    assert (read.api_key, read.disabled, read.endpoint) == ("own", False, "http://[::1]:4100")
    odd = {"endpoint": "ftp://x", "mode": "odd", "max_retries": "x", "flush_interval": -1}
    read = read_settings(odd, env)
    assert (read.endpoint, read.mode, read.max_retries, read.flush_interval) == ("", "batch", 5, 5.0)
    assert not read.is_recording
