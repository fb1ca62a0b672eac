"""What one observed call adds to its host: p50 and p99 with a healthy, a dead and a hanging server.

python bench/overhead.py [calls]
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

HEALTHY = """
import sys
sys.path.insert(0, sys.argv[1])
from tests.support.receiver import Receiver
receiver = Receiver()
print(receiver.url, flush=True)
sys.stdin.read()
"""

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


def measure(request: Callable[[], None], calls: int) -> Times:
    """At the pace of a busy server: a pause after every tenth call."""
    times = Times()
    for number in range(calls):
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

    figures = "   ".join(
        f"{which} p50 {added(which, 50):6.1f} p99 {added(which, 99):7.1f} µs" for which in ("wall", "cpu")
    )
    print(f"{name:<9} {figures}   {cognobserve.stats()}")


def run(name: str, calls: int, base: Times, **options: Any) -> None:
    cognobserve.init(api_key="co_sk_bench", shutdown_timeout=0, flush_interval=0.1, **options)
    measure(observed_request, 200)
    gc.collect()
    show(name, measure(observed_request, calls), base)


def main() -> None:
    logging.getLogger("cognobserve").setLevel(logging.ERROR)
    calls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    base = measure(plain_request, calls)
    run("disabled", calls, base, disabled=True)
    command = [sys.executable, "-c", HEALTHY, str(HERE)]
    # A process of its own, so that its work is not taken for ours.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as healthy:
        assert healthy.stdin and healthy.stdout
        run("healthy", calls, base, endpoint=healthy.stdout.readline().strip())
        healthy.stdin.close()
    with socket.create_server(("127.0.0.1", 0)) as server:
        dead = f"http://127.0.0.1:{server.getsockname()[1]}"
    run("dead", calls, base, endpoint=dead)
    with socket.create_server(("127.0.0.1", 0)) as server:
        # Takes connections and says nothing.
        run("hanging", calls, base, endpoint=f"http://127.0.0.1:{server.getsockname()[1]}")


main()
