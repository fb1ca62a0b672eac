"""What is published: built, installed into a fresh environment, used there; and what its sources promise."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

from .support.receiver import Receiver

HERE = Path(__file__).resolve().parents[1]
SOURCES = sorted((HERE / "src").rglob("*.py"))
STANDARD = set(
    """__future__ ast asyncio atexit base64 collections contextvars dataclasses datetime decimal email enum functools
    gzip http inspect io ipaddress itertools json logging math os random re socket ssl sys threading time typing
    urllib uuid weakref""".split()
)
PROGRAM = """
import sys, cognobserve
assert cognobserve.__file__.startswith(sys.argv[1]), cognobserve.__file__
@cognobserve.observe(user_id="john")
def work(): return 1
work()
"""


def run(*command: str, **env: str) -> str:
    outer = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(command, cwd="/", env={**outer, **env}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_works_in_a_fresh_environment(tmp_path: Path, receiver: Receiver) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(HERE))
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert "cognobserve/py.typed" in names and "cognobserve/_answers/openai.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("test" in name for name in names)
    with tarfile.open(sdist) as archive:
        assert any(name.endswith("/tests/test_package.py") for name in archive.getnames())
    place = tmp_path / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    python = str(place / "bin" / "python")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", str(wheel))
    env = {"COGNOBSERVE_API_KEY": "k", "COGNOBSERVE_ENDPOINT": receiver.url}
    run(python, "-c", PROGRAM, str(place), **env)
    assert [one["user_id"] for one in receiver.traces] == ["john"]


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
