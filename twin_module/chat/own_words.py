"""What can be said to the companion beside the commands of capabilities: help, find, and so on."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from twin_module.chat.briefs.brief import Brief
from twin_module.chat.language import dates, usage
from twin_module.chat.language.names import pick
from twin_module.chat.lookups import Lookups, candidates
from twin_module.chat.scene import Scene
from twin_module.chat.speech import Title
from twin_module.chat.told import Told
from twin_module.core import layout
from twin_module.core.capability import Capability
from twin_module.core.layout import Kind
from twin_module.core.ports import Cursor
from twin_module.core.voice import About, Said
from twin_module.engine import query
from twin_module.engine.query import Query
from twin_module.engine.settings import NOTICES
from twin_module.engine.store import Record, Room
from twin_module.engine.twin import Twin

MOST_SHOWN: Final = 20
MOST_READ: Final = 200
MAX_NAME: Final = 255
SNOOZE: Final = timedelta(hours=1)
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_OFF: Final = ("off", "aus", "stop", "stopp", "none", "nie", "never")
_WEEK: Final = ("weekly", "week", "woche", "wöchentlich")
LEVELS: Final[Mapping[str, str]] = {
    **{level: level for level in NOTICES},
    **dict(zip(("alles", "täglich", "bitten", "nichts"), NOTICES, strict=True)),
}
"""How much is told, by how it is said."""
_OVER: Final = ("completed", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class OwnWord:
    """A word of the companion's own."""

    name: str
    words: Mapping[str, tuple[str, ...]]
    """In English and German; the first one is what help says."""
    takes: Mapping[str, str]
    """What may follow, as help says it."""


OWN_WORDS: Final = (
    OwnWord("help", {"en": ("help", "?"), "de": ("hilfe",)}, {"en": "", "de": ""}),
    OwnWord(
        "find",
        {"en": ("find", "search"), "de": ("suche", "finde", "such")},
        {"en": "bread", "de": "Brot"},
    ),
    OwnWord(
        "show", {"en": ("show", "list"), "de": ("zeige", "liste")}, {"en": "home", "de": "Zuhause"}
    ),
    OwnWord(
        "brief",
        {"en": ("brief",), "de": ("übersicht",)},
        {"en": "[weekly | 7:30 | off]", "de": "[Woche | 7:30 | aus]"},
    ),
    OwnWord(
        "notices",
        {"en": ("notices",), "de": ("meldungen",)},
        {"en": "[all | digest | mentions | none]", "de": "[alles | täglich | Bitten | nichts]"},
    ),
    OwnWord("new", {"en": ("new",), "de": ("neu",)}, {"en": "Home", "de": "Zuhause"}),
    OwnWord("widget", {"en": ("widget",), "de": ("widget",)}, {"en": "[off]", "de": "[aus]"}),
    OwnWord(
        "snooze",
        {"en": ("snooze", "later"), "de": ("später", "schlummern")},
        {"en": "[2h]", "de": "[2h]"},
    ),
    OwnWord("stop", {"en": ("stop",), "de": ("stopp",)}, {"en": "", "de": ""}),
)
BARE: Final = ("help", "snooze", "stop")
"""What is understood in an answer as well, without an exclamation mark."""


def spoken(language: str) -> Sequence[str]:
    """Return the companion's own words as help says them."""
    return [each.words[language][0] for each in OWN_WORDS]


