"""What both clients can do: what people send with them, and what they show."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from twin_module.testing.person import Person, eventually

MESSAGE: Final = "m.room.message"


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as a client shows it: with the text of its newest edit."""

    event_id: str
    sender: str
    content: Mapping[str, Any]
    """Of the newest edit."""
    edited: bool = False
    reply_to: str | None = None

    @property
    def body(self) -> str:
        """Its plain text, which is all that a terminal has."""
        body: str = self.content["body"]
        return body

    @property
    def msgtype(self) -> str:
        """Its kind."""
        msgtype: str = self.content["msgtype"]
        return msgtype

    @property
    def pings(self) -> Sequence[str]:
        """Whom it mentions."""
        return list(self.content.get("m.mentions", {}).get("user_ids", ()))


class Reaction(NamedTuple):
    """A reaction to a message."""

    event_id: str
    """The message."""
    key: str
    sender: str


class Client(ABC):
    """A Matrix client that nobody here wrote, at which somebody is signed in."""

    old_replies = False
    """Whether it quotes in its answers, as clients did before version 1.13 of Matrix."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.user = person.owner

    # What each of them does in its own way

    @abstractmethod
    def send_event(self, room_id: str, event_type: str, content: Mapping[str, Any]) -> str:
        """Send an event and return its ID."""

    @abstractmethod
    def redact(self, room_id: str, event_id: str) -> None:
        """Take back an event."""

    @abstractmethod
    def messages(self, room_id: str) -> list[Shown]:
        """Return all messages of a room, the oldest first, without redacted ones."""

    @abstractmethod
    def reactions(self, room_id: str) -> list[Reaction]:
        """Return all reactions in a room."""

    @abstractmethod
    def rooms(self) -> Mapping[str, str]:
        """Return the names of the rooms that are shown as joined, by ID."""

    @abstractmethod
    def direct_chats(self) -> Mapping[str, Sequence[str]]:
        """Return the direct chats by who is in them."""

    @abstractmethod
    def highlights(self, room_id: str) -> int:
        """Return how many messages that speak to the person are unread."""

    @abstractmethod
    def close(self) -> None:
        """End the client."""

    # What people do with it

    def send(self, room_id: str, text: str, msgtype: str = "m.text") -> str:
        """Type a message."""
        return self._write(room_id, {"msgtype": msgtype, "body": text})

    def reply(self, room_id: str, event_id: str, text: str) -> str:
        """Answer a message."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if self.old_replies:
            message = self.message(room_id, event_id)
            first, *others = message.body.split("\n")
            quoted = "\n".join([f"> <{message.sender}> {first}", *(f"> {line}" for line in others)])
            content["body"] = f"{quoted}\n\n{text}"
            content["format"] = "org.matrix.custom.html"
            content["formatted_body"] = f"<mx-reply><blockquote>…</blockquote></mx-reply>{text}"
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": event_id}}
        return self._write(room_id, content)

    def react(self, room_id: str, event_id: str, key: str) -> str:
        """React to a message."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return self.send_event(room_id, "m.reaction", {"m.relates_to": relation})

    def edit(self, room_id: str, event_id: str, text: str) -> str:
        """Change a message of one's own."""
        relation = {"rel_type": "m.replace", "event_id": event_id}
        content = {"msgtype": "m.text", "body": text}
        changed = {**content, "body": f"* {text}", "m.new_content": content}
        return self._write(room_id, {**changed, "m.relates_to": relation})

    def _write(self, room_id: str, content: Mapping[str, Any]) -> str:
        eventually(lambda: room_id in self.rooms(), what=f"{self.user} sees {room_id}")
        return self.send_event(room_id, MESSAGE, content)

    # What people see

    def message(self, room_id: str, event_id: str) -> Shown:
        """Return a message, as soon as it is there."""

        def found() -> list[Shown]:
            return [each for each in self.messages(room_id) if each.event_id == event_id]

        return eventually(found, what=f"{self.user} sees {event_id}")[0]

    def reads(
        self, room_id: str, pattern: str, *, by: str | None = None, after: str | None = None
    ) -> Shown:
        """Return the newest message in which a pattern is found, whatever its case, when it is there.

        Args:
            room_id: where.
            pattern: a regular expression.
            by: whose message.
            after: an event ID; only messages that are shown below it count.
        """

        def found() -> list[Shown]:
            shown = self.messages(room_id)
            if after is not None:
                below = [number for number, each in enumerate(shown) if each.event_id == after]
                shown = shown[below[0] + 1 :] if below else []
            theirs = [each for each in shown if by is None or each.sender == by]
            fitting = [
                each for each in theirs if re.search(pattern, each.body, re.IGNORECASE | re.DOTALL)
            ]
            if not fitting:
                said = [each.body for each in theirs[-5:]]
                raise AssertionError(f"no {pattern!r} among the last of {len(theirs)}: {said}")
            return fitting

        return eventually(found, what=f"{self.user} reads {pattern!r}")[-1]
