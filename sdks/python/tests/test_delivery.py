"""What is tried again, for how long, and what is counted: without a network or a clock."""

from __future__ import annotations

import email.utils
import json
import threading
from typing import Any, Callable, Dict, List, Optional, Tuple

import pytest

import cognobserve
from cognobserve import _client
from cognobserve._delivery import Delivery, Tools
from cognobserve._http import Answer

from .support.receiver import take

NOW = 1_800_000_000.0


class World:
    """A server that answers what it is told, and a clock that moves only by waiting."""

    def __init__(self) -> None:
        self.answers: List[Any] = []
        self.bodies: List[Dict[str, Any]] = []
        self.urls: List[str] = []
        self.pauses: List[float] = []
        self.time = 0.0
        self.before_post: Optional[Callable[[], None]] = None

    def post(self, url: str, headers: Dict[str, str], body: bytes, timeout: float) -> Answer:
        import gzip

        text = gzip.decompress(body) if headers.get("Content-Encoding") else body
        assert (len(text) > 1024) == ("Content-Encoding" in headers)
        assert headers["X-API-Key"] == "k"
        self.urls.append(url)
        told = json.loads(text)
        self.bodies.append(told)
        if self.before_post:
            self.before_post()
        answer = self.answers.pop(0) if self.answers else None
        if callable(answer):
            answer = answer(told)
        if answer is None:
            status, more, body = take(told)
            return Answer(status, more, body)
        return answer  # type: ignore[no-any-return]

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if event.is_set():
            return True
        self.pauses.append(round(seconds, 3))
        self.time += seconds
        return False

    def start(self, **options: Any) -> None:
        tools = Tools(self.post, lambda: self.time, lambda: NOW, self.wait, lambda: 1.0)
        given = {"api_key": "k", "flush_interval": 3600, **options}
        _client.replace_client(given, tools)


@pytest.fixture
def world() -> World:
    made = World()
    made.start()
    return made


def record(count: int = 1) -> None:
    for _ in range(count):
        with cognobserve.span("s"):
            pass


def stats() -> Tuple[int, int, int, int]:
    cognobserve.flush()
    told = cognobserve.stats()
    return told["sent"], told["dropped"], told["refused"], told["waiting"]


@pytest.mark.parametrize("status", [0, 429, 500, 501, 502, 503, 504, 520, 599])
def test_what_may_pass_is_tried_again_with_the_same_ids(world: World, status: int) -> None:
    world.answers = [Answer(status)] * 3
    record()
    assert stats() == (1, 0, 0, 0)
    assert world.pauses == [0.5, 1.0, 2.0]
    assert len(world.bodies) == 4 and all(body == world.bodies[0] for body in world.bodies)


def test_it_is_given_up_after_max_retries(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.answers = [Answer(503)] * 12
    record()
    record()
    assert stats() == (0, 2, 0, 0)
    assert world.pauses == [0.5, 1.0, 2.0, 4.0, 8.0]
    record()
    assert stats() == (0, 3, 0, 0)
    assert len(caplog.records) == 1


def test_pauses_are_at_most_half_a_minute_and_vary_by_half(world: World) -> None:
    world.start(max_retries=9)
    world.answers = [Answer(503)] * 10
    record()
    stats()
    assert world.pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    client = _client.get_client()
    tools = Tools(world.post, random=lambda: 0.0)
    assert Delivery(client.settings, tools)._find_pause(1) == 0.5


@pytest.mark.parametrize(
    "text, pause",
    [
        ("7", 7.0),
        ("0.2", 0.5),
        ("3600", 60.0),
        (email.utils.formatdate(NOW + 9, usegmt=True), 9.0),
        (email.utils.formatdate(NOW - 9, usegmt=True), 0.5),
        ("soon", 0.5),
        ("-5", 0.5),
        ("nan", 0.5),
    ],
)
def test_retry_after_is_the_least(world: World, text: str, pause: float) -> None:
    world.answers = [Answer(429, {"retry-after": text})]
    record()
    assert stats() == (1, 0, 0, 0)
    assert world.pauses == [pause]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 415, 301, 302, 308])
