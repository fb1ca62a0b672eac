"""For apps that already trace with OpenTelemetry: puts the user and session of the scope on every span.

OpenTelemetry itself is not needed by this package; the processor only has the methods that its SDK calls.
"""

from __future__ import annotations

from typing import Any

from ._log import note_fault
from ._scope import choose_person, get_scope


class UserSpanProcessor:
    """``provider.add_span_processor(UserSpanProcessor())``.

    Sets ``user.id`` and ``session.id`` when a span starts, and, unless ``profile`` is false, ``user.name``, ``user.email``
    and ``user.…`` for other attributes that are text, number or bool. What a span has already is left as it is.
    """

    def __init__(self, profile: bool = True) -> None:
        self._profile = profile

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        try:
            self._stamp(span)
        except Exception as error:
            note_fault("on_start", error)

    def _stamp(self, span: Any) -> None:
        person, session_id = choose_person(None), get_scope().session_id
        known = getattr(span, "attributes", None) or {}
        if person is not None and person.id is not None and "user.id" not in known:
            span.set_attribute("user.id", person.id)
            if self._profile:
                for key, value in (person.profile or {}).items():
                    if isinstance(value, (str, bool, int, float)) and f"user.{key}" not in known:
                        span.set_attribute(f"user.{key}", value)
        if session_id is not None and "session.id" not in known:
            span.set_attribute("session.id", session_id)

    def _on_ending(self, span: Any) -> None:
        """Called by the SDK since 1.30."""

    def on_end(self, span: Any) -> None:
        """Nothing is left to do."""

    def shutdown(self) -> None:
        """Nothing is held."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        return True

