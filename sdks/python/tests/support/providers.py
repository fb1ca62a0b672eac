"""A fake of the providers' APIs: answers what the shared fixtures say, whole or as server-sent events."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, List

from .fixtures import read_answer


def complete_chat() -> Dict[str, Any]:
    answer: Dict[str, Any] = read_answer("openai-chat")
    return answer


class Providers:
    """``base`` is both clients' base URL."""

    def __init__(self) -> None:
        self.requests: List[Dict[str, Any]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.requests.append(body)
                if outer.status != 200:
                    self._send(b'{"error":{"message":"overloaded","type":"x"}}', "application/json")
                elif body.get("stream"):
                    self._send(outer._stream(self.path), "text/event-stream")
                else:
                    self._send(json.dumps(outer._answer(self.path)).encode(), "application/json")

            def _send(self, text: bytes, kind: str) -> None:
                self.send_response(outer.status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def _answer(self, path: str) -> Any:
        if "messages" in path:
            return read_answer("anthropic")
        if "responses" in path:
            return read_answer("openai-responses")
        if "embeddings" in path:
            return read_answer("openai-embeddings")
        return read_answer("openai-chat")

    def _stream(self, path: str) -> bytes:
        if "messages" in path:
            events = read_answer("anthropic-stream")
            lines = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in events]
        elif "responses" in path:
            lines = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n" for one in response_events()]
        else:
            lines = [f"data: {json.dumps(one)}\n\n" for one in read_answer("openai-stream")]
            lines.append("data: [DONE]\n\n")
        return "".join(lines).encode()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def response_events() -> List[Dict[str, Any]]:
    whole = read_answer("openai-responses")
    item = {**whole["output"][0], "id": "m"}
    whole["output"] = [item]
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    delta = {"type": "response.output_text.delta", **place, "logprobs": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    events = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        {"type": "response.content_part.added", **place, "part": part},
        {**delta, "delta": "Hel"},
        {**delta, "delta": "lo!"},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]
