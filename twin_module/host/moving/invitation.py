"""The line by which a new host invites a twin: the public part of a key of age for one move, and no secret.

It ends with a checksum, as all keys of age do, so a letter that was lost on the way is noticed.
"""

from typing import Final

from twin_module.host.backup.owner_key import check_public
from twin_module.host.errors import HostError

BEGIN: Final = "twin-move1"
AGE: Final = "age1"


def as_line(public: str) -> str:
    """Return the invitation of a public part."""
    return BEGIN + public.removeprefix(AGE)


def public_of(line: str) -> str:
    """Return the public part of an invitation.

    Raises:
        HostError: it is none; it is not repeated, it might be a secret.
    """
    line = line.strip()
    public = AGE + line.removeprefix(BEGIN) if line.startswith(BEGIN) else ""
    try:
        check_public(public)
    except HostError:
        raise HostError(
            f"That is no invitation: it begins with {BEGIN}, and the new host makes it with "
            "`twin move NAME --receive`."
        ) from None
    return public
