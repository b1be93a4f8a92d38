"""A running twin on this machine, asked over its API as the owner.

Secrets come from files and go into request headers and bodies, never into arguments, addresses or logs.
"""

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from twin_module.core.canonical import shown
from twin_module.host.errors import HostError
from twin_module.host.yaml_file import read_yaml

API: Final = "/_synapse/client/twin/v1"
MATRIX: Final = "/_matrix/client"
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
TIMEOUT_SECONDS: Final = 120
CHUNK: Final = 256 * 1024
ANYWHERE: Final = frozenset(("0.0.0.0", "::", ""))  # noqa: S104 - where a server listens, not we


class Refused(Exception):
    """The twin answered with an error; `status` is HTTP's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Facts:
    """What a homeserver.yaml says of a twin."""

    url: str
    owner: str
    """A Matrix ID."""
    password_file: Path


def read_facts(config_path: Path, url: str | None = None) -> Facts:
    """Read where a twin answers, whose it is, and where the owner's password lies.

    Args:
        config_path: the homeserver.yaml.
        url: where it answers, if not at the listener that the file names.

    Raises:
        HostError: the file can't be used.
    """
    config = read_yaml(config_path)
    module = _module(config)
    server = config.get("server_name") if isinstance(config, dict) else None
    if module is None or not isinstance(server, str):
        raise HostError(f"{config_path} is of no twin: it has no module twin_module.TwinModule.")
    owner = str(module.get("owner"))
    media = Path(str(config.get("media_store_path", "media_store")))
    password_file = module.get("password_file") or media.parent / f"{owner}.password"
    found = url or _listener(config.get("listeners"))
    if found is None:
        raise HostError(
            f"{config_path} has no listener for clients without TLS; "
            "say with --url where the twin answers."
        )
    return Facts(found, f"@{owner}:{server}", Path(str(password_file)))


def _module(config: Any) -> dict[str, Any] | None:
    modules = config.get("modules") if isinstance(config, dict) else None
    for each in modules if isinstance(modules, list) else ():
        if isinstance(each, dict) and each.get("module") == "twin_module.TwinModule":
            options = each.get("config")
            return options if isinstance(options, dict) else {}
    return None


def _listener(listeners: Any) -> str | None:
    for each in listeners if isinstance(listeners, list) else ():
        if not isinstance(each, dict) or each.get("tls") or not each.get("port"):
            continue
        names = {
            name
            for resource in each.get("resources") or ()
            if isinstance(resource, dict)
            for name in resource.get("names") or ()
        }
        if "client" in names:
            address = str(([*(each.get("bind_addresses") or ()), ""])[0])
            host = "127.0.0.1" if address in ANYWHERE else address
            return f"http://{f'[{host}]' if ':' in host else host}:{each['port']}"
    return None


class TwinClient:
    """The owner at their twin."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self._token = ""
        self._signed_in = False

    def use_token(self, path: Path) -> None:
        """Use the access token that stands in a file.

        Raises:
            HostError: the file can't be used.
        """
        self._token = _secret(path)

    def sign_in(self) -> None:
        """Sign in with the owner's password file.

        Raises:
            HostError: the twin does not answer, or the password is another one.
        """
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.facts.owner},
            "password": _secret(self.facts.password_file),
            # One device, however often it runs: a token that was left behind ends with the next.
            "device_id": "TWINEXPORT",
            "initial_device_display_name": "twin export",
        }
        try:
            answer = self._json("POST", f"{MATRIX}/v3/login", body)
        except Refused as error:
            raise HostError(
                f"The twin does not let its owner in with the password in {self.facts.password_file}: "
                f"{shown(str(error))} Use --token-file if the password was changed."
            ) from None
        self._token, self._signed_in = str(answer["access_token"]), True

    def sign_out(self) -> None:
        """End what `sign_in` began; of no use where the twin does not answer."""
        if self._signed_in:
            self._signed_in = False
            with suppress(HostError, Refused):
                self._json("POST", f"{MATRIX}/v3/logout", {})

    def get(self, path: str, **query: str) -> Any:
        """Return what the twin's API answers; `path` begins behind `/v1`, its parts are quoted.

        Raises:
            Refused: it answers with an error.
            HostError: it does not answer.
        """
        asked = f"?{urlencode(query)}" if query else ""
        return self._json("GET", f"{API}/{path}{asked}")

    def post(self, path: str, body: Any) -> Any:
        """Post something, as `get` does."""
        return self._json("POST", f"{API}/{path}", body)

    def download(self, url: str) -> Iterator[bytes]:
        """Yield a file of Matrix's media, wherever it lies.

        Raises:
            Refused: it is not there, or not to be had now.
            HostError: the twin does not answer.
        """
        server, _, media_id = url.removeprefix("mxc://").partition("/")
        path = f"{MATRIX}/v1/media/download/{quote(server, safe='')}/{quote(media_id, safe='')}"
        connection, response = self._ask("GET", path, None)
        try:
            while data := response.read(CHUNK):
                yield data
            if response.length:
                raise HostError(self._silent("it broke off"))
        except (OSError, http.client.HTTPException) as error:
            raise HostError(self._silent(error)) from None
        finally:
            connection.close()

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        connection, response = self._ask(method, path, body)
        try:
            data = response.read(MAX_ANSWER_BYTES + 1)
        except (OSError, http.client.HTTPException) as error:
            raise HostError(self._silent(error)) from None
        finally:
            connection.close()
        try:
            return json.loads(data)
        except ValueError:
            raise HostError(f"What answers at {self.facts.url} is no twin.") from None

    def _ask(
        self, method: str, path: str, body: Any
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        parts = urlsplit(self.facts.url)
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                parts.hostname or "",
                parts.port,
                timeout=TIMEOUT_SECONDS,
                context=ssl.create_default_context(),
            )
        else:
            connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
            )
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        data = None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, parts.path.rstrip("/") + path, data, headers)
            response = connection.getresponse()
            if response.status < HTTPStatus.BAD_REQUEST:
                return connection, response
            reason = response.read(CHUNK)
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise HostError(self._silent(error)) from None
        connection.close()
        raise Refused(response.status, _sentence(reason))

    def _silent(self, why: object) -> str:
        return (
            f"The twin of {self.facts.owner} does not answer at {self.facts.url} ({shown(str(why))}); "
            "start it and run this again, it goes on where it was."
        )


def _sentence(data: bytes) -> str:
    try:
        answer: Mapping[str, Any] = json.loads(data)
        return str(answer["error"])
    except (ValueError, TypeError, KeyError):
        return "It gave no reason."


def _secret(path: Path) -> str:
    try:
        secret = path.read_text().strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise HostError(f"{path} can't be read: {reason}.") from None
    if not secret or not secret.isascii() or not secret.isprintable():
        raise HostError(f"{path} holds no secret on a line of its own.")
    return secret
