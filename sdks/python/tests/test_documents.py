"""What the documents tell to write, run as it is printed.

Before it comes only what a reader has, after it a look at what came of it.
"""

from __future__ import annotations

import json
import sys
import textwrap
import urllib.request
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest

from .support.documents import REPOSITORY, fill_in, find_documents, read_blocks
from .support.programs import run, run_both
from .support.providers import Providers
from .support.real_server import KEY, RealServer

HERE = Path(__file__).resolve().parents[1]
PAGE = "sdks/python/README.md"
MESSAGES = 'messages = [{"role": "user", "content": "Hi"}]\n'
CALL = 'create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])'
#: What has the official exporters and compilers, which the package has no use for.
OTHER_PYTHON = REPOSITORY / "tests/python/.venv/bin/python"
needs_other_python = pytest.mark.skipif(not OTHER_PYTHON.exists(), reason="scripts/setup.sh python has not run")


@pytest.fixture
def server() -> Iterator[RealServer]:
    """One for each document: they tell of the same people."""
    made = RealServer()
    yield made
    made.stop()


def play(server: RealServer, providers: Providers, tmp_path: Path, *parts: str) -> None:
    program = tmp_path / "program.py"
    program.write_text("\n".join(parts), "utf-8")
    done = run_both(
        sys.executable, str(program), PYTHONPATH=str(HERE / "src"), COGNOBSERVE_API_KEY=KEY,
        COGNOBSERVE_ENDPOINT=server.url, OPENAI_BASE_URL=providers.base, OPENAI_API_KEY="none",
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")


def read_users(server: RealServer) -> List[Tuple[Any, ...]]:
    """All users: id, attributes, traces, tokens, dollars."""
    fields = ("externalId", "metadata", "traceCount", "totalTokens", "totalCostUsd")
    return sorted((tuple(user[field] for field in fields) for user in server.read("/v1/users")["items"]), key=str)


def test_no_document_has_programs_that_are_not_run() -> None:
    assert find_documents("python") == [
        "README.md", "docs/grpc.md", "docs/opentelemetry.md", "docs/sdks.md", "docs/telemetry.md", PAGE,
    ]  # fmt: skip
    assert find_documents("sh", "curl http") == ["README.md"]


def test_the_first_page(server: RealServer, providers: Providers, tmp_path: Path) -> None:
    (block,) = read_blocks("README.md", "python")
    given = "import openai\nclient = openai.OpenAI()\n"
    play(server, providers, tmp_path, given, fill_in(block, key=KEY, call=CALL))
    assert read_users(server) == [("john", {"plan": "pro"}, 1, 15, "0.000055000")]


def test_the_page_of_all_sdks(server: RealServer, providers: Providers, tmp_path: Path) -> None:
    (block,) = read_blocks("docs/sdks.md", "python")
    play(server, providers, tmp_path, MESSAGES, block)
    assert read_users(server) == [("john", {"plan": "pro"}, 1, 15, "0.000055000")]


def read_events(server: RealServer) -> Any:
    return server.read("/v1/events/count?groupBy=property.type")["rows"]


def test_the_page_of_telemetry(server: RealServer, providers: Providers, tmp_path: Path) -> None:
    (block,) = read_blocks("docs/telemetry.md", "python")
    play(server, providers, tmp_path, block, block.splitlines()[-1])
    # Told twice, counted once.
    assert read_events(server) == [{"key": "text", "count": 1}]
    assert [user[0] for user in read_users(server)] == ["alice"]


def test_its_own_page(server: RealServer, providers: Providers, tmp_path: Path) -> None:
    # A new block belongs into one of these programs.
    start, what, events, threads, processor = read_blocks(PAGE, "python")
    start = fill_in(start, key=KEY, url=server.url, messages='[{"role": "user", "content": "Hi"}]')
    given = "client = openai.AsyncOpenAI()\nfound, best = [1, 2], 2\n"
    use = 'import asyncio\n\nsearch("invoice")\nwith cognobserve.with_user("asker"):\n    asyncio.run(answer("Why?"))\n'
    in_threads = f"""
import threading

@cognobserve.observe
def work(): pass

async def main():
    loop = asyncio.get_running_loop()
    with cognobserve.with_user("threads"):
{textwrap.indent(threads, " " * 8)}
asyncio.run(main())
"""
    opentelemetry = f"""
from opentelemetry.sdk.trace import TracerProvider
provider = TracerProvider()
{processor}
with cognobserve.with_user("john"), provider.get_tracer("app").start_as_current_span("work") as ours:
    assert ours.attributes["user.id"] == "john"
"""
    play(server, providers, tmp_path, start, given, fill_in(what, call=CALL), use, events, in_threads, opentelemetry)
    assert read_users(server) == [
        ("asker", {}, 1, 15, "0.000055000"),
        # Of an event alone.
        ("john", {}, 0, 0, "0.000000000"),
        ("threads", {}, 2, 0, "0.000000000"),
        # One call of OpenAI, and a trace by hand that names its cost.
        ("user-123", {}, 2, 165, "0.250055000"),
    ]
    assert read_events(server) == [{"key": "text", "count": 1}]


def test_curl_on_the_first_page(server: RealServer) -> None:
    curl = next(block for block in read_blocks("README.md", "sh") if "curl http" in block)
    out = run("sh", "-e", "-c", fill_in(curl, key=KEY, url=server.url).replace("curl ", "curl -sSf "))
    taken, end = json.JSONDecoder().raw_decode(out)
    assert taken["success"] is True and taken["warnings"] == []
    (john,) = json.loads(out[end:])["items"]
    assert (john["externalId"], john["email"], john["totalTokens"]) == ("john", "john@acme.com", 1500)
    # gpt-4o-mini: 1,200 tokens at 0.15 and 300 at 0.60 dollars a million.
    assert (john["metadata"], john["totalCostUsd"], john["avgLatencyMs"]) == ({"plan": "pro"}, "0.000360000", 1200)


def test_json_and_its_answer(server: RealServer) -> None:
    body, answer = read_blocks("docs/ingest.md", "json")
    headers = {"Content-Type": "application/json", "X-API-Key": KEY}
    request = urllib.request.Request(server.url + "/v1/traces", body.encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as told:
        assert (told.status, json.load(told)) == (202, json.loads(answer))
    # 400 tokens at 2.50, 800 cached at 1.25, 300 out at 10 dollars a million.
    assert read_users(server) == [("john", {"plan": "pro"}, 1, 1500, "0.005000000")]


def read_exports(server: RealServer, block: str) -> Any:
    """The settings that a block for the shell exports, as a shell reads them."""
    script = fill_in(block, key=KEY, url=server.url) + "\nenv -0"
    values = dict(one.split("=", 1) for one in run("sh", "-e", "-c", script).split("\0") if "=" in one)
    return {name: value for name, value in values.items() if name.startswith("OTEL_")}


@needs_other_python
def test_opentelemetry(server: RealServer, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    (block,) = read_blocks("docs/opentelemetry.md", "python")
    program.write_text(block, "utf-8")
    run(str(OTHER_PYTHON), str(program), **read_exports(server, read_blocks("docs/opentelemetry.md", "sh")[0]))
    assert read_users(server) == [("john", {}, 1, 1500, "0.006000000")]


@needs_other_python
def test_grpc(server: RealServer, tmp_path: Path) -> None:
    compiler = next(block for block in read_blocks("docs/grpc.md", "sh") if "grpc_tools" in block)
    (command,) = [line for line in compiler.splitlines() if line.startswith("python ")]
    proto, out = str(REPOSITORY / "proto"), str(tmp_path)
    filled = command.replace("python ", f"{OTHER_PYTHON} ", 1).replace("=proto/", f"={proto}/")
    filled = filled.replace("_out=.", f"_out={out}")
    run("sh", "-e", "-c", filled)
    (block,) = read_blocks("docs/grpc.md", "python")
    program = tmp_path / "program.py"
    program.write_text(fill_in(block, key=KEY, address=server.url[len("http://") :]), "utf-8")
    # Beside the SDK, whose package must not hide what was made.
    both = {"cwd": out, "PYTHONPATH": str(HERE / "src")}
    sdk = "import cognobserve; print(cognobserve.observe.__name__)"
    assert run(str(OTHER_PYTHON), "-c", sdk, **both) == "observe\n"
    assert run(str(OTHER_PYTHON), str(program), **both) == "True ['1']\n"
    assert read_users(server) == [("john", {}, 1, 1500, "0.006000000")]
    # The same settings, with the exporter of OpenTelemetry.
    otlp = tmp_path / "otlp.py"
    (shown,) = read_blocks("docs/opentelemetry.md", "python")
    otlp.write_text(shown.replace("otlp.proto.http", "otlp.proto.grpc"), "utf-8")
    settings = next(block for block in read_blocks("docs/grpc.md", "sh") if "OTEL_" in block)
    run(str(OTHER_PYTHON), str(otlp), **read_exports(server, settings))
    assert read_users(server) == [("john", {}, 2, 3000, "0.012000000")]
