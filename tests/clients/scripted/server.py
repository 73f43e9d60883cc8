"""The scripted provider's HTTP: one thread a connection, credentials first, failures by name."""

import json
import threading
import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scripted import anthropic, gemini, openai_chat, openai_plain, openai_responses
from scripted.script import BROKEN, LIMITED, OVERLOADED, PICKY, SLOW, Asked, Wrong

# Each provider's own key, and the header that it has to stand in.
KEYS = {
    "openai": ("authorization", "Bearer sk-scripted-openai"),
    "compatible": ("authorization", "Bearer sk-scripted-compatible"),
    "anthropic": ("x-api-key", "sk-ant-scripted"),
    "gemini": ("x-goog-api-key", "AIza-scripted"),
}
CREDENTIALS = {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie"}
CLIENT_KEY_BEGINS = "il-"
COMPLAINT = "nothing is good enough for this model"
# By then every dialect has said something.
EVENTS_BEFORE_BREAKING = 6
SLOW_SECONDS = 0.02


class Provider(ThreadingHTTPServer):
    """Notes what the tests ask about afterwards."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.lock = threading.Lock()
        # Requests that were answered with 400, and why.
        self.wrong: list[str] = []
        # Bodies and their paths, in the order of arrival.
        self.heard: list[tuple[str, dict]] = []
        # Models whose stream its reader left.
        self.left: list[str] = []
        self.overloaded: set[bytes] = set()

    def is_first(self, body: bytes) -> bool:
        with self.lock:
            first = body not in self.overloaded
            self.overloaded.add(body)
            return first


@contextmanager
def provider():
    with Provider() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Handler(BaseHTTPRequestHandler):
    """One request: `/PROVIDER/VERSION/…`."""

    protocol_version = "HTTP/1.1"
    server: Provider

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.answer()

    def do_DELETE(self):
        self.answer()

    def do_POST(self):
        self.answer()

    def answer(self):
        body = self.body()
        _, name, _, path = self.path.split("/", 3)
        try:
            self.check_credentials(name)
            self.reply(name, "/" + path, body)
        except Wrong as wrong:
            self.refuse(name, str(wrong))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            self.refuse(name, f"not understood: {error!r}")

    def refuse(self, name: str, reason: str):
        self.server.wrong.append(f"{self.path}: {reason}")
        self.fail(name, 400, reason)

    def body(self) -> bytes:
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def check_credentials(self, name: str):
        """The provider's key, in its place, and nothing of the client's."""
        header, key = KEYS[name]
        for told, value in self.headers.items():
            if told.lower() == header and value != key:
                raise Wrong(f"not the provider's key in {header}")
            if told.lower() in CREDENTIALS - {header} or CLIENT_KEY_BEGINS in value:
                raise Wrong(f"a credential of somebody else in {told}")
        if header not in self.headers:
            raise Wrong(f"no {header}")

    def reply(self, name: str, path: str, body: bytes):
        if name in ("openai", "compatible") and openai_plain.serves(path):
            self.whole(*openai_plain.answer(path, self.command, self.headers, body))
            return
        dialect = dialect_of(name, path)
        told = parsed(body)
        self.server.heard.append((path, told))
        if name == "anthropic":
            anthropic.check_headers(self.headers)
        asked: Asked = dialect.read(path, told)
        if asked.model.endswith(PICKY):
            self.fail(name, 400, COMPLAINT)
        elif asked.model.endswith(LIMITED):
            self.fail(name, 429, "too many requests")
        elif asked.model.endswith(OVERLOADED) and self.server.is_first(body):
            self.fail(name, 503, "overloaded")
        elif asked.stream:
            self.stream(asked, dialect.stream(asked))
        else:
            self.json(200, dialect.whole(asked))

    def json(self, status: int, told: dict):
        self.whole(status, "application/json", json.dumps(told).encode())

    def whole(self, status: int, kind: str, body: bytes):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, name: str, status: int, message: str):
        dialects = {"anthropic": anthropic, "gemini": gemini}
        self.json(status, dialects.get(name, openai_chat).failure(status, message))

    def stream(self, asked: Asked, events: list[bytes]):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for event in self.timed(asked, events):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.server.left.append(asked.model)
            self.close_connection = True

    def timed(self, asked: Asked, events: list[bytes]):
        for at, event in enumerate(events):
            if asked.model.endswith(SLOW):
                time.sleep(SLOW_SECONDS)
            if asked.model.endswith(BROKEN) and at == EVENTS_BEFORE_BREAKING:
                with suppress(OSError):
                    self.connection.shutdown(2)
            yield event


def dialect_of(name: str, path: str):
    if name in ("anthropic", "gemini"):
        return {"anthropic": anthropic, "gemini": gemini}[name]
    if name == "openai" and path in ("/responses", "/responses/input_tokens"):
        return openai_responses
    if path == "/chat/completions":
        return openai_chat
    raise Wrong(f"{name} does not serve {path}")


def parsed(body: bytes) -> dict:
    try:
        told = json.loads(body)
    except ValueError as error:
        raise Wrong(f"not JSON: {error}") from error
    if not isinstance(told, dict):
        raise Wrong("not an object")
    return told
