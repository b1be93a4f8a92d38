"""Radicale as it comes, on files: objects are to-dos of a calendar."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Final

import psutil

from bench.suite.contestants.base import Client, Contestant, Failed
from bench.suite.task import icalendar, uid
from bench.suite.wire import Line
from twin_module.testing.dav import DECLARED, Dav
from twin_module.testing.plain_radicale import plain_radicale
from twin_module.testing.processes import children

DATA: Final = "{urn:ietf:params:xml:ns:caldav}calendar-data"
OPEN_TASKS: Final = (
    f'<?xml version="1.0"?><C:calendar-query {DECLARED}><D:prop><D:getetag/><C:calendar-data/>'
    '</D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VTODO">'
    '<C:prop-filter name="STATUS"><C:text-match>NEEDS-ACTION</C:text-match></C:prop-filter>'
    "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
)


class Radicale(Contestant):
    """A process of Radicale."""

    name: Final = "radicale"

    def __init__(self, folder: Path) -> None:
        self._folder = folder / self.name
        self._stack = ExitStack()
        self._dav: Dav | None = None
        self._calendars = count()

    def start(self) -> None:
        """Start it."""
        self._dav = self._stack.enter_context(plain_radicale(self._folder))

    def stop(self) -> None:
        """End it."""
        self._stack.close()

    def processes(self) -> list[psutil.Process]:
        """Return its process: of those that we started, the one with its configuration."""
        config = str(self._folder / "config")
        ours = psutil.Process().pid
        found = [each for each in children(ours) if config in each.cmdline()]
        if not found:
            raise Failed(f"It does not run, the log in {self._folder} may say why.")
        return found

    def client(self) -> "RadicaleClient":
        """Return a client."""
        assert self._dav is not None  # noqa: S101 - it was started
        return RadicaleClient(self._dav, self._calendars)


class RadicaleClient(Client):
    """An app that keeps its connection, where Radicale lets it."""

    def __init__(self, dav: Dav, calendars: "count[int]") -> None:
        self._dav = dav
        self._calendars = calendars
        kind = {"Content-Type": "text/calendar; charset=utf-8"}
        self._line = Line(dav.url, {**dav.signed_in, **kind})

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def place(self) -> str:
        """Make a calendar."""
        path = self.bulk_place()
        self._line.ask("MKCALENDAR", path)
        return path

    def write(self, place: str, number: int) -> None:
        """Put a to-do."""
        self._line.ask("PUT", f"{place}{uid(number)}.ics", icalendar(number))

    def update(self, place: str, number: int, version: int) -> None:
        """Put it with another title."""
        text = icalendar(number).replace(b"SUMMARY:", f"SUMMARY:{version} ".encode())
        self._line.ask("PUT", f"{place}{uid(number)}.ics", text)

    def read(self, place: str, number: int) -> None:
        """Get a to-do."""
        self._line.ask("GET", f"{place}{uid(number)}.ics")

    def listed(self, place: str) -> Sequence[str]:
        """Let the server filter, and sort here."""
        kind = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
        answer = self._line.ask("REPORT", place, OPEN_TASKS.encode(), kind)
        root = ET.fromstring(answer)  # noqa: S314 - from a server that we started
        texts = [each.text or "" for each in root.iter(DATA)]
        return [name for _, name in sorted((_value(t, "DUE"), _value(t, "UID")) for t in texts)]

    def bulk_place(self) -> str:
        """Only think of a path: a calendar is written whole."""
        return f"{self._dav.home}c{next(self._calendars)}/"

    def bulk(self, place: str, numbers: Sequence[int]) -> str:
        """Put a whole calendar."""
        self._line.ask("PUT", place, icalendar(*numbers))
        return place


def _value(text: str, name: str) -> str:
    return text.partition(f"\n{name}:")[2].partition("\n")[0].strip()
