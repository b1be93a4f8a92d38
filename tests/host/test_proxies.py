"""The proxies that a host may stand behind, with the configurations that are shipped for them."""

import hashlib
import http.client
import json
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.host.backend import PATIENCE, Backend, backend
from tests.host.front_stage import Answered
from tests.host.proxies import DOMAIN, KINDS, ROOT, Kind, Setting, running
from twin_module.testing.person import eventually

pytestmark = pytest.mark.processes

ALICE, BOB, SLEEPER, UNTOUCHED = (f"{each}.{DOMAIN}" for each in ("alice", "bob", "cy", "di"))
VERSIONS = "/_matrix/client/versions"


@dataclass(frozen=True, slots=True)
class World:
    """One proxy before some twins."""

    kind: Kind
    setting: Setting
    twins: Mapping[str, Backend]

    def context(self) -> ssl.SSLContext:
        """Return a client's TLS that trusts the proxy's authority."""
        context = ssl.create_default_context(cafile=self.setting.folder / self.kind.authority)
        # The certificate of the test is the authority itself.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        return context

    def open(self, name: str, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
        """Connect as to a server of this name."""
        raw = socket.create_connection(("127.0.0.1", self.setting.tls_port), timeout=PATIENCE)
        try:
            return (context or self.context()).wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    @contextmanager
    def asked(
        self,
        name: str,
        path: str,
        *,
        host: str | None = None,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[http.client.HTTPResponse]:
        """Ask, with another name in the request than in TLS where wished; the body is not read yet."""
        connection = http.client.HTTPConnection(name)
        with self.open(name) as connection.sock:
            connection.request(method, path, body, {"Host": host or name, **(headers or {})})
            with connection.getresponse() as response:
                yield response

    def ask(self, name: str, path: str, **rest: Any) -> Answered:
        """Ask, and read all of the answer."""
        with self.asked(name, path, **rest) as response:
            headers = {key.lower(): value for key, value in response.getheaders()}
            return Answered(response.status, headers, response.read())

    def connections(self) -> int:
        """Return how often any twin was connected to."""
        return sum(each.connections for each in self.twins.values())


@pytest.fixture(scope="module", params=KINDS)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """A proxy that answers, before two twins that are awake and two that sleep."""
    kind = KINDS[request.param]
    # A socket's path is short by law, those of pytest are not.
    with TemporaryDirectory(prefix="twin-") as folder, ExitStack() as stack:
        setting = Setting(Path(folder))
        setting.run.mkdir(parents=True)
        twins = {
            name: stack.enter_context(backend(setting.run, name))
            # The last lies beside the sockets of twins and is for nobody outside.
            for name in (ALICE, BOB, SLEEPER, UNTOUCHED, "keeper")
        }
        twins[ALICE].wake()
        twins[BOB].wake()
        process = stack.enter_context(running(kind, setting))
        made = World(kind, setting, twins)

        def answers() -> bool:
            if process.poll() is not None:
                pytest.fail((setting.folder / "output").read_text())
            try:
                return made.ask(ALICE, "/.well-known/matrix/server").status == 200
            except (OSError, http.client.HTTPException):
                return False

        eventually(answers, what="the proxy answers")
        yield made


def test_a_proxy_that_starts_wakes_nobody(world: World) -> None:
    assert world.twins[UNTOUCHED].connections == 0


def test_each_name_reaches_its_own_twin(world: World) -> None:
    for name in (ALICE, BOB):
        shown = world.ask(name, VERSIONS).json
        assert (shown["twin"], shown["path"]) == (name, VERSIONS)
        assert ["host", name] in shown["headers"]


def test_the_name_in_the_request_counts_and_not_that_of_an_older_connection(world: World) -> None:
    # Browsers send requests for two names over one connection when a certificate is for both.
    assert world.ask(ALICE, VERSIONS, host=BOB).json["twin"] == BOB


def test_a_port_in_the_name_is_none_of_the_twins_concern(world: World) -> None:
    assert world.ask(ALICE, VERSIONS, host=f"{ALICE}:8448").json["twin"] == ALICE


def test_a_name_in_capitals_reaches_the_same_twin_or_is_refused(world: World) -> None:
    answer = world.ask(ALICE, VERSIONS, host=ALICE.upper())
    if world.kind.lowers_names:
        assert answer.json["twin"] == ALICE
    else:
        assert answer.status == 421


def test_addresses_arrive_as_they_were_written(world: World) -> None:
    path = "/_matrix/client/v3/rooms/%21a%2Fb%3Ax.org/state/a%20b//?from=%2F&x=a+b"
    assert world.ask(ALICE, path).json["path"] == path


def test_a_name_without_a_twin_is_refused(world: World) -> None:
    before = world.connections()
    for path in (VERSIONS, "/.well-known/matrix/server", "/"):
        answer = world.ask(ALICE, path, host=f"nobody.{DOMAIN}")
        assert (answer.status, answer.json["errcode"]) == (421, "M_UNRECOGNIZED")
        if not world.kind.knows_before_asking:
            break  # what is the same for all it tells of every name
    assert world.connections() == before


@pytest.mark.parametrize(
    "host",
    [
        "keeper",
        "../run/keeper",
        "..",
        ".",
        "",
        "*",
        f"*.{DOMAIN}",
        f"../run/{ALICE}",
        f"%2e%2e/run/{ALICE}",
        f"x/../{ALICE}",
        f".{ALICE}",
        f"{ALICE}/",
        f"{ALICE}\\",
        f"{ALICE}%00",
        f"{ALICE}?x",
        f"{ALICE} {BOB}",
        f"{ALICE}.sock",
        f"alice_.{DOMAIN}",
        "{env.HOME}.x",
        "[::1]",
        f"{'a.' * 200}org",
    ],
)
def test_a_name_that_can_be_no_twins_is_refused(world: World, host: str) -> None:
    before = world.connections()
    head = f"GET {VERSIONS} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    assert raw_status(world, head) in {400, 404, 421}
    assert world.connections() == before


def test_two_names_in_one_request_are_refused(world: World) -> None:
    before = world.connections()
    head = f"GET {VERSIONS} HTTP/1.1\r\nHost: {ALICE}\r\nHost: {BOB}\r\nConnection: close\r\n\r\n"
    assert raw_status(world, head) == 400
    assert world.connections() == before


def raw_status(world: World, head: str) -> int:
    """Send a request that http.client would not, and return the status of the answer."""
    with world.open(ALICE) as connection:
        connection.sendall(head.encode())
        answer = b""
        while b"\r\n" not in answer and (part := connection.recv(4096)):
            answer += part
    return int(answer.split(b" ", 2)[1])


def test_the_twin_hears_where_a_request_comes_from_and_not_what_the_client_says(
    world: World,
) -> None:
    lies = {
        "X-Forwarded-For": "203.0.113.9, 203.0.113.10",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=203.0.113.9;proto=http;host=evil.example",
    }
    headers = world.ask(ALICE, VERSIONS, headers=lies).json["headers"]
    named = [each for each in headers if "forwarded" in each[0]]
    assert sorted(named) == [["x-forwarded-for", "127.0.0.1"], ["x-forwarded-proto", "https"]]


def test_well_known_is_answered_while_the_twin_sleeps(world: World) -> None:
    server = world.ask(UNTOUCHED, "/.well-known/matrix/server")
    assert (server.status, server.json) == (200, {"m.server": f"{UNTOUCHED}:443"})
    client = world.ask(UNTOUCHED, "/.well-known/matrix/client")
    assert client.json == {"m.homeserver": {"base_url": f"https://{UNTOUCHED}/"}}
    assert client.headers["access-control-allow-origin"] == "*"
    for answer in (server, client):
        assert answer.headers["content-type"].startswith("application/json")
    assert world.twins[UNTOUCHED].connections == 0


def test_who_comes_to_the_name_alone_is_shown_to_the_twins_page(world: World) -> None:
    answer = world.ask(UNTOUCHED, "/")
    location = answer.headers["location"].removeprefix(f"https://{UNTOUCHED}")
    assert (answer.status, location) == (302, "/_synapse/client/twin/")
    assert world.twins[UNTOUCHED].connections == 0


@pytest.mark.parametrize(
    "path",
    [
        "/wp-login.php",
        "/_synapse/admin/v1/server_version",
        "/_synapse/%61dmin/v1/server_version",
        "/%5Fsynapse/admin/v1/server_version",
        "//_synapse/admin/v1/server_version",
        "/_synapse/admin/v1/register/../../../../_matrix/client/versions",
        "/_synapse/admin/v1/register/%2e%2e/%2e%2e/%2e%2e/%2e%2e/_matrix/client/versions",
        "/_synapse/replication/x",
        "/_matrix",
        "/.well-known/matrix/support",
        "/.well-known/matrix/server/x",
    ],
)
def test_what_is_not_for_the_internet_wakes_nobody(world: World, path: str) -> None:
    answer = world.ask(UNTOUCHED, path)
    assert (answer.status, answer.json["errcode"]) == (404, "M_UNRECOGNIZED")
    assert world.twins[UNTOUCHED].connections == 0


@pytest.mark.parametrize(
    "path", ["/_synapse/client/twin/", "/.well-known/caldav", "/_matrix/key/v2/server?x=y"]
)
def test_pages_calendars_and_federation_reach_the_twin(world: World, path: str) -> None:
    answer = world.ask(ALICE, path)
    assert answer.json["path"] == path
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_a_twin_that_sleeps_answers_when_it_is_awake(world: World) -> None:
    # Longer than any proxy waits for a connection, which here is there at once.
    waking = Timer(6, world.twins[SLEEPER].wake)
    waking.start()
    try:
        assert world.ask(SLEEPER, VERSIONS).json["twin"] == SLEEPER
    finally:
        waking.join()
    assert world.twins[SLEEPER].connections == 1


def test_no_connection_to_a_twin_outlives_its_request(world: World) -> None:
    before = world.twins[ALICE].connections
    with world.open(ALICE) as sock:
        connection = http.client.HTTPConnection(ALICE)
        connection.sock = sock
        for _ in range(3):
            connection.request("GET", VERSIONS)
            assert connection.getresponse().read()
        # The client's connection is still open, and none of the three to the twin.
        eventually(lambda: world.twins[ALICE].open == 0, what="the twin is alone")
    assert world.twins[ALICE].connections == before + 3


def test_what_a_twin_says_arrives_while_it_is_still_speaking(world: World) -> None:
    twin = world.twins[ALICE]
    twin.go_on.clear()
    with world.asked(ALICE, "/_synapse/client/twin/v1/stream") as response:
        assert response.readline() == b"first\n"
        assert not twin.go_on.is_set()
        twin.go_on.set()
        assert response.read().endswith(b"last\n\n")


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_client_that_leaves_while_it_waits_keeps_no_twin_awake(
    world: World, version: str
) -> None:
    twin = world.twins[ALICE]
    twin.waiting.clear()
    twin.left.clear()
    with subprocess.Popen(curl(world, version, "/_matrix/client/v3/sync")) as client:
        try:
            assert twin.waiting.wait(PATIENCE)
            assert not twin.left.is_set()
        finally:
            client.terminate()
    # It hears of it long before it would have answered.
    assert twin.left.wait(PATIENCE / 2)


def test_a_websocket_goes_both_ways(world: World) -> None:
    uri = f"wss://{ALICE}/_synapse/client/twin/v1/live"
    raw = socket.create_connection(("127.0.0.1", world.setting.tls_port), timeout=PATIENCE)
    with connect(uri, sock=raw, ssl=world.context(), proxy=None, compression=None) as live:
        for message in (b"first", b"x" * 500_000, b"last"):
            live.send(message)
            assert live.recv(timeout=PATIENCE) == message


def test_a_file_of_60_mb_goes_up(world: World) -> None:
    body = b"picture " * 7_500_000
    shown = world.ask(ALICE, "/_matrix/media/v3/upload", method="POST", body=body).json
    assert (shown["size"], shown["digest"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_clients_may_speak_http_2(world: World) -> None:
    command = curl(world, "--http2", VERSIONS, "-w", "\n%{http_version}")
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    body, version = done.stdout.split("\n")
    assert (json.loads(body)["twin"], version) == (ALICE, "2")


def curl(world: World, version: str, path: str, *options: str) -> list[str]:
    """Return the command that asks Alice's twin in a version of HTTP."""
    program = shutil.which("curl")
    if program is None:
        pytest.skip("no curl: install it (on Debian: apt install curl)")
    way = ("--connect-to", f"::127.0.0.1:{world.setting.tls_port}")
    trusted = ("--cacert", str(world.setting.folder / world.kind.authority))
    return [program, "-sS", version, *way, *trusted, *options, f"https://{ALICE}{path}"]


def test_tls_is_of_today(world: World) -> None:
    old = world.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    # What the libraries would still take by themselves, but not authenticated as it is encrypted.
    old.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA")
    with pytest.raises(ssl.SSLError, match=r"(?i)handshake.failure"):
        world.open(ALICE, old)
    new = world.context()
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    world.open(ALICE, new).close()


def test_plain_http_only_shows_the_way(world: World) -> None:
    before = world.connections()
    connection = http.client.HTTPConnection("127.0.0.1", world.setting.plain_port, timeout=PATIENCE)
    try:
        connection.request("GET", VERSIONS, headers={"Host": ALICE})
        response = connection.getresponse()
        location = re.sub(r":\d+(?=/)", "", response.headers["Location"])
        assert (response.status, location) == (308, f"https://{ALICE}{VERSIONS}")
    finally:
        connection.close()
    assert world.connections() == before


def test_every_proxy_waits_longer_than_the_longest_question_of_a_client() -> None:
    found = {
        name: [int(each) for each in re.findall(pattern, (ROOT / "config" / name).read_text())]
        for name, pattern in (
            ("nginx.conf", r"^\s*(?:proxy_read|proxy_send|send)_timeout (\d+)s;"),
            ("haproxy.cfg", r"^\s*timeout (?:client|server|tunnel) (\d+)s"),
        )
        for pattern in [f"(?m){pattern}"]
    }
    assert {name: len(each) for name, each in found.items()} == {"nginx.conf": 3, "haproxy.cfg": 3}
    assert min(number for each in found.values() for number in each) > 180
    # Caddy waits without end unless it is told otherwise.
    assert "timeout" not in (ROOT / "config/Caddyfile").read_text()
