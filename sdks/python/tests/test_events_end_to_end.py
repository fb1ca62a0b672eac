"""Product events against the real server: they arrive once, whatever is sent twice, and whoever is killed meanwhile."""

from __future__ import annotations

import threading
import time
from typing import Dict

import cognobserve
from cognobserve import event_stats, track, with_user

from .support.real_server import KEY, RealServer


def count(server: RealServer, by: str) -> Dict[str, int]:
    rows = server.read("/v1/events/count", groupBy=by)["rows"]
    return {row["key"]: row["count"] for row in rows}


def test_events_arrive_once_and_what_is_refused_is_counted(server: RealServer) -> None:
    cognobserve.init(api_key=KEY, endpoint=server.url)
    with with_user("fan-1", plan="pro"):
        for _ in range(2):
            track("memory_created", {"type": "text"}, event_id="m-1")
            assert cognobserve.flush(30)
        track("memory_read")
    track("memory_read", user_id="x" * 300)
    assert cognobserve.flush(30)
    assert event_stats() == {"sent": 3, "dropped": 0, "refused": 1, "waiting": 0}
    assert count(server, "event") == {"memory_created": 1, "memory_read": 1}
    assert count(server, "property.type")["text"] == 1
    (found,) = server.read("/v1/users", search="fan-1")["items"]
    assert (found["externalId"], found["traceCount"]) == ("fan-1", 0)


def test_a_server_that_is_killed_has_each_event_once(server: RealServer) -> None:
    cognobserve.init(api_key=KEY, endpoint=server.url, flush_interval=0.05, max_retries=30)
    before = event_stats()["sent"]
    kill = threading.Thread(target=server.kill_and_restart)
    for number in range(300):
        if number == 100:
            kill.start()
        track("survived", user_id=f"survivor-{number % 10}")
        time.sleep(0.005)
    kill.join()
    assert cognobserve.flush(60)
    told = event_stats()
    assert (told["sent"] - before, told["dropped"], told["waiting"]) == (300, 0, 0)
    assert count(server, "event")["survived"] == 300
