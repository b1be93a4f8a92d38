"""Imports of calendars and address books: read beside everything else, written chunk by chunk.

An import runs in this process. What became of the last ones lies in the owner's account data, so
that a restart does not hide that one was cut off; to import the file again is always safe, since
what is there already is not written twice.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from twin_module.core.entries import Entry, Refused
from twin_module.core.errors import InvalidParam, NotFound, TooOften, TwinError
from twin_module.core.ics.calendars import read_entries
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, Key
from twin_module.core.vcf.cards import read_cards
from twin_module.engine.filling import Filling, Tally
from twin_module.engine.projector import Projector

logger = logging.getLogger(__name__)

IMPORTS: Final = f"{NAMESPACE}.imports"
"""The type of the account data."""
MAX_FILE_BYTES: Final = 20_000_000
MOST_AT_ONCE: Final = 3
"""How many imports may run or wait."""
MOST_KEPT: Final = 10
"""How many imports are remembered."""
MOST_REFUSED_KEPT: Final = 50
"""Of how many refused entries of an import more than the number outlives a restart."""
CALENDAR: Final = "text/calendar"
CONTACTS: Final = "text/vcard"
CUT_OFF: Final = (
    "The twin was restarted meanwhile. Import the file again: what is there is not written twice."
)
STOPPED: Final = "It was stopped; what was written until then stays."
FAILED: Final = "The twin failed at it; its server's log says why."

State: TypeAlias = Literal["running", "done", "failed"]
Reader: TypeAlias = Callable[[str], tuple[list[Entry], list[Refused]]]
READERS: Final[Mapping[str, tuple[Reader, tuple[str, ...]]]] = {
    CALENDAR: (read_entries, ("Event", "Task")),
    CONTACTS: (read_cards, ("Card",)),
}
"""By media type, who reads such files, and what `@type` says of what is in them."""


@dataclass(slots=True)
class Import:
    """One import, and how far it is."""

    import_id: str
    room_id: str
    media_type: str
    started: int
    """In milliseconds since 1970."""
    ended: int = 0
    """The same; 0 while it runs."""
    state: State = "running"
    problem: str = ""
    """Why it failed."""
    tally: Tally = field(default_factory=Tally)
    more_refused: int = 0
    """How many refused entries were counted and are no longer named."""

    def record(self) -> dict[str, Any]:
        """Return it as it is kept."""
        refused = self.tally.refused
        return {
            "room_id": self.room_id,
            "media_type": self.media_type,
            "started": self.started,
            "ended": self.ended,
            "state": self.state,
            "problem": self.problem,
            "total": self.tally.total,
            "written": self.tally.written,
            "unchanged": self.tally.unchanged,
            "refused": [[each.name, each.reason] for each in refused[:MOST_REFUSED_KEPT]],
            "more_refused": self.more_refused + len(refused[MOST_REFUSED_KEPT:]),
        }


class Imports:
    """The owner's imports; one per twin."""

    def __init__(self, homeserver: Homeserver, filling: Filling, projector: Projector) -> None:
        self._homeserver = homeserver
        self._filling = filling
        self._projector = projector
        self._known: dict[str, Import] | None = None

    async def begin(self, room_id: str, media_type: str, data: bytes) -> Import:
        """Begin to import a file into a room, and return at once.

        Args:
            room_id: of a room that the owner is in.
            media_type: one of READERS.
            data: the file.

        Raises:
            Forbidden: the owner may not write there.
            InvalidParam: the twin reads no such files, or there is nothing in it.
            TooOften: too many imports run already.
        """
        if media_type not in READERS:
            raise InvalidParam(f"A file is of one of these types: {', '.join(READERS)}.")
        _, names = READERS[media_type]
        await self._filling.check_rights(room_id, names)
        if not data.strip():
            raise InvalidParam("There is nothing in the file.")
        known = await self._all()
        if sum(each.state == "running" for each in known.values()) >= MOST_AT_ONCE:
            raise TooOften(
                f"{MOST_AT_ONCE} imports run already; begin this one when one of them is done.",
                retry_after_ms=10_000,
            )
        new = Import(self._homeserver.new_uid(), room_id, media_type, self._homeserver.now())
        known[new.import_id] = new
        await self._keep()
        self._homeserver.background("twin_import", lambda: self._run(new, data))
        return new

    async def listed(self) -> list[Import]:
        """Return the last imports, newest first."""
        known = (await self._all()).values()
        return sorted(known, key=lambda each: (-each.started, each.import_id))

    async def find(self, import_id: str) -> Import:
        """Return an import.

        Raises:
            NotFound: there is none of this ID.
        """
        found = (await self._all()).get(import_id)
        if found is None:
            raise NotFound(f"There is no import {import_id!r}.")
        return found

    async def stop(self, import_id: str) -> None:
        """Stop an import that runs; forget one that is over.

        Raises:
            NotFound: there is none of this ID.
        """
        found = await self.find(import_id)
        if found.state == "running":
            self._end(found, STOPPED)
        else:
            (await self._all()).pop(import_id, None)
        await self._keep()

    # Inside

    async def _run(self, running: Import, data: bytes) -> None:
        try:
            problem = await self._outcome(running, data)
            if running.state == "running":
                self._end(running, problem)
            await self._keep()
        except Exception:
            logger.exception("What became of an import could not be kept")

    async def _outcome(self, running: Import, data: bytes) -> str:
        """Import a file, and return why that failed, empty if it did not."""
        try:
            async with self._homeserver.lock(IMPORTS):
                if running.state == "running":
                    await self._fill(running, data)
            await self._projector.catch_up()
        except TwinError as error:
            return error.message
        except Exception:
            logger.exception("An import failed")
            return FAILED
        return ""

    def _end(self, running: Import, problem: str) -> None:
        running.state = "failed" if problem else "done"
        running.problem = problem
        running.ended = self._homeserver.now()

    async def _fill(self, running: Import, data: bytes) -> None:
        read, _ = READERS[running.media_type]

        def work() -> tuple[int, dict[Key, Mapping[str, Any]], list[Refused]]:
            entries, refused = read(decoded(data))
            total = len(entries) + len(refused)
            return total, self._filling.judged(entries, refused), refused

        tally = running.tally
        tally.total, contents, tally.refused = await self._homeserver.in_thread(work)
        if not tally.total:
            raise InvalidParam("There is no entry in the file that could be read.")
        await self._filling.write(
            running.room_id, contents, tally, lambda: running.state == "running"
        )

    async def _all(self) -> dict[str, Import]:
        if self._known is None:
            kept = (await self._homeserver.account_data(IMPORTS)).get("imports")
            read = _read_all(kept if isinstance(kept, Mapping) else {})
            # Whoever was faster has the ones that run.
            if self._known is None:
                self._known = read
        return self._known

    async def _keep(self) -> None:
        async with self._homeserver.lock(f"{IMPORTS} kept"):
            known = await self._all()
            for old in (await self.listed())[MOST_KEPT:]:
                if old.state != "running":
                    known.pop(old.import_id, None)
            records = {each.import_id: each.record() for each in known.values()}
            await self._homeserver.put_account_data(IMPORTS, {"imports": records})


