"""One `cognobserve serve` on a free port and a directory of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Callable

KEY = "co_sk_" + "pythonSdkTests".ljust(43, "0")


def find_binary() -> str:
    """The binary that is named, else the one that cargo has built."""
    root = Path(__file__).resolve().parents[4]
    target = root / os.environ.get("CARGO_TARGET_DIR", "target")
    binary = os.environ.get("COGNOBSERVE_TEST_BIN", str(target / "debug" / "cognobserve"))
    assert os.path.exists(binary), f"{binary} is missing: run `cargo build --bin cognobserve`"
    return binary


def wait_until(what: str, find: Callable[[], Any], seconds: float = 60) -> Any:
    """The first answer that is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = find()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"in vain waited for: {what}")


class RealServer:
    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="cognobserve-python-")
        self._listen = "127.0.0.1:0"
        self._log = ""
        self._start()
        # A server that comes back is found where it was.
        self._listen = self.url[len("http://") :]

    def _start(self) -> None:
        outer = {k: v for k, v in os.environ.items() if not k.startswith(("COGNOBSERVE_", "OTEL_"))}
        settings = {
            "COGNOBSERVE_LISTEN": self._listen,
            "COGNOBSERVE_DATA_DIR": f"{self._home.name}/data",
            "COGNOBSERVE_INIT_API_KEY": KEY,
        }
        self._process = subprocess.Popen(
            [find_binary(), "serve"],
            cwd=self._home.name,
            env={**outer, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = wait_until("the server's address", self._find_url)
            wait_until("the server is ready", lambda: self._status("/readyz") == 200)
        except AssertionError:
            self._process.kill()
            raise AssertionError(self._log)

    def kill_and_restart(self) -> None:
        """As a power cut would: without a word, and again with what was on the disk."""
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        self._start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._log += line

    def _find_url(self) -> Any:
        assert self._process.poll() is None, self._log
        found = re.search(r" serves (http://127\.0\.0\.1:\d+)", self._log)
        return found and found.group(1)

    def _status(self, path: str) -> int:
        try:
            with self._open(path) as answer:
                return int(answer.status)
        except OSError:
            return 0

    def _open(self, path: str) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open(urllib.request.Request(self.url + path, headers={"X-API-Key": KEY}), timeout=30)

    def read(self, path: str, **query: str) -> Any:
        """GET that must answer 200 with JSON."""
        if query:
            path += "?" + urllib.parse.urlencode(query)
        with self._open(path) as answer:
            return json.load(answer)

    def stop(self) -> None:
        """An error if it panicked or did not end well."""
        self._process.terminate()
        try:
            code = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(5)
        self._home.cleanup()
        assert code == 0 and "panicked at" not in self._log, self._log
