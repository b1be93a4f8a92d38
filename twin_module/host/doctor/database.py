"""Check: whether the database is whole, and fits the Synapse and the module that are installed."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from twin_module.core.canonical import shown
from twin_module.host.doctor.books import Books, Unreadable, log_of, read_steadily
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.record import CROWDED, Record, read_record
from twin_module.host.doctor.sizes import in_words
from twin_module.host.doctor.synapse_says import SynapseSays

CHECK: Final = "database"
LARGE_LOG: Final = 256 * 1024 * 1024
QUICK_SECONDS: Final = 60
MOST_FAULTS: Final = 3
OLDEST_POSTGRES: Final = 14
"""What Synapse 1.163 asks for."""


def read_database(patient: Patient) -> tuple[Record | None, list[Finding]]:
    """Read what the checks want to know of the database; None where it can't be read."""
    found: list[Record] = []

    def read(books: Books) -> None:
        found.append(read_record(books, patient.server_name))

    try:
        read_steadily(patient, read)
    except Unreadable as error:
        fix = "See whether PostgreSQL runs and lets the twin in."
        if patient.database_file is not None:
            fix = f"Put its folder aside, and the twin back: `twin restore {patient.name} FOLDER --key FILE`."
        return None, [problem(CHECK, f"The database can't be read: {error}.", fix)]
    return found[-1], []


def look_at_integrity(
    patient: Patient, elapsed: Callable[[], float], *, thorough: bool
) -> list[Finding]:
    """Let SQLite look through its file; of PostgreSQL, its own tools know more.

    Args:
        patient: the twin.
        elapsed: seconds on a clock that nobody sets.
        thorough: whether to compare indexes as well, however long it takes.
    """
    file = patient.database_file
    if file is None:
        return []
    if not file.exists():
        return []  # That is said where it is read.
    end = elapsed() + QUICK_SECONDS
    faults: list[str] = []

    def look(books: Books) -> None:
        pragma = "integrity_check" if thorough else "quick_check"
        faults[:] = [str(row[0]) for row in books.query(f"PRAGMA {pragma}({MOST_FAULTS})")]

    try:
        read_steadily(patient, look, lambda: thorough or elapsed() < end)
    except Unreadable as error:
        if str(error) == "interrupted":
            return [skipped(CHECK, f"It is so large that it takes more than {QUICK_SECONDS} s.")]
        faults = [str(error)]
    if faults != ["ok"]:
        said = "; ".join(shown(" ".join(each.split())) for each in faults)
        return [
            problem(
                CHECK,
                f"The file is damaged: {said}",
                f"Take the twin down, put its folder aside, and restore it: `twin restore {patient.name} FOLDER --key FILE`. Look at the disk, too.",
            )
        ]
    depth = "integrity check" if thorough else "quick check"
    return [ok(CHECK, f"SQLite finds nothing wrong in {in_words(file.stat().st_size)} ({depth}).")]


def look_at_record(patient: Patient, record: Record, said: SynapseSays) -> list[Finding]:
    """Tell whether the database fits what is installed, and how it does."""
    return [
        *_schema(record, said),
        *_own_tables(record, said),
        *_rooms(record.crowded),
        *_postgres(patient, record),
        *_log(patient.database_file),
    ]


def _schema(record: Record, said: SynapseSays) -> list[Finding]:
    newest, oldest = said.newest_schema, said.compatible_schema
    if record.schema is None:
        return [
            problem(
                CHECK,
                "It has no tables of Synapse's.",
                "Start the twin once; if it lived before, restore it from a backup.",
            )
        ]
    if newest is None or oldest is None:
        return []
    if (record.compatible or record.schema) > newest:
        return [
            problem(
                CHECK,
                f"A newer Synapse wrote it (schema {record.schema}); the one here knows {newest}.",
                "Install the Synapse that the twin had, or a newer one, then `twin upgrade`.",
            )
        ]
    if record.schema < newest:
        return [ok(CHECK, f"Its schema is {record.schema}; the next start brings it to {newest}.")]
    return []


def _own_tables(record: Record, said: SynapseSays) -> list[Finding]:
    if not record.has_position or record.twin_schema is None:
        return [
            problem(
                CHECK,
                "The tables of the twin's own are missing.",
                "Start the twin; if they do not come, see `twin logs` for what its module says.",
            )
        ]
    if said.twin_schema is not None and record.twin_schema > said.twin_schema:
        return [
            problem(
                CHECK,
                f"A newer twin module wrote it (tables {record.twin_schema}); the one here knows {said.twin_schema}.",
                "Install the version that the twin had, or a newer one, then `twin upgrade`.",
            )
        ]
    return []


def _rooms(crowded: Iterable[tuple[str, int]]) -> list[Finding]:
    rooms = [f"{shown(room_id)} ({count})" for room_id, count in crowded]
    if not rooms:
        return []
    return [
        warning(
            CHECK,
            f"Rooms have more than {CROWDED} loose ends, which makes them slow: {', '.join(rooms)}.",
            "Send a message in each: the next event ties them up. If they come back, leave the room.",
        )
    ]


def _postgres(patient: Patient, record: Record) -> list[Finding]:
    found = []
    again = (
        "Make it anew with createdb --encoding=UTF8 --locale=C --template=template0, and restore."
    )
    if record.engine == "PostgreSQL" and int(record.version.split(".")[0]) < OLDEST_POSTGRES:
        says = f"PostgreSQL is {record.version}, and Synapse needs {OLDEST_POSTGRES}."
        found.append(problem(CHECK, says, "Upgrade PostgreSQL (pg_upgradecluster on Debian)."))
    if record.encoding not in (None, "UTF8"):
        found.append(
            problem(CHECK, f"Its encoding is {shown(record.encoding or '')}, not UTF8.", again)
        )
    if record.locale is not None and record.locale != ("C", "C"):
        arguments = patient.database
        make = warning if arguments.get("allow_unsafe_locale") is True else problem
        names = " and ".join(dict.fromkeys(map(shown, record.locale)))
        found.append(make(CHECK, f"It sorts by {names}, not by C.", again))
    return found


def _log(file: Path | None) -> list[Finding]:
    try:
        size = log_of(file).stat().st_size if file is not None else 0
    except OSError:
        return []
    if size < LARGE_LOG:
        return []
    return [
        warning(
            CHECK,
            f"{in_words(size)} wait in {log_of(file).name if file else ''} to be written to the file.",
            "Put the twin to sleep once, which writes them; something may hold an old read open.",
        )
    ]
