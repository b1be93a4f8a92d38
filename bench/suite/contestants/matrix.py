"""Plain Synapse, as any Matrix client uses it: objects are state events, lists are made by the client."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bench.suite.contestants.base import Client
from bench.suite.task import OPEN, TYPE, task, uid
from bench.suite.wire import Line
from twin_module.testing.person import CLIENT, Person

MESSAGES_IN_ROOM = 1000


class MatrixClient(Client):
    """A Matrix client that knows nothing of the module."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.line = Line(person.url, {"Authorization": f"Bearer {person.token}"})
        self._closed = False

    def close(self) -> None:
        """Hang up."""
        self._closed = True
        self.line.close()

    def place(self) -> str:
        """Make a room."""
        return self.person.create_room()

    def put_state(self, place: str, number: int, content: Mapping[str, Any]) -> None:
        """Write a state event."""
        self.line.json("PUT", state_path(place, number), content)

    def write(self, place: str, number: int) -> None:
        """Write a state event."""
        self.put_state(place, number, task(number))

    def update(self, place: str, number: int, version: int) -> None:
        """Write another title."""
        self.put_state(place, number, {**task(number), "title": f"Version {version}"})

    def read(self, place: str, number: int) -> None:
        """Read a state event's content."""
        self.line.json("GET", state_path(place, number))

    def listed(self, place: str) -> Sequence[str]:
        """Fetch all state, and filter and sort it here."""
        events = self.line.json("GET", f"{CLIENT}/rooms/{quote(place)}/state")
        tasks = [each for each in events if each["type"] == TYPE]
        wanted = [each for each in tasks if each["content"]["progress"] == OPEN]
        wanted.sort(key=lambda each: (each["content"]["due"], each["state_key"]))
        return [each["state_key"] for each in wanted]

    def first_page(self, place: str) -> int:
        """Make a page of the whole list: the protocol has no pages of state."""
        return len(self.listed(place)[:50])

    def bulk_place(self) -> str:
        """Nothing: the room is made with what it holds."""
        return ""

    def bulk(self, place: str, numbers: Sequence[int]) -> str:
        """Make a room with much initial state, the one way to write more than one event."""
        state = [{"type": TYPE, "state_key": uid(each), "content": task(each)} for each in numbers]
        made = self.line.json("POST", f"{CLIENT}/createRoom", {"initial_state": state})
        return str(made["room_id"])

    def let_find(self, numbers: Sequence[int]) -> None:
        """Write the texts as messages: Synapse finds nothing else."""
        for start in range(0, len(numbers), MESSAGES_IN_ROOM):
            room = self.place()
            for number in numbers[start : start + MESSAGES_IN_ROOM]:
                content = task(number)
                body = f"{content['title']}\n{content['description']}"
                path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{number}"
                self.line.json("PUT", path, {"msgtype": "m.text", "body": body})

    def search(self, word: str) -> int:
        """Search messages, the best ones first."""
        category = {"search_term": word, "filter": {"limit": 20}, "order_by": "rank"}
        asked = {"search_categories": {"room_events": category}}
        found = self.line.json("POST", f"{CLIENT}/search", asked)
        return len(found["search_categories"]["room_events"]["results"])

    def arrivals(self, place: str) -> Iterator[str]:
        """Long-poll `/sync`, as clients do."""
        since = self.line.json("GET", f"{CLIENT}/sync?timeout=0")["next_batch"]
        yield ""
        while not self._closed:
            path = f"{CLIENT}/sync?timeout=30000&since={quote(since)}"
            found = self.line.json("GET", path)
            since = found["next_batch"]
            room = found.get("rooms", {}).get("join", {}).get(place, {})
            for part in ("state", "timeline"):
                for event in room.get(part, {}).get("events", ()):
                    if event["type"] == TYPE:
                        yield event["state_key"]


def state_path(place: str, number: int) -> str:
    """Return the path of an object as a state event."""
    return f"{CLIENT}/rooms/{quote(place)}/state/{TYPE}/{uid(number)}"
