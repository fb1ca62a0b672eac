"""One POST: its own connection, a deadline for all of it, no redirects, no proxy to this machine."""

from __future__ import annotations

import base64
import http.client
import io
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Mapping, Optional, Tuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

_MOST_ANSWER = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or 0 and the error's type if nothing did."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    error: str = ""


#: Sends a body to a URL within so many seconds.
Post = Callable[[str, Dict[str, str], bytes, float], Answer]


def post(url: str, headers: Dict[str, str], body: bytes, timeout: float) -> Answer:
    """Never raises: what breaks on the way is an answer with status 0."""
    connection: Optional[http.client.HTTPConnection] = None
    try:
        connection, target, more = _open(urlsplit(url), url, timeout)
        connection.request("POST", target, body, {**headers, **more, "Connection": "close"})
        answer = connection.getresponse()
        # Without a size it would not be noticed that an answer broke off.
        is_bounded = answer.length is not None and answer.length <= _MOST_ANSWER
        text = answer.read() if is_bounded else answer.read(_MOST_ANSWER)
        named = {key.lower(): value for key, value in answer.getheaders()}
        return Answer(answer.status, named, text)
    except (OSError, http.client.HTTPException) as error:
        return Answer(0, error=type(error).__name__)
    except Exception as error:
        # A header or address that cannot be written: the same again would end the same.
        return Answer(400, error=type(error).__name__)
    finally:
        if connection is not None:
            connection.close()


def _open(
    url: SplitResult, whole: str, timeout: float
) -> Tuple[http.client.HTTPConnection, str, Dict[str, str]]:
    """A connection, what to ask for on it, and the headers that a proxy needs."""
    host, deadline = url.hostname or "", time.monotonic() + timeout
    path = url.path + (f"?{url.query}" if url.query else "")
    proxy = find_proxy(url.scheme, host)
    is_tls = url.scheme == "https"
    port = url.port or (443 if is_tls else 80)
    if proxy is None:
        return _Connection(host, port, deadline, is_tls), path, {}
    at = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
    secret = _proxy_secret(at)
    connection = _Connection(at.hostname or "", at.port or 80, deadline, is_tls)
    if is_tls:
        connection.set_tunnel(host, port, secret)
        return connection, path, {}
    return connection, whole, secret


def find_proxy(scheme: str, host: str) -> Optional[str]:
    """The proxy that the environment names, never for this machine itself."""
    if is_loopback(host):
        return None
    proxy = getproxies().get(scheme)
    if not proxy or proxy_bypass(host):
        return None
    return proxy


def is_loopback(host: str) -> bool:
    if host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _proxy_secret(proxy: SplitResult) -> Dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


class _Connection(http.client.HTTPConnection):
    """Each wait for the network gets only what is left until the deadline."""

    def __init__(self, host: str, port: int, deadline: float, is_tls: bool) -> None:
        super().__init__(host, port)
        self.default_port = 443 if is_tls else 80
        self._deadline = deadline
        self._is_tls = is_tls
        self._name = host

    def set_tunnel(
        self, host: str, port: Optional[int] = None, headers: Optional[Mapping[str, str]] = None
    ) -> None:
        super().set_tunnel(host, port, headers)
        self._name = host

    def connect(self) -> None:
        # What http.client reads and sets while it connects; the TLS handshake is done on top.
        self.timeout = _left(self._deadline)
        super().connect()
        if self._is_tls:
            self.sock.settimeout(_left(self._deadline))
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self._name)
        self.sock = _TimedSocket(self.sock, self._deadline)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _TimedSocket:
    """What http.client uses of a socket, under the deadline."""

    def __init__(self, inner: socket.socket, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._inner.settimeout(_left(self._deadline))
        self._inner.sendall(data)

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._inner, self._deadline))

    def close(self) -> None:
        self._inner.close()


class _TimedReader(io.RawIOBase):
    """Holds the socket's own reader, which keeps the socket open until the answer has been read."""

    def __init__(self, inner: socket.socket, deadline: float) -> None:
        self._inner = inner
        self._raw = inner.makefile("rb", buffering=0)
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Optional[int]:
        self._inner.settimeout(_left(self._deadline))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
