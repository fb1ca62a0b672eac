"""What the sources promise: types, the oldest Python, no other package, small files."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from .support.programs import run

HERE = Path(__file__).resolve().parents[1]
SOURCES = sorted((HERE / "src").rglob("*.py"))
STANDARD = set(
    """__future__ ast asyncio atexit base64 collections contextvars dataclasses datetime decimal email enum functools
    gzip http inspect io ipaddress itertools json logging math os random re socket ssl sys threading time typing
    urllib uuid weakref""".split()
)


def test_types_hold() -> None:
    run(sys.executable, "-m", "mypy", "--config-file", str(HERE / "pyproject.toml"), "--strict",
        "--cache-dir", str(HERE / ".mypy_cache"), str(HERE / "src"), str(HERE / "tests" / "typed_use.py"),
        MYPYPATH=str(HERE / "src"))  # fmt: skip


def test_nothing_newer_than_python_3_9() -> None:
    run(str(Path(sys.executable).parent / "vermin"), "-q", "-t=3.9-", "--no-tips", "--eval-annotations",
        "--violations", str(HERE / "src"), str(HERE / "examples"))  # fmt: skip


def test_only_the_standard_library_is_needed() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= STANDARD, path


def test_files_are_small_and_say_what_they_are() -> None:
    for path in [*SOURCES, *(HERE / "tests").rglob("*.py"), *(HERE / "examples").glob("*.py")]:
        text = path.read_text("utf-8")
        if path.name != "__init__.py" or text:
            assert ast.get_docstring(ast.parse(text)), path
        limit = 300 if path in SOURCES else 450
        assert len(text.splitlines()) <= limit, path
