"""The programs that are printed in the documents of this repository."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import List

REPOSITORY = Path(__file__).resolve().parents[4]
_FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def read_blocks(document: str, language: str) -> List[str]:
    """The texts of the fenced blocks in a language, in order, without the indentation of a list around them."""
    text = (REPOSITORY / document).read_text("utf-8")
    return [textwrap.dedent(block) for _, found, block in _FENCE.findall(text) if found == language]


def find_documents(language: str, with_text: str = "") -> List[str]:
    """The documents that have such blocks."""
    pages = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("sdks/*/README.md")]
    names = sorted(str(page.relative_to(REPOSITORY)) for page in pages)
    return [name for name in names if any(with_text in block for block in read_blocks(name, language))]


def fill_in(text: str, **gaps: str) -> str:
    """The text with what ``gaps`` names filled in, by the words of ``OPEN``; each must be there."""
    for name, what in gaps.items():
        left_open = OPEN[name]
        assert left_open in text, f"{left_open} is not in:\n{text}"
        text = text.replace(left_open, what)
    return text


OPEN = {
    "key": "co_sk_…",
    "url": "http://127.0.0.1:4100",
    "address": "127.0.0.1:4100",
    "call": "create(...)",
    "messages": "[...]",
}
