"""What a host has to remember of a move between two commands; which of them may run the twin the table says alone."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from twin_module.host.backup.durable import write_file
from twin_module.host.errors import HostError

Note = TypeVar("Note", "Leaving", "Arrived")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A twin on its way from this host."""

    invitation: str
    """The public part of the new host's key."""
    target: str
    """The folder that it moves through."""
    was: str
    """`up` or `down`, before."""
    snapshot: str | None = None
    """The time of the last copy, made when nobody ran the twin any more."""
    sha256: str | None = None
    """Of its list."""
    received: bool = False
    """Whether the new host's receipt was there, so that what is left is being removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A twin that is on this host, whole; its invitation was used and can't be used again."""

    invitation: str
    server_name: str


def read_note(path: Path, kind: type[Note]) -> Note | None:
    """Return a note; None when there is none.

    Raises:
        HostError: it is damaged.
    """
    try:
        said: dict[str, Any] = json.loads(path.read_bytes())
        return kind(**{each.name: said[each.name] for each in fields(kind)})
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise HostError(f"{path} is damaged; put it back from a copy of this disk.") from None


def is_used(path: Path, invitation: str) -> bool:
    """Tell whether an invitation was used, as far as this host knows."""
    return path.exists() and invitation in path.read_text().splitlines()


def note_used(path: Path, invitation: str) -> None:
    """Note that an invitation was used."""
    if not is_used(path, invitation):
        before = path.read_text() if path.exists() else ""
        write_file(path, f"{before}{invitation}\n".encode())


def write_note(path: Path, note: Leaving | Arrived) -> None:
    """Write a note, so that it outlives a power cut."""
    write_file(path, json.dumps(asdict(note), indent=2).encode() + b"\n")
