"""Which certificate a connection gets, by the name that TLS begins with."""

import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from twin_module.host.front.names import Names, hostname
from twin_module.host.front.stream import NamedSocket
from twin_module.host.front.watched import Clock, Stamp, Watch, stamp
from twin_module.host.options import Door
from twin_module.host.places import Places
from twin_module.host.table import Entry

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; those of 1.3 are all good."""

Pair: TypeAlias = tuple[Path, Path]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Loaded:
    context: ssl.SSLContext | None
    """None when the files are not a certificate and its key."""
    stamps: tuple[Stamp, Stamp]


def candidates(places: Places, entry: Entry, *, own: bool) -> Iterator[Pair]:
    """Yield where a twin's certificate and key may lie; the first that are there are taken.

    Args:
        places: of the host.
        entry: the twin.
        own: whether the certificate in its folder counts, which is made for a port of this machine.
    """
    folder, host = places.certificates, hostname(entry.server_name)
    yield folder / f"{host}.pem", folder / f"{host}.key"
    parent = host.partition(".")[2]
    if parent:
        yield folder / f"_.{parent}.pem", folder / f"_.{parent}.key"
    if own:
        twin = places.folder(entry.name)
        yield twin / "tls.pem", twin / "tls.key"


class Certificates:
    """All certificates that were asked for; changed files are loaded for those who come later."""

    def __init__(self, places: Places, names: Names, clock: Clock) -> None:
        self._places = places
        self._names = names
        self._watch = Watch(clock)
        self._loaded: dict[Pair, _Loaded] = {}
        self._found: dict[tuple[str, bool], Pair | None] = {}
        self._missed: set[str] = set()

    def of_door(self, door: Door) -> ssl.SSLContext:
        """Return what a door begins TLS with; it has no certificate before it knows for which name."""

        def choose(connection: Any, name: str | None, _: ssl.SSLContext) -> int | None:
            return self._choose(door, connection, name)

        context = _context()
        context.sslsocket_class = NamedSocket
        context.sni_callback = choose
        return context

    def look_again(self) -> None:
        """Look at the files before the next handshake."""
        self._watch.hurry()

    def _choose(self, door: Door, connection: NamedSocket, name: str | None) -> int | None:
        """Give a connection its certificate, or return the alert that ends it."""
        asked = (name or "").lower()
        if door.server_name is None:
            entry = self._names.of_host(asked) if asked else None
        else:
            entry = self._names.of_server(door.server_name)
        if entry is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        context = self._of_twin(entry, own=door.server_name is not None)
        if context is None:
            return ssl.ALERT_DESCRIPTION_INTERNAL_ERROR
        connection.asked_for = asked
        connection.context = context
        return None

    def _of_twin(self, entry: Entry, *, own: bool) -> ssl.SSLContext | None:
        if self._watch.is_due():
            # What is loaded stays until its files change.
            self._found.clear()
        key = entry.name, own
        if key not in self._found:
            self._found[key] = self._find(entry, own=own)
        pair = self._found[key]
        return None if pair is None else self._loaded[pair].context

    def _find(self, entry: Entry, *, own: bool) -> Pair | None:
        for pair in candidates(self._places, entry, own=own):
            stamps = stamp(pair[0]), stamp(pair[1])
            if None not in stamps:
                self._load(pair, stamps)
                self._missed.discard(entry.server_name)
                return pair
        if entry.server_name not in self._missed:
            # Whoever asks for it again and again shall not fill the log.
            self._missed.add(entry.server_name)
            _log.error("There is no certificate for %s.", entry.server_name)
        return None

    def _load(self, pair: Pair, stamps: tuple[Stamp, Stamp]) -> None:
        known = self._loaded.get(pair)
        if known is not None and known.stamps == stamps:
            return
        context = _context()
        try:
            context.load_cert_chain(*pair)
        except (OSError, ValueError):
            # One file of two may be new yet; the other makes us look again.
            _log.error("%s and %s are no certificate and its key, or can't be read.", *pair)
            self._loaded[pair] = _Loaded(known.context if known else None, stamps)
        else:
            self._loaded[pair] = _Loaded(context, stamps)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    # So that reading never has to write, and writing never to read.
    context.options |= ssl.OP_NO_RENEGOTIATION
    return context
