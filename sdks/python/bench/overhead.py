"""What one observed call adds to its host, with a server that is well, killed in between, absent, that hangs, or answers 429 or 503.

Microseconds as they are waited for and of the processor, and what became of the spans. ``python bench/overhead.py [calls]``
"""

from __future__ import annotations

import gc
import logging
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable, List

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE / "src"), str(HERE)]

import cognobserve  # noqa: E402

MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant. " * 20},
    {"role": "user", "content": "How do I pay my invoice? " * 10},
]
ANSWER = {
    "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Like this. " * 40}}],
    "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
}  # fmt: skip
USER = {"id": "user-123", "name": "John Doe", "plan": "pro"}


def answer(messages: Any) -> Any:
    return ANSWER


observed = cognobserve.observe(type="generation", name="answer")(answer)


def plain_request() -> None:
    answer(MESSAGES)


def observed_request() -> None:
    with cognobserve.with_user(USER):
        observed(MESSAGES)


class Times:
    """Microseconds of each call: as it is waited for, and of the processor."""

    def __init__(self) -> None:
        self.wall: List[float] = []
        self.cpu: List[float] = []

    def find(self, times: List[float], percent: int) -> float:
        return sorted(times)[len(times) * percent // 100]


def measure(request: Callable[[], None], calls: int, halfway: Callable[[], None] = lambda: None) -> Times:
    """At the pace of a busy server: a pause after every tenth call."""
    times = Times()
    for number in range(calls):
        if number == calls // 2:
            halfway()
        started, started_cpu = time.perf_counter_ns(), time.thread_time_ns()
        request()
        ended_cpu, ended = time.thread_time_ns(), time.perf_counter_ns()
        times.wall.append((ended - started) / 1000)
        times.cpu.append((ended_cpu - started_cpu) / 1000)
        if number % 10 == 9:
            time.sleep(0.001)
    return times


def show(name: str, times: Times, base: Times) -> None:
    def added(which: str, percent: int) -> float:
        return times.find(getattr(times, which), percent) - base.find(getattr(base, which), percent)

    stats = cognobserve.stats()
    cells = [f"{added(which, percent):.1f}" for which in ("wall", "cpu") for percent in (50, 99)]
    cells += [str(stats[which]) for which in ("sent", "dropped", "waiting")]
    print(f"| {name:<14} | " + " | ".join(f"{cell:>8}" for cell in cells) + " |")


class Server:
    """A process that answers as it is told to."""

    def __init__(self, how: str) -> None:
        command = [sys.executable, str(HERE / "bench" / "server.py"), how]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def run(name: str, calls: int, base: Times, halfway: Callable[[], None] = lambda: None, **options: Any) -> None:
    cognobserve.init(api_key="co_sk_bench", shutdown_timeout=0, flush_interval=0.1, **options)
    measure(observed_request, 200)
    gc.collect()
    show(name, measure(observed_request, calls, halfway), base)


def main() -> None:
    logging.getLogger("cognobserve").setLevel(logging.ERROR)
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    base = measure(plain_request, calls)
    print(f"{calls} calls; µs added by observe() and with_user()\n")
    print("| the server     | wall p50 | wall p99 |  cpu p50 |  cpu p99 |     sent |  dropped |  waiting |")
    print("| ---            |     ---: |     ---: |     ---: |     ---: |     ---: |     ---: |     ---: |")
    run("none: disabled", calls, base, disabled=True)
    killed = Server("healthy")
    run("killed halfway", calls, base, killed.kill, endpoint=killed.url)
    with socket.create_server(("127.0.0.1", 0)) as server:
        absent = f"http://127.0.0.1:{server.getsockname()[1]}"
    run("absent", calls, base, endpoint=absent)
    ways = {"healthy": "healthy", "answers 429": "429", "answers 503": "503", "hangs": "hanging"}
    for name, how in ways.items():
        answering = Server(how)
        run(name, calls, base, endpoint=answering.url)
        answering.kill()


main()
