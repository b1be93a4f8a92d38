"""Somebody at a twin: a plain HTTP client with the owner's access token."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

T = TypeVar("T")

TWIN = "/_synapse/client/twin/v1"
CLIENT = "/_matrix/client/v3"


def eventually(check: Callable[[], T], *, within: float = 180.0, what: str = "") -> T:
    """Return what a check returns, as soon as it is true and raises no AssertionError."""
    end = time.monotonic() + within
    while True:
        problem: AssertionError | None = None
        found: T | None = None
        try:
            found = check()
        except AssertionError as error:
            problem = error
        if problem is None and found:
            return found
        if time.monotonic() > end:
            raise AssertionError(
                f"{what or check.__name__} did not come true in {within} s: {problem or found!r}"
            )
        time.sleep(0.05)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    body: Any
    """Parsed JSON, or bytes."""

    def ok(self) -> Any:
        """Return the body of an answer that is no error."""
        assert 200 <= self.status < 300, f"{self.status}: {self.body}"  # noqa: PLR2004
        return self.body


def request(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    trust: Path | None = None,
) -> Answer:
    """Make one request; `trust` is the certificate of an authority for https."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=trust)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=120, context=context
        )
    return exchange(connection, method, path, body, headers)


def exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Make one request over a connection, and close it."""
    try:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request(method, path, data, dict(headers or {}))
        response = connection.getresponse()
        raw = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        is_json = "json" in names.get("content-type", "")
        return Answer(response.status, names, json.loads(raw) if is_json and raw else raw)
    finally:
        connection.close()


class Person:
    """The owner of a twin, or whoever has a token there."""

    def __init__(
        self, url: str, owner: str, password: Callable[[], str], token: str | None = None
    ) -> None:
        self.url = url
        self.owner = owner
        self._password = password
        self._token = token

    @property
    def token(self) -> str:
        """An access token; signs in when there is none yet."""
        if self._token is None:
            self._token = self.login().ok()["access_token"]
        return self._token

    def login(self, password: str | None = None) -> Answer:
        """Sign in with the password."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.owner},
            "password": password or self._password(),
        }
        return self.bare("POST", f"{CLIENT}/login", body)

    def bare(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a request as somebody who has not signed in."""
        return request(self.url, method, path, body, headers)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **query: Any,
    ) -> Answer:
        """Make a request; a path without a slash in front is one of the twin's API."""
        where = path if path.startswith("/_") else f"{TWIN}/{path.lstrip('/')}"
        asked = f"?{urlencode(query)}" if query else ""
        signed = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.bare(method, where + asked, body, signed)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is at a path."""
        return self.ask("GET", path, **query).ok()

    def post(self, path: str, body: Any = None) -> Any:
        """Post something."""
        return self.ask("POST", path, {} if body is None else body).ok()

    def put(self, path: str, body: Any) -> Any:
        """Put something."""
        return self.ask("PUT", path, body).ok()

    def command(self, capability: str, command: str, **arguments: Any) -> Any:
        """Run a command of a capability."""
        return self.post(f"commands/{capability}/{command}", arguments)

    # As an ordinary Matrix client

    def put_state(self, room_id: str, event_type: str, state_key: str, content: Any) -> Answer:
        """Write state as any Matrix client does."""
        path = (
            f"{CLIENT}/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        )
        return self.ask("PUT", path, content)

    def read_state(self, room_id: str, event_type: str, state_key: str) -> Answer:
        """Read state as any Matrix client does."""
        path = (
            f"{CLIENT}/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key, safe='')}"
        )
        return self.ask("GET", path)

    def state(self, room_id: str) -> dict[tuple[str, str], str]:
        """Return the event IDs of a room's current state as any Matrix client reads them."""
        events = self.get(f"{CLIENT}/rooms/{quote(room_id)}/state")
        return {(each["type"], each["state_key"]): each["event_id"] for each in events}

    def create_room(self, **config: Any) -> str:
        """Make a room as any Matrix client does."""
        room_id: str = self.post(f"{CLIENT}/createRoom", config)["room_id"]
        return room_id

    def join(self, room_id: str, via: str) -> Any:
        """Join a room as any Matrix client does."""
        return self.ask(
            "POST", f"{CLIENT}/join/{quote(room_id)}?{urlencode({'via': via})}", {}
        ).ok()

    def invite(self, room_id: str, user_id: str) -> Answer:
        """Invite somebody as any Matrix client does."""
        return self.ask("POST", f"{CLIENT}/rooms/{quote(room_id)}/invite", {"user_id": user_id})

    def leave(self, room_id: str) -> Answer:
        """Leave a room as any Matrix client does."""
        return self.ask("POST", f"{CLIENT}/rooms/{quote(room_id)}/leave", {})

    # As the owner of a twin

    def invitations(self) -> set[str]:
        """Return the rooms that the twin shows invitations to."""
        return {each["room_id"] for each in self.get("invitations")["invitations"]}

    def accept(self, *rooms: str) -> None:
        """Join rooms as soon as their invitations are there."""
        for room_id in rooms:
            eventually(
                lambda room=room_id: room in self.invitations(),  # type: ignore[misc]  # bound early
                what=f"{self.owner} is invited to {room_id}",
            )
            self.post(f"invitations/{room_id}/accept")

    def collection(self, name: str) -> str:
        """Make a collection."""
        room_id: str = self.post("collections", {"name": name})["room_id"]
        return room_id

    def uids(self, room_id: str, **query: Any) -> list[str]:
        """Return the uids of a room's objects in the order in which they are listed."""
        page = self.get(f"rooms/{room_id}/objects", limit=1000, **query)
        return [each["uid"] for each in page["objects"]]

    @contextmanager
    def changes(
        self,
        last_event_id: str | None = None,
        timeout: float = 60.0,
        patience: float = 180.0,
        **query: Any,
    ) -> Iterator[Iterator[dict[str, Any]]]:
        """Open the stream of changes; yields its events as `{"id", "event", "data"}`.

        Args:
            last_event_id: what it goes on after.
            timeout: seconds that the server may say nothing at all.
            patience: seconds until a change has to come.
            query: of the address.
        """
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.token}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        try:
            asked = f"?{urlencode(query)}" if query else ""
            connection.request("GET", f"{TWIN}/changes{asked}", headers=headers)
            response = connection.getresponse()
            assert response.status == 200, response.read()  # noqa: PLR2004
            yield _events(response, patience)
        finally:
            if connection.sock is not None:
                connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()


def _events(response: http.client.HTTPResponse, patience: float) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    asked = time.monotonic()
    for raw in response:
        line = raw.decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if not line and "data" in event:
            yield event
            event, asked = {}, time.monotonic()
        elif line.startswith(":") and time.monotonic() - asked > patience:
            raise TimeoutError(f"no change came within {patience} s")
        elif name == "data":
            event["data"] = json.loads(value)
        elif name in ("id", "event"):
            event[name] = value


class HostedPerson(Person):
    """The owner of a twin of a host, who comes over the twin's socket as a proxy does."""

    def __init__(
        self,
        path: Path,
        server_name: str,
        name: str,
        password: Callable[[], str],
        patience: float = 180.0,
    ) -> None:
        super().__init__(f"http://{server_name}", f"@{name}:{server_name}", password)
        self.name = name
        self.server_name = server_name
        self._path = path
        self._patience = patience
        """Seconds for an answer: the twin may have to be woken."""

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that is open already."""
        connection = http.client.HTTPConnection(self.server_name, timeout=self._patience)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(self._patience)
        connection.sock.connect(str(self._path))
        return connection

    def bare(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Make a request as somebody who has not signed in."""
        return exchange(self.connect(), method, path, body, headers)
