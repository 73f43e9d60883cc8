"""A tap on the wire: a relay between the clients and the gateway. It lies below every client,
whatever that is written in, passes every byte and every hang-up on, and notes what it saw.
"""

import socket
import threading
from collections.abc import Callable
from contextlib import contextmanager, suppress

import h11
import httpx2

from tape import Exchange, Tape

PIECE_BYTES = 65536


@contextmanager
def tapped(url: str, tape: Tape):
    """Another address of the server at `url`, under which every exchange is noted."""
    server = httpx2.URL(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        start(accept, listener, (server.host, server.port), tape)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        # Wakes the thread that accepts.
        listener.shutdown(socket.SHUT_RDWR)


def accept(listener: socket.socket, server: tuple[str, int], tape: Tape):
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            start(relay, client, server, tape)


def relay(client: socket.socket, server: tuple[str, int], tape: Tape):
    """One connection, until either side ends it."""
    wire = Wire(tape)
    with client, socket.create_connection(server) as gateway:
        ends = (client, gateway)
        for end in ends:
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        back = start(pump, gateway, client, wire.answered)
        pump(client, gateway, wire.asked)
        wire.client_left()
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        back.join()


def pump(source: socket.socket, sink: socket.socket, note: Callable[[bytes], None]):
    """Notes before it passes on: who has an answer finds it on the tape."""
    with suppress(OSError):
        while piece := source.recv(PIECE_BYTES):
            note(piece)
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


class Wire:
    """Reads the HTTP/1.1 of one connection, whose requests come one after the other."""

    def __init__(self, tape: Tape):
        self.tape = tape
        self.lock = threading.Lock()
        self.begin()

    def begin(self):
        self.client = h11.Connection(h11.SERVER)
        self.server = h11.Connection(h11.CLIENT)
        self.request: h11.Request | None = None
        self.exchange: Exchange | None = None

    def asked(self, piece: bytes):
        with self.lock:
            if self.server.their_state is h11.DONE:
                self.begin()
            for event in events(self.client, piece):
                if isinstance(event, h11.Request):
                    self.request = event
                    # Without its body: only what it asked for decides how its answer is framed.
                    self.server.send(h11.Request(method=event.method, target="/", headers=HOST))
                    self.server.send(h11.EndOfMessage())

    def answered(self, piece: bytes):
        with self.lock:
            for event in events(self.server, piece):
                if isinstance(event, h11.Response):
                    self.note(event)
                elif isinstance(event, h11.Data):
                    self.exchange.body += event.data

    def note(self, answer: h11.Response):
        asked = self.request
        url = f"http://gateway{asked.target.decode()}"
        request = httpx2.Request(asked.method.decode(), url, headers=list(asked.headers))
        response = httpx2.Response(answer.status_code, headers=list(answer.headers))
        self.exchange = Exchange(request, response)
        self.tape.append(self.exchange)

    def client_left(self):
        with self.lock:
            if self.request and not self.exchange:
                self.tape.unanswered += 1


HOST = [("host", "gateway")]


def events(connection: h11.Connection, piece: bytes):
    connection.receive_data(piece)
    while True:
        event = connection.next_event()
        if event in (h11.NEED_DATA, h11.PAUSED):
            return
        yield event


def start(work: Callable, *given) -> threading.Thread:
    thread = threading.Thread(target=work, args=given, daemon=True)
    thread.start()
    return thread
