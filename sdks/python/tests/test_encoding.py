"""Whatever is given becomes JSON of a bounded size."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import uuid
from typing import Any

import pydantic
import pytest

from cognobserve._encoding import MAX_BYTES, TRUNCATED, encode

MB = 1024 * 1024


class Color(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: Any


class Model(pydantic.BaseModel):
    a: int
    b: str = "default"


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__

    def __getattr__(self, name: str) -> Any:
        # The test runner itself asks for some.
        raise AttributeError if name.startswith("__") else RuntimeError


class Array:
    """As numpy's."""

    dtype, shape = "float32", (2, 2)

    def __init__(self, size: int) -> None:
        self.size = size

    def tolist(self) -> Any:
        return [[1.0, 2.0], [3.0, 4.0]]


class Endless:
    """Converts to ever new objects of its kind."""

    def model_dump(self, **_: Any) -> Any:
        return {"more": Endless()}


cycle: Any = {"a": [1]}
cycle["a"].append(cycle)
deep: Any = []
for _ in range(100_000):
    deep = [deep]


@pytest.mark.parametrize(
    "value, expected",
    [
        ({"a": [1, 2.5, True, None, "ä"]}, {"a": [1, 2.5, True, None, "ä"]}),
        (b"abc", "<3 bytes>"),
        ({"at": datetime.datetime(2026, 1, 2, 3, 4)}, {"at": "2026-01-02T03:04:00"}),
        (decimal.Decimal("0.10"), "0.10"),
        ({3, 1, 2}, [1, 2, 3]),
        ([float("nan"), float("inf")], ["nan", "inf"]),
        (Color.RED, "red"),
        (Point(1, {2}), {"x": 1, "y": [2]}),
        (Model(a=1), {"a": 1}),
        ({1: "a", None: "b", (1, "x"): "c"}, {"1": "a", "null": "b", "1,x": "c"}),
        (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (pathlib.Path("/a"), "/a"),
        (ValueError("no"), "ValueError: no"),
        (Array(4), [[1.0, 2.0], [3.0, 4.0]]),
        (Array(5000), "<tests.test_encoding.Array (2, 2) float32>"),
        (collections.OrderedDict(a=collections.deque()), {"a": "<collections.deque>"}),
        (Hostile(), "<tests.test_encoding.Hostile>"),
        (object(), "<builtins.object>"),
        (cycle, {"a": [1, "[circular]"]}),
        ("half \ud83d", "half \ufffd"),
        ({"whole": "\ud83d\ude00"}, {"whole": "😀"}),
        (1 << 70, 1 << 70),
        (range(3), [0, 1, 2]),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    assert json.loads(encode(value)) == expected


@pytest.mark.parametrize(
    "value",
    [
        "x" * 3 * MB,
        "ä" * 3 * MB,
        '"' * 3 * MB,
        ["x" * 1000] * 5000,
        {str(number): number for number in range(500_000)},
        [[None] * 1000] * 1000,
        {"a": {"b": "\n" * 2 * MB}},
        b"x" * 100 * MB,
        [Hostile()] * 300_000,
        deep,
        Endless(),
        10 ** 5000,
        {"x" * 2 * MB: 1},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_huge_or_endless_is_bounded(value: Any) -> None:
    text = encode(value)
    assert len(text) <= MAX_BYTES
    json.loads(text)


def test_the_shape_of_what_is_cut_stays() -> None:
    cut = json.loads(encode({"messages": [{"role": "user", "content": "x" * 2 * MB}]}))
    assert cut["messages"][0]["role"] == "user"
    assert cut["messages"][0]["content"].endswith(TRUNCATED)
