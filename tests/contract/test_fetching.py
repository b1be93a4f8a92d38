"""Addresses of the public web, and work in a thread."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from synapse.util.duration import Duration

from tests.contract.conftest import FakeSide, RealSide, Side
from twin_module.core.errors import TooLarge, Unreachable
from twin_module.core.ports import WebAnswer
from twin_module.engine.synapse_web_fetch import USER_AGENT
from twin_module.testing.fake_web import FakePage
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork

PAGES: dict[str, FakePage] = {
    "/plain": FakePage(b"12345", headers={"content-type": "text/calendar"}),
    "/tagged": FakePage(b"same", tagged=True),
    "/gone": FakePage(b"a long explanation", status=410),
    "/elsewhere": FakePage(status=302, headers={"location": "/plain"}),
}
TAG = re.compile(r'"[0-9a-f]+"')


class Handler(BaseHTTPRequestHandler):
    """Shows the pages of the fake web over HTTP, and some that behave badly."""

    protocol_version = "HTTP/1.1"
    timeout = 20
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
        if self.path == "/slow":
            self.server.stopping.wait(20)
        elif self.path == "/endless":
            self._endless()
        elif self.path == "/stuck":
            self._stuck()
        elif self.path == "/nonsense":
            self.wfile.write(b"What do you want?\r\n\r\n")
            self.close_connection = True
        else:
            self._page(PAGES[self.path])

    def _page(self, page: FakePage) -> None:
        shown, status, body = dict(page.headers), page.status, page.body
        if page.tagged:
            shown["etag"] = '"abc"'
            if self.headers.get("If-None-Match") == '"abc"':
                status, body = 304, b""
        self.send_response(status)
        for name, value in shown.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        try:
            while not self.server.stopping.is_set():
                self.wfile.write(b"x" * 65_536)
        except OSError:
            self.server.hung_up.set()

    def _stuck(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()
        self.wfile.write(b"12345")
        self.wfile.flush()
        try:
            gone = self.rfile.read(1) == b""
        except ConnectionError:
            gone = True
        if gone:
            self.server.hung_up.set()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A server on loopback that remembers who asked."""

    daemon_threads = True

    def __init__(self, address: str = "127.0.0.1") -> None:
        super().__init__((address, 0), Handler)
        self.asked: list[dict[str, str]] = []
        self.stopping = threading.Event()
        self.hung_up = threading.Event()
        self.url = f"http://{address}:{self.server_address[1]}"

    def handle_error(self, *args: Any) -> None:
        """Say nothing of who hung up."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the web."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def web(server: Server, alice: Side) -> str:
    """Where the pages stand: on a real server, for the fake in its own web."""
    if isinstance(alice, FakeSide):
        alice.network.web.pages = {f"{server.url}{path}": page for path, page in PAGES.items()}
    return server.url


def fetch(side: Side, url: str, most: int = 100, seconds: float = 20, **headers: str) -> WebAnswer:
    """Ask for an address."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return side.run(side.port.fetch_public(url, named, most, seconds))


def test_what_stands_at_an_address_is_returned(alice: Side, web: str) -> None:
    answer = fetch(alice, f"{web}/plain", 5)
    assert (answer.status, answer.body) == (200, b"12345")
    assert answer.headers["content-type"] == "text/calendar"


def test_what_has_not_changed_is_not_sent_again(alice: Side, web: str) -> None:
    first = fetch(alice, f"{web}/tagged")
    assert TAG.fullmatch(first.headers["etag"])
    again = fetch(alice, f"{web}/tagged", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    assert fetch(alice, f"{web}/tagged", If_None_Match='"other"').body == b"same"


def test_redirects_and_refusals_are_answers_without_a_body(alice: Side, web: str) -> None:
    moved = fetch(alice, f"{web}/elsewhere")
    assert (moved.status, moved.headers["location"], moved.body) == (302, "/plain", b"")
    gone = fetch(alice, f"{web}/gone")
    assert (gone.status, gone.body) == (410, b"")


def test_what_is_larger_than_asked_for_is_refused(alice: Side, web: str) -> None:
    with pytest.raises(TooLarge, match="more than 4 bytes"):
        fetch(alice, f"{web}/plain", 4)


def test_where_nobody_answers_is_unreachable(alice: Side) -> None:
    for url in ("http://127.0.0.1:1/", "http://nowhere.invalid/"):
        with pytest.raises(Unreachable):
            fetch(alice, url)


def test_work_in_a_thread_returns_or_raises_what_it_does(alice: Side) -> None:
    def fail() -> None:
        raise LookupError("on purpose")

    assert alice.run(alice.port.in_thread(lambda: 5)) == 5
    with pytest.raises(LookupError):
        alice.run(alice.port.in_thread(fail))


# What only a real server does


@pytest.fixture
def real(alice: Side) -> RealSide:
    """Alice at a real Synapse."""
    if not isinstance(alice, RealSide):
        pytest.skip("The fake has no network.")
    return alice


def test_a_fetch_says_which_software_asks(real: RealSide, server: Server) -> None:
    fetch(real, f"{server.url}/plain", Accept="text/calendar")
    assert server.asked[0]["User-Agent"] == USER_AGENT
    assert server.asked[0]["Accept"] == "text/calendar"


def test_who_sends_without_end_is_hung_up_on(real: RealSide, server: Server) -> None:
    with pytest.raises(TooLarge):
        fetch(real, f"{server.url}/endless", 1_000_000)
    assert server.hung_up.wait(20)


@pytest.mark.parametrize("path", ["/slow", "/stuck"])
def test_who_takes_too_long_is_not_waited_for(path: str, real: RealSide, server: Server) -> None:
    with pytest.raises(Unreachable, match="too long"):
        fetch(real, f"{server.url}{path}", seconds=0.5)
    if path == "/stuck":
        assert server.hung_up.wait(20)


def test_what_is_no_http_is_unreachable(real: RealSide, server: Server) -> None:
    with pytest.raises(Unreachable):
        fetch(real, f"{server.url}/nonsense")


def test_work_in_a_thread_leaves_the_reactor_to_others(real: RealSide) -> None:
    begun, over = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return over.wait(30)

    async def meanwhile() -> None:
        while not begun.is_set():
            await real.port._hs.get_clock().sleep(Duration(milliseconds=10))
        over.set()

    assert real.together(real.port.in_thread(work), meanwhile()) == [True, None]


@pytest.mark.twins
def test_private_addresses_are_refused_by_digits_and_by_name_unless_the_host_allows_them(
    reactor_thread: ReactorThread, tmp_path: Path, server: Server
) -> None:
    port = server.server_address[1]
    changes: dict[str, Any] = {
        "ip_range_blacklist": ["127.0.0.0/8", "::1/128"],
        "ip_range_whitelist": ["127.9.9.9/32"],
    }
    with TwinNetwork(reactor_thread, tmp_path / "twins", ("alice",)) as network:
        side = RealSide(reactor_thread, network.start("alice", **changes))
        refused = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0", "0"]
        for host in refused:
            with pytest.raises(Unreachable):
                fetch(side, f"http://{host}:{port}/plain")
        assert server.asked == []
        allowed = Server("127.9.9.9")
        thread = threading.Thread(target=allowed.serve_forever, daemon=True)
        thread.start()
        try:
            assert fetch(side, f"{allowed.url}/plain").body == b"12345"
        finally:
            allowed.shutdown()
            allowed.server_close()
            thread.join(10)
