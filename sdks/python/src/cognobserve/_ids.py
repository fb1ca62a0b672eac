"""Ids of traces and spans, as in W3C trace context.

From a generator of our own and not from ``os.urandom``, which lets another thread run and so makes a call wait.
Mixed with the time, so that copies of one process, be they forks or restored snapshots, go different ways.
"""

from __future__ import annotations

import random
import time

_random = random.Random()
_SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC835


def renew() -> None:
    """In a forked process."""
    _random.seed()


def make_trace_id() -> str:
    return _make(128)


def make_span_id() -> str:
    return _make(64)


def _make(bits: int) -> str:
    number = _random.getrandbits(bits) ^ (time.time_ns() * _SPREAD) & ((1 << bits) - 1)
    return f"{number or 1:0{bits // 4}x}"
