"""A client: settings, and a lane for what waits of each kind. Safe to fork and to end at any time."""

from __future__ import annotations

import asyncio
import collections.abc
import os
import threading
import time
from typing import Any, Dict, List, Optional, Sequence, Tuple

from . import _ids
from ._barrier import Barrier
from ._buffer import EventQueue, SpanQueue
from ._delivery import Tools
from ._encoding import encode, make_plain
from ._entries import EVENTS, TRACES
from ._events import Event
from ._lane import Lane
from ._log import forget_said, renew_lock, say, set_debug, warn_once
from ._settings import Settings, read_settings, show_address
from ._spans import Span
from ._traces import Trace

Lanes = Sequence[Lane[Any]]

_MASKED = b'"[masked]"'


class Client:
    """Owns what waits. After a fork the child's copy is empty and of a new generation."""

    def __init__(self, settings: Settings, tools: Optional[Tools] = None) -> None:
        self.settings = settings
        self.tools = tools or Tools()
        self.is_recording = settings.is_recording
        self.is_immediate = settings.mode == "immediate"
        self.generation = 0
        self.is_retired = False
        self._start_empty()
        _clients.append(self)

    def _start_empty(self) -> None:
        settings, tools = self.settings, self.tools
        self.traces = Lane(settings, tools, TRACES, SpanQueue(settings, tools.clock))
        self.events = Lane(settings, tools, EVENTS, EventQueue(settings, tools.clock))
        if self.is_retired:
            self.retire()

    @property
    def _lanes(self) -> Lanes:
        return self.traces, self.events

    def forget_parent(self) -> None:
        """In a child process: the parent sends what is the parent's."""
        self.generation += 1
        self._start_empty()

    # What spans, traces and events call.

    def take_span(self, trace: Trace, span: Span) -> None:
        if self.is_recording and self.traces.queue.add_span(trace, span):
            self.traces.start_thread()

    def take_trace(self, trace: Trace) -> None:
        if self.is_recording and self.traces.queue.end_trace(trace):
            self.traces.start_thread()

    def take_event(self, event: Event) -> None:
        """Never waits: in immediate mode it leaves as soon as it can."""
        if self.is_recording and self.events.queue.add(event):
            if self.is_immediate:
                self.events.queue.hasten()
            self.events.start_thread()

    def encode_content(self, value: Any, what: str) -> Optional[bytes]:
        """An input or output as it is sent; None if it is not."""
        settings = self.settings
        if value is None or not (self.is_recording and settings.capture_content):
            return None
        if settings.mask is None:
            return encode(value)
        try:
            # A copy of plain data: a mask may change it in place without changing the app's own.
            return encode(settings.mask(make_plain(value), what))
        except Exception as error:
            warn_once("mask", f"the mask raised {type(error).__name__}: [masked] is sent instead")
            return _MASKED

    def mask_properties(self, properties: Any) -> Any:
        """The properties of an event as they may be sent: a mapping, or nothing."""
        if properties is None:
            return None
        if isinstance(properties, collections.abc.Mapping) and properties and self.settings.mask is not None:
            try:
                properties = self.settings.mask(make_plain(dict(properties)), "properties")
            except Exception as error:
                warn_once("mask", f"the mask raised {type(error).__name__}: an event is sent without properties")
                return None
        if isinstance(properties, collections.abc.Mapping):
            return properties
        kind = type(properties).__name__
        warn_once("properties", f"the properties of an event are {kind} and no mapping: it is sent without them")
        return None

    # What the app calls.

    def stats(self) -> Dict[str, int]:
        """Spans: ``sent``, ``dropped``, ``refused`` and ``waiting``."""
        return self.traces.stats()

    def event_stats(self) -> Dict[str, int]:
        """The same of events."""
        return self.events.stats()

    def flush(self, timeout: Optional[float] = None) -> bool:
        """Waits until what has ended or was tracked was dealt with; whether that was so in time."""
        return self._flush(self._lanes, timeout)

    async def flush_async(self, timeout: Optional[float] = None) -> bool:
        """The same, without holding up the event loop."""
        return await self._flush_async(self._lanes, timeout)

    def _flush(self, lanes: Lanes, timeout: Optional[float]) -> bool:
        if self._is_sender:
            return False
        until = None if timeout is None else time.monotonic() + timeout
        told = [lane.wait(barrier, until) for lane, barrier in self._begin_flush(lanes)]
        return all(told)

    async def _flush_async(self, lanes: Lanes, timeout: Optional[float]) -> bool:
        if self._is_sender:
            return False
        until = None if timeout is None else time.monotonic() + timeout
        told = [await lane.wait_async(barrier, until) for lane, barrier in self._begin_flush(lanes)]
        return all(told)

    def _begin_flush(self, lanes: Lanes) -> List[Tuple[Lane[Any], Barrier]]:
        """What to wait for: the lanes send at the same time."""
        if not self.is_recording:
            return []
        begun = [(lane, lane.begin_flush()) for lane in lanes]
        return [(lane, barrier) for lane, barrier in begun if barrier is not None]

    @property
    def _is_sender(self) -> bool:
        return any(lane.is_sender for lane in self._lanes)

    def settle(self, trace: Trace) -> None:
        """In immediate mode, waits until an ended trace was sent: not longer than the end of a program would, and
        not at all where an event loop would be held up."""
        if not self._wants_to_settle(trace):
            return
        if _is_in_event_loop():
            self.traces.queue.hasten()
        else:
            self._tell_late(self._flush([self.traces], self.settings.shutdown_timeout))

    async def settle_async(self, trace: Trace) -> None:
        """The same, without holding up the event loop."""
        if not self._wants_to_settle(trace):
            return
        if _is_in_event_loop():
            self._tell_late(await self._flush_async([self.traces], self.settings.shutdown_timeout))
        else:
            self.traces.queue.hasten()

    def _wants_to_settle(self, trace: Trace) -> bool:
        return self.is_immediate and self.is_recording and trace.is_ended and not self._is_sender

    def _tell_late(self, is_done: bool) -> None:
        if not is_done:
            warn_once("late", "a trace was not sent within shutdown_timeout: it is tried further, and nobody waits for it")

    def retire(self) -> None:
        """Another client follows: this one goes on with its traces that are still open."""
        self.is_retired = True
        for lane in self._lanes:
            lane.retire()

    def hurry(self, timeout: float) -> None:
        """Begins to send what waits, for a limited time."""
        if self.is_recording:
            for lane in self._lanes:
                lane.hurry(timeout)

    def shutdown(self, timeout: Optional[float] = None) -> None:
        """Sends what waits, for a limited time, and takes nothing any more."""
        if timeout is None:
            timeout = self.settings.shutdown_timeout
        self.hurry(timeout)
        deadline = self.tools.clock() + timeout
        for lane in self._lanes:
            lane.shutdown(max(0.0, deadline - self.tools.clock()))


