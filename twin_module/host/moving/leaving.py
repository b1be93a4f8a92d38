"""The old host's side of a move.

One write decides: the one that turns `moving` into `moved` in the table. Before it the twin can stay,
and nothing that the new host has lets it run there. After it this host refuses for ever, and what the new
host needs is written as often as it takes.
"""

import os
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from twin_module.host.backup.durable import failures_in_words, sync_folder, write_file
from twin_module.host.backup.reading_tables import needed_by
from twin_module.host.backup.tables import misfit
from twin_module.host.backup.twin_files import TwinFiles
from twin_module.host.errors import HostError
from twin_module.host.moving.alone import check_alone, held
from twin_module.host.moving.copying import Copied, Copier, Progress, read_gone, read_moving
from twin_module.host.moving.finishing import check_arrived
from twin_module.host.moving.invitation import Invitation
from twin_module.host.moving.move_places import RELEASE, MovePlaces
from twin_module.host.moving.notes import Leaving, is_used, read_note, write_note
from twin_module.host.moving.papers import Release, seal_release, signing_key_in
from twin_module.host.moving.running import RunningHost
from twin_module.host.table import AT_HOME, Entry, State, elsewhere, set_state
from twin_module.host.users import FOR_PASSING

MOST_ROUNDS: Final = 3
SHORT_SECONDS: Final = 30.0
"""A copy that took longer is made once more while the twin runs: what is left for the pause is then little."""


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


def leave(
    places: MovePlaces,
    host: RunningHost,
    invitation: Invitation,
    target: Path,
    progress: Progress,
) -> Left:
    """Seal a twin for another host, and release it; may be cut anywhere, and is then called again.

    Args:
        places: of the twin's moves.
        host: the one that may run here.
        invitation: of the new host.
        target: a folder for this move alone, that both hosts reach; absolute.
        progress: told how far it is, often.

    Raises:
        HostError: the twin stays here as it was, or it was released before and the sentence says what is missing.
    """
    with places.turn(), failures_in_words("Run it again, it goes on."):
        entry = places.entry
        if entry.at_home:
            return _begin(places, host, entry, invitation, target, progress)
        note = read_note(places.leaving, Leaving)
        if note is None or entry.state == "arriving":
            raise elsewhere(entry)
        if note.invitation != invitation.public:
            raise HostError(_other_move(entry, note))
        if entry.state == "moving":
            if note.target != str(target):
                raise HostError(_other_move(entry, note))
            return _depart(places, host, entry, note, invitation, progress)
        return _release_again(places, entry, replace(note, target=str(target)), progress)


def cancel(places: MovePlaces, host: RunningHost) -> tuple[Entry, bool]:
    """Keep a twin that was on its way, as it was before; returns its line, and whether a host runs.

    Raises:
        HostError: it was released.
    """
    with places.turn(), failures_in_words("Run it again."):
        entry = places.entry
        if entry.state not in {*AT_HOME, "moving"}:
            raise elsewhere(entry)
        return _stay(places, host)


# Before it is released


def _begin(
    places: MovePlaces,
    host: RunningHost,
    entry: Entry,
    invitation: Invitation,
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
    if is_used(places.used, invitation.public):
        raise HostError(
            f"That invitation was used by an earlier move. The new host makes another: `twin move {entry.name} "
            "--receive`."
        )
    twin = read_moving(places.home, entry)
    signing_key_in(places.home)
    _check_fits(entry, twin, invitation)
    places.notes.mkdir(mode=0o700, exist_ok=True)
    note = Leaving(invitation=invitation.public, target=str(target), was=entry.state)
    write_note(places.leaving, note)
    copier = Copier(entry, note.invitation, target, places.notes, progress)
    for _ in range(MOST_ROUNDS):
        copied = copier.copy(twin)
        if copied.seconds < SHORT_SECONDS:
            break
    # What an earlier run has written is read again here, where nobody waits.
    if not copier.is_whole(copied.snapshot, copied.sha256):
        copier.copy(twin)
    return _depart(places, host, entry, note, invitation, progress)


def _check_fits(entry: Entry, twin: TwinFiles, invitation: Invitation) -> None:
    """Refuse to hand a twin to a host whose programs are too old for its database."""
    if why := misfit(needed_by(twin), invitation.knows, "that of the new host"):
        raise HostError(
            f"{entry.name}'s twin {why}, so it stays here. Upgrade the new host and let it invite again: "
            f"`twin move {entry.name} --receive`."
        )


def _depart(
    places: MovePlaces,
    host: RunningHost,
    entry: Entry,
    note: Leaving,
    invitation: Invitation,
    progress: Progress,
) -> Left:
    """Let nobody run a twin any more, copy what is new, and release it."""
    began = time.monotonic()
    if (was := places.entry).at_home:
        note = replace(note, was=was.state)
        write_note(places.leaving, note)
    set_state(places.host.data, entry.name, "moving", among={*AT_HOME, "moving"})
    try:
        host.take_down(entry.name)
        with held(places):
            twin = read_moving(places.home, entry)
            check_alone(twin)
            # Once more: an upgrade of this host may have come since.
            _check_fits(entry, twin, invitation)
            copier = Copier(entry, note.invitation, Path(note.target), places.notes, progress)
            copied = copier.copy(twin)
            note = _noted(places, note, copied)
            set_state(places.host.data, entry.name, "moved", among={"moving"})
            _put_away(places)
    except (HostError, OSError, sqlite3.Error, KeyboardInterrupt):
        # Nobody waits in the dark for what went wrong here.
        if places.entry.state == "moving":
            _stay(places, host)
        raise
    _write_release(places, entry, note)
    return _left(entry, note, written=copied.written, seconds=time.monotonic() - began)


def _stay(places: MovePlaces, host: RunningHost) -> tuple[Entry, bool]:
    entry = places.entry
    if entry.state == "moving":
        note = read_note(places.leaving, Leaving)
        was: State = "up" if note is not None and note.was == "up" else "down"
        entry = set_state(places.host.data, entry.name, was, among={"moving"})
    runs = entry.state == "up" and host.bring_up(entry.name)
    places.leaving.unlink(missing_ok=True)
    return entry, runs


# When it is released


def _put_away(places: MovePlaces) -> None:
    """Move the twin's folder to where it can't run: all that it names it names by its old path."""
    if places.home.exists():
        places.gone.parent.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            # What root copies from there it copies as the twin's user, who has to get through.
            os.chown(places.gone.parent, -1, places.host.data.stat().st_gid)
            places.gone.parent.chmod(FOR_PASSING)
        places.home.rename(places.gone)
    sync_folder(places.gone.parent)
    sync_folder(places.host.data)


def _release_again(places: MovePlaces, entry: Entry, note: Leaving, progress: Progress) -> Left:
    """Write anew what is missing or damaged of a twin that was released, unless it has arrived."""
    _put_away(places)
    with suppress(HostError):
        check_arrived(places, entry, note, Path(note.target))
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


# Sentences


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
