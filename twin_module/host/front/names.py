"""Which twin is asked for: by the name in the request, which has to be the one that TLS began with."""

import logging
import re
from http import HTTPStatus
from typing import Final

from twin_module.host.errors import HostError
from twin_module.host.front.answers import Refused, bad_request
from twin_module.host.front.watched import Clock, Stamp, Watch, stamp
from twin_module.host.options import Door
from twin_module.host.places import Places
from twin_module.host.table import Entry, read_table

HOST: Final = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")

_log = logging.getLogger(__name__)


class Names:
    """The twins of the table by their names; what changes there is known a second later."""

    def __init__(self, places: Places, clock: Clock) -> None:
        self._places = places
        self._watch = Watch(clock)
        self._stamp: Stamp = None
        self._by_server_name: dict[str, Entry] = {}
        self._by_hostname: dict[str, Entry | None] = {}

    def of_server(self, server_name: str) -> Entry | None:
        """Return the twin of a server name."""
        self._look()
        return self._by_server_name.get(server_name)

    def of_host(self, host: str) -> Entry | None:
        """Return the twin that is meant by a host with or without a port, in small letters.

        Of twins that differ by their ports alone, only one that is called with its port is meant.
        """
        self._look()
        exact = self._by_server_name.get(host)
        return exact or self._by_hostname.get(hostname(host))

    def look_again(self) -> None:
        """Read the table again before the next answer, if it changed."""
        self._watch.hurry()

    def _look(self) -> None:
        if not self._watch.is_due() or (now := stamp(self._places.table)) == self._stamp:
            return
        self._stamp = now
        try:
            entries = read_table(self._places.data).values()
        except HostError as error:
            _log.error("%s Until then I know those who were in it before.", error)
            return
        self._by_server_name = {each.server_name.lower(): each for each in entries}
        self._by_hostname = {}
        for name, each in self._by_server_name.items():
            host = hostname(name)
            self._by_hostname[host] = None if host in self._by_hostname else each


def asked_for(names: Names, door: Door, tls_name: str | None, host: bytes | None) -> Entry:
    """Return the twin that a request is for.

    Args:
        names: all there are.
        door: where the request came in.
        tls_name: what TLS was begun with, None without TLS.
        host: the header of the request.

    Raises:
        Refused: there is none, or it can't be told which.
    """
    if door.server_name is not None:
        entry = names.of_server(door.server_name)
        if entry is None:
            raise Refused(HTTPStatus.NOT_FOUND, "M_UNRECOGNIZED", "The twin of this port is gone.")
        return entry
    if host is None:
        raise bad_request("A request has to say in `Host` which twin it is for.")
    name = host.decode("latin-1").lower()
    if not HOST.fullmatch(name):
        raise bad_request("What `Host` says is no name.")
    if door.tls and hostname(name) != tls_name:
        raise Refused(
            HTTPStatus.MISDIRECTED_REQUEST,
            "M_UNRECOGNIZED",
            "This connection was opened for another name; open one for the name in `Host`.",
        )
    entry = names.of_host(name)
    if entry is None:
        raise Refused(
            HTTPStatus.MISDIRECTED_REQUEST if door.tls else HTTPStatus.NOT_FOUND,
            "M_UNRECOGNIZED",
            "There is no twin of this name here.",
        )
    return entry


def hostname(host: str) -> str:
    """Return a host without its port: `example.org:8448`, `[::1]:8448`, `example.org`."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
