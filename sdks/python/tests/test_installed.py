"""What is published: built, installed into fresh environments, used and type-checked there."""

from __future__ import annotations

import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Tuple

import pytest

from .support.programs import run, run_both
from .support.real_server import KEY, RealServer

HERE = Path(__file__).resolve().parents[1]
TYPED = '''
"""Uses the package as an app does."""

import sys

import cognobserve

cognobserve.init()


@cognobserve.observe(name="work", user={"id": sys.argv[1], "name": "John", "plan": "pro"}, type="generation")
def work(times: int) -> str:
    span = cognobserve.current_span()
    assert span is not None
    span.set_model("gpt-4o").set_usage(prompt_tokens=12, completion_tokens=3)
    return "x" * times


answer: str = work(2)
ended: bool = cognobserve.flush(30)
print(answer, ended, cognobserve.stats()["sent"], cognobserve.__file__)
'''
WRONG = """
import cognobserve


@cognobserve.observe
def work(times: int) -> str:
    return "x" * times


answer: int = work("two")
cognobserve.start_trace(7)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Path, Path]:
    """The wheel, which is made from the sdist, and the sdist."""
    place = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(place), str(HERE))
    (wheel,) = place.glob("*.whl")
    (sdist,) = place.glob("*.tar.gz")
    return wheel, sdist


def test_they_have_what_they_need_and_nothing_else(built: Tuple[Path, Path]) -> None:
    wheel, sdist = built
    names = zipfile.ZipFile(wheel).namelist()
    assert "cognobserve/py.typed" in names and "cognobserve/_answers/openai.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("test" in name for name in names)
    with tarfile.open(sdist) as archive:
        inside = {name.split("/", 1)[-1] for name in archive.getnames()}
    needed = {"src/cognobserve/py.typed", "tests/test_installed.py", "examples/by_hand.py", "README.md", "LICENSE"}
    assert needed <= inside
    assert not any(".venv" in name or "__pycache__" in name for name in inside)


@pytest.mark.parametrize("which", ["wheel", "sdist"])
def test_it_works_where_it_is_installed_and_brings_its_types(
    which: str, built: Tuple[Path, Path], server: RealServer, tmp_path: Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    # No network: the build tool of the sdist is the one that the tests have.
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps"]
    run(*install, "--no-build-isolation", str(built[which == "sdist"]), PYTHONPATH=sysconfig.get_path("purelib"))

    program = tmp_path / "typed.py"
    program.write_text(TYPED, "utf-8")
    settings = {"COGNOBSERVE_API_KEY": KEY, "COGNOBSERVE_ENDPOINT": server.url}
    done = run_both(python, str(program), f"john-{which}", cwd=str(tmp_path), **settings)
    assert done.stdout.startswith(f"xx True 1 {tmp_path}/venv/") and done.stderr == ""
    (user,) = server.read("/v1/users", search=f"john-{which}")["items"]
    told = (user["traceCount"], user["name"], user["metadata"], user["totalTokens"])
    assert told == (1, "John", {"plan": "pro"}, 15)

    check = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file", ""]
    check += ["--python-executable", python]
    assert run(*check, str(program), cwd=str(tmp_path)).startswith("Success")
    program.write_text(WRONG, "utf-8")
    found = run_both(*check, str(program), cwd=str(tmp_path), code=1).stdout
    kinds = [line.rsplit("[", 1)[-1] for line in found.splitlines()[:-1]]
    assert kinds == ["assignment]", "arg-type]", "arg-type]"], found
