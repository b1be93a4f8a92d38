"""The end of a move on the old host: what is left of the twin goes, once its receipt is there."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from twin_module.host.backup.durable import failures_in_words
from twin_module.host.backup.settings import state_folder
from twin_module.host.errors import HostError
from twin_module.host.moving.copying import DATABASE
from twin_module.host.moving.move_places import RECEIPT, MovePlaces
from twin_module.host.moving.notes import Leaving, note_used, read_note, write_note
from twin_module.host.moving.papers import NotValid, check_receipt, signing_key_in, verify_key_of
from twin_module.host.table import Entry, elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is left of a twin that has arrived elsewhere: a line in the table."""

    name: str
    server_name: str
    postgres: bool
    """Whether it had a database on PostgreSQL, which is still there."""


def finish(places: MovePlaces, target: Path) -> Finished:
    """Remove what is left of a twin here, when the new host's receipt says that it is there.

    Raises:
        HostError: there is no receipt, or not the right one.
    """
    with places.turn(), failures_in_words("Run it again, it goes on."):
        entry = places.entry
        if entry.state != "moved":
            raise elsewhere(entry)
        note = read_note(places.leaving, Leaving)
        on_postgres = False
        if note is not None:
            if not note.received:
                check_arrived(places, entry, note, target)
                note = replace(note, received=True)
                write_note(places.leaving, note)
            note_used(places.used, note.invitation)
            on_postgres = places.gone.exists() and not (places.gone / DATABASE).exists()
            _remove(places, entry)
        return Finished(name=entry.name, server_name=entry.server_name, postgres=on_postgres)


def check_arrived(places: MovePlaces, entry: Entry, note: Leaving, target: Path) -> None:
    """Refuse as long as the folder between has no receipt of the new host.

    Raises:
        HostError: it has none, or not the right one.
        OSError: it can't be read.
    """
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
