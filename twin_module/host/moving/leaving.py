"""The old host's side of a move.

One write decides: the one that turns `moving` into `moved` in the table. Before it the twin can stay,
and nothing that the new host has lets it run there. After it this host refuses for ever, and what the new
host needs is written as often as it takes.
"""

import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twin_module.host.backup import postgres
from twin_module.host.backup.durable import failures_in_words, sync_folder, write_file
from twin_module.host.backup.settings import state_folder
from twin_module.host.backup.twin_files import TwinFiles
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.host.moving.copying import (
    DATABASE,
    Copied,
    Copier,
    Progress,
    read_gone,
    read_moving,
)
from twin_module.host.moving.move_places import RECEIPT, RELEASE, RUNNING, MovePlaces
from twin_module.host.moving.notes import Leaving, is_used, note_used, read_note, write_note
from twin_module.host.moving.papers import (
    NotValid,
    Release,
    check_receipt,
    seal_release,
    signing_key_in,
    verify_key_of,
)
from twin_module.host.moving.running import RunningHost
from twin_module.host.table import (
    AT_HOME,
    Entry,
    State,
    elsewhere,
    line_of,
    read_table,
    set_state,
)

MOST_ROUNDS: Final = 3
SHORT_SECONDS: Final = 30.0
"""A copy that took longer is made once more while the twin runs: what is left for the pause is then little."""
ENDING_SECONDS: Final = 30.0
"""How long the process of a host that was killed may take to let go of a twin."""
LOOK_SECONDS: Final = 0.05
BUSY_SECONDS: Final = 5.0
"""How long others may take to close the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A twin that was released to its new host."""

    name: str
    server_name: str
    target: str
    seconds: float | None
    """How long it answered nobody until the release was written; None when that was done earlier."""
    written: int
    """Bytes that were sealed in this time."""
    received: bool
    """Whether the new host has written its receipt already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is left of a twin that has arrived elsewhere: a line in the table."""

    name: str
    server_name: str
    postgres: bool
    """Whether it had a database on PostgreSQL, which is still there."""


def leave(
    places: MovePlaces, host: RunningHost, public: str, target: Path, progress: Progress
) -> Left:
    """Seal a twin for another host, and release it; may be cut anywhere, and is then called again.

    Args:
        places: of the twin's moves.
        host: the one that may run here.
        public: the public part of the new host's key.
        target: a folder for this move alone, that both hosts reach; absolute.
        progress: told how far it is, often.

    Raises:
        HostError: the twin stays here as it was, or it was released before and the sentence says what is missing.
    """
    with places.turn(), failures_in_words("Run it again, it goes on."):
        entry = _entry(places)
        if entry.at_home:
            return _begin(places, host, entry, public, target, progress)
        note = read_note(places.leaving, Leaving)
        if note is None or entry.state == "arriving":
            raise elsewhere(entry)
        if note.invitation != public:
            raise HostError(_other_move(entry, note))
        if entry.state == "moving":
            if note.target != str(target):
                raise HostError(_other_move(entry, note))
            return _depart(places, host, entry, note, progress)
        return _release_again(places, entry, replace(note, target=str(target)), progress)


def cancel(places: MovePlaces, host: RunningHost) -> tuple[Entry, bool]:
    """Keep a twin that was on its way, as it was before; returns its line, and whether a host runs.

    Raises:
        HostError: it was released.
    """
    with places.turn(), failures_in_words("Run it again."):
        entry = _entry(places)
        if entry.state not in {*AT_HOME, "moving"}:
            raise elsewhere(entry)
        return _stay(places, host)


def finish(places: MovePlaces, target: Path) -> Finished:
    """Remove what is left of a twin here, when the new host's receipt says that it is there.

    Raises:
        HostError: there is no receipt, or not the right one.
    """
    with places.turn(), failures_in_words("Run it again, it goes on."):
        entry = _entry(places)
        if entry.state != "moved":
            raise elsewhere(entry)
        note = read_note(places.leaving, Leaving)
        on_postgres = False
        if note is not None:
            if not note.received:
                _check_receipt(places, entry, note, target)
                note = replace(note, received=True)
                write_note(places.leaving, note)
            note_used(places.used, note.invitation)
            on_postgres = places.gone.exists() and not (places.gone / DATABASE).exists()
            _remove(places, entry)
        return Finished(name=entry.name, server_name=entry.server_name, postgres=on_postgres)


