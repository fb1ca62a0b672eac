"""Programs in processes of their own, which see nothing of this repository's sources."""

from __future__ import annotations

import os
import subprocess


def run(*command: str, cwd: str = "/", **env: str) -> str:
    """What it wrote; it must end well. ``env`` is added to an environment without a path to sources or a proxy."""
    return run_both(*command, cwd=cwd, **env).stdout


def run_both(*command: str, cwd: str = "/", code: int = 0, **env: str) -> "subprocess.CompletedProcess[str]":
    """The same, with what it wrote on stderr, and for programs that are to end with ``code``."""
    outer = {
        key: value
        for key, value in os.environ.items()
        if key != "PYTHONPATH" and not key.lower().endswith("_proxy")
    }
    done = subprocess.run(command, cwd=cwd, env={**outer, **env}, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, done.stdout + done.stderr
    return done
