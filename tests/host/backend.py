"""What proxies find behind a twin's socket in tests: a small server that shows what it got."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from threading import Event, Lock, Thread
from typing import Any, cast

from websockets.frames import Frame
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.utils import accept_key

PATIENCE = 60.0


class Backend(ThreadingMixIn, UnixStreamServer):
    """Listens from its start on, as a keeper does for a sleeping twin, and answers once it is awake."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, run: Path, name: str) -> None:
        self.name = name
        self.connections = 0
        self.open = 0
        self.go_on = Event()
        """Lets a stream send its second line."""
        self.waiting = Event()
        """Set when a client began to wait for news that will not come."""
        self.left = Event()
        """Set when that client is seen to have left."""
        self._counting = Lock()
        self._loop = Thread(target=self.serve_forever, args=(0.05,))
        super().__init__(str(run / f"{name}.sock"), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count the connection before it is served."""
        self.connections += 1
        with self._counting:
            self.open += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Count that a connection is over, as the other side sees it."""
        super().shutdown_request(request)
        with self._counting:
            self.open -= 1

    def wake(self) -> None:
        """Begin to take connections."""
        self._loop.start()

    def end(self) -> None:
        """Stop, whether it is awake or not."""
        self.go_on.set()
        if self._loop.is_alive():
            self.shutdown()
            self._loop.join()
        self.server_close()


@contextmanager
def backend(run: Path, name: str) -> Iterator[Backend]:
    """Hold a twin's socket until the end of the block."""
    held = Backend(run, name)
    try:
        yield held
    finally:
        held.end()


class Handler(BaseHTTPRequestHandler):
    """Answers with the request itself, by a stream of two lines, or as a WebSocket that is an echo."""

    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def do_GET(self) -> None:
        """Answer what has no body."""
        if self.headers.get("Upgrade") == "websocket":
            self._echo()
        elif self.path.endswith("/stream"):
            self._stream()
        elif self.path.endswith("/sync"):
            self._hear_nothing()
        else:
            self._show(b"")

    def do_POST(self) -> None:
        """Answer what has a body."""
        self._show(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing: a Unix socket's peer has no address to name."""

    def _show(self, body: bytes) -> None:
        shown = {
            "twin": self._backend.name,
            "path": self.requestline.split(" ")[1],
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
            "size": len(body),
            "digest": hashlib.sha256(body).hexdigest(),
        }
        answer = json.dumps(shown).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"7\r\nfirst\n\n\r\n")
        if self._backend.go_on.wait(PATIENCE):
            self.wfile.write(b"6\r\nlast\n\n\r\n0\r\n\r\n")

    def _hear_nothing(self) -> None:
        self._backend.waiting.set()
        if self.connection.recv(1) == b"":
            self._backend.left.set()
        self.close_connection = True

    def _echo(self) -> None:
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept_key(self.headers["Sec-WebSocket-Key"]))
        self.end_headers()
        self.close_connection = True
        protocol = ServerProtocol(state=State.OPEN)
        while protocol.state is State.OPEN:
            protocol.receive_data(self.connection.recv(65536))
            for event in protocol.events_received():
                if isinstance(event, Frame) and not event.opcode & 0x8:  # no control frame
                    protocol.send_binary(event.data)
            for data in protocol.data_to_send():
                self.wfile.write(data)

    @property
    def _backend(self) -> Backend:
        return cast("Backend", self.server)
