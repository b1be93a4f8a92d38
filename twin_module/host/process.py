"""One twin's process, and the question whether it really serves."""

import json
import ssl
import subprocess
import sys
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.registry import Entry

PAGE: Final = "/_synapse/client/twin/"
API: Final = f"{PAGE}v1/"
ANSWER_SECONDS: Final = 10


class TwinProcess:
    """A twin that is started, watched and stopped."""

    def __init__(self, entry: Entry, folder: Path, ca_file: Path) -> None:
        self.entry = entry
        self.folder = folder
        self._ca_file = ca_file
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; returns before it serves."""
        with (self.folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "twin_module.host.child", str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the whole group; we tell the twins ourselves.
                start_new_session=True,
            )

    @property
    def ended(self) -> int | None:
        """The exit status; None while it runs."""
        return self._process.poll() if self._process else 0

    def last_words(self) -> str:
        """Return the last sentence that the process printed, without a traceback."""
        lines = (self.folder / "output.log").read_text(errors="replace").splitlines()
        sentences = [line.strip() for line in lines if any(letter.isalnum() for letter in line)]
        return sentences[-1] if sentences else "it said nothing"

    def stop(self) -> None:
        """Ask the process to end; `wait` waits for it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the process has ended, and end it by force when it takes too long."""
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def waits_for(self) -> str | None:
        """Return why the twin does not serve yet, None when it serves clients and other twins.

        Raises:
            HostError: somebody else answers on one of its ports.
        """
        status, body = self._ask(HTTPConnection("127.0.0.1", self.entry.client_port), f"{API}card")
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            return str(body.get("error", "it does not answer yet"))
        self._check_name(body)
        context = ssl.create_default_context(cafile=str(self._ca_file))
        federation = HTTPSConnection("localhost", self.entry.federation_port, context=context)
        status, body = self._ask(federation, "/_matrix/key/v2/server")
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            return "it does not answer other twins yet"
        self._check_name(body)
        return None

    def sign_in_path(self) -> str:
        """Return the path of the twin's page, one that signs the owner in where their password is known."""
        try:
            password = (self.folder / "owner.password").read_text().strip()
        except OSError:
            return PAGE
        connection = HTTPConnection("127.0.0.1", self.entry.client_port)
        status, body = self._ask(connection, f"{API}sign-in-links", {"password": password})
        return str(body["path"]) if status == 201 and "path" in body else PAGE  # noqa: PLR2004 - Created

    def _check_name(self, body: dict[str, object]) -> None:
        if body.get("server_name") != self.entry.server_name:
            raise HostError(
                f"Another server answers on the ports of {self.entry.name}'s twin, {body.get('server_name')}; stop it."
            )

    def _ask(
        self, connection: HTTPConnection, path: str, body: dict[str, object] | None = None
    ) -> tuple[int, dict[str, object]]:
        connection.timeout = ANSWER_SECONDS
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
