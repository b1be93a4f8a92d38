"""matrix-js-sdk, which phones and browsers use, in a program of Node that is told what to do."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.clients.client import Client, Reaction, Shown
from tests.node import Program
from twin_module.testing.person import Person

FOLDER = Path(__file__).parent
ANSWER_SECONDS = 120.0


class JsClient(Client):
    """A client of somebody's in a process of its own; what fails there is raised here."""

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self._program = Program(FOLDER / "phone.mjs", seconds=ANSWER_SECONDS)
        try:
            self._do("start", url=person.url, user=person.owner, password=person._password())
        except BaseException:
            self.close()
            raise

    def _do(self, do: str, **asked: Any) -> Any:
        answer = self._program(do, **asked)
        assert "problem" not in answer, f"{do}: {answer['problem']}"
        return answer["found"]

    def send_event(self, room_id: str, event_type: str, content: Mapping[str, Any]) -> str:
        event_id: str = self._do("send", room=room_id, type=event_type, content=content)
        return event_id

    def redact(self, room_id: str, event_id: str) -> None:
        self._do("redact", room=room_id, event=event_id)

    def messages(self, room_id: str) -> list[Shown]:
        return [
            Shown(*(each[name] for name in ("event_id", "sender", "content", "edited", "reply_to")))
            for each in self._do("messages", room=room_id)
        ]

    def reactions(self, room_id: str) -> list[Reaction]:
        return [Reaction(*each) for each in self._do("reactions", room=room_id)]

    def rooms(self) -> Mapping[str, str]:
        rooms = self._do("rooms").items()
        return {room_id: room["name"] for room_id, room in rooms if room["membership"] == "join"}

    def direct_chats(self) -> Mapping[str, Sequence[str]]:
        chats: Mapping[str, Sequence[str]] = self._do("direct")
        return chats

    def highlights(self, room_id: str) -> int:
        unread: int = self._do("rooms").get(room_id, {}).get("highlights", 0)
        return unread

    def pushed(self, room_id: str) -> set[str]:
        """Return the IDs of the events that the push rules wake the phone for."""
        return set(self._do("pushed", room=room_id))

    def highlighted(self, room_id: str) -> set[str]:
        """Return the IDs of the messages that speak to the person, by the push rules."""
        shown = self._do("messages", room=room_id)
        return {each["event_id"] for each in shown if each["highlighted"]}

    def close(self) -> None:
        self._program.close()
