"""matrix-nio, which terminal clients and bots use, with its loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, TypeVar

from nio import (
    AsyncClient,
    DirectRoomsResponse,
    Event,
    LoginResponse,
    MessageDirection,
    RedactedEvent,
    RedactionEvent,
    RoomMessagesResponse,
    RoomRedactResponse,
    RoomSendResponse,
    SyncResponse,
)

from tests.clients.client import MESSAGE, Client, Reaction, Shown
from twin_module.testing.person import Person

T = TypeVar("T")
WITHIN = 120.0


@dataclass(slots=True)
class Timeline:
    """What the client has of a room."""

    events: list[Event] = field(default_factory=list)
    before: str | None = None
    """Where older events are asked for; None when the beginning is there."""


class NioClient(Client):
    """A client of somebody's that syncs until it is closed."""

    old_replies = True

    def __init__(self, person: Person) -> None:
        super().__init__(person)
        self._timelines: dict[str, Timeline] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"nio of {self.user}")
        self._thread.start()
        self._syncing: asyncio.Task[None] | None = None
        try:
            self._client = self._wait(self._start(person))
        except BaseException:
            self._end_loop()
            raise

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN)

    async def _start(self, person: Person) -> AsyncClient:
        client = AsyncClient(person.url, person.owner)
        try:
            _expect(LoginResponse, await client.login(person._password(), device_name="terminal"))
            self._take(_expect(SyncResponse, await client.sync()))
        except BaseException:
            await client.close()
            raise
        self._syncing = self._loop.create_task(self._sync(client))
        return client

    async def _sync(self, client: AsyncClient) -> None:
        while True:
            answer = await client.sync(timeout=30_000)
            if isinstance(answer, SyncResponse):
                self._take(answer)
            else:
                await asyncio.sleep(0.1)

    def _take(self, synced: SyncResponse) -> None:
        for room_id, room in synced.rooms.join.items():
            if room.timeline.limited or room_id not in self._timelines:
                self._timelines[room_id] = Timeline(before=room.timeline.prev_batch)
            self._timelines[room_id].events.extend(
                each for each in room.timeline.events if isinstance(each, Event)
            )

    async def _whole(self, room_id: str) -> list[Event]:
        """Return all events of a room; what is not there yet is asked for, as by scrolling up."""
        while (timeline := self._timelines.get(room_id)) and (start := timeline.before):
            asked = self._client.room_messages(room_id, start, None, MessageDirection.back, 250)
            answer = _expect(RoomMessagesResponse, await asked)
            # Meanwhile a sync may have begun a new timeline, as behind a gap.
            # What came late stands in a sync by when it came, and here by what it follows.
            known = {each.event_id for each in timeline.events}
            older = [each for each in reversed(answer.chunk) if isinstance(each, Event)]
            timeline.events[:0] = [each for each in older if each.event_id not in known]
            timeline.before = answer.end if answer.chunk else None
        return timeline.events if timeline else []

    def events(self, room_id: str) -> list[dict[str, Any]]:
        """Return all events of a room as they came, but for what was taken back."""
        events = self._wait(self._whole(room_id))
        redacted = {each.redacts for each in events if isinstance(each, RedactionEvent)}
        return [
            each.source
            for each in events
            if not isinstance(each, RedactedEvent) and each.event_id not in redacted
        ]

    def send_event(self, room_id: str, event_type: str, content: Mapping[str, Any]) -> str:
        answer = self._wait(self._client.room_send(room_id, event_type, dict(content)))
        event_id: str = _expect(RoomSendResponse, answer).event_id
        return event_id

    def redact(self, room_id: str, event_id: str) -> None:
        _expect(RoomRedactResponse, self._wait(self._client.room_redact(room_id, event_id)))

    def messages(self, room_id: str) -> list[Shown]:
        sent = [each for each in self.events(room_id) if each["type"] == MESSAGE]
        edits = {
            (_relation(each).get("event_id"), each["sender"]): each["content"]["m.new_content"]
            for each in sent
            if _is_edit(each)
        }
        shown = []
        for each in sent:
            if not _is_edit(each):
                edit = edits.get((each["event_id"], each["sender"]))
                reply_to = _relation(each).get("m.in_reply_to", {}).get("event_id")
                content = edit or each["content"]
                shown.append(
                    Shown(each["event_id"], each["sender"], content, edit is not None, reply_to)
                )
        return shown

    def printed(self, room_id: str, after: str) -> list[str]:
        """Return each body that came behind an event, as a client prints it that knows no edits."""
        newest = [each for each in reversed(self.events(room_id)) if each["type"] == MESSAGE]
        behind = list(takewhile(lambda each: each["event_id"] != after, newest))
        return [each["content"]["body"] for each in reversed(behind)]

    def reactions(self, room_id: str) -> list[Reaction]:
        relations = [
            (_relation(each), each["sender"])
            for each in self.events(room_id)
            if each["type"] == "m.reaction"
        ]
        return [Reaction(each["event_id"], each["key"], sender) for each, sender in relations]

    def rooms(self) -> Mapping[str, str]:
        return {room_id: room.display_name for room_id, room in dict(self._client.rooms).items()}

    def direct_chats(self) -> Mapping[str, Sequence[str]]:
        answer = self._wait(self._client.list_direct_rooms())
        chats: Mapping[str, Sequence[str]] = _expect(DirectRoomsResponse, answer).rooms
        return chats

    def highlights(self, room_id: str) -> int:
        room = self._client.rooms.get(room_id)
        return room.unread_highlights if room else 0

    def close(self) -> None:
        async def end() -> None:
            if self._syncing is not None:
                self._syncing.cancel()
                await asyncio.wait([self._syncing])
            await self._client.close()

        try:
            self._wait(end())
        finally:
            self._end_loop()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()


def _expect(kind: type[T], answer: object) -> T:
    assert isinstance(answer, kind), answer
    return answer


def _relation(event: Mapping[str, Any]) -> Mapping[str, Any]:
    relation: Mapping[str, Any] = event["content"].get("m.relates_to", {})
    return relation


def _is_edit(event: Mapping[str, Any]) -> bool:
    return _relation(event).get("rel_type") == "m.replace"
