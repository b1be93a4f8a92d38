"""AT Protocol's personal data server: objects are records of a repository, by collection."""

import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.suite.contestants.base import Client, Failed
from bench.suite.contestants.packaged import Packaged
from bench.suite.contestants.process import Program
from bench.suite.peers import ensure
from bench.suite.task import OPEN, TYPE, task, uid
from bench.suite.wire import Line
from twin_module.testing.twins import free_port

PACKAGES: Final = {"@atproto/pds": "0.5.35"}
PROGRAM: Final = "pds.mjs"
AT_ONCE: Final = 200
"""How many writes it takes in one request."""
PAGE: Final = 100
"""How many records a page has at most."""


class Atproto(Packaged):
    """A process of the PDS, with one account."""

    name: Final = "atproto"

    def __init__(self, folder: Path, installed: Path) -> None:
        super().__init__(folder, installed)
        self._collections = count()
        self._port = free_port()
        self._session: Mapping[str, Any] = {}

    def start(self) -> None:
        """Install it if need be, start it, and make an account."""
        node = ensure(self._installed, PACKAGES, native=["better-sqlite3"])
        # Node.js looks for packages from where the program is.
        shutil.copy(Path(__file__).with_name(PROGRAM), self._installed)
        for each in ("data", "blobs"):
            (self._folder / each).mkdir(parents=True)
        command = [str(node), str(self._installed / PROGRAM)]
        self._program = Program(command, self._folder, self._environment())
        url = f"http://127.0.0.1:{self._port}"
        self._program.wait_until_it_answers(url, "/xrpc/_health")
        password = secrets.token_urlsafe()
        account = {"handle": "alice.test", "email": "alice@example.org", "password": password}
        line = Line(url)
        self._session = line.json("POST", "/xrpc/com.atproto.server.createAccount", account)
        line.close()

    def client(self) -> "AtprotoClient":
        """Return a client of its account."""
        return AtprotoClient(self._port, self._session, self._collections)

    def _environment(self) -> Mapping[str, str]:
        return {
            "NODE_ENV": "production",
            "LOG_ENABLED": "false",
            "PDS_PORT": str(self._port),
            "PDS_HOSTNAME": "localhost",
            "PDS_DEV_MODE": "true",
            "PDS_DATA_DIRECTORY": str(self._folder / "data"),
            "PDS_BLOBSTORE_DISK_LOCATION": str(self._folder / "blobs"),
            "PDS_INVITE_REQUIRED": "false",
            "PDS_RATE_LIMITS_ENABLED": "false",
            "PDS_SERVICE_HANDLE_DOMAINS": ".test",
            "PDS_JWT_SECRET": secrets.token_hex(16),
            "PDS_ADMIN_PASSWORD": secrets.token_hex(16),
            "PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX": secrets.token_hex(32),
        }


class AtprotoClient(Client):
    """An app that writes to a repository over XRPC."""

    def __init__(self, port: int, session: Mapping[str, Any], collections: "count[int]") -> None:
        self._address = f"127.0.0.1:{port}"
        self._did = session["did"]
        self._collections = collections
        signed = {"Authorization": f"Bearer {session['accessJwt']}"}
        self._line = Line(f"http://{self._address}", signed)
        self._socket: ClientConnection | None = None

    def close(self) -> None:
        """Hang up."""
        self._line.close()
        if self._socket is not None:
            self._socket.close()

    def place(self) -> str:
        """Think of a collection: it is there with its first record."""
        return f"{TYPE}.m{next(self._collections)}"

    def write(self, place: str, number: int) -> None:
        """Create a record."""
        self._call("repo.createRecord", **self._where(place, number), record=_record(place, number))

    def update(self, place: str, number: int, version: int) -> None:
        """Put a record with another title."""
        record = {**_record(place, number), "title": f"Version {version}"}
        self._call("repo.putRecord", **self._where(place, number), record=record)

    def read(self, place: str, number: int) -> None:
        """Get a record."""
        self._get("repo.getRecord", **self._where(place, number))

    def listed(self, place: str) -> Sequence[str]:
        """Fetch all pages, and filter and sort them here."""
        records: list[Any] = []
        asked = {"repo": self._did, "collection": place, "limit": PAGE}
        while True:
            found = self._get("repo.listRecords", **asked)
            records += found["records"]
            if len(found["records"]) < PAGE:
                break
            asked["cursor"] = found["cursor"]
        wanted = [each for each in records if each["value"]["progress"] == OPEN]
        pairs = sorted((each["value"]["due"], each["uri"].rpartition("/")[2]) for each in wanted)
        return [name for _, name in pairs]

    def bulk(self, place: str, numbers: Sequence[int]) -> str:
        """Write as many as it takes with each request."""
        kind = "com.atproto.repo.applyWrites#create"
        for start in range(0, len(numbers), AT_ONCE):
            writes = [
                {
                    "$type": kind,
                    "collection": place,
                    "rkey": uid(each),
                    "value": _record(place, each),
                }
                for each in numbers[start : start + AT_ONCE]
            ]
            self._call("repo.applyWrites", repo=self._did, writes=writes)
        return place

    def arrivals(self, place: str) -> Iterator[str]:
        """Read the firehose, as other servers do."""
        self._socket = connect(f"ws://{self._address}/xrpc/com.atproto.sync.subscribeRepos")
        # A frame also holds the keys of neighbours; what was written stands behind `path` (CBOR).
        path = re.compile(rb"dpathx." + re.escape(f"{place}/").encode() + rb"(t\d+)", re.DOTALL)
        yield ""
        try:
            for message in self._socket:
                frame = message if isinstance(message, bytes) else message.encode()
                yield from (each.decode() for each in path.findall(frame))
        except ConnectionClosed:
            raise Failed("The firehose ended.") from None

    def _where(self, place: str, number: int) -> dict[str, str]:
        return {"repo": self._did, "collection": place, "rkey": uid(number)}

    def _call(self, method: str, **body: Any) -> Any:
        return self._line.json("POST", f"/xrpc/com.atproto.{method}", body)

    def _get(self, method: str, **query: Any) -> Any:
        return self._line.json("GET", f"/xrpc/com.atproto.{method}?{urlencode(query)}")


def _record(place: str, number: int) -> dict[str, Any]:
    return {"$type": place, **task(number)}