class OwnWords:
    """Does what the companion's own words ask for."""

    def __init__(self, twin: Twin, brief: Brief) -> None:
        self._twin = twin
        self._homeserver = twin.homeserver
        self._brief = brief
        self._lookups = Lookups(twin)
        self._does: Mapping[str, Callable[[str, Scene, Told | None], Awaitable[Said]]] = {
            "help": self._help,
            "find": self._find,
            "show": self._show,
            "brief": self._tell_brief,
            "notices": self._notices,
            "new": self._new,
            "widget": self._widget,
            "snooze": self.snooze,
            "stop": self._stop,
        }

    async def answer(
        self, text: str, scene: Scene, told: Told | None, *, bare: bool = False
    ) -> Said | None:
        """Return the answer to a word of the companion's own, None where it is none.

        Args:
            text: without the exclamation mark.
            scene: where it was said.
            told: the message that it answers.
            bare: whether it is an answer without an exclamation mark.
        """
        first, _, rest = text.strip().partition(" ")
        word = first.casefold().rstrip(".!:")
        found = next((own for own in OWN_WORDS if _has(own, word)), None)
        if found is not None and not (bare and found.name not in BARE):
            return await self._does[found.name](rest.strip(), scene, told)
        if rest or bare:
            return None
        capability = usage.called(word, self._twin.capabilities)
        return await self._objects(capability, None, scene) if capability else None

    async def _help(self, rest: str, scene: Scene, told: Told | None) -> Said:
        language = scene.speech.language
        capability = usage.called(rest.casefold(), self._twin.capabilities) if rest else None
        if capability is not None:
            return usage.help_of(capability, language)
        own = [
            (
                f"!{each.words[language][0]} {each.takes[language]}".strip(),
                scene.speech.words("help" if each.name == "help" else f"help-{each.name}"),
            )
            for each in OWN_WORDS
        ]
        return usage.help_text(self._twin.capabilities, language, own)

    # What there is

    async def _find(self, rest: str, scene: Scene, told: Told | None) -> Said:
        if not rest:
            return scene.speech.said("find-what")
        types = [each.event_type.type for each in self._twin.capabilities]
        found = [record for record, _ in await self._lookups.objects(rest, types)]
        if not found:
            return scene.speech.said("found-nothing", name=Title(rest))
        return await self._listed(scene.speech.said("found"), found, scene)

    async def _show(self, rest: str, scene: Scene, told: Told | None) -> Said:
        capability = usage.called(rest.casefold(), self._twin.capabilities) if rest else None
        if capability is not None:
            return await self._objects(capability, None, scene)
        room = await self._room(rest, scene)
        if room is None and rest:
            return scene.speech.said("no-room", name=Title(rest))
        if room is None:
            return await self._rooms(scene)
        return await self._objects(None, room, scene)

    async def _rooms(self, scene: Scene) -> Said:
        rooms = await self._lookups.rooms(Kind.COLLECTION)
        head = scene.speech.said(
            "shown" if rooms else "shown-nothing", name=scene.speech.words("collections")
        )
        lines = [room.name or room.room_id for room in rooms]
        return self._cut(head, lines, scene) if rooms else head

    async def _objects(
        self, capability: Capability | None, room: Room | None, scene: Scene
    ) -> Said:
        """List what is in a room, or all objects of a capability; what is over is left out."""
        if room is None and scene.is_collection:
            room = scene.room
        among = [capability] if capability else self._twin.capabilities
        asked = Query(
            types=[each.event_type.type for each in among],
            room_id=room.room_id if room else None,
            limit=MOST_READ,
        )
        page = await self._homeserver.transact(
            "twin_chat_list", lambda cursor: query.run(cursor, asked)
        )
        records = [each for each in page.records if not _is_over(each)]
        name = Title(room.name or room.room_id) if room else capability.name if capability else ""
        if not records:
            return scene.speech.said("shown-nothing", name=name)
        head = scene.speech.said("shown", name=name)
        return await self._listed(head, records, scene, room.room_id if room else None)

    async def _listed(
        self, head: Said, records: Sequence[Record], scene: Scene, known: str | None = None
    ) -> Said:
        rooms = {room.room_id: room.name for room in await self._lookups.rooms(Kind.COLLECTION)}
        lines = []
        for each in records[:MOST_SHOWN]:
            line = (each.title or each.uid) + scene.speech.details(each.event().content, str, ())
            if each.room_id not in (scene.room_id, known) and rooms.get(each.room_id):
                line += scene.speech.words("in", room=rooms[each.room_id])
            lines.append(line)
        about = tuple(About(each.room_id, each.type, each.uid) for each in records[:MOST_SHOWN])
        return self._cut(replace(head, about=about), lines, scene, len(records) - len(lines))

    def _cut(self, head: Said, lines: Sequence[str], scene: Scene, more: int = 0) -> Said:
        more += max(0, len(lines) - MOST_SHOWN)
        tail = scene.speech.words("more", count=more) if more else ""
        return scene.speech.listed(head, lines[:MOST_SHOWN], tail=tail)

    # What is told

    async def _tell_brief(self, rest: str, scene: Scene, told: Told | None) -> Said:
        word = rest.casefold()
        if word in _OFF:
            return await self._stop("", scene, told)
        clock = _CLOCK.fullmatch(word)
        if clock is not None:
            at = f"{int(clock.group(1)):02}:{clock.group(2)}"
            await self._set(daily_brief=at)
            return scene.speech.said("brief-on", time=at)
        return await self._brief.text("weekly" if word in _WEEK else "daily")

    async def _stop(self, rest: str, scene: Scene, told: Told | None) -> Said:
        await self._set(daily_brief=None, weekly_brief=None)
        return scene.speech.said("brief-off")

    async def _notices(self, rest: str, scene: Scene, told: Told | None) -> Said:
        levels = [LEVELS[word] for word in rest.casefold().split() if word in LEVELS]
        level = levels[0] if levels else None
        named = " ".join(word for word in rest.split() if word.casefold() not in LEVELS)
        room = await self._room(named, scene)
        if room is None or room.creator != self._homeserver.owner:
            return scene.speech.said("notices-where")
        wishes = await self._twin.settings.read()
        if level is None:
            now = wishes.notices.get(room.room_id, NOTICES[0])
            return scene.speech.said(
                "notices-are", title=Title(room.name), what=scene.speech.words(f"level-{now}")
            )
        await self._set(notices={**wishes.notices, room.room_id: level})
        what = scene.speech.words(f"level-{level}")
        return scene.speech.said("notices-set", title=Title(room.name), what=what)

    async def _set(self, **changed: Any) -> None:
        wishes = await self._twin.settings.read()
        await self._twin.settings.write({**wishes.as_json(), **changed})

    async def snooze(self, rest: str, scene: Scene, told: Told | None) -> Said:
        """Say a message again later, in the chat of the two: in an hour where no time is named."""
        if told is None:
            return scene.speech.said("snoozed-nothing")
        now, moment = scene.speech.now, scene.speech.now + SNOOZE
        if rest:
            read = await self._homeserver.in_thread(
                lambda: dates.read(rest, now, scene.speech.language)
            )
            if read is None or read.start <= now:
                return scene.speech.said("when-not", name=Title(rest))
            moment = read.start
        again = told.again(self._homeserver.owner)
        key = f"snoozed {scene.message.event_id}"
        at = int(moment.timestamp() * 1000)

        def work(cursor: Cursor) -> None:
            self._twin.voice.plan(cursor, again, key, at=at)

        await self._homeserver.transact("twin_snooze", work)
        self._twin.voice.note()
        return scene.speech.said("snoozed", when=scene.speech.when(moment))

    # Collections

    async def _new(self, rest: str, scene: Scene, told: Told | None) -> Said:
        name = " ".join(rest.split())[:MAX_NAME]
        if not name:
            return scene.speech.said("new-what")
        await self._homeserver.create_room(layout.collection_room(name, ""))
        await self._twin.projector.catch_up()
        tag = "" if " " in name else scene.speech.words("new-tag", name=name)
        return scene.speech.said("new-made", title=Title(name), tag=tag)

    async def _widget(self, rest: str, scene: Scene, told: Told | None) -> Said:
        words = [word for word in rest.split() if word.casefold() not in _OFF]
        room = await self._room(" ".join(words), scene)
        if room is None or room.creator != self._homeserver.owner:
            return scene.speech.said("widget-where")
        if len(words) < len(rest.split()):
            await self._twin.widgets.withdraw(room.room_id)
            return scene.speech.said("widget-off")
        await self._twin.widgets.offer(room.room_id)
        return scene.speech.said("widget-offered", title=Title(room.name))

    async def _room(self, named: str, scene: Scene) -> Room | None:
        """Return the collection that is named, or that something was said in."""
        if not named:
            return scene.room if scene.is_collection else None
        rooms = await self._lookups.rooms(Kind.COLLECTION)
        found = pick(named.removeprefix("#"), candidates(rooms))
        return next((room for room in rooms if found and room.room_id == found[0].id), None)


def _has(own: OwnWord, word: str) -> bool:
    return any(word in words for words in own.words.values())


def _is_over(record: Record) -> bool:
    content = record.event().content
    return content.get("progress") in _OVER or content.get("status") == "cancelled"
