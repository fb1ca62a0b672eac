"""Delivery over real sockets and in real processes: servers that die, hang, drip and redirect; exits and forks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest

import cognobserve
from cognobserve import _client, _http

from .support.receiver import Receiver, take

SRC = str(Path(__file__).resolve().parents[1] / "src")


def init(receiver_url: str, **options: Any) -> None:
    cognobserve.init(api_key="k", endpoint=receiver_url, **options)


def record(name: str = "s", **options: Any) -> None:
    with cognobserve.span(name, **options):
        pass


def test_headers_path_and_compression(receiver: Receiver) -> None:
    init(receiver.url + "/base/")
    record(input="x" * 2000)
    assert cognobserve.flush(20)
    (request,) = receiver.requests
    assert request["path"] == "/base/v1/traces/batch"
    assert (request["x-api-key"], request["content-type"]) == ("k", "application/json")
    assert request["content-encoding"] == "gzip"
    assert request["user-agent"].startswith("cognobserve-python/")
    assert receiver.spans[0]["input"] == "x" * 2000


def test_it_leaves_by_itself_after_the_interval(receiver: Receiver) -> None:
    init(receiver.url, flush_interval=0.05)
    record()
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    record()
    receiver.wait_for(lambda it: len(it.bodies) == 2)


def test_a_server_that_is_killed_and_comes_back(make_receiver: Callable[..., Receiver]) -> None:
    first = make_receiver()
    init(first.url, flush_interval=0.01, max_retries=20)
    record("before")
    assert cognobserve.flush(20)
    first.close()
    record("while it is away")
    second = make_receiver(first.port)
    assert cognobserve.flush(60)
    assert [one["name"] for one in second.traces] == ["while it is away"]
    assert cognobserve.stats() == {"sent": 2, "dropped": 0, "refused": 0, "waiting": 0}


def test_a_broken_connection_is_tried_again(receiver: Receiver) -> None:
    init(receiver.url)
    receiver.replies = [(0, {}, b"")]
    record()
    assert cognobserve.flush(20)
    assert len(receiver.bodies) == 2 and receiver.bodies[0] == receiver.bodies[1]


def test_an_answer_that_breaks_off_is_tried_again(receiver: Receiver) -> None:
    def break_off(body: Dict[str, Any]) -> Any:
        status, headers, text = take(body)
        return status, {**headers, "content-length": str(len(text))}, text[:10]

    receiver.replies = [break_off]
    init(receiver.url)
    record()
    assert cognobserve.flush(20)
    assert len(receiver.bodies) == 2 and cognobserve.stats()["sent"] == 1


def test_a_hanging_server_holds_up_nobody(receiver: Receiver) -> None:
    receiver.hang = threading.Event()
    init(receiver.url, flush_interval=0, shutdown_timeout=0.2)
    record()
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    for _ in range(3000):
        record()
    assert not cognobserve.flush(0.01)
    assert cognobserve.stats()["dropped"] == 3000 - 2048
    cognobserve.shutdown()


def test_a_try_ends_at_its_deadline_though_bytes_drip() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 202 OK\r\n")
                while not stop.wait(0.01):
                    try:
                        connection.sendall(b"X")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        answer = _http.post(url, {}, b"{}", 0.2)
        stop.set()
        thread.join()
    assert answer.status == 0 and "timeout" in answer.error.lower()


def test_redirects_are_not_followed(receiver: Receiver, make_receiver: Callable[..., Receiver]) -> None:
    other = make_receiver()
    receiver.replies = [(307, {"location": other.url + "/v1/traces/batch"}, b"")]
    init(receiver.url)
    record()
    assert cognobserve.flush(20)
    assert other.bodies == [] and cognobserve.stats()["dropped"] == 1


def test_proxies_are_for_other_machines(
    receiver: Receiver, make_receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = make_receiver()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url.replace("//", "//me:pass@"))
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    init(receiver.url)
    record()
    assert cognobserve.flush(20)
    assert (len(receiver.bodies), len(proxy.bodies)) == (1, 0)
    init("http://ledger.example:4100")
    record()
    assert cognobserve.flush(20)
    (request,) = proxy.requests
    assert request["path"] == "http://ledger.example:4100/v1/traces/batch"
    assert request["proxy-authorization"] == "Basic bWU6cGFzcw=="
    assert _http.find_proxy("http", "localhost") is None and _http.find_proxy("http", "::1") is None
    monkeypatch.setenv("no_proxy", "ledger.example")
    assert _http.find_proxy("http", "ledger.example") is None


def test_a_key_that_cannot_be_sent_is_final(receiver: Receiver) -> None:
    cognobserve.init(api_key="kä\u20ac\r\nX: y", endpoint=receiver.url)
    record()
    assert cognobserve.flush(20)
    assert receiver.bodies == [] and cognobserve.stats()["dropped"] == 1


def run(code: str, url: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """A program of its own, with the SDK set up by the environment."""
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    # Newer Pythons warn of any fork beside a thread.
    kept["PYTHONWARNINGS"] = "ignore::DeprecationWarning"
    given = {"PYTHONPATH": SRC, "COGNOBSERVE_API_KEY": "k", "COGNOBSERVE_ENDPOINT": url, **env}
    return subprocess.run(
        [sys.executable, "-c", code], env={**kept, **given}, capture_output=True, text=True, timeout=60
    )


def test_what_waits_at_the_end_of_the_program_is_sent(receiver: Receiver) -> None:
    code = """
import atexit, cognobserve
def last():
    with cognobserve.span("last"): pass
@cognobserve.observe
def main():
    with cognobserve.span("inner"): pass
