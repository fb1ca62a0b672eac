"""The examples against the real server: what they say arrives, and is counted."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import openai
import pytest

import cognobserve

from .support.providers import Providers
from .support.real_server import KEY, RealServer

HERE = Path(__file__).resolve().parents[1]


def run(name: str, server: RealServer, providers: Providers) -> str:
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    env = {
        **kept,
        "PYTHONPATH": str(HERE / "src"),
        "COGNOBSERVE_API_KEY": KEY,
        "COGNOBSERVE_ENDPOINT": server.url,
        "OPENAI_API_KEY": "k",
        "OPENAI_BASE_URL": providers.base,
        "ANTHROPIC_API_KEY": "k",
        "ANTHROPIC_BASE_URL": providers.base,
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "examples" / f"{name}.py")],
        env=env, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def find_user(server: RealServer, external_id: str) -> Any:
    (found,) = [one for one in server.read("/v1/users", search=external_id)["items"] if one["externalId"] == external_id]
    detail = server.read(f"/v1/users/{found['id']}")
    assert detail["totalTokens"] == found["totalTokens"]
    return detail


def test_a_simple_id(server: RealServer, providers: Providers) -> None:
    assert run("simple_id", server, providers) == "Hello!\n"
    user = find_user(server, "user-123")
    assert (user["traceCount"], user["totalTokens"], user["errorCount"]) == (1, 15, 0)
    # 8 prompt tokens and 4 cached ones, 3 completion tokens, by the price book.
    assert user["totalCost"] == pytest.approx(8 * 2.5e-6 + 4 * 1.25e-6 + 3 * 1e-5)
    assert [one["externalId"] for one in user["sessions"]] == ["session-456"]


def test_a_full_user(server: RealServer, providers: Providers) -> None:
    assert run("full_user", server, providers) == "Hello!\n"
    user = find_user(server, "user-456")
    assert (user["name"], user["email"]) == ("Jane Roe", "jane@acme.com")
    assert user["metadata"] == {"company": "Acme Corp", "plan": "enterprise"}
    assert (user["traceCount"], user["totalTokens"]) == (1, 15)
    assert [one["externalId"] for one in user["sessions"]] == ["session-789"]
    by_plan = server.read("/v1/users", **{"metadata.plan": "enterprise"})["items"]
    assert [one["externalId"] for one in by_plan] == ["user-456"]


def test_a_global_user(server: RealServer, providers: Providers) -> None:
    assert run("global_user", server, providers) == "short\n"
    user = find_user(server, "user-789")
    assert (user["name"], user["email"]) == ("Global User", "global@acme.com")
    assert (user["traceCount"], user["totalTokens"], user["totalCost"]) == (1, 150, 0.25)
    (trace,) = server.read(f"/v1/users/{user['id']}/traces")["items"]
    assert trace["name"] == "summarise" and trace["metadata"] == {"feature": "summary"}
    assert {one["name"] for one in trace["spans"]} == {"summarise", "read_file", "read", "llm"}


def test_many_users(server: RealServer, providers: Providers) -> None:
    assert run("many_users", server, providers) == "10 answers\n"
    users = server.read("/v1/users", search="visitor-")["items"]
    assert len(users) == 10
    assert {(one["traceCount"], one["totalTokens"]) for one in users} == {(1, 15)}


def test_anthropic_s_client_whole_streamed_and_by_its_helper(server: RealServer, providers: Providers) -> None:
    assert run("anthropic_client", server, providers) == "Hello!\nHello!\nHello!\n7 tokens\n"
    user = find_user(server, "user-654")
    assert (user["name"], user["metadata"], user["traceCount"]) == ("Jim Poe", {"plan": "pro"}, 3)
    assert [(one["externalId"], one["traceCount"]) for one in user["sessions"]] == [("session-987", 3)]
    # Each time 10 tokens at 3 dollars a million, 20 cached at 0.30, 5 to the cache at 3.75, and 7 out at 15.
    assert (user["promptTokens"], user["cachedTokens"], user["completionTokens"]) == (105, 60, 21)
    assert (user["totalCostUsd"], user["unpricedSpanCount"]) == ("0.000479250", 0)


def test_by_hand(server: RealServer, providers: Providers) -> None:
    assert run("by_hand", server, providers).startswith("sent: True {'sent': 2,")
    user = find_user(server, "user-321")
    assert (user["traceCount"], user["errorCount"]) == (1, 1)


def test_what_two_layers_tell_counts_once(server: RealServer, providers: Providers) -> None:
    client = cognobserve.wrap_openai(openai.OpenAI(api_key="k", base_url=providers.base))

    @cognobserve.observe(type="generation", user_id="twice")
    def ask(kind: str) -> Any:
        if kind == "embed":
            return client.embeddings.create(model="text-embedding-3-small", input="a")
        return client.chat.completions.create(model="gpt-4o", messages=[], stream=kind == "stream",
                                              stream_options={"include_usage": True})  # fmt: skip

    cognobserve.init(api_key=KEY, endpoint=server.url)
    ask("chat"), ask("embed"), list(ask("stream"))
    assert cognobserve.flush(30)
    assert find_user(server, "twice")["totalTokens"] == 15 + 8 + 15


def test_no_example_sent_what_the_server_warns_about(server: RealServer) -> None:
    assert server.read("/v1/me")["recentWarnings"] == []


def test_a_server_that_is_killed_three_times_counts_each_call_once(server: RealServer) -> None:
    """Calls go on all the while."""
    cognobserve.init(api_key=KEY, endpoint=server.url, flush_interval=0.05, max_retries=30)
    calls, users = 900, 20
    kills = [threading.Thread(target=server.kill_and_restart) for _ in range(3)]
    for number in range(calls):
        if number % 300 == 100:
            kills[number // 300].start()
        with cognobserve.with_user(f"survivor-{number % users}"):
            with cognobserve.trace("call", type="generation") as span:
                span.set_model("own-model").set_usage(prompt_tokens=7, completion_tokens=number % 3)
        time.sleep(0.005)
        if number % 300 == 299:
            kills[number // 300].join()
    assert cognobserve.flush(60)
    assert cognobserve.stats() == {"sent": calls, "dropped": 0, "refused": 0, "waiting": 0}
    found = server.read("/v1/users", search="survivor-", limit="100")["items"]
    told = {one["externalId"]: (one["traceCount"], one["totalTokens"]) for one in found}
    numbers = range(calls)
    tokens = {user: sum(7 + n % 3 for n in numbers if n % users == user) for user in range(users)}
    assert told == {f"survivor-{user}": (calls // users, tokens[user]) for user in range(users)}
