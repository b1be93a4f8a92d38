"""The line by which a new host invites a twin, and no secret: a key of age for one move, and what runs there.

It reads `twin-move1KEY-SYNAPSE-TWIN-CHECK`: the public part of the key without its `age1`, the newest tables that the
programs of the new host know, and a checksum, so that a letter that was lost on the way is noticed.
"""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from twin_module.host.backup.owner_key import check_public
from twin_module.host.backup.tables import Tables
from twin_module.host.errors import HostError

BEGIN: Final = "twin-move1"
AGE: Final = "age1"
CHECK_LETTERS: Final = 6
FORM: Final = re.compile(
    BEGIN + r"(?P<key>[a-z0-9]+)-(?P<synapse>[0-9]{1,9})-(?P<twin>[0-9]{1,9})-(?P<check>[0-9a-f]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a new host says before the old one seals anything."""

    public: str
    """The public part of its key for this move."""
    knows: Tables
    """The newest tables that its programs can work with."""


def as_line(invitation: Invitation) -> str:
    """Return an invitation as it is handed on."""
    knows = invitation.knows
    said = f"{BEGIN}{invitation.public.removeprefix(AGE)}-{knows.synapse}-{knows.twin}"
    return f"{said}-{_check(said)}"


def read_line(line: str) -> Invitation:
    """Return the invitation of a line.

    Raises:
        HostError: it is none; it is not repeated, it might be a secret.
    """
    found = FORM.fullmatch(line.strip())
    if found is not None and found["check"] == _check(found[0].rpartition("-")[0]):
        public = AGE + found["key"]
        with suppress(HostError):
            check_public(public)
            return Invitation(public, Tables(int(found["synapse"]), int(found["twin"])))
    raise HostError(
        f"That is no invitation, or not all of one: it begins with {BEGIN}, and the new host makes it with "
        "`twin move NAME --receive`."
    )


def _check(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:CHECK_LETTERS]
