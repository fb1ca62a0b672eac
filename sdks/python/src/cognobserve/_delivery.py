"""Sends batches: tries again what may pass, halves what is too large, counts what is lost."""

from __future__ import annotations

import email.utils
import gzip
import json
import random
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

from ._buffer import Entry
from ._http import Answer, Post, post
from ._log import say, warn, warn_once
from ._settings import Settings
from ._version import __version__
from ._wire import write_body, write_trace

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LONGEST_RETRY_AFTER = 60.0
_COMPRESSED_OVER = 1024


def is_retried(status: int) -> bool:
    """0 is no answer at all."""
    return status in (0, 429) or status >= 500


def _wait(event: threading.Event, seconds: float) -> bool:
    return event.wait(seconds)


@dataclass(frozen=True)
class Tools:
    """What a test replaces: the network, clocks, waiting, chance."""

    post: Post = post
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    wait: Callable[[threading.Event, float], bool] = _wait
    random: Callable[[], float] = random.random


class Delivery:
    """Counts in spans. ``hurry`` makes it end by a deadline."""

    def __init__(self, settings: Settings, tools: Tools) -> None:
        self._settings = settings
        self._tools = tools
        self._hurry = threading.Event()
        self._deadline: Optional[float] = None
        self._had_last_try = False
        self.sent = 0
        self.dropped = 0
        self.refused = 0
        self.in_flight = 0

    def hurry(self, seconds: float) -> None:
        """From now on nothing is tried for longer than this."""
        self._deadline = self._tools.clock() + seconds
        self._hurry.set()

    def deliver(self, batch: Sequence[Entry]) -> None:
        """Returns when each trace was taken, refused or given up."""
        self.in_flight = sum(len(entry.spans) for entry in batch)
        try:
            written = [write_trace(entry.trace, entry.spans) for entry in batch]
            self._deliver(batch, written)
        except Exception as error:
            warn_once("delivery", f"a batch could not be sent: {type(error).__name__}")
            self.dropped += self.in_flight
        finally:
            self.in_flight = 0

    def _deliver(self, batch: Sequence[Entry], written: Sequence[bytes]) -> None:
        answer = self._post_patiently(write_body(written))
        if answer.status == 413 and len(batch) > 1:
            half = len(batch) // 2
            self._deliver(batch[:half], written[:half])
            self._deliver(batch[half:], written[half:])
            return
        spans = sum(len(entry.spans) for entry in batch)
        say(f"{len(batch)} traces with {spans} spans: {answer.status or answer.error}")
        if 200 <= answer.status < 300:
            self._read_results(batch, answer)
        else:
            self._give_up(spans, answer)

    def _post_patiently(self, body: bytes) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "X-API-Key": self._settings.api_key,
            "User-Agent": f"cognobserve-python/{__version__}",
        }
        if len(body) > _COMPRESSED_OVER:
            body = gzip.compress(body, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        url = self._settings.endpoint + "/v1/traces/batch"
        for attempt in range(self._settings.max_retries + 1):
            answer = self._tools.post(url, headers, body, self._find_timeout())
            if not is_retried(answer.status) or attempt == self._settings.max_retries:
                break
            least = self._read_retry_after(answer.headers.get("retry-after", ""))
            pause = max(least, self._find_pause(attempt))
            say(f"{answer.status or answer.error}: again in {pause:.1f} s")
            if not self._sleep(pause, least):
                break
        return answer

    def _find_timeout(self) -> float:
        timeout = self._settings.request_timeout
        if self._deadline is not None:
            timeout = min(timeout, max(0.05, self._deadline - self._tools.clock()))
        return timeout

    def _find_pause(self, attempt: int) -> float:
        pause: float = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0**attempt)
        return pause * (0.5 + 0.5 * self._tools.random())

    def _read_retry_after(self, text: str) -> float:
        """Seconds or a date; nonsense is none."""
        try:
            seconds = float(text)
        except ValueError:
            try:
                moment = email.utils.parsedate_to_datetime(text)
                seconds = moment.timestamp() - self._tools.now()
            except (TypeError, ValueError, IndexError, OverflowError):
                return 0.0
        return min(max(seconds, 0.0), LONGEST_RETRY_AFTER) if seconds == seconds else 0.0

    def _sleep(self, pause: float, least: float) -> bool:
        """Whether to try again. At the end of the program there is one last try instead of a pause that is too long."""
        until = self._tools.clock() + pause
        self._tools.wait(self._hurry, pause)
        if self._deadline is None:
            return True
        if until > self._deadline:
            is_last, self._had_last_try = not self._had_last_try and not least, True
            return is_last
        left = until - self._tools.clock()
        if left > 0:
            # A new event: the one for hurrying is set already.
            self._tools.wait(threading.Event(), left)
        return True

    def _read_results(self, batch: Sequence[Entry], answer: Answer) -> None:
        results = _parse_results(answer.body)
        if results is None or len(results) != len(batch):
            warn_once(
                "odd answer", "the server's answer is not CognObserve's: is the endpoint right?"
            )
            self.dropped += sum(len(entry.spans) for entry in batch)
            return
        reasons: Dict[str, int] = {}
        for entry, result in zip(batch, results):
            if result.get("success") is not False:
                self.sent += len(entry.spans)
                continue
            self.refused += len(entry.spans)
            error = result.get("error")
            error = error if isinstance(error, dict) else {}
            reason = f"{error.get('code', 'refused')}: {error.get('message', '')}"
            reasons[reason] = reasons.get(reason, 0) + 1
        for reason, count in reasons.items():
            warn(f"{count} of {len(batch)} traces were refused: {reason}")

    def _give_up(self, spans: int, answer: Answer) -> None:
        self.dropped += spans
        what = answer.error or f"status {answer.status}"
        if answer.status == 413:
            warn_once("413", "a trace was larger than the server takes and is dropped")
        elif is_retried(answer.status):
            warn_once("unreachable", f"the server could not be reached ({what}): spans are dropped")
        else:
            code = _read_code(answer.body)
            warn_once(f"final {answer.status}", f"the server refuses what is sent: {what} {code}".strip())


def _parse_results(body: bytes) -> Optional[List[Mapping[str, Any]]]:
    try:
        results = json.loads(body)["results"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        return None
    return results


def _read_code(body: bytes) -> str:
    """What a problem answer calls itself; never its whole text, which may quote what was sent."""
    try:
        parsed = json.loads(body)
        code = parsed.get("code") or parsed.get("title")
        return f"({code[:100]})" if isinstance(code, str) else ""
    except Exception:
        return ""
