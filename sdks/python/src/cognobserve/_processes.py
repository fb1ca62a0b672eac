"""Processes of ``multiprocessing`` end by ``os._exit``, which runs nothing of ``atexit``: what waits is sent by its own hooks.

Nothing of ``multiprocessing`` is imported unless the program uses it.
"""

from __future__ import annotations

import sys
from typing import Any, Callable

from ._log import harmless

#: After all that the app does at the end of its processes, which may be recorded, too.
_LAST = -1000
_is_prepared = False


@harmless
def prepare(end_all: Callable[[], None]) -> None:
    """Called where this package is imported and in each forked process: ``end_all`` is run at the end of processes."""
    global _is_prepared
    util = sys.modules.get("multiprocessing.util")
    if util is None or _is_prepared:
        return
    _is_prepared = True
    # What is registered before a process has begun is forgotten when it begins; this is called after that.
    util.register_after_fork(end_all, _begin)
    process = sys.modules["multiprocessing.process"]
    if process.parent_process() is not None:
        # Imported by what a process runs.
        _begin(end_all)


def _begin(end_all: Callable[[], None]) -> None:
    """In a process that ``multiprocessing`` has started."""
    util: Any = sys.modules["multiprocessing.util"]
    util.Finalize(None, end_all, exitpriority=_LAST)
