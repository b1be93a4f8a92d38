"""Objects that are made once, however often they are asked for: by the key of the request.

Whoever lost the answer to a request that makes something does not know whether it was made. With an
`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) they ask again, with the same key: the
uid of what is made follows from it, so there is nothing to be kept, and nothing that a crash could take.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

from twin_module.core.errors import InvalidParam
from twin_module.core.state import Key, StateEvent
from twin_module.engine.orders import Written
from twin_module.engine.twin import Twin

HEADER: Final = "Idempotency-Key"
MOST: Final = 255
DESCRIPTION: Final = (
    f"Anything that this one request has and no other, at most {MOST} characters. Sent again with"
    " the same key, it makes nothing a second time, and answers with what is there."
)


def checked_key(value: str | None) -> str | None:
    """Return the key of a request, None where it has none.

    Raises:
        InvalidParam: it is too long, or has characters that can't be seen.
    """
    key = (value or "").strip()
    if len(key) > MOST or not key.isprintable():
        raise InvalidParam(f"{HEADER}: this has to have {MOST} printable characters at most.")
    return key or None


def uid_of(twin: Twin, key: str | None, number: int = 0) -> str:
    """Return the uid of what a request makes as its so-manieth object: a new one without a key."""
    if key is None:
        return twin.homeserver.new_uid()
    digest = sha256(f"{number} {key}".encode()).digest()[:16]
    return urlsafe_b64encode(digest).decode().rstrip("=").replace("-", "x")


async def made_before(twin: Twin, room_id: str, keys: Sequence[Key]) -> Mapping[Key, Written]:
    """Return what of some objects was made before, also what was removed since."""
    current: Mapping[Key, StateEvent] = await twin.homeserver.state(room_id, keys) if keys else {}
    return {key: Written(room_id, *key, event.event_id, False) for key, event in current.items()}