# Before it is released


def _begin(
    places: MovePlaces,
    host: RunningHost,
    entry: Entry,
    public: str,
    target: Path,
    progress: Progress,
) -> Left:
    """Copy a twin while it runs, then let it go."""
    if entry.client_port is not None:
        raise HostError(
            f"{entry.name}'s twin is one for trying out: it is called {entry.server_name}, after a port "
            "of this machine, and can't be anywhere else."
        )
    if target.resolve().is_relative_to(places.home.resolve()):
        raise HostError(f"{target} is in the twin's own folder. Choose another.")
    if places.gone.exists():
        raise HostError(f"{places.gone} is left over from another move; put it elsewhere.")
    if is_used(places.used, public):
        raise HostError(
            f"That invitation was used by an earlier move. The new host makes another: `twin move {entry.name} "
            "--receive`."
        )
    twin = read_moving(places.home, entry)
    signing_key_in(places.home)
    places.notes.mkdir(mode=0o700, exist_ok=True)
    note = Leaving(invitation=public, target=str(target), was=entry.state)
    write_note(places.leaving, note)
    copier = Copier(entry, public, target, places.notes, progress)
    for _ in range(MOST_ROUNDS):
        copied = copier.copy(twin)
        if copied.seconds < SHORT_SECONDS:
            break
    # What an earlier run has written is read again here, where nobody waits.
    if not copier.is_whole(copied.snapshot, copied.sha256):
        copier.copy(twin)
    return _depart(places, host, entry, note, progress)


def _depart(
    places: MovePlaces, host: RunningHost, entry: Entry, note: Leaving, progress: Progress
) -> Left:
    """Let nobody run a twin any more, copy what is new, and release it."""
    began = time.monotonic()
    if (was := _entry(places)).at_home:
        note = replace(note, was=was.state)
        write_note(places.leaving, note)
    set_state(places.host.data, entry.name, "moving", among={*AT_HOME, "moving"})
    try:
        host.take_down(entry.name)
        with _held(places):
            twin = read_moving(places.home, entry)
            _check_alone(twin)
            copier = Copier(entry, note.invitation, Path(note.target), places.notes, progress)
            copied = copier.copy(twin)
            note = _noted(places, note, copied)
            set_state(places.host.data, entry.name, "moved", among={"moving"})
            _put_away(places)
    except (HostError, OSError, sqlite3.Error, KeyboardInterrupt):
        # Nobody waits in the dark for what went wrong here.
        if _entry(places).state == "moving":
            _stay(places, host)
        raise
    _write_release(places, entry, note)
    return _left(entry, note, written=copied.written, seconds=time.monotonic() - began)


def _stay(places: MovePlaces, host: RunningHost) -> tuple[Entry, bool]:
    entry = _entry(places)
    if entry.state == "moving":
        note = read_note(places.leaving, Leaving)
        was: State = "up" if note is not None and note.was == "up" else "down"
        entry = set_state(places.host.data, entry.name, was, among={"moving"})
    runs = entry.state == "up" and host.bring_up(entry.name)
    places.leaving.unlink(missing_ok=True)
    return entry, runs


@contextmanager
def _held(places: MovePlaces) -> Iterator[None]:
    """Hold the lock that a process takes before it loads the twin."""
    path = places.home / RUNNING
    was_there, lock = path.exists(), FolderLock(path)
    if not lock.take_within(ENDING_SECONDS):
        raise HostError(f"A process still runs the twin in {places.home}; end it.")
    try:
        with lock:
            yield
    finally:
        # One of ours would be nothing that the twin's own user could open.
        if not was_there:
            path.unlink(missing_ok=True)


