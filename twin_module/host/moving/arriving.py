"""The new host's side of a move.

Nothing of a twin can run here before its release was checked; then the twin is noted as arriving, made
of the sealed copy, its invitation used up, and only then the table says that it is up.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml

from twin_module.host.backup.durable import failures_in_words, sync_folder, write_file
from twin_module.host.backup.owner_key import new_key, read_keys
from twin_module.host.backup.restore import restore
from twin_module.host.backup.twin_files import CONFIG, database_of, read_config
from twin_module.host.errors import HostError
from twin_module.host.folder import EXTRA
from twin_module.host.moving.checking import check_release
from twin_module.host.moving.copying import Progress
from twin_module.host.moving.invitation import Invitation, as_line
from twin_module.host.moving.move_places import RECEIPT, MovePlaces
from twin_module.host.moving.notes import Arrived, note_used, read_note, write_note
from twin_module.host.moving.papers import make_receipt, signing_key_in
from twin_module.host.moving.running import RunningHost
from twin_module.host.table import (
    Entry,
    changing_table,
    check_free,
    check_name,
    elsewhere,
    read_table,
    set_state,
)

EXTRA_OF_OLD_HOST: Final = f"{EXTRA}.moved"
POOL: Final = {"cp_min": 1, "cp_max": 5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A twin that lives here now."""

    name: str
    server_name: str
    runs: bool
    """Whether it runs, and has its receipt; False where no host runs here."""
    settings: str | None
    """Where the old host's own settings of it lie, which are not used."""


def invite(places: MovePlaces, host: RunningHost) -> str:
    """Return the invitation of a twin to this host, made when there is none.

    Raises:
        HostError: there is such a twin here already, or something of one; or what runs here is not what is installed.
    """
    check_name(places.name)
    knows = host.knows()
    with places.turn(), failures_in_words("Nobody was invited."):
        _check_no_other(places, read_table(places.host.data))
        places.notes.mkdir(mode=0o700, exist_ok=True)
        if places.key.exists():
            [key, *_] = read_keys(places.key)
            return as_line(Invitation(str(key.to_public()), knows))
        # A killed one may have left half of a key, which was never told to anybody.
        making = places.key.with_name(f".{places.key.name}.new")
        making.unlink(missing_ok=True)
        public = new_key(making, datetime.now(UTC))
        making.replace(places.key)
        sync_folder(places.notes)
        return as_line(Invitation(public, knows))


def arrive(
    places: MovePlaces,
    host: RunningHost,
    target: Path,
    trust: str,
    database: Mapping[str, str | int] | None,
    progress: Progress,
) -> Came:
    """Take in a twin that was released for this host; may be cut anywhere, and is then called again.

    Args:
        places: of the twin's moves.
        host: the one that may run here.
        target: the folder that it moves through.
        trust: its trust domain here.
        database: connection arguments of an empty PostgreSQL database, for a twin that had one.
        progress: told how far it is, often.

    Raises:
        HostError: it was not released for this host yet, or it is not whole, or it does not come up.
    """
    with places.turn(), failures_in_words("Run it again, it goes on."):
        table = read_table(places.host.data)
        arrived = read_note(places.arrived, Arrived)
        if arrived is None:
            _check_no_other(places, table)
            arrived = _take_in(places, host, target, trust, database, progress)
        entry = places.entry
        if entry.state in {"moving", "moved"}:
            raise elsewhere(entry)
        note_used(places.used, arrived.invitation)
        _forget_key(places)
        if entry.state == "arriving":
            set_state(places.host.data, places.name, "up", among={"arriving"})
        runs = host.bring_up(places.name)
        if runs:
            host.wake(places.name)
            _write_receipt(places, arrived, target)
        settings = places.home / EXTRA_OF_OLD_HOST
        return Came(
            name=places.name,
            server_name=arrived.server_name,
            runs=runs,
            settings=str(settings) if settings.exists() else None,
        )


