"""CognObserve for Python: who uses your AI app, what they cost, and what went wrong for them.

    import cognobserve

    cognobserve.init(api_key="co_sk_…")

    @cognobserve.observe(type="generation")
    def answer(question: str): ...

    with cognobserve.with_user("user-123"):
        answer("How do I pay?")
"""

from ._api import (
    current_span,
    current_trace,
    event_stats,
    flush,
    flush_async,
    init,
    log,
    shutdown,
    start_trace,
    stats,
)
from ._blocks import span, trace
from ._observe import observe
from ._scope import get_user, set_user, with_context, with_session, with_user
from ._settings import Mask
from ._spans import Span
from ._traces import Trace
from ._track import track
from ._users import User, UserLike
from ._version import __version__
from ._wrap_anthropic import wrap_anthropic
from ._wrap_openai import wrap_openai

__all__ = [
    "Mask",
    "Span",
    "Trace",
    "User",
    "UserLike",
    "__version__",
    "current_span",
    "current_trace",
    "event_stats",
    "flush",
    "flush_async",
    "get_user",
    "init",
    "log",
    "observe",
    "set_user",
    "shutdown",
    "span",
    "start_trace",
    "stats",
    "trace",
    "track",
    "with_context",
    "with_session",
    "with_user",
    "wrap_anthropic",
    "wrap_openai",
]
