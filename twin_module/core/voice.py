"""The twin's voice: a second local account that speaks to the owner, and what it makes and sends.

Push rules never notify people of their own messages (client-server API, "Push Rules"), so the twin
can't reach its owner by their own account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from twin_module.core.layout import ROOM_VERSION, closed_to_guests
from twin_module.core.state import NAMESPACE, Content, frozen

VOICE_TYPE: Final = f"{NAMESPACE}.voice"
"""The kind of account that the voice is, which tells it from one that somebody made before."""
LOCALPARTS: Final = ("twin", "companion")
KEY: Final = "key"
ABOUT: Final = "about"
CHOICES: Final = "choices"
TOPIC: Final = "topic"
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


@dataclass(frozen=True, slots=True)
class About:
    """An object that a message speaks of."""

    room_id: str
    type: str
    uid: str
    recurrence_id: str | None = None
    """Which time of a series."""

    def as_json(self) -> dict[str, Any]:
        """Return it as it stands in a message."""
        named = {"room_id": self.room_id, "type": self.type, "uid": self.uid}
        return {**named, **({"recurrence_id": self.recurrence_id} if self.recurrence_id else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A message of the voice. What it is about rides along, so that who answers is understood."""

    body: str
    """As plain text; with `html` less than 40,000 bytes, of an edit, which has both twice, 20,000."""
    html: str | None = None
    """The same as HTML of Matrix (client-server API, "m.room.message msgtypes")."""
    notice: bool = False
    """Whether it disturbs nobody; what is to be pushed is none, see `message`."""
    mentions: tuple[str, ...] = ()
    """Whom it pings, by Matrix ID."""
    about: tuple[About, ...] = ()
    """Objects, in the order of their numbers where the message counts them."""
    choices: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    """What the numbers of a question stand for; only the twin itself reads them again."""
    topic: str | None = None
    """What kind of message it is where an answer depends on that: `brief`, `question`."""
    reply_to: str | None = None
    """The event that it answers."""
    thread: str | None = None
    """The root of the thread that it stands in."""
    replaces: str | None = None
    """The voice's own event that it takes the place of."""


def message(said: Said, key: str) -> Content:
    """Return the content of a message; `key` is what it is found again by.

    What pings is `m.text`: `.m.rule.suppress_notices` keeps `m.notice` from being pushed,
    mentions or not (client-server API, "Default Override Rules").
    """
    ours: dict[str, Any] = {KEY: key}
    if said.about:
        ours[ABOUT] = [each.as_json() for each in said.about]
    if said.choices:
        ours[CHOICES] = [dict(each) for each in said.choices]
    if said.topic:
        ours[TOPIC] = said.topic
    content = {
        **_shown(said),
        "m.mentions": {"user_ids": list(said.mentions)} if said.mentions else {},
        NAMESPACE: ours,
    }
    if said.replaces is not None:
        # Who can't show edits sees the whole text again, marked as clients mark it.
        fallback = {**_shown(said), "body": f"* {said.body}"}
        edit = {"rel_type": "m.replace", "event_id": said.replaces}
        return frozen({**content, **fallback, "m.new_content": content, "m.relates_to": edit})
    relation: dict[str, Any] = {}
    if said.thread is not None:
        relation |= {"rel_type": "m.thread", "event_id": said.thread}
        relation |= {"is_falling_back": said.reply_to is None}
    if said.reply_to is not None or said.thread is not None:
        relation["m.in_reply_to"] = {"event_id": said.reply_to or said.thread}
    return frozen({**content, **({"m.relates_to": relation} if relation else {})})


def _shown(said: Said) -> dict[str, Any]:
    html = said.html
    formatted = {"format": "org.matrix.custom.html", "formatted_body": html} if html else {}
    return {"msgtype": "m.notice" if said.notice else "m.text", "body": said.body, **formatted}


def key_in(content: Any) -> str | None:
    """Return the key of a message, None where it has none."""
    ours = content.get(NAMESPACE) if isinstance(content, Mapping) else None
    key = ours.get(KEY) if isinstance(ours, Mapping) else None
    return key if isinstance(key, str) else None


def key_of(*parts: str) -> str:
    """Return a key of bounded length that only these parts have, in this order."""
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
