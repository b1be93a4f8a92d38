"""The client, at a server that does nothing."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from bench.suite.floors import nothing
from bench.suite.wire import Line, Refused


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(429, "Slow down")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def refusing() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_line_is_kept_and_gives_the_answers(tmp_path: Path) -> None:
    with nothing(tmp_path) as url:
        line = Line(url)
        assert line.json("PUT", "/x", {"a": "b" * 10_000}) == {"nothing": True}
        first = line._connection.sock
        assert line.json("GET", "/y") == {"nothing": True}
        assert line._connection.sock is first
        line.close()


def test_an_error_is_raised_with_what_was_answered(refusing: str) -> None:
    line = Line(refusing)
    with pytest.raises(Refused, match="GET /z was answered with 429"):
        line.ask("GET", "/z")
    line.close()


def test_a_line_that_was_never_used_can_be_closed() -> None:
    Line("http://127.0.0.1:1").close()
