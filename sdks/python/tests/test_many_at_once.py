"""50 requests of 50 users at the same time in one asyncio process.

What the real server then says of each is their own, and all of it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import openai

import cognobserve
from cognobserve import observe, with_context, with_session, with_user

from .support.providers import Providers
from .support.real_server import KEY, RealServer

COUNT = 50


async def serve_all(base: str) -> None:
    """Nobody goes on before all have come."""
    gate = asyncio.Event()
    come = 0

    @observe(type="generation")
    async def own(user: str, number: int) -> None:
        await asyncio.sleep(0.001 * (number % 3))
        span = cognobserve.current_span()
        assert span is not None
        span.set_model("own-model").set_usage(prompt_tokens=number, completion_tokens=1).set_cost(number)

    @observe
    def in_a_thread(user: str) -> None:
        cognobserve.log(f"event of {user}")

    @observe
    async def request(user: str, number: int) -> None:
        nonlocal come
        come += 1
        if come == COUNT:
            gate.set()
        await gate.wait()
        await own(user, number)
        await asyncio.get_running_loop().run_in_executor(None, with_context(in_a_thread), user)
        await client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": user}])

    async def handle(number: int) -> None:
        user = f"user-{number}"
        async with with_user(user, name=f"Name of {user}", number=number), with_session(f"session of {user}"):
            await request(user, number)

    async with openai.AsyncOpenAI(api_key="k", base_url=base) as client:
        cognobserve.wrap_openai(client)
        await asyncio.gather(*(handle(number) for number in range(1, COUNT + 1)))


def test_50_requests_of_50_users_at_the_same_time(server: RealServer, providers: Providers) -> None:
    cognobserve.init(api_key=KEY, endpoint=server.url)
    asyncio.run(serve_all(providers.base))
    assert cognobserve.flush(30)
    assert cognobserve.stats() == {"sent": 5 * COUNT, "dropped": 0, "refused": 0, "waiting": 0}

    users = server.read("/v1/users", limit="100")["items"]
    assert {one["externalId"] for one in users} == {f"user-{number}" for number in range(1, COUNT + 1)}
    assert len(users) == COUNT
    for user in users:
        who = user["externalId"]
        number = int(who[len("user-") :])
        assert (user["name"], user["metadata"], user["sessionCount"]) == (f"Name of {who}", {"number": number}, 1)
        assert user["totalCostUsd"] == f"{number}.000055000"
        (trace,) = server.read(f"/v1/users/{user['id']}/traces")["items"]
        assert (trace["name"], trace["externalUserId"]) == ("request", who)
        assert trace["totalTokens"] == number + 1 + 15
        spans = server.read(f"/v1/traces/{trace['id']}")["spans"]
        own = {one["name"]: one for one in spans}
        assert set(own) == {"request", "own", "in_a_thread", f"event of {who}", "openai.chat.completions"}
        assert len(spans) == 5
        assert [own[name]["input"]["user"] for name in ("request", "own", "in_a_thread")] == [who] * 3
        told: Any = own["openai.chat.completions"]["input"]
        assert told == [{"role": "user", "content": who}]
        (session,) = server.read(f"/v1/users/{user['id']}")["sessions"]
        assert (session["externalId"], session["traceCount"]) == (f"session of {who}", 1)
