"""What `twin up` says while twins for trying out come up: which serves, and where they are opened.

It runs in a process of its own beside the host, asks as anybody could, and ends when all is said.
"""

import json
import signal
import ssl
import sys
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask, is_answered
from twin_module.host.places import Places
from twin_module.host.table import Entry, read_table

PAGE: Final = "/_synapse/client/twin/"
API: Final = f"{PAGE}v1/"
ANSWER_SECONDS: Final = 30
LOOK_SECONDS: Final = 0.2
START_SECONDS: Final = 120.0
"""How long the host may take before it listens to anybody."""


class Newcomer:
    """A twin for trying out, asked over its own ports."""

    def __init__(self, entry: Entry, places: Places) -> None:
        self.entry = entry
        self._places = places

    def waits_for(self) -> str | None:
        """Return why the twin does not serve yet, None when it serves clients and other twins."""
        status, body = self._ask(self._client(), f"{API}card")
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            return str(body.get("error", "it does not answer yet"))
        if body.get("server_name") != self.entry.server_name:
            return f"another server answers on its port, {body.get('server_name')}; stop that one"
        context = ssl.create_default_context(cafile=str(self._places.data / "ca.pem"))
        federation = HTTPSConnection(
            "localhost", self.entry.federation_port, context=context, timeout=ANSWER_SECONDS
        )
        status, _ = self._ask(federation, "/_matrix/key/v2/server")
        return None if status == 200 else "it does not answer other twins yet"  # noqa: PLR2004

    def sign_in_path(self) -> str:
        """Return the path of the twin's page, one that signs the owner in where their password is known."""
        try:
            password = self._password_file.read_text().strip()
        except OSError:
            return PAGE
        status, body = self._ask(self._client(), f"{API}sign-in-links", {"password": password})
        return str(body["path"]) if status == 201 and "path" in body else PAGE  # noqa: PLR2004 - Created

    def lines(self) -> list[str]:
        """Return what its owner has to know."""
        entry, url = self.entry, f"http://localhost:{self.entry.client_port}"
        page = self.sign_in_path()
        once = "  (signs you in, once, within ten minutes)" if "#" in page else ""
        return [
            "",
            f"  {entry.name}",
            f"    open           {url}{page}{once}",
            f"    server name    {entry.server_name}",
            f"    owner          @{entry.name}:{entry.server_name}",
            f"    password       in {self._password_file}",
            f"    Matrix client  {url}  (the homeserver URL to sign in at)",
            f"    API            {url}{API}",
        ]

    @property
    def _password_file(self) -> Path:
        return self._places.folder(self.entry.name) / "owner.password"

    def _client(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.entry.client_port, timeout=ANSWER_SECONDS)

    def _ask(
        self, connection: HTTPConnection, path: str, body: dict[str, object] | None = None
    ) -> tuple[int, dict[str, object]]:
        try:
            if body is None:
                connection.request("GET", path)
            else:
                connection.request("POST", path, json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, HTTPException, ValueError):
            return 0, {}
        finally:
            connection.close()
        return response.status, answer if isinstance(answer, dict) else {}


def greet(
    newcomers: Sequence[Newcomer], say: Callable[[str], None], failing: Callable[[], dict[str, str]]
) -> None:
    """Say of each twin when it serves, or why it can't, and then where they are opened.

    Args:
        newcomers: the twins.
        say: prints a line.
        failing: returns why twins could not be loaded, by name.
    """
    waiting = {each.entry.name: each for each in newcomers}
    said: dict[str, str] = {}
    began = time.monotonic()
    say(f"Starting {', '.join(waiting)} …")
    while waiting:
        broken = failing()
        for name, each in list(waiting.items()):
            if name in broken:
                del waiting[name]
                say(f"  {name} can't start and is tried again: {broken[name]}")
                continue
            reason = each.waits_for()
            if reason is None:
                del waiting[name]
                say(f"  {name} serves after {time.monotonic() - began:.1f} s")
            elif reason != said.get(name) and "starting" not in reason and name in said:
                say(f"  {name}: {reason}")
            said[name] = reason or ""
        if waiting:
            time.sleep(LOOK_SECONDS)
    up = [each for each in newcomers if each.entry.name not in failing()]
    say("\n".join(["", "The twins are up. Ctrl-C stops them.", *_lines(up), ""]))


def main() -> None:
    """Greet the twins of a data folder that are for trying out: `greeting DATA NAME…`."""
    # Ctrl-C is meant for the host, which ends without a word from here.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    places = Places(Path(sys.argv[1]))
    table = read_table(places.data)
    newcomers = [Newcomer(table[name], places) for name in sys.argv[2:]]

    def failing() -> dict[str, str]:
        twins = ask(places, {"do": "status"})["twins"]
        return {each["name"]: str(each["why"]) for each in twins if each["state"] == "failing"}

    try:
        until = time.monotonic() + START_SECONDS
        # Of a host that was killed its socket is left.
        while not is_answered(places) and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
        greet(newcomers, lambda text: print(text, flush=True), failing)
    except HostError:
        sys.exit(1)  # the host has ended, and said why


def _lines(newcomers: Sequence[Newcomer]) -> list[str]:
    return [line for each in newcomers for line in each.lines()]


if __name__ == "__main__":
    main()