def decoded(data: bytes) -> str:
    """Return the text of a file: UTF-8 as its standard has it, else what older programs write."""
    for start, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"", "utf-8-sig")):
        if data.startswith(start):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return data.decode("cp1252", "replace")


def _read_all(records: Mapping[str, Any]) -> dict[str, Import]:
    """Return imports as they were kept; any client may have written them."""
    found = {}
    for import_id, record in records.items():
        if isinstance(record, Mapping) and _is_record(record):
            found[str(import_id)] = _read(str(import_id), record)
    return found


_TEXTS: Final = ("room_id", "media_type", "state", "problem")
_NUMBERS: Final = ("started", "ended", "total", "written", "unchanged", "more_refused")


def _is_record(record: Mapping[str, Any]) -> bool:
    refused = record.get("refused")
    return (
        all(isinstance(record.get(name), str) for name in _TEXTS)
        and all(type(record.get(name)) is int and record[name] >= 0 for name in _NUMBERS)
        and isinstance(refused, Sequence)
        and all(
            isinstance(each, Sequence) and [type(part) for part in each] == [str, str]
            for each in refused
        )
    )


def _read(import_id: str, record: Mapping[str, Any]) -> Import:
    tally = Tally(record["total"], record["written"], record["unchanged"])
    tally.refused = [Refused(name, reason) for name, reason in record["refused"]]
    found = Import(
        import_id,
        record["room_id"],
        record["media_type"],
        record["started"],
        record["ended"],
        "done" if record["state"] == "done" else "failed",
        record["problem"],
        tally,
        record["more_refused"],
    )
    if record["state"] == "running":
        found.problem = CUT_OFF
    return found