def _check_alone(twin: TwinFiles) -> None:
    """Refuse while another program has the database open, of which the host knows nothing."""
    until = time.monotonic() + BUSY_SECONDS
    while _is_open(twin.sqlite) if twin.sqlite else postgres.connections(twin.postgres):
        if time.monotonic() > until:
            raise HostError(
                f"Another program uses the database of the twin in {twin.folder}; end it."
            )
        time.sleep(LOOK_SECONDS)


def _is_open(database: Path) -> bool:
    """Tell whether anybody has a database open: SQLite gives its exclusive mode to lone ones only."""
    uri = f"{database.as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=0)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            # The lowest byte is the kind.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise
            return True
    return False


# When it is released


def _put_away(places: MovePlaces) -> None:
    """Move the twin's folder to where it can't run: all that it names it names by its old path."""
    if places.home.exists():
        places.gone.parent.mkdir(mode=0o700, exist_ok=True)
        places.home.rename(places.gone)
    sync_folder(places.gone.parent)
    sync_folder(places.host.data)


def _release_again(places: MovePlaces, entry: Entry, note: Leaving, progress: Progress) -> Left:
    """Write anew what is missing or damaged of a twin that was released, unless it has arrived."""
    _put_away(places)
    with suppress(HostError):
        _check_receipt(places, entry, note, Path(note.target))
        return _left(entry, note, received=True)
    copier = Copier(entry, note.invitation, Path(note.target), places.notes, progress)
    written = 0
    if not note.snapshot or not note.sha256 or not copier.is_whole(note.snapshot, note.sha256):
        copied = copier.copy(read_gone(places.gone, entry))
        written = copied.written
        note = _noted(places, note, copied)
    _write_release(places, entry, note)
    return _left(entry, note, written=written)


def _noted(places: MovePlaces, note: Leaving, copied: Copied) -> Leaving:
    note = replace(note, snapshot=copied.snapshot, sha256=copied.sha256)
    write_note(places.leaving, note)
    return note


def _write_release(places: MovePlaces, entry: Entry, note: Leaving) -> None:
    release = Release(
        name=entry.name,
        server_name=entry.server_name,
        invitation=note.invitation,
        snapshot=str(note.snapshot),
        sha256=str(note.sha256),
    )
    write_file(Path(note.target) / RELEASE, seal_release(release, signing_key_in(places.gone)))


def _left(
    entry: Entry,
    note: Leaving,
    *,
    written: int = 0,
    seconds: float | None = None,
    received: bool = False,
) -> Left:
    return Left(
        name=entry.name,
        server_name=entry.server_name,
        target=note.target,
        seconds=None if seconds is None else round(seconds, 3),
        written=written,
        received=received,
    )


# When it has arrived


def _check_receipt(places: MovePlaces, entry: Entry, note: Leaving, target: Path) -> None:
    path = target / RECEIPT
    key = verify_key_of(signing_key_in(places.gone))
    try:
        check_receipt(path.read_bytes(), entry.server_name, note.invitation, key)
    except FileNotFoundError:
        raise HostError(
            f"{target} has no receipt yet: the new host writes it with "
            f"`twin move {entry.name} --receive --from FOLDER`, once the twin runs there."
        ) from None
    except NotValid as error:
        raise HostError(f"{path} {error}; nothing was removed.") from None


def _remove(places: MovePlaces, entry: Entry) -> None:
    host = places.host
    for folder in (places.gone, state_folder(host.data, entry.name)):
        if folder.exists():
            shutil.rmtree(folder)
    for file in (host.well_known(entry.server_name), host.key_document(entry.server_name)):
        file.unlink(missing_ok=True)
    # The note last: as long as it is there, this goes on.
    shutil.rmtree(places.notes)


# Sentences


def _entry(places: MovePlaces) -> Entry:
    return line_of(places.host.data, read_table(places.host.data), places.name)


def _other_move(entry: Entry, note: Leaving) -> str:
    if entry.state == "moving":
        return (
            f"{entry.name}'s twin is on its way through {note.target}, by another invitation or another "
            f"folder. Keep it here first: `twin move {entry.name} --cancel`."
        )
    return (
        f"{entry.name}'s twin was released for another invitation, and can't go to two hosts. If that host "
        "is lost for good, docs/moving.md says what to do."
    )
