"""A server that takes batches as the real one does, and misbehaves as it is told to."""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, Optional, Tuple

Reply = Tuple[int, Dict[str, str], bytes]


def take(body: Dict[str, Any]) -> Reply:
    """All traces are taken, or all events."""
    if "events" in body:
        told = [{"event_id": event["event_id"], "success": True, "warnings": []} for event in body["events"]]
        return 202, {}, json.dumps({"results": told, "success_count": len(told)}).encode()
    results = [
        {
            "trace_id": trace["trace_id"],
            "span_ids": [span["span_id"] for span in trace["spans"]],
            "success": True,
            "warnings": [],
        }
        for trace in body["traces"]
    ]
    return 202, {}, json.dumps({"results": results, "success_count": len(results)}).encode()


class Receiver:
    """``replies`` are used up one a request; after them everything is taken. A reply may be a callable."""

    def __init__(self, port: int = 0) -> None:
        self.bodies: List[Dict[str, Any]] = []
        self.requests: List[Dict[str, str]] = []
        self.replies: List[Any] = []
        self.hang: Optional[threading.Event] = None
        self.arrived = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer._answer(self)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        if handler.headers.get("content-encoding") == "gzip":
            raw = gzip.decompress(raw)
        body = json.loads(raw) if raw else {}
        with self.arrived:
            self.requests.append({k.lower(): v for k, v in handler.headers.items()} | {"path": handler.path})
            self.bodies.append(body)
            reply: Any = self.replies.pop(0) if self.replies else take
            self.arrived.notify_all()
        if self.hang is not None:
            self.hang.wait(30)
        status, headers, text = reply(body) if callable(reply) else reply
        if status == 0:
            handler.connection.close()
            return
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if "content-length" not in headers:
            handler.send_header("content-length", str(len(text)))
        handler.end_headers()
        handler.wfile.write(text)

    def wait_for(self, is_there: Callable[["Receiver"], bool], seconds: float = 20) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: is_there(self), seconds), self.bodies

    @property
    def traces(self) -> List[Dict[str, Any]]:
        return [trace for body in self.bodies for trace in body.get("traces", [])]

    @property
    def spans(self) -> List[Dict[str, Any]]:
        return [span for trace in self.traces for span in trace["spans"]]

    @property
    def events(self) -> List[Dict[str, Any]]:
        return [event for body in self.bodies for event in body.get("events", [])]

    def close(self) -> None:
        if self.hang is not None:
            self.hang.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