def test_any_other_answer_is_final_and_told_once(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.answers = [Answer(status, {"location": "http://elsewhere"}, b'{"code":"odd"}')] * 2
    record()
    stats()
    record()
    assert stats() == (0, 2, 0, 0)
    assert len(world.bodies) == 2 and world.pauses == []
    (told,) = caplog.records
    assert str(status) in told.message and "odd" in told.message


def test_too_large_batches_are_halved_until_one_trace_is_alone(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse_large(body: Dict[str, Any]) -> Optional[Answer]:
        names = [trace["name"] for trace in body["traces"]]
        return Answer(413) if len(names) > 2 or "large" in names else None

    world.answers = [refuse_large] * 50
    for name in ("a", "b", "large", "c", "d", "e", "f"):
        with cognobserve.span(name):
            pass
    assert stats() == (6, 1, 0, 0)
    taken = [name for body in world.bodies if not refuse_large(body) for name in names_of(body)]
    assert taken == ["a", "b", "c", "d", "e", "f"]
    assert len(caplog.records) == 1


def names_of(body: Dict[str, Any]) -> List[str]:
    return [trace["name"] for trace in body["traces"]]


def test_what_is_refused_in_part_is_counted_and_never_sent_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse_second(body: Dict[str, Any]) -> Answer:
        error = {"code": "id_too_long", "message": "user_id has over 255 bytes", "path": "user_id"}
        results = [{"success": True}, {"success": False, "error": error}, {"success": True}]
        return Answer(202, {}, json.dumps({"results": results}).encode())

    world.answers = [refuse_second]
    record(3)
    assert stats() == (2, 0, 1, 0)
    assert len(world.bodies) == 1
    assert "id_too_long: user_id has over 255 bytes" in caplog.records[0].message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"results": []}', b'{"results": [1]}'])
def test_the_yes_of_another_server_is_not_believed(
    world: World, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    world.answers = [Answer(200, {}, body)]
    record()
    assert stats() == (0, 1, 0, 0)
    assert "is the endpoint right?" in caplog.records[0].message


def test_the_oldest_go_when_too_many_wait(world: World, caplog: pytest.LogCaptureFixture) -> None:
    gate, busy = threading.Event(), threading.Event()
    world.start(max_queue_size=10, max_batch_size=1)
    world.before_post = lambda: (busy.set(), gate.wait(30)) and None
    with cognobserve.span("first"):
        pass
    assert busy.wait(30)
    for number in range(25):
        with cognobserve.span(str(number)):
            pass
    told = cognobserve.stats()
    assert (told["dropped"], told["waiting"]) == (15, 11)
    gate.set()
    assert stats() == (11, 15, 0, 0)
    assert [name for body in world.bodies for name in names_of(body)] == [
        "first", *(str(number) for number in range(15, 25)),
    ]  # fmt: skip
    assert len(caplog.records) == 1


def test_traces_without_spans_are_bounded_too(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.start(max_queue_size=3)
    for number in range(5):
        cognobserve.start_trace(str(number)).end()
    (told,) = caplog.records
    assert "more than 3 traces without spans wait" in told.message
    assert stats() == (0, 0, 0, 0)
    cognobserve.start_trace("later").end()
    assert stats() == (0, 0, 0, 0)
    assert [names_of(body) for body in world.bodies] == [["0", "1", "2"], ["later"]]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("end", [record, lambda: cognobserve.start_trace("empty").end()])
def test_what_ends_after_the_shutdown_is_warned_about_once(
    world: World, end: Callable[[], None], caplog: pytest.LogCaptureFixture
) -> None:
    cognobserve.shutdown()
    end()
    end()
    (told,) = caplog.records
    assert "after the shutdown" in told.message and world.bodies == []


def test_spans_of_an_open_trace_are_bounded_too(world: World) -> None:
    world.start(max_queue_size=10)
    with cognobserve.span("outer"):
        for number in range(30):
            with cognobserve.span(str(number)):
                pass
    assert stats() == (10, 21, 0, 0)
    (trace,) = world.bodies[0]["traces"]
    assert [one["name"] for one in trace["spans"]][:2] == ["outer", "21"]


def test_a_full_batch_leaves_at_once_and_open_traces_with_it(world: World) -> None:
    arrived = threading.Event()
    world.start(max_batch_size=5)
    world.before_post = arrived.set
    with cognobserve.span("outer"):
        record(5)
        assert arrived.wait(30)
    assert stats() == (6, 0, 0, 0)


def test_a_trace_that_is_too_large_for_a_request_goes_in_parts(world: World) -> None:
    world.start(max_batch_size=4)
    trace = cognobserve.start_trace("t")
    for _ in range(3):
        trace.start_span("s").end()
    trace.end()
    with cognobserve.start_trace("big") as trace:
        for _ in range(3):
            trace.start_span("s").end()
    assert stats() == (6, 0, 0, 0)
    assert [names_of(body) for body in world.bodies] == [["t"], ["big"]]


def test_much_content_leaves_in_several_requests(world: World) -> None:
    for _ in range(40):
        with cognobserve.span("s", input="x" * 1_000_000):
            pass
    assert stats() == (40, 0, 0, 0)
    assert len(world.bodies) == 3


def test_too_much_content_is_left_out_and_the_spans_stay(world: World) -> None:
    gate, busy = threading.Event(), threading.Event()
    world.start(max_batch_size=1)
    world.before_post = lambda: (busy.set(), gate.wait(30)) and None
    record()
    assert busy.wait(30)
    for _ in range(70):
        with cognobserve.span("s", input="x" * 1_000_000):
            pass
    gate.set()
    assert stats() == (71, 0, 0, 0)
    spans = [span for body in world.bodies for one in body["traces"] for span in one["spans"]]
    assert sum("left out" in str(span.get("input", ""))[:20] for span in spans) == 3


def test_the_end_of_the_program_tries_once_more_instead_of_waiting_long(world: World) -> None:
    world.start(shutdown_timeout=1)
    world.answers = [Answer(503)] * 10
    record()
    cognobserve.shutdown()
    # The second pause would be longer than what is left.
    assert world.pauses == [0.5]
    assert len(world.bodies) == 3
    record()
    told = cognobserve.stats()
    assert (told["sent"], told["dropped"]) == (0, 2)


def test_immediate_mode_waits_for_each_trace(world: World) -> None:
    import asyncio

    world.start(mode="immediate")

    @cognobserve.observe
    async def later() -> None:
        record()
        assert len(world.bodies) == 5

    record()
    assert len(world.bodies) == 1
    with cognobserve.span("outer"):
        record()
        assert len(world.bodies) == 1
    assert len(world.bodies) == 2
    cognobserve.log("alone")
    assert len(world.bodies) == 3
    trace = cognobserve.start_trace("hand")
    trace.start_span("s").end()
    trace.end()
    assert len(world.bodies) == 4

    @cognobserve.observe
    def pieces() -> Any:
        yield 1

    assert list(pieces()) == [1]
    assert len(world.bodies) == 5
    asyncio.run(later())
    assert len(world.bodies) == 6
    assert cognobserve.stats()["waiting"] == 0


def test_debug_tells_no_content_and_no_key(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.start(debug=True, api_key="k")
    world.answers = [Answer(503)]
    with cognobserve.span("secret-name", user_id="secret-user", input="secret-input"):
        pass
    stats()
    told = capsys.readouterr().err
    assert "503: again in 0.5 s" in told and "1 traces with 1 spans: 202" in told
    assert "secret" not in told
