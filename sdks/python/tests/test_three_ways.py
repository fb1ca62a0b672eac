"""The three ways to name a user, as they were asked for in TypeScript, said in Python and run against the real server.

Of programs/three_ways.txt only the key and what the text leaves open (``...``) are filled in.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .support.programs import run_both
from .support.providers import Providers
from .support.real_server import KEY, RealServer

HERE = Path(__file__).resolve().parents[1]
FILLED = [
    ('"co_..."', f'"{KEY}"', 1),
    ("create(...)", 'create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])', 2),
    ("lambda: ...", 'lambda: "done"', 2),
]
APP = "import asyncio\n\nimport openai\n\nopenai = openai.OpenAI()\n\n"


def fill_in(text: str) -> str:
    for left_open, what, times in FILLED:
        assert text.count(left_open) == times, left_open
        text = text.replace(left_open, what)
    assert "..." not in text
    return text


def test_the_three_ways_as_they_are_written(server: RealServer, providers: Providers, tmp_path: Path) -> None:
    program = tmp_path / "three_ways.py"
    program.write_text(APP + fill_in((HERE / "tests/programs/three_ways.txt").read_text("utf-8")), "utf-8")
    done = run_both(
        sys.executable, str(program), PYTHONPATH=str(HERE / "src"), COGNOBSERVE_ENDPOINT=server.url,
        OPENAI_BASE_URL=providers.base, OPENAI_API_KEY="none",
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")

    (found,) = server.read("/v1/users")["items"]
    user = server.read(f"/v1/users/{found['id']}")
    assert (user["externalId"], user["name"], user["email"]) == ("user-123", "John Doe", "john@acme.com")
    assert user["metadata"] == {"company": "Acme Corp", "plan": "enterprise"}
    assert (user["traceCount"], user["spanCount"], user["errorCount"]) == (4, 4, 0)
    # Two answers of gpt-4o, each 12 tokens in, 4 of them cached, and 3 out: at 2.50, 1.25 and 10 dollars a million.
    assert (user["promptTokens"], user["completionTokens"], user["totalTokens"]) == (24, 6, 30)
    assert (user["totalCostUsd"], user["unpricedSpanCount"]) == ("0.000110000", 0)
    assert [(one["externalId"], one["traceCount"]) for one in user["sessions"]] == [("session-456", 2)]
    traces = server.read(f"/v1/users/{user['id']}/traces")["items"]
    assert sorted((one["name"], one["totalTokens"]) for one in traces) == [
        ("action-1", 0), ("action-2", 0), ("chat-completion", 15), ("chat-completion", 15),
    ]  # fmt: skip
    assert server.read("/v1/costs", groupBy="user")["unattributed"]["totalCostUsd"] == "0.000000000"
    assert server.read("/v1/me")["recentWarnings"] == []
