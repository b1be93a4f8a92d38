"""What one room is to be told: when, what of it stands in which message. Pure.

It is kept in memory only. Who begins anew after a kill begins with a new message.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from twin_module.chat.news.changes import Change
from twin_module.chat.news.pacing import Pace, next_at
from twin_module.chat.news.reading import Looked
from twin_module.chat.news.telling import MOST_LINES
from twin_module.core.voice import key_of
from twin_module.engine.settings import BRIEF, Wishes
from twin_module.engine.versions import Place

MINUTE: Final = 60_000
LIFE: Final = 10 * MINUTE
"""As long a message is edited."""
LONGEST_UNSAID: Final = 60 * MINUTE
"""As long it is waited for a message to be sent before another one is begun."""
MOST_SOURCES: Final = 200
"""Objects that one message may rest on, answers of people among them."""


@dataclass(slots=True)
class Message:
    """The message of a room that is edited as more comes."""

    key: str
    began: int
    changes: dict[Place, Change]
    order: list[Place]
    """The objects in it, as they are numbered."""
    more: int
    body: str
    last_key: str
    """Of its newest edit."""
    keys: set[str] = field(default_factory=set)
    """What messages behind which it may be edited carry: itself, and pings since."""
    said: int = 0
    position: int = 0
    """Of the stream of events, when its newest edit was said."""

    def joined(self, changes: Iterable[Change]) -> dict[Place, Change]:
        """Return its changes with later ones."""
        found = dict(self.changes)
        for each in changes:
            before = found.get(each.place)
            found[each.place] = each if before is None else before.then(each)
        return found


@dataclass(slots=True)
class RoomNews:
    """What waits in a room, and what was told last."""

    asks: Pace = field(default_factory=Pace)
    """When it is looked who is to be pinged."""
    notices: Pace = field(default_factory=Pace)
    oldest: int | None = None
    """When the oldest of what waits came."""
    last: int = 0
    count: int = 0
    """Goes up with everything that comes."""
    has_paused: bool = False
    """Whether nothing came for a minute since the last message."""
    looked_upto: int = 0
    """The number of the last change that was looked at for whom it pings."""
    message: Message | None = None

    def came(self, now: int) -> None:
        """Note that something is to be told."""
        self.has_paused = self.has_paused or now - self.last > MINUTE
        self.last = now
        self.count += 1
        self.oldest = now if self.oldest is None else min(self.oldest, now)
        self.asks.came(now)
        self.notices.came(now)

    def told_at(self, mode: str, wishes: Wishes) -> int | None:
        """Return when changes are to be told, None where none are."""
        if mode == "all":
            return self.notices.due()
        if mode != "digest" or self.oldest is None:
            return None
        return next_at(self.oldest, wishes.daily_brief or BRIEF, wishes.zone)

    def due(self, mode: str, wishes: Wishes) -> int | None:
        """Return when the room is to be looked at."""
        found = [each for each in (self.asks.due(), self.told_at(mode, wishes)) if each is not None]
        return min(found, default=None)

    def put_back(self, now: int) -> None:
        """Follow a clock that was put back."""
        self.asks.put_back(now)
        self.notices.put_back(now)
        self.last = min(self.last, now)
        self.oldest = None if self.oldest is None else min(self.oldest, now)
        if self.message is not None:
            self.message.began = min(self.message.began, now)
            self.message.said = min(self.message.said, now)

    def rest(self) -> None:
        """Note that nothing waits."""
        self.oldest = None
        self.asks.nothing_told()
        self.notices.nothing_told()

    def is_over(self, now: int) -> bool:
        """Tell whether nothing waits, and nothing that was told matters any more."""
        told = max(self.asks.told or 0, self.notices.told or 0)
        waits = self.oldest is not None or self.asks.first is not None
        return not waits and now - told > LIFE


@dataclass(slots=True)
class Gathered:
    """What came together of the objects of a room that were looked at."""

    message: Message | None
    """The one that may be edited."""
    asks: list[Looked] = field(default_factory=list)
    more_asks: int = 0
    asking: list[str] = field(default_factory=list)
    """The events behind all that ping somebody."""
    changes: list[tuple[Change, Sequence[Place]]] = field(default_factory=list)
    """With the objects that they tell of."""
    fresh: list[Place] = field(default_factory=list)
    """Those of these objects that do not stand in the message."""
    more: int = 0
    telling: list[str] = field(default_factory=list)
    """The events behind all the rest."""
    upto: int = 0

    def add(self, looked: Looked) -> None:
        """Take in an object that was looked at."""
        ids = [each.event_id for each in looked.news]
        self.upto = max(self.upto, looked.news[-1].number)
        if looked.pings:
            self.asking += ids
            if len(self.asks) < MOST_LINES:
                self.asks.append(looked)
            else:
                self.more_asks += 1
            return
        self.telling += ids
        if looked.change is not None:
            self._add(looked.change, looked.targets)

    def _add(self, change: Change, told_of: Sequence[Place]) -> None:
        message = self.message
        known = {*self.fresh, *(message.order if message else ())}
        new = [each for each in told_of if each not in known]
        goes_on = message is not None and change.place in message.changes
        if not told_of and not goes_on:
            return
        if len(self.changes) >= MOST_SOURCES or len(self.fresh) + len(new) > MOST_LINES:
            self.more += max(1, len(new))
            return
        self.changes.append((change, told_of))
        self.fresh += new

    def continues(self, *, has_paused: bool) -> bool:
        """Tell whether all of it goes into the message that is there."""
        if self.message is None:
            return False
        if not self.fresh and not self.more:
            return True
        if not self.message.more:
            return not self.more and len(self.message.order) + len(self.fresh) <= MOST_LINES
        return not has_paused


def drafted(gathered: Gathered, key: str, now: int, *, has_paused: bool) -> Message:
    """Return the message as it is to be: the one that is there with more in it, or a new one."""
    before = gathered.message
    if before is not None and gathered.continues(has_paused=has_paused):
        order = [*before.order, *gathered.fresh]
        return Message(
            key=before.key,
            began=before.began,
            changes=before.joined(change for change, _ in gathered.changes),
            order=order[:MOST_LINES],
            more=before.more + gathered.more + len(order[MOST_LINES:]),
            body=before.body,
            last_key=key,
            keys=before.keys,
        )
    # What goes on about objects of a message that is full is told anew.
    told = [(change, places) for change, places in gathered.changes if places]
    order = list(dict.fromkeys(place for _, places in told for place in places))
    return Message(
        key=key,
        began=now,
        changes={change.place: change for change, _ in told},
        order=order[:MOST_LINES],
        more=gathered.more + len(order[MOST_LINES:]),
        body="",
        last_key=key,
        keys={key_of(key)},
    )
