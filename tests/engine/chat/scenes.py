"""Somebody who talks to their twin, and what they get to read."""

from typing import Any

from tests.engine.conftest import TASK, Home, settle
from twin_module.chat.companion import Companion
from twin_module.core.state import plain
from twin_module.core.voice import voice_of
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

EVENT = "org.digitaltwin.event"
DOC = "org.digitaltwin.doc"


class Chatty(Home):
    """Somebody whose twin has a companion."""

    def __init__(self, network: FakeNetwork, name: str) -> None:
        super().__init__(network, name)

    def boot(self) -> None:
        """Begin a process with a companion."""
        super().boot()
        self.companion = Companion(self.twin)

    def begin(self) -> "Chatty":
        """Start, and wait until the chat of the two is there."""
        self.start()
        self.rest()
        return self

    def rest(self) -> None:
        """Let everything be done that can be done now."""
        settle(self)
        run(self.twin.look_again())
        settle(self)

    @property
    def voice(self) -> str:
        """Who speaks for the twin."""
        return voice_of(self.owner)

    @property
    def chat(self) -> str:
        """The chat of the two."""
        room_id = self.twin.voice.chat
        assert room_id is not None
        return room_id

    def sent(self, room_id: str, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Send something as the owner, with any client, and let the twin do what it asks for."""
        event_id = self.server.write(room_id, kind, None, content)
        self.rest()
        return event_id

    def say(self, text: str, room_id: str | None = None, *, to: str | None = None) -> str | None:
        """Say something, and return what the twin answers, None where it answers nothing."""
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if to is not None:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": to}}
        return self.answer_to(room_id or self.chat, content)

    def react(self, room_id: str, to: str, key: str) -> str | None:
        """React to a message, and return what the twin answers."""
        relation = {"rel_type": "m.annotation", "event_id": to, "key": key}
        return self.answer_to(room_id, {"m.relates_to": relation}, "m.reaction")

    def answer_to(
        self, room_id: str, content: dict[str, Any], kind: str = "m.room.message"
    ) -> str | None:
        """Send something, and return the text that the twin says to it."""
        before = len(self.told())
        self.sent(room_id, content, kind)
        told = self.told()[before:]
        return told[-1][1] if told else None

    def told(self, voice: str | None = None) -> list[tuple[str, str, str]]:
        """Return what a voice said here: rooms, texts and event IDs, oldest first."""
        return [
            (event.room_id, str(event.content["body"]), event.event_id)
            for _, event in self.server.arrivals
            if event.sender == (voice or self.voice) and event.type == "m.room.message"
        ]

    def last(self) -> Any:
        """Return the content of what the twin said last."""
        events = [
            event
            for _, event in self.server.arrivals
            if event.sender == self.voice and event.type == "m.room.message"
        ]
        return plain(events[-1].content)

    def objects(self, room_id: str, event_type: str = TASK) -> dict[str, Any]:
        """Return what objects a room has, by title."""
        return {
            content.get("title"): content
            for (kind, _), event in self.server.state(room_id).items()
            if kind == event_type and (content := plain(event.content))
        }

    def wishes(self, **wishes: Any) -> None:
        """Store settings."""
        run(self.twin.settings.write(wishes))


def share(alice: Chatty, bob: Chatty, name: str = "Home") -> str:
    """Let Alice make a collection that Bob may write to, and return its room."""
    room_id = alice.collection(name)
    alice.rest()
    circle = alice.circle("Family", bob="editor")
    alice.command("circles", "share", room_id=room_id, circle=circle, role="editor")
    settle(alice, bob)
    for each in (circle, room_id):
        bob.accept(each)
        settle(alice, bob)
    return room_id
