"""Community Solid Server on files: objects are JSON documents of a container."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from bench.suite.contestants.base import Client, Failed
from bench.suite.contestants.packaged import Packaged
from bench.suite.contestants.process import Program
from bench.suite.peers import ensure
from bench.suite.task import OPEN, task, uid
from bench.suite.wire import Line
from twin_module.testing.twins import free_port

PACKAGES: Final = {"@solid/community-server": "7.2.0"}
CONFIG: Final = "@css:config/file-root.json"
"""As it comes: files, WebACL, and a root that everybody may write to, so that no token is checked."""
CHANNEL: Final = "WebSocketChannel2023"
DOCUMENT: Final = re.compile(r"<(t\d+)\.json>")
TOLD: Final = re.compile(r"/(t\d+)\.json")


class Solid(Packaged):
    """A process of Community Solid Server."""

    name: Final = "solid"

    def __init__(self, folder: Path, installed: Path) -> None:
        super().__init__(folder, installed)
        self._containers = count()
        self._url = f"http://127.0.0.1:{free_port()}"

    def start(self) -> None:
        """Install it if need be, and start it."""
        node = ensure(self._installed, PACKAGES)
        self._folder.mkdir(parents=True)
        program = self._installed / "node_modules/@solid/community-server/bin/server.js"
        port = self._url.rpartition(":")[2]
        options = ["--port", port, "--baseUrl", f"{self._url}/", "--config", CONFIG]
        files = ["--rootFilePath", str(self._folder / "data"), "--loggingLevel", "error"]
        self._program = Program([str(node), str(program), *options, *files], self._folder)
        self._program.wait_until_it_answers(self._url, "/")

    def client(self) -> "SolidClient":
        """Return a client."""
        return SolidClient(self._url, self._containers)


class SolidClient(Client):
    """An app on a pod that is open to everybody."""

    def __init__(self, url: str, containers: "count[int]") -> None:
        self._url = url
        self._containers = containers
        self._line = Line(url)
        self._socket: ClientConnection | None = None

    def close(self) -> None:
        """Hang up."""
        self._line.close()
        if self._socket is not None:
            self._socket.close()

    def place(self) -> str:
        """Make a container."""
        path = f"/m{next(self._containers)}/"
        self._line.ask("PUT", path, headers={"Content-Type": "text/turtle"})
        return path

    def write(self, place: str, number: int) -> None:
        """Put a document."""
        self._put(place, number, task(number))

    def update(self, place: str, number: int, version: int) -> None:
        """Put it with another title."""
        self._put(place, number, {**task(number), "title": f"Version {version}"})

    def read(self, place: str, number: int) -> None:
        """Get a document."""
        self._get(place, uid(number))

    def listed(self, place: str) -> Sequence[str]:
        """Get the container and each document in it, and filter and sort them here."""
        listing = self._line.ask("GET", place, headers={"Accept": "text/turtle"}).decode()
        documents = {name: self._get(place, name) for name in set(DOCUMENT.findall(listing))}
        wanted = {name: each for name, each in documents.items() if each["progress"] == OPEN}
        return sorted(wanted, key=lambda name: (wanted[name]["due"], name))

    def arrivals(self, place: str) -> Iterator[str]:
        """Subscribe to the container."""
        asked = {
            "@context": ["https://www.w3.org/ns/solid/notification/v1"],
            "type": f"http://www.w3.org/ns/solid/notifications#{CHANNEL}",
            "topic": f"{self._url}{place}",
        }
        kind = {"Content-Type": "application/ld+json"}
        path = f"/.notifications/{CHANNEL}/"
        found = json.loads(self._line.ask("POST", path, json.dumps(asked).encode(), kind))
        self._socket = connect(found["receiveFrom"])
        yield ""
        try:
            for message in self._socket:
                text = message if isinstance(message, str) else message.decode()
                yield from set(TOLD.findall(text))
        except ConnectionClosed:
            raise Failed("The channel ended.") from None

    def _put(self, place: str, number: int, content: Any) -> None:
        kind = {"Content-Type": "application/json"}
        body = json.dumps(dict(content)).encode()
        self._line.ask("PUT", f"{place}{uid(number)}.json", body, kind)

    def _get(self, place: str, name: str) -> Any:
        return json.loads(self._line.ask("GET", f"{place}{name}.json"))
