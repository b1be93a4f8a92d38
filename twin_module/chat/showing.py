"""Lists of what there is, each line with a number to answer with."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from twin_module.chat.language import usage
from twin_module.chat.listings import Entry, Listings, entry_of, has_times, span_in
from twin_module.chat.lookups import Lookups
from twin_module.chat.scene import Scene
from twin_module.chat.speech import Title
from twin_module.chat.told import COLLECTIONS, LIST
from twin_module.core.capability import Capability
from twin_module.core.layout import Kind
from twin_module.core.voice import Said
from twin_module.engine.store import Room
from twin_module.engine.twin import Twin

MOST_SHOWN: Final = 20
MOST_MESSAGES: Final = 5


class Showing:
    """Shows what is found, and what is in a room, of a capability or on a day."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._lookups = Lookups(twin)
        self._listings = Listings(twin)

    async def find(self, rest: str, scene: Scene) -> Said:
        """List the objects that have some words, wherever they are, and messages if they are searched."""
        if not rest:
            return scene.speech.said("find-what")
        types = [each.event_type.type for each in self._twin.capabilities]
        found = [record for record, _ in await self._lookups.objects(rest, types)]
        messages = await self._messages(rest, scene)
        if not found and not messages:
            return scene.speech.said("found-nothing", name=Title(rest))
        in_chats = scene.speech.said("found-in-chats")
        if not found:
            return scene.speech.under(in_chats, messages)
        entries = [entry_of(each) for each in found]
        listed = await self._listed(scene.speech.said("found"), entries, scene)
        return scene.speech.under(in_chats, messages, before=listed) if messages else listed

    async def _messages(self, rest: str, scene: Scene) -> Sequence[str]:
        """Return a line for each message that has the words, where chats are to be searched."""
        speech = scene.speech
        return [
            speech.words(
                "message",
                text="".join(part.text for part in parts),
                # Not by a name that they gave themselves, and anybody may take.
                who=message.sender,
                when=speech.when(datetime.fromtimestamp(message.origin_server_ts / 1000, UTC)),
            )
            for message, parts in await self._lookups.messages(rest, MOST_MESSAGES)
        ]

    async def show(self, rest: str, scene: Scene) -> Said:
        """List what is in a collection or of a capability that is named; without a name, what is here."""
        capability = usage.called(rest.casefold(), self._twin.capabilities) if rest else None
        if capability is not None:
            return await self.objects(capability, None, scene)
        room = await self._lookups.collection(rest, scene)
        if room is None and rest:
            return scene.speech.said("no-room", name=Title(rest))
        if room is None:
            return await self._rooms(scene)
        return await self.objects(None, room, scene)

    async def _rooms(self, scene: Scene) -> Said:
        rooms = await self._lookups.rooms(Kind.COLLECTION)
        head = scene.speech.said(
            "shown" if rooms else "shown-nothing", name=scene.speech.words("collections")
        )
        head = replace(head, topic=COLLECTIONS)
        lines = [room.name or room.room_id for room in rooms]
        return self._cut(head, lines, scene) if rooms else head

    async def objects(self, capability: Capability | None, room: Room | None, scene: Scene) -> Said:
        """List what is in a room, or all objects of a capability; what is over is left out."""
        if room is None and scene.is_collection:
            room = scene.room
        entries = await self._listings.open(capability, room, scene.speech)
        named = usage.heading(capability, scene.speech.language) if capability else ""
        return await self._shown(
            Title(room.name or room.room_id) if room else named, entries, room, scene
        )

    async def at(self, capability: Capability, rest: str, scene: Scene) -> Said | None:
        """List what there is on a day or in a week, None where the words say none."""
        if not has_times(capability):
            return None
        speech = scene.speech
        span = await self._homeserver.in_thread(lambda: span_in(rest, speech.now, speech.language))
        if span is None:
            return None
        room = scene.room if scene.is_collection else None
        entries = await self._listings.open(capability, room, speech, span)
        name = f"{usage.heading(capability, speech.language)}, {rest}"
        return await self._shown(name, entries, room, scene)

    async def _shown(
        self, name: Title | str, entries: Sequence[Entry], room: Room | None, scene: Scene
    ) -> Said:
        if not entries:
            return scene.speech.said("shown-nothing", name=name)
        head = scene.speech.said("shown", name=name)
        return await self._listed(head, entries, scene, room.room_id if room else None)

    async def _listed(
        self, head: Said, entries: Sequence[Entry], scene: Scene, known: str | None = None
    ) -> Said:
        rooms = {room.room_id: room.name for room in await self._lookups.rooms(Kind.COLLECTION)}
        lines = []
        for each in entries[:MOST_SHOWN]:
            line = each.title + scene.speech.details(each.content, str, ())
            room_id = each.about.room_id
            if room_id not in (scene.room_id, known) and rooms.get(room_id):
                line += scene.speech.words("in", room=rooms[room_id])
            lines.append(line)
        about = tuple(each.about for each in entries[:MOST_SHOWN])
        return self._cut(
            replace(head, about=about, topic=LIST), lines, scene, len(entries) - len(lines)
        )

    def _cut(self, head: Said, lines: Sequence[str], scene: Scene, more: int = 0) -> Said:
        more += max(0, len(lines) - MOST_SHOWN)
        tail = scene.speech.words("more", count=more) if more else ""
        return scene.speech.listed(head, lines[:MOST_SHOWN], tail=tail)
