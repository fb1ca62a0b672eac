"""What is about all clients of the process: the one of today, and those that an ``init`` has retired."""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
import time
from typing import Dict, List, Optional

from ._client import _clients, get_client
from ._log import harmless
from ._processes import prepare


def sum_stats() -> Dict[str, int]:
    """Of all clients of this process."""
    get_client()
    return _add_up([client.stats() for client in list(_clients)])


def sum_event_stats() -> Dict[str, int]:
    get_client()
    return _add_up([client.event_stats() for client in list(_clients)])


def _add_up(told: List[Dict[str, int]]) -> Dict[str, int]:
    return {name: sum(one[name] for one in told) for name in told[0]}


def flush_all(timeout: Optional[float] = None) -> bool:
    """All clients share one deadline."""
    get_client()
    until = None if timeout is None else time.monotonic() + timeout
    told = [
        client.flush(None if until is None else max(0.0, until - time.monotonic()))
        for client in reversed(_clients)
    ]
    return all(told)


async def flush_all_async(timeout: Optional[float] = None) -> bool:
    get_client()
    told = await asyncio.gather(*(client.flush_async(timeout) for client in reversed(_clients)))
    return all(told)


@harmless
def end_all() -> None:
    """All clients share one deadline, and what they have leaves at the same time."""
    clients = list(reversed(_clients))
    for client in clients:
        client.hurry(client.settings.shutdown_timeout)
    started = time.monotonic()
    for client in clients:
        used = time.monotonic() - started
        client.shutdown(max(0.0, client.settings.shutdown_timeout - used))


atexit.register(end_all)
prepare(end_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=functools.partial(prepare, end_all))
