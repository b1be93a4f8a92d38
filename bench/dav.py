"""What apps wait for at a twin's calendars, side by side with Radicale on files of its own.

Both hold the same entries, of which some recur, and are processes of their own. Prints
milliseconds and ratios, the twin's over Radicale's: of reads and syncs, which are to be at most 1,
and of writes, which are to be at most those of the twin's own API. Rounds alternate, so that a
busy machine disturbs both alike.

    .venv/bin/python bench/dav.py [entries] [rounds]
"""

import logging
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from twin_module.testing.dav import CALENDAR, Dav, Shown
from twin_module.testing.person import Answer, Person
from twin_module.testing.plain_radicale import plain_radicale

BEGIN: Final = datetime(2030, 1, 7, tzinfo=UTC)
"""A Monday. One entry starts in each hour from then on."""
CHANGED: Final = 10
"""Of so many entries it is told that they changed, in one sync."""
WEEKLY: Final = 50
"""One of so many entries recurs every week, for ever."""
ETAGS: Final = ("D:getetag",)

Work = Callable[[], object]


def main(entries: int, rounds: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        plain_radicale(Path(folder) / "radicale") as radicale,
        twin(Path(folder) / "twins", entries) as alice,
    ):
        room = alice.collection("Measured")
        ours = app_of(alice)
        calendars = {
            "ours": (ours, filled_twin(alice, ours, room, entries)),
            "Radicale": (radicale, filled_radicale(radicale, entries)),
        }
        for name, at in calendars.items():
            seconds = timed(listing(*at)) / 1000
            print(
                f"{name}: {entries} entries listed for the first time in {seconds:.1f} s",
                flush=True,
            )
        reading: dict[str, tuple[Callable[[Dav, str], Work], int]] = {
            "list all revisions": (listing, rounds),
            "events of a week": (partial(week, start_of(entries // 2)), rounds),
            f"sync, {CHANGED} of {entries} changed": (syncing, rounds),
            "sync, nothing changed": (idle, rounds * 5),
            "get one event": (one, rounds * 10),
        }
        for name, (work, times) in reading.items():
            compare(name, times, {each: work(*at) for each, at in calendars.items()})
        writing = {each: partial(put, *at, iter(range(10**6))) for each, at in calendars.items()}
        own = partial(put_json, alice, room, iter(range(10**6)))
        compare("put a new event", rounds * 10, {**writing, "own API": own})


# The two servers


@contextmanager
def twin(folder: Path, entries: int) -> Iterator[Person]:
    """Run Alice's twin in a process of its own."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=serve, args=(there, folder, entries))
    child.start()
    try:
        url, owner, password = here.recv()
        yield Person(url, owner, lambda: password)
    finally:
        here.send("enough")
        child.join(60)


def serve(parent: Connection, folder: Path, entries: int) -> None:
    """Be the twin, until the parent says that it is enough."""
    from twin_module.testing.reactor import ReactorThread  # noqa: PLC0415 - starts a reactor
    from twin_module.testing.twins import TwinNetwork, person_at  # noqa: PLC0415

    with TwinNetwork(ReactorThread(), folder, ["alice"]) as network:
        # Writes of all rounds have to fit in as well.
        started = network.start("alice", module={"max_objects_per_room": entries + 5000})
        person_at(started)
        parent.send((started.url, started.owner, started.password))
        parent.recv()
        # Of what Synapse was just about to do when it is stopped, it says more than anybody reads.
        logging.disable()


def app_of(person: Person) -> Dav:
    """Give an app a password."""
    made = person.post("app-passwords", {"name": "Benchmark"})
    return Dav(person.url, made["path"], made["username"], made["password"])


def filled_twin(person: Person, dav: Dav, room: str, entries: int) -> str:
    """Write the entries, and return the calendar's path."""
    began = time.perf_counter()
    for start in range(0, entries, 500):
        objects = [
            {"capability": "agenda", "uid": f"e{number}", "content": jscalendar(number)}
            for number in range(start, min(start + 500, entries))
        ]
        person.post(f"rooms/{room}/objects", {"objects": objects})
    print(f"ours: filled in {time.perf_counter() - began:.0f} s", flush=True)
    return next(path for path, name in dav.collections(CALENDAR).items() if name == "Measured")


def filled_radicale(dav: Dav, entries: int) -> str:
    """Write the entries, and return the calendar's path."""
    path = f"{dav.home}measured/"
    dav.put(path, icalendar(*((f"e{number}", number) for number in range(entries)))).ok()
    return path


# The same entries in both forms


def jscalendar(number: int) -> dict[str, Any]:
    """Return an event as the twin's own API takes it (RFC 8984)."""
    rule = {"@type": "RecurrenceRule", "frequency": "weekly"}
    return {
        "@type": "Event",
        "title": f"Meeting {number}",
        "description": "What is to be spoken of.\n" * 5,
        "start": f"{start_of(number):%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        **({"recurrenceRules": [rule]} if number % WEEKLY == 0 else {}),
    }


def icalendar(*entries: tuple[str, int]) -> str:
    """Return events as apps send them (RFC 5545)."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Benchmark//Benchmark//EN"]
    for uid, number in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{uid}",
            "DTSTAMP:20290101T000000Z",
            f"SUMMARY:Meeting {number}",
            *folded("DESCRIPTION:" + "What is to be spoken of.\\n" * 5),
            f"DTSTART:{start_of(number):%Y%m%dT%H%M%SZ}",
            "DURATION:PT1H",
            *(["RRULE:FREQ=WEEKLY"] if number % WEEKLY == 0 else []),
            "END:VEVENT",
        ]
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"])


def folded(line: str) -> Iterator[str]:
    """Fold one long line of ASCII."""
    yield line[:70]
    for start in range(70, len(line), 70):
        yield f" {line[start : start + 70]}"


def start_of(number: int) -> datetime:
    """Return when an entry starts."""
    return BEGIN + timedelta(hours=number)


# What is measured


def listing(dav: Dav, calendar: str) -> Work:
    """Return what an app does that knows no tokens: asks for all revisions."""
    body = "<D:propfind><D:prop><D:getetag/></D:prop></D:propfind>"
    return lambda: taken(dav.xml("PROPFIND", calendar, body, "1"))


def week(monday: datetime, dav: Dav, calendar: str) -> Work:
    """Return what an app does that shows a week."""
    span = f'start="{monday:%Y%m%dT%H%M%SZ}" end="{monday + timedelta(days=7):%Y%m%dT%H%M%SZ}"'
    body = (
        "<C:calendar-query><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter>"
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range {span}/>'
        "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
    )
    return lambda: taken(dav.xml("REPORT", calendar, body, "1"))


def taken(answer: Answer) -> int:
    """Return how long an answer is; reading it is the app's work, and is not measured."""
    if answer.status != HTTPStatus.MULTI_STATUS:
        raise SystemExit(f"{answer.status}: {answer.body!r}")
    return len(answer.body)


def one(dav: Dav, calendar: str) -> Work:
    """Return what an app does that opens an event."""
    path = a_path(dav, calendar)
    return lambda: dav.get(path)


def idle(dav: Dav, calendar: str) -> Work:
    """Return what an app does every few minutes."""
    token, _ = dav.sync(calendar)
    return lambda: dav.sync(calendar, token)


class Syncing:
    """An app that fetches what changed; what changes it is not measured."""

    def __init__(self, dav: Dav, calendar: str) -> None:
        self._dav = dav
        self._calendar = calendar
        self._token = ""
        listed = dav.propfind(calendar, *ETAGS, depth="1")
        self._paths = [path for path in listed if path != calendar][:CHANGED]
        self._round = 0

    def prepare(self) -> None:
        """Change some entries, as another app would."""
        self._token, _ = self._dav.sync(self._calendar)
        self._round += 1
        for path in self._paths:
            text = self._dav.get(path).replace("SUMMARY:", f"SUMMARY:{self._round} ")
            self._dav.put(path, text).ok()

    def __call__(self) -> Mapping[str, Shown]:
        """Ask what changed, and fetch it."""
        _, changed = self._dav.sync(self._calendar, self._token)
        if len(changed) != CHANGED:
            raise SystemExit(f"{len(changed)} entries changed, not {CHANGED}")
        return self._dav.multiget(self._calendar, changed, "C:calendar-data")


def syncing(dav: Dav, calendar: str) -> Work:
    """Return what an app does that was told of changes."""
    return Syncing(dav, calendar)


def put(dav: Dav, calendar: str, numbers: Iterator[int]) -> None:
    """Write a new event, as an app does."""
    number = next(numbers)
    dav.put(f"{calendar}new{number}.ics", icalendar((f"new{number}", number))).ok()


def put_json(person: Person, room: str, numbers: Iterator[int]) -> None:
    """Write a new event through the twin's own API."""
    number = next(numbers)
    person.put(f"rooms/{room}/agenda/own{number}", jscalendar(number))


def a_path(dav: Dav, calendar: str) -> str:
    """Return the path of an entry."""
    listed = dav.propfind(calendar, *ETAGS, depth="1")
    return next(path for path in listed if path != calendar)


def compare(name: str, rounds: int, works: Mapping[str, Work]) -> None:
    """Do the same at each in turns, and print the middle of each and the ratios."""
    waits: dict[str, list[float]] = {each: [] for each in works}
    for _ in range(rounds):
        for each, work in works.items():
            prepare = getattr(work, "prepare", None)
            if prepare is not None:
                prepare()
            waits[each].append(timed(work))
    show(name, {each: statistics.median(found) for each, found in waits.items()})


def show(name: str, medians: Mapping[str, float]) -> None:
    """Print milliseconds, and the twin's over each other."""
    others: Sequence[str] = [each for each in medians if each != "ours"]
    ratios = "   ".join(f"{each} x {medians['ours'] / medians[each]:.2f}" for each in others)
    exact = ", ".join(f"{each} {wait:.1f} ms" for each, wait in medians.items())
    print(f"{name:32} {ratios:36} ({exact})", flush=True)


def timed(work: Work) -> float:
    """Return how many milliseconds work takes."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 10_000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 10,  # noqa: PLR2004
    )
