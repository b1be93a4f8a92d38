"""A client of the twin's own API."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from urllib.parse import urlencode

from bench.suite.contestants.base import Failed
from bench.suite.contestants.matrix import MatrixClient
from bench.suite.task import OPEN, task, uid
from twin_module.testing.person import TWIN, Person

AT_ONCE = 1000
"""How many objects the API takes in one request."""


class TwinClient(MatrixClient):
    """A client that uses the API of the twin."""

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self._streams = ExitStack()

    def close(self) -> None:
        """Hang up."""
        super().close()
        self._streams.close()

    def place(self) -> str:
        """Make a collection."""
        return self.person.collection("Measured")

    def write(self, place: str, number: int) -> None:
        """Put an object."""
        self.line.json("PUT", _path(place, number), task(number))

    def update(self, place: str, number: int, version: int) -> None:
        """Put it with another title."""
        content = {**task(number), "title": f"Version {version}"}
        self.line.json("PUT", _path(place, number), content)

    def read(self, place: str, number: int) -> None:
        """Read an object."""
        self.line.json("GET", _path(place, number))

    def listed(self, place: str) -> Sequence[str]:
        """Ask for the open ones in order, a thousand on a page."""
        return self._page(place, 1000)

    def first_page(self, place: str) -> int:
        """Ask for a page of the open ones in order."""
        return len(self._page(place, 50))

    def bulk_place(self) -> str:
        """Make a collection."""
        return self.place()

    def bulk(self, place: str, numbers: Sequence[int]) -> str:
        """Write up to a thousand objects with each request."""
        for start in range(0, len(numbers), AT_ONCE):
            objects = [
                {"capability": "tasks", "uid": uid(each), "content": task(each)}
                for each in numbers[start : start + AT_ONCE]
            ]
            found = self.line.json("POST", f"{TWIN}/rooms/{place}/objects", {"objects": objects})
            refused = [each for each in found["objects"] if "errcode" in each]
            if refused:
                raise Failed(f"{len(refused)} objects were not written: {refused[0]['error']}")
        return place

    def let_find(self, numbers: Sequence[int]) -> None:
        """Write tasks, a thousand into each collection."""
        for start in range(0, len(numbers), AT_ONCE):
            self.bulk(self.place(), numbers[start : start + AT_ONCE])

    def search(self, word: str) -> int:
        """Search titles and texts."""
        found = self.line.json("GET", f"{TWIN}/search?{urlencode({'q': word, 'limit': 20})}")
        return len(found["results"])

    def arrivals(self, place: str) -> Iterator[str]:
        """Read the live changes, as the page in the browser does."""
        events = self._streams.enter_context(self.person.changes(timeout=900, patience=900))
        next(events)
        yield ""
        for event in events:
            if event["event"] == "object" and event["data"]["room_id"] == place:
                yield event["data"]["uid"]

    def _page(self, place: str, limit: int) -> Sequence[str]:
        asked = {"capability": "tasks", "progress": OPEN, "sort": "due", "limit": limit}
        found = self.line.json("GET", f"{TWIN}/rooms/{place}/objects?{urlencode(asked)}")
        return [each["uid"] for each in found["objects"]]


def _path(place: str, number: int) -> str:
    return f"{TWIN}/rooms/{place}/tasks/{uid(number)}"