def _check_no_other(places: MovePlaces, table: Mapping[str, Entry]) -> None:
    """Refuse to have a twin come where there is one, or what is left of one."""
    entry = table.get(places.name)
    if entry is not None and (entry.at_home or entry.state == "moving"):
        raise elsewhere(entry)
    if places.leaving.exists() or places.gone.exists():
        raise HostError(
            f"What is left of {places.name}'s twin since it moved away is still here; remove it first with "
            f"`twin move {places.name} --finish FOLDER`."
        )
    if (entry is None or entry.state == "moved") and places.home.exists():
        raise HostError(f"{places.home} is there, but no twin of this host; put it elsewhere.")


# Taking in


def _take_in(
    places: MovePlaces,
    host: RunningHost,
    target: Path,
    trust: str,
    database: Mapping[str, str | int] | None,
    progress: Progress,
) -> Arrived:
    """Make the twin of its copy, and use its invitation up."""
    checked = check_release(places, target, host.knows())
    if checked.contents.dump is not None and database is None:
        raise HostError(
            f"{places.name}'s twin is on PostgreSQL: make an empty database for it here, and name it with "
            "--database FILE."
        )
    release = checked.release
    before = read_table(places.host.data).get(places.name)
    entry = _expect(places, Entry(release.name, release.server_name, trust, "arriving"))
    try:
        if not places.home.exists():
            # It appears whole, or not at all.
            restore(
                target,
                places.key,
                places.home,
                only=checked.snapshot,
                database=database,
                progress=progress,
            )
        # What was given to a user of this host already is settled.
        if places.home.stat().st_uid == os.geteuid():
            _settle(places, on_postgres=checked.contents.dump is not None)
        host.configure(entry)
        # The files were on the disk already; these few are as well before the twin counts as here.
        os.sync()
    except HostError:
        if not places.home.exists():
            _expect_no_longer(places, before)
        raise
    arrived = Arrived(invitation=release.invitation, server_name=release.server_name)
    write_note(places.arrived, arrived)
    return arrived


def _expect(places: MovePlaces, entry: Entry) -> Entry:
    """Note in the table that a twin arrives, and return its line."""
    with changing_table(places.host.data) as known:
        _check_no_other(places, known)
        there = known.get(entry.name)
        if there is not None and there.state == "arriving":
            if there.server_name != entry.server_name:
                raise HostError(
                    f"Of this name {there.server_name} arrives; {entry.server_name} can't as well."
                )
            return there
        check_free(known, entry)
        known[entry.name] = entry
        return entry


def _expect_no_longer(places: MovePlaces, before: Entry | None) -> None:
    """Put the twin's line back: it may say that the twin moved away from here once."""
    with changing_table(places.host.data) as known:
        if before is not None:
            known[places.name] = before
        else:
            known.pop(places.name, None)


def _settle(places: MovePlaces, *, on_postgres: bool) -> None:
    """Put aside what the old host's people have set, and keep where the database is; may be repeated.

    What another host wrote would be run here: Synapse loads any module that its configuration names.
    """
    config, extra = places.home / CONFIG, places.home / EXTRA
    aside = places.home / EXTRA_OF_OLD_HOST
    ours = b""
    if on_postgres:
        # Those that were given here: they stand there since the database was loaded.
        _, arguments = database_of(config, read_config(config))
        given = {key: each for key, each in arguments.items() if not key.startswith("cp_")}
        database = {"name": "psycopg2", "args": {**given, **POOL}}
        ours = yaml.safe_dump({"database": database}, sort_keys=False).encode()
    if extra.exists() and extra.read_bytes() != ours:
        extra.replace(aside)
    if ours:
        write_file(extra, ours)


# Afterwards


def _forget_key(places: MovePlaces) -> None:
    if places.key.exists():
        places.key.unlink()
        sync_folder(places.notes)


def _write_receipt(places: MovePlaces, arrived: Arrived, target: Path) -> None:
    key = signing_key_in(places.home)
    receipt = make_receipt(arrived.server_name, arrived.invitation, key)
    with failures_in_words(
        f"{places.name}'s twin runs here; only the receipt in {target} is missing. Run it again."
    ):
        write_file(target / RECEIPT, receipt)
