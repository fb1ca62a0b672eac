"""A stand-in for the server, in a process of its own so that its work is not taken for the app's.

It takes what comes (``healthy``), says nothing (``hanging``), or answers a status. Prints its URL, and ends with its input.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any, List

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.receiver import Receiver  # noqa: E402


class Always(List[Any]):
    """A list of replies that is never used up."""

    def pop(self, _: Any = 0) -> Any:
        return self[0]


def main(how: str) -> None:
    receiver = Receiver()
    if how == "hanging":
        receiver.hang = threading.Event()
    elif how != "healthy":
        receiver.replies = Always([(int(how), {}, b"{}")])
    print(receiver.url, flush=True)
    sys.stdin.read()


main(sys.argv[1])