main()
atexit.register(last)
raise SystemExit(3)
"""
    done = run(code, receiver.url)
    assert (done.returncode, done.stderr) == (3, "")
    assert sorted(one["name"] for one in receiver.traces) == ["last", "main"]


def test_what_is_recorded_only_after_threads_are_forbidden_is_sent(receiver: Receiver) -> None:
    code = """
import cognobserve, threading
threading.Thread.start = lambda self: (_ for _ in ()).throw(RuntimeError("can't start new thread"))
with cognobserve.span("x"): pass
"""
    done = run(code, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["name"] for one in receiver.traces] == ["x"]


def test_a_dead_server_does_not_fail_the_program() -> None:
    code = """
import cognobserve
cognobserve.init(max_retries=0)
with cognobserve.span("x"): pass
print("done")
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    done = run(code, url)
    assert (done.returncode, done.stdout) == (0, "done\n")
    assert "could not be reached" in done.stderr


FORK = """
import os, sys, cognobserve
from cognobserve import span, with_user
with span("before"): pass
with with_user("john"), span("open") as open_span:
    pid = os.fork()
    if pid == 0:
        assert cognobserve.stats()["waiting"] == 0
        assert cognobserve.current_span() is None
        with span("child"): pass
        open_span.end()
        sys.exit(0)
    assert os.waitpid(pid, 0)[1] == 0
    with span("parent"): pass
"""


def test_a_forked_child_starts_empty_and_sends_its_own(receiver: Receiver) -> None:
    done = run(FORK, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    names = sorted(one["name"] for one in receiver.spans)
    assert names == ["before", "child", "open", "parent"]
    by_name = {one["name"]: one for one in receiver.traces}
    assert by_name["child"]["user_id"] == "john"
    assert by_name["child"]["trace_id"] != by_name["open"]["trace_id"]


PRELOAD = """
import os, threading, cognobserve
cognobserve.init()
with cognobserve.span("master"): pass
cognobserve.flush()
stop = threading.Event()
def busy():
    while not stop.is_set():
        with cognobserve.span("busy"): pass
threads = [threading.Thread(target=busy, daemon=True) for _ in range(4)]
for thread in threads: thread.start()
children = []
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        for number in range(20):
            with cognobserve.span("worker"): pass
        assert cognobserve.flush(20)
        assert cognobserve.stats()["sent"] == 20
        os._exit(0)
    children.append(pid)
codes = [os.waitpid(pid, 0)[1] for pid in children]
stop.set()
assert codes == [0] * 5, codes
for thread in threads: thread.join()
"""


def test_forks_while_other_threads_record(receiver: Receiver) -> None:
    """As gunicorn with --preload does."""
    done = run(PRELOAD, receiver.url)
    assert done.returncode == 0, done.stderr
    workers = [one for one in receiver.spans if one["name"] == "worker"]
    assert len({one["span_id"] for one in workers}) == 100
    assert sum(one["name"] == "master" for one in receiver.spans) == 1


def test_multiprocessing(receiver: Receiver) -> None:
    code = """
import multiprocessing, cognobserve
def work(number):
    with cognobserve.span("job", user_id=number): pass
    cognobserve.flush()
if __name__ == "__main__":
    cognobserve.init()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(work, range(4))
"""
    done = run(code, receiver.url)
    assert done.returncode == 0, done.stderr
    assert sorted(one["user_id"] for one in receiver.traces) == ["0", "1", "2", "3"]


def test_who_waits_for_a_flush_is_let_go_at_the_end(receiver: Receiver) -> None:
    receiver.hang = threading.Event()
    init(receiver.url, shutdown_timeout=0)
    record()
    thread = threading.Thread(target=cognobserve.flush)
    thread.start()
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    cognobserve.shutdown()
    thread.join(20)
    assert not thread.is_alive()


def test_what_was_on_its_way_at_the_end_is_counted_once_though_the_answer_comes_late(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.hang = threading.Event()
    init(receiver.url, shutdown_timeout=0.05)
    record()
    thread = threading.Thread(target=cognobserve.flush)
    thread.start()
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    record()
    cognobserve.shutdown()
    told = {"sent": 0, "dropped": 2, "refused": 0, "waiting": 0}
    assert cognobserve.stats() == told
    assert [one.message for one in caplog.records] == ["2 spans could not be sent before the end of the program"]
    receiver.hang.set()
    sender = _client.get_client().traces.thread
    assert sender is not None
    sender.join(20)
    thread.join(20)
    assert not sender.is_alive() and cognobserve.stats() == told and len(caplog.records) == 1


def test_nothing_starts_again_after_the_end(receiver: Receiver) -> None:
    init(receiver.url)
    record()
    cognobserve.shutdown()
    cognobserve.shutdown()
    threads = threading.active_count()
    record()
    assert cognobserve.flush()
    assert threading.active_count() <= threads
    assert cognobserve.stats() == {"sent": 1, "dropped": 1, "refused": 0, "waiting": 0}


def test_a_second_init_sends_what_waits_under_the_first(
    receiver: Receiver, make_receiver: Callable[..., Receiver]
) -> None:
    other = make_receiver()
    init(receiver.url)
    record("first")
    init(other.url)
    record("second")
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    assert cognobserve.flush(20)
    assert [one["name"] for one in receiver.traces + other.traces] == ["first", "second"]


def test_slow_answers_are_waited_for(receiver: Receiver) -> None:
    gate = threading.Event()

    def slow(body: Dict[str, Any]) -> Any:
        gate.wait(30)
        return take(body)

    receiver.replies = [slow]
    init(receiver.url)
    record()
    ended: List[bool] = []
    thread = threading.Thread(target=lambda: ended.append(cognobserve.flush(30)))
    thread.start()
    receiver.wait_for(lambda it: len(it.bodies) == 1)
    gate.set()
    thread.join()
    assert ended == [True] and cognobserve.stats()["sent"] == 1
