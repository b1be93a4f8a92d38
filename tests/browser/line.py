"""A line between a page and its twin that can be cut, and can go dead as when a device sleeps.

Unlike the browser's own way to be offline, it stays cut while the page is loaded anew.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

BUFFER = 65_536


class Line:
    """Passes on what comes, unless it is cut or frozen."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._dead: set[socket.socket] = set()
        self._cut = False
        self._lock = threading.Lock()
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def cut(self) -> None:
        """End all connections, and let nobody connect."""
        self._cut = True
        self._hang_up()

    def mend(self) -> None:
        """Let everybody connect again."""
        self._cut = False

    def freeze(self) -> None:
        """Let nothing through any more; connections look as if they still stood."""
        self._flowing.clear()
        with self._lock:
            self._dead |= self._open

    def thaw(self) -> None:
        """Let new connections through; those that were there when it froze stay dead."""
        self._flowing.set()

    def serve(self) -> None:
        """Pass connections on until the line is closed."""
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            if self._cut:
                near.close()
                continue
            far = socket.create_connection(("127.0.0.1", self._port))
            with self._lock:
                self._open |= {near, far}
            for pair, outward in (((near, far), True), ((far, near), False)):
                threading.Thread(
                    target=self._pass_on, args=pair, kwargs={"outward": outward}, daemon=True
                ).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, *, outward: bool) -> None:
        with suppress(OSError):
            while part := source.recv(BUFFER):
                self._flowing.wait()
                if source in self._dead:
                    break
                target.sendall(part)
        # Who sends into a dead connection learns that it is dead; who only waits there never does.
        if source not in self._dead or outward:
            for each in (source, target):
                each.close()

    def close(self) -> None:
        """End all connections."""
        self._flowing.set()
        self._listening.close()
        self._hang_up()

    def _hang_up(self) -> None:
        with self._lock:
            ended, self._open = self._open, set()
        for each in ended:
            # A thread that waits for data of it hears only of a shutdown.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@contextmanager
def line_to(port: int) -> Iterator[Line]:
    """Open a line to a port of this machine."""
    line = Line(port)
    threading.Thread(target=line.serve, daemon=True).start()
    try:
        yield line
    finally:
        line.close()
