"""Sends batches: tries again what may pass, halves what is too large, counts what is lost."""

from __future__ import annotations

import email.utils
import gzip
import json
import random
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

from ._entries import TRACES, Entry, Kind
from ._http import Answer, Post, post
from ._log import say, warn, warn_once
from ._settings import Settings
from ._version import __version__

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


class Fates(NamedTuple):
    """What has become of spans, or of events."""

    sent: int = 0
    dropped: int = 0
    refused: int = 0


class Delivery:
    """Counts in spans, or in events, each once. ``hurry`` makes it end by a deadline, ``stop`` makes it count no more."""

    def __init__(self, settings: Settings, tools: Tools, kind: Kind = TRACES) -> None:
        self._settings = settings
        self._kind = kind
        self._tools = tools
        self._hurry = threading.Event()
        self._deadline: Optional[float] = None
        self._had_last_try = False
        #: The last answer that was worth another try, what pause the server asked for in it, and until when nothing is sent.
        self._last = Answer(0)
        self._least = 0.0
        self._not_before = float("-inf")
        # Reentrant, as a signal's handler may ask while something is counted.
        self._lock = threading.RLock()
        self._fates = Fates()
        self._is_stopped = False

    def hurry(self, seconds: float) -> None:
        """From now on nothing is tried for longer than this."""
        self._deadline = self._tools.clock() + seconds
        self._hurry.set()

    def read_fates(self) -> Fates:
        with self._lock:
            return self._fates

    def stop(self, taken: int) -> int:
        """What of ``taken`` items is still under way is given up, whatever comes of it. Answers how many they are."""
        with self._lock:
            left = taken - sum(self._fates)
            self._count(Fates(dropped=left))
            self._is_stopped = True
            return left

    def _count(self, fates: Fates) -> None:
        with self._lock:
            if not self._is_stopped:
                self._fates = Fates(*map(sum, zip(self._fates, fates)))

    def deliver(self, batch: Sequence[Entry], until: Optional[float] = None) -> None:
        """Returns when each entry was taken, refused or given up, which it is at the time ``until``."""
        try:
            written = [self._kind.write(entry) for entry in batch]
        except Exception as error:
            self._count(self._fail(batch, error))
        else:
            self._deliver(batch, written, until)

    def _deliver(self, batch: Sequence[Entry], written: Sequence[bytes], until: Optional[float]) -> None:
        try:
            answer = self._post_patiently(self._kind.write_body(written), until)
            if answer.status == 413 and len(batch) > 1:
                half = len(batch) // 2
                self._deliver(batch[:half], written[:half], until)
                self._deliver(batch[half:], written[half:], until)
                return
            within = f" with {_count_items(batch)} spans" if self._kind is TRACES else ""
            say(f"{len(batch)} {self._kind.wholes}{within}: {answer.status or answer.error}")
            fates = self._judge(batch, answer)
        except Exception as error:
            fates = self._fail(batch, error)
        self._count(fates)

    def _judge(self, batch: Sequence[Entry], answer: Answer) -> Fates:
        if self._is_stopped:
            # Whoever has stopped it has counted it, and said so.
            return Fates()
        if 200 <= answer.status < 300:
            return self._read_results(batch, answer)
        return self._give_up(_count_items(batch), answer)

    def _fail(self, batch: Sequence[Entry], error: Exception) -> Fates:
        warn_once("delivery", f"a batch could not be sent: {type(error).__name__}")
        return Fates(dropped=_count_items(batch))

    def _post_patiently(self, body: bytes, until: Optional[float]) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "X-API-Key": self._settings.api_key,
            "X-Cognobserve-Client": "python",
            "User-Agent": f"cognobserve-python/{__version__}",
        }
        if len(body) > _COMPRESSED_OVER:
            body = gzip.compress(body, 5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        url = self._settings.endpoint + self._kind.path
        for attempt in range(self._settings.max_retries + 1):
            # The pause holds for the batch after one that is given up, too.
            pause = self._not_before - self._tools.clock()
            if pause > 0 and not self._sleep(pause, self._least, until):
                break
            answer = self._last = self._tools.post(url, headers, body, self._find_timeout(until))
            if not is_retried(answer.status):
                self._not_before = float("-inf")
                break
            self._least = self._read_retry_after(answer.headers.get("retry-after", ""))
            pause = max(self._least, self._find_pause(attempt))
            self._not_before = self._tools.clock() + pause
            say(f"{answer.status or answer.error}: again in {pause:.1f} s")
        return self._last

    def _find_timeout(self, until: Optional[float]) -> float:
        timeout = self._settings.request_timeout
        for end in (self._deadline, until):
            if end is not None:
                timeout = min(timeout, max(0.05, end - self._tools.clock()))
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

    def _sleep(self, pause: float, least: float, end: Optional[float]) -> bool:
        """Whether to try again. At the end of the program there is one last try instead of a pause that is too long."""
        until = self._tools.clock() + pause
        if end is not None and until > end:
            return False
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

    def _read_results(self, batch: Sequence[Entry], answer: Answer) -> Fates:
        results = _parse_results(answer.body)
        if results is None or len(results) != len(batch):
            warn_once(
                "odd answer", "the server's answer is not CognObserve's: is the endpoint right?"
            )
            return Fates(dropped=_count_items(batch))
        sent = refused = 0
        reasons: Dict[str, int] = {}
        for entry, result in zip(batch, results):
            if result.get("success") is not False:
                sent += len(entry.items)
                continue
            refused += len(entry.items)
            error = result.get("error")
            error = error if isinstance(error, dict) else {}
            reason = f"{error.get('code', 'refused')}: {error.get('message', '')}"
            reasons[reason] = reasons.get(reason, 0) + 1
        for reason, count in reasons.items():
            warn(f"{count} of {len(batch)} {self._kind.wholes} were refused: {reason}")
        return Fates(sent=sent, refused=refused)

    def _give_up(self, count: int, answer: Answer) -> Fates:
        what, items = answer.error or f"status {answer.status}", self._kind.items
        if answer.status == 413:
            warn_once(f"413 {items}", f"{self._kind.one_whole} was larger than the server takes and is dropped")
        elif is_retried(answer.status):
            warn_once(f"unreachable {items}", f"the server could not be reached ({what}): {items} are dropped")
        else:
            code = _read_code(answer.body)
            warn_once(f"final {answer.status} {items}", f"the server refuses {items}: {what} {code}".strip())
        return Fates(dropped=count)


def _count_items(batch: Sequence[Entry]) -> int:
    return sum(len(entry.items) for entry in batch)


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
