"""What the front answers without a twin, so that nobody wakes for it: well-known files and signing keys.

The files are read for each answer: they are small, and so they are never old.
"""

import json
import logging
import os
import time
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import h11

from twin_module.host.certificates import write_atomically
from twin_module.host.front.answers import Answer, Refused, as_json, moved, path_of
from twin_module.host.front.watched import stamp
from twin_module.host.places import Places
from twin_module.host.table import Entry

WELL_KNOWN: Final = "/.well-known/matrix/"
WELL_KNOWN_PARTS: Final = frozenset({"client", "server"})
KEYS: Final = "/_matrix/key/v2/server"
PAGE: Final = "/_synapse/client/twin/"
GO_ON: Final = ("/_matrix/", "/_synapse/client/", "/.well-known/matrix/")
CALENDARS: Final = frozenset({"/.well-known/caldav", "/.well-known/carddav"})
METHODS: Final = frozenset({b"GET", b"HEAD", b"OPTIONS"})
LARGEST: Final = 64 * 1024
AHEAD: Final = 3600
"""Seconds for which keys have to be good when they are answered."""
UNSEEN: Final = 3600 * 1_000_000_000
"""Nanoseconds for which keys are kept where it can't be seen whether they changed."""
DECIDES_KEYS: Final = ("signing.key", "homeserver.yaml")
"""What in a twin's folder its keys depend on."""

_log = logging.getLogger(__name__)


def answer(places: Places, entry: Entry, request: h11.Request) -> Answer | None:
    """Return the answer to a request for what needs no twin; None when the twin has to be asked.

    Raises:
        Refused: the twin has no such file.
    """
    if entry.state != "up" or request.method not in METHODS:
        return None
    path = path_of(request.target)
    part = path.removeprefix(WELL_KNOWN)
    if path != KEYS and (part == path or part not in WELL_KNOWN_PARTS):
        return None
    if request.method == b"OPTIONS":
        return Answer(HTTPStatus.NO_CONTENT)
    if path == KEYS:
        body = _kept_keys(places, entry)
        return None if body is None else Answer(HTTPStatus.OK, body)
    said = _read(places.well_known(entry.server_name))
    if said is None:
        return None
    if not isinstance(said.get(part), dict):
        raise Refused(HTTPStatus.NOT_FOUND, "M_NOT_FOUND", "This twin has no such file.")
    return Answer(HTTPStatus.OK, as_json(said[part]))


def check_goes_on(request: h11.Request) -> None:
    """Refuse what is no business of a twin's at a door that all the world knocks at; nobody wakes for it.

    The path is taken as it was written: a twin that resolves `..` does it behind this.

    Raises:
        Refused: nothing is there; `/` leads to the twin's page.
    """
    path = path_of(request.target)
    if path == "/":
        raise moved(PAGE)
    if not path.startswith(GO_ON) and path not in CALENDARS:
        raise Refused(HTTPStatus.NOT_FOUND, "M_UNRECOGNIZED", "Nothing is here.")


def keeps(places: Places, entry: Entry, request: h11.Request) -> "KeyAnswer | None":
    """Return who keeps the answer to a request; None when it is not to be kept."""
    if request.method == b"GET" and path_of(request.target) == KEYS:
        return KeyAnswer(places.key_document(entry.server_name), entry.server_name)
    return None


class KeyAnswer:
    """A twin's answer with its keys, which is kept when all of it has passed."""

    def __init__(self, file: Path, server_name: str) -> None:
        self._file = file
        self._server_name = server_name
        self._begun = time.time_ns()
        self._body: bytearray | None = None

    def observe(self, event: h11.Event) -> None:
        """See a piece of the answer pass."""
        if isinstance(event, h11.Response):
            plain = all(name != b"content-encoding" for name, _ in event.headers)
            self._body = bytearray() if event.status_code == HTTPStatus.OK and plain else None
        elif self._body is None:
            return
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > LARGEST:
                self._body = None
        elif isinstance(event, h11.EndOfMessage):
            self._keep(bytes(self._body))

    def _keep(self, body: bytes) -> None:
        found = _parsed(body)
        if found is None or found.get("server_name") != self._server_name:
            return
        try:
            write_atomically(self._file, body)
            # As old as the question: keys that changed since then are not in it.
            os.utime(self._file, ns=(self._begun, self._begun))
        except OSError as error:
            _log.error("%s can't be written: %s", self._file, error.strerror)


def _kept_keys(places: Places, entry: Entry) -> bytes | None:
    file = places.key_document(entry.server_name)
    written = stamp(file)
    if written is None:
        return None
    folder = places.folder(entry.name)
    if any(_changed(folder / name) > written[0] for name in DECIDES_KEYS):
        return None
    try:
        body = file.read_bytes()
    except OSError:
        return None  # the keeper may just have taken it away
    found = _parsed(body)
    if found is None or found.get("server_name") != entry.server_name:
        return None
    until = found.get("valid_until_ts")
    if not isinstance(until, int) or until < (time.time() + AHEAD) * 1000:
        return None
    return body


def _changed(path: Path) -> int:
    """Return when a file changed, in nanoseconds; 0 when there is none."""
    try:
        return path.stat().st_mtime_ns
    except PermissionError:
        # Twins may have a user of their own. As if they changed now and then, keys are never old.
        return time.time_ns() - UNSEEN
    except OSError:
        return 0


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return _parsed(path.read_bytes())
    except OSError:
        return None


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