def _is_in_event_loop() -> bool:
    """Whether to wait here would hold up other tasks."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


#: All of this process: a program that calls ``init`` again and again has few settings, and what they sent counts.
_clients: "List[Client]" = []
_current: Optional[Client] = None
_current_lock = threading.Lock()


def get_client() -> Client:
    """The one that ``init`` made, else one that the environment alone describes."""
    client = _current
    return client if client is not None else _make_from_environment()


def _make_from_environment() -> Client:
    global _current
    with _current_lock:
        if _current is None:
            _current = _make({}, None)
        return _current


def _make(options: Dict[str, Any], tools: Optional[Tools]) -> Client:
    settings = read_settings(options)
    set_debug(settings.debug)
    say(f"sends to {show_address(settings.endpoint)}" if settings.is_recording else "records nothing")
    return Client(settings, tools)


def replace_client(options: Dict[str, Any], tools: Optional[Tools] = None) -> Client:
    """A new client; the one before sends what waits in it, and what is still open when it ends."""
    global _current
    with _current_lock:
        before = _current
        if before is not None:
            forget_said()
            before.retire()
        _current = _make(options, tools)
        return _current


def _after_fork() -> None:
    global _current_lock
    _current_lock = threading.Lock()
    renew_lock()
    _ids.renew()
    for client in list(_clients):
        client.forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
