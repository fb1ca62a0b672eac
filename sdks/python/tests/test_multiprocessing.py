"""Processes of ``multiprocessing``, which end by ``os._exit``: nothing of them is lost, and no flush is asked of the app."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from .support.receiver import Receiver
from .test_network import run

HEAD = """
import sys, threading, multiprocessing, concurrent.futures
import cognobserve
def work(number):
    with cognobserve.span("job", user_id=number): pass
if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1] if len(sys.argv) > 1 else "fork")
    cognobserve.init(flush_interval=3600)
    with cognobserve.span("parent", user_id="parent"): pass
"""
PROCESS = """
    processes = [context.Process(target=work, args=(number,)) for number in range(4)]
    for one in processes: one.start()
    for one in processes: one.join()
    assert [one.exitcode for one in processes] == [0] * 4
"""
CLOSED = """
    pool = context.Pool(2)
    pool.map(work, range(4), chunksize=1)
    pool.close()
    pool.join()
"""
EXECUTOR = """
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(work, range(4)))
"""
WAYS = {"process": PROCESS, "closed": CLOSED, "executor": EXECUTOR}


def check(receiver: Receiver, done: Any) -> None:
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(one["user_id"] for one in receiver.traces) == ["0", "1", "2", "3", "parent"]


@pytest.mark.parametrize("way", WAYS)
def test_what_forked_processes_record_is_sent(receiver: Receiver, way: str) -> None:
    check(receiver, run(HEAD + WAYS[way], receiver.url))


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("way", ["process", "closed", "executor"])
def test_what_other_processes_record_is_sent(receiver: Receiver, tmp_path: Path, method: str, way: str) -> None:
    program = tmp_path / "program.py"
    # The settings of the parent are its own: the environment says the same of the children.
    program.write_text(HEAD + WAYS[way])
    check(receiver, run(f"import sys, runpy; sys.argv = [{str(program)!r}, {method!r}]\n"
                        f"runpy.run_path({str(program)!r}, run_name='__main__')", receiver.url))


def test_a_package_that_is_imported_only_in_the_process_sends_too(receiver: Receiver) -> None:
    code = """
import multiprocessing
def work():
    import cognobserve
    with cognobserve.span("job"): pass
process = multiprocessing.get_context("fork").Process(target=work)
process.start()
process.join()
"""
    done = run(code, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert [one["name"] for one in receiver.traces] == ["job"]


def test_a_process_of_a_process_sends_its_own_once(receiver: Receiver) -> None:
    code = HEAD + """
    def outer():
        work("1")
        inner = context.Process(target=work, args=("2",))
        inner.start()
        inner.join()
    process = context.Process(target=outer)
    process.start()
    process.join()
"""
    done = run(code, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(one["user_id"] for one in receiver.traces) == ["1", "2", "parent"]


def test_what_the_app_records_at_the_end_of_the_process_is_sent(receiver: Receiver) -> None:
    code = HEAD + """
    import multiprocessing.util
    def job():
        multiprocessing.util.Finalize(None, work, args=("last",), exitpriority=-1)
        raise SystemExit(3)
    process = context.Process(target=job)
    process.start()
    process.join()
    assert process.exitcode == 3
"""
    done = run(code, receiver.url)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(one["user_id"] for one in receiver.traces) == ["last", "parent"]


def test_what_a_process_cannot_send_is_said(receiver: Receiver) -> None:
    receiver.hang = threading.Event()
    code = HEAD.replace("flush_interval=3600", "shutdown_timeout=0.2") + PROCESS
    done = run(code, receiver.url)
    assert done.returncode == 0
    assert done.stderr.count("1 spans could not be sent before the end of the program") == 5
