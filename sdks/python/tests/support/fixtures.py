"""The golden requests that all SDKs share, and the normalisation under which they are compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

FOLDER = Path(__file__).resolve().parents[3] / "fixtures"


def read_fixture(name: str) -> List[Any]:
    requests: List[Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))["requests"]
    return requests


def read_answer(name: str) -> Any:
    return json.loads((FOLDER / "answers" / f"{name}.json").read_text("utf-8"))


def normalise(bodies: List[Dict[str, Any]]) -> List[bytes]:
    """Ids become places, times become ``"time"``, keys are sorted."""
    places: Dict[str, str] = {}
    traces = spans = 0
    for body in bodies:
        for number, event in enumerate(body.get("events", []), 1):
            places[event["event_id"]] = f"event-{number}"
        for trace in body.get("traces", []):
            if trace["trace_id"] not in places:
                traces += 1
                places[trace["trace_id"]] = f"trace-{traces}"
            for span in trace["spans"]:
                if span["span_id"] not in places:
                    spans += 1
                    places[span["span_id"]] = f"span-{spans}"

    def replace(value: Any, key: str = "") -> Any:
        if key in ("start_time", "end_time", "timestamp"):
            return "time"
        if isinstance(value, dict):
            return {name: replace(one, name) for name, one in value.items()}
        if isinstance(value, list):
            return [replace(one) for one in value]
        return places.get(value, value) if isinstance(value, str) else value

    return [write(replace(body)) for body in bodies]


def write(body: Any) -> bytes:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")
