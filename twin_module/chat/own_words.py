"""What can be said to the companion beside the commands of capabilities: help, find, and so on."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from twin_module.chat.briefs.brief import Brief
from twin_module.chat.language import dates, grammar, usage
from twin_module.chat.language.anywhere import unquoted
from twin_module.chat.language.said_words import words_of
from twin_module.chat.lookups import Lookups
from twin_module.chat.scene import Scene
from twin_module.chat.showing import Showing
from twin_module.chat.speech import Title
from twin_module.chat.told import Told
from twin_module.core.ports import Cursor
from twin_module.core.voice import Said
from twin_module.engine.settings import BRIEF, NOTICES, WEEKLY
from twin_module.engine.twin import Twin

MAX_NAME: Final = 255
SNOOZE: Final = timedelta(hours=1)
_CLOCK: Final = re.compile(
    r"(?:at |um )?([01]?\d|2[0-3])(?:[:.]([0-5]\d))?(?: ?(?:uhr|h|am|(pm)))?", re.IGNORECASE
)
_TAG: Final = re.compile(r"\w[\w-]{0,39}")
_NOON: Final = 12
_ON: Final = ("on", "an", "ein", "start")
_TODAY: Final = ("", "today", "now", "daily", "heute", "jetzt", "täglich")
_HELLO: Final = ("hello", "hi", "hey", "hallo", "moin", "servus")
_THANKS: Final = ("thanks", "thank you", "thx", "danke", "dankeschön", "danke schön", "vielen dank")
_OFF: Final = ("off", "aus", "stop", "stopp", "none", "nie", "never")
_WEEK: Final = ("weekly", "week", "woche", "wöchentlich")
LEVELS: Final[Mapping[str, str]] = {
    **{level: level for level in NOTICES},
    **dict(zip(("alles", "täglich", "bitten", "nichts"), NOTICES, strict=True)),
}
"""How much is told, by how it is said."""


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
        {"en": ("brief",), "de": ("übersicht", "uebersicht")},
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
        {"en": ("snooze", "later"), "de": ("später", "spaeter", "schlummern")},
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
        self._showing = Showing(twin)
        self._does: Mapping[str, Callable[[str, Scene, Told | None], Awaitable[Said]]] = {
            "help": self._help,
            "find": lambda rest, scene, _: self._showing.find(rest, scene),
            "show": lambda rest, scene, _: self._showing.show(rest, scene),
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
        if found is not None and found.name == "new" and self._is_command(text):
            return None
        if found is not None and not (bare and found.name not in BARE):
            return await self._does[found.name](rest.strip(), scene, told)
        if scene.in_chat and (_plain(text) in _HELLO or is_thanks(text)):
            return scene.speech.said("thanked" if is_thanks(text) else "welcome")
        capability = None if bare else usage.called(word, self._twin.capabilities)
        if capability is None:
            return None
        if not rest:
            return await self._showing.objects(capability, None, scene)
        return await self._showing.at(capability, rest.strip(), scene)

    def _is_command(self, text: str) -> bool:
        return grammar.names_capability(words_of(text), self._twin.capabilities)

    async def _help(self, rest: str, scene: Scene, told: Told | None) -> Said:
        language = scene.speech.language
        capability = usage.called(rest.casefold(), self._twin.capabilities) if rest else None
        if capability is not None:
            return usage.help_of(capability, language)
        asked = [each for each in OWN_WORDS if _has(each, rest.casefold().removeprefix("!"))]
        own = [
            (
                f"!{each.words[language][0]} {each.takes[language]}".strip(),
                scene.speech.words("help" if each.name == "help" else f"help-{each.name}"),
            )
            for each in asked or OWN_WORDS
        ]
        return usage.help_text(() if asked else self._twin.capabilities, language, own)

    # What is told

    async def _tell_brief(self, rest: str, scene: Scene, told: Told | None) -> Said:
        word = rest.casefold()
        if word in _OFF:
            return await self._stop("", scene, told)
        if word in _TODAY or word in _WEEK:
            return await self._brief.text("weekly" if word in _WEEK else "daily")
        at = BRIEF if word in _ON else _clock(word)
        if at is None:
            return scene.speech.said("brief-what", name=Title(rest))
        wishes = await self._twin.settings.read()
        is_off = wishes.daily_brief is None and wishes.weekly_brief is None
        weekly = {"weekly_brief": {"day": WEEKLY[0], "at": at}} if is_off else {}
        await self._set(daily_brief=at, **weekly)
        return scene.speech.said("brief-on", time=at)

    async def _stop(self, rest: str, scene: Scene, told: Told | None) -> Said:
        await self._set(daily_brief=None, weekly_brief=None)
        return scene.speech.said("brief-off")

    async def _notices(self, rest: str, scene: Scene, told: Told | None) -> Said:
        levels = [LEVELS[word] for word in rest.casefold().split() if word in LEVELS]
        level = levels[0] if levels else None
        named = " ".join(word for word in rest.split() if word.casefold() not in LEVELS)
        room = await self._lookups.collection(named, scene)
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
            if read is not None:
                wishes = await self._twin.settings.read()
                morning = time.fromisoformat(wishes.daily_brief or BRIEF)
                # Nobody means the midnight in which a day begins.
                moment = read.start if read.has_time else _at_time(read.start, morning)
            if read is None or moment <= now:
                return scene.speech.said("when-not", name=Title(rest))
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
        name = " ".join(unquoted(rest).split())[:MAX_NAME]
        if not name:
            return scene.speech.said("new-what")
        await self._twin.make_collection(name)
        named = name.replace(" ", "-")
        tag = scene.speech.words("new-tag", name=named) if _TAG.fullmatch(named) else ""
        return scene.speech.said("new-made", title=Title(name), tag=tag)

    async def _widget(self, rest: str, scene: Scene, told: Told | None) -> Said:
        words = [word for word in rest.split() if word.casefold() not in _OFF]
        room = await self._lookups.collection(" ".join(words), scene)
        if room is None or room.creator != self._homeserver.owner:
            return scene.speech.said("widget-where")
        if len(words) < len(rest.split()):
            await self._twin.widgets.withdraw(room.room_id)
            return scene.speech.said("widget-off")
        await self._twin.widgets.offer(room.room_id)
        return scene.speech.said("widget-offered", title=Title(room.name))


def _has(own: OwnWord, word: str) -> bool:
    return any(word in words for words in own.words.values())


def _plain(text: str) -> str:
    return text.casefold().strip(" .!")


def is_thanks(text: str) -> bool:
    """Tell whether somebody says thanks and nothing else."""
    return _plain(text) in _THANKS


def _clock(text: str) -> str | None:
    """Return a time of day as settings have it."""
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    hour = int(found.group(1))
    hour += _NOON if found.group(3) and hour < _NOON else 0
    return f"{hour:02}:{found.group(2) or '00'}"


def _at_time(day: datetime, clock: time) -> datetime:
    return day.replace(hour=clock.hour, minute=clock.minute)
