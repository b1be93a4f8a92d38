"""The twin's voice: a second local account that speaks to the owner, and what it makes and sends.

Push rules never notify people of their own messages (client-server API, "Push Rules"), so the twin
can't reach its owner by their own account.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from twin_module.core.layout import ROOM_VERSION, closed_to_guests
from twin_module.core.state import NAMESPACE, Content, frozen

VOICE_TYPE: Final = f"{NAMESPACE}.voice"
"""The kind of account that the voice is, which tells it from one that somebody made before."""
LOCALPARTS: Final = ("twin", "companion")
KEY: Final = "key"
MAX_NAME: Final = 200


def voice_of(owner: str) -> str:
    """Return the Matrix ID of the voice of somebody's twin."""
    localpart, _, server = owner.removeprefix("@").partition(":")
    free = next(each for each in LOCALPARTS if each != localpart)
    return f"@{free}:{server}"


def voice_name(owner: str, profile: Mapping[str, Any]) -> str:
    """Return the display name of the voice, in one line."""
    said = profile.get("displayname")
    name = " ".join(said.split()) if isinstance(said, str) else ""
    return f"Twin of {name or owner[1:].partition(':')[0]}"[:MAX_NAME]


def voice_room(owner: str) -> dict[str, Any]:
    """Return the body of `createRoom` for the chat of the two: nobody else ever gets in.

    The owner may write, and delete what was said, and nothing more. It has no name, so that
    clients call it by the other one in it.
    """
    return {
        "room_version": ROOM_VERSION,
        "preset": "private_chat",
        "visibility": "private",
        "is_direct": True,
        "invite": [owner],
        "creation_content": {"m.federate": False},
        "power_level_content_override": {
            "users_default": 0,
            "events_default": 0,
            "state_default": 100,
            "invite": 100,
            "kick": 100,
            "ban": 100,
            "redact": 0,
            "events": {},
        },
        "initial_state": closed_to_guests(),
    }


def message(body: str, html: str | None, owner: str, key: str) -> Content:
    """Return a message that speaks to the owner; `key` is what it is found again by.

    It is `m.text`, because `.m.rule.suppress_notices` keeps `m.notice` from being pushed.
    """
    formatted = {"format": "org.matrix.custom.html", "formatted_body": html} if html else {}
    return frozen(
        {
            "msgtype": "m.text",
            "body": body,
            **formatted,
            "m.mentions": {"user_ids": [owner]},
            NAMESPACE: {KEY: key},
        }
    )


def key_in(content: Any) -> str | None:
    """Return the key of a message, None where it has none."""
    ours = content.get(NAMESPACE) if isinstance(content, Mapping) else None
    key = ours.get(KEY) if isinstance(ours, Mapping) else None
    return key if isinstance(key, str) else None


def key_of(*parts: str) -> str:
    """Return a key of bounded length that only these parts have, in this order."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
