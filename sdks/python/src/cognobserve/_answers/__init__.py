"""Reads what providers answer: model, response id, usage, and the message as output.

Answers are dicts or objects with the same names (pydantic models). What is not recognised is None.
"""

from __future__ import annotations

from typing import Any, Optional

from . import anthropic, cohere, gemini, openai
from .reading import Joiner, Reading, TextJoiner

_READERS = (openai.read, anthropic.read, gemini.read, cohere.read)
_JOINERS = (openai.find_joiner, anthropic.find_joiner, gemini.find_joiner, cohere.find_joiner)


def read_answer(answer: Any) -> Optional[Reading]:
    """What a whole answer says; never raises."""
    if answer is None or isinstance(answer, (str, bytes, int, float, list, tuple, set)):
        return None
    for read in _READERS:
        try:
            reading = read(answer)
        except Exception:
            continue
        if reading is not None:
            return reading
    return None


def find_joiner(piece: Any) -> Joiner:
    """What joins pieces such as this first one."""
    if piece is not None and not isinstance(piece, (str, bytes, int, float, list, tuple, set)):
        for find in _JOINERS:
            try:
                joiner = find(piece)
            except Exception:
                continue
            if joiner is not None:
                return joiner
    return TextJoiner()


__all__ = ["Joiner", "Reading", "find_joiner", "read_answer"]
