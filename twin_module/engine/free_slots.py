"""When several people are free: their twins are asked, and each answers whom its owner allows.

A twin tells busy times and nothing else: merged, in whole quarters of an hour, and not often. Who
may not know gets the same answer whatever stands in the agenda, because it is not looked into.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Literal, Protocol, TypeAlias

from twin_module.core import free_slots
from twin_module.core.authority import membership_of
from twin_module.core.errors import (
    Forbidden,
    InvalidParam,
    NotFound,
    TooOften,
    TwinError,
    Unreachable,
)
from twin_module.core.free_slots import Hours, Interval
from twin_module.core.layout import Kind
from twin_module.core.matrix_uri import USER_ID, is_user_id
from twin_module.core.ports import Homeserver
from twin_module.engine import store
from twin_module.engine.patience import Patience
from twin_module.engine.peers import Body, PeerCall, Peers, call_shape
from twin_module.engine.settings import Settings

BUSY: Final = "busy"
"""The path of the call by which a twin is asked when its owner is busy."""
MAX_BODY_BYTES: Final = 4096
MOST_PEOPLE: Final = 20
BURST: Final = 30
REFILL_MS: Final = 120_000
"""One person asks 30 times at once and then every two minutes: not more than 60 times in an hour."""
NOT_TOLD: Final = "The owner of this twin does not tell you when they are busy."

_SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": free_slots.LATEST}
_CALL: Final = call_shape(
    {"sender": USER_ID, "user_id": USER_ID, "after": _SECONDS, "before": _SECONDS},
    ("user_id", "after", "before"),
    MAX_BODY_BYTES,
)


class Agenda(Protocol):
    """When the owner is busy, from whatever that is known."""

    async def busy(self, after: datetime, before: datetime) -> list[tuple[datetime, datetime]]:
        """Return busy times that overlap a time, in UTC and merged."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for; times and lengths are in seconds."""

    people: Sequence[str]
    """Matrix IDs, beside the owner's own."""
    circle: str | None
    """A room whose members are asked too."""
    within: Interval
    hours: Hours
    duration: int
    step: int
    limit: int


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one person."""

    state: Literal["known", "unknown", "refused"]
    busy: Sequence[Interval] = ()
    reason: str | None = None
    """A sentence, where it is not known."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where something fits for all people of whom it is known when they are busy."""

    slots: Sequence[Interval]
    people: Mapping[str, Told]

    @property
    def known(self) -> list[str]:
        """For whom the slots hold."""
        return [person for person, told in self.people.items() if told.state == "known"]


Ask: TypeAlias = Callable[[str], Coroutine[Any, Any, Told]]
Together: TypeAlias = Callable[[Ask, Sequence[str]], Awaitable[Sequence[Told]]]
"""Asks about several people at once, and returns what was told of each in order."""


class FreeSlots:
    """Asks other twins when their owners are busy, and answers when its own one is."""

    def __init__(
        self, homeserver: Homeserver, settings: Settings, peers: Peers, agenda: Agenda
    ) -> None:
        self._homeserver = homeserver
        self._settings = settings
        self._peers = peers
        self._agenda = agenda
        self._patience = Patience(BURST, REFILL_MS)
        peers.serve(BUSY, PeerCall(_CALL, self._check, self._answer))

    # What others ask

    async def _check(self, body: Body) -> None:
        if body["user_id"] == self._homeserver.owner:
            wishes = await self._settings.read()
            sender = body["sender"]
            if sender in wishes.free_busy_to:
                return
            if await self._is_in_one_of(wishes.free_busy_to_circles, sender):
                return
        raise Forbidden(NOT_TOLD)

    async def _is_in_one_of(self, circles: Sequence[str], person: str) -> bool:
        """Tell whether somebody is in one of some circles that the owner is in too."""
        if not circles:
            return False
        both = (person, self._homeserver.owner)
        states = await self._homeserver.states(circles, [("m.room.member", each) for each in both])
        return any(
            all(membership_of(state, each) == "join" for each in both) for state in states.values()
        )

    async def _answer(self, server: str, body: Body) -> Mapping[str, Any]:
        within = (body["after"], body["before"])
        _check_length(within)
        wait_ms = self._patience.wait(body["sender"], self._homeserver.now())
        if wait_ms:
            raise TooOften(
                "You asked too often when the owner of this twin is busy; wait a little.",
                retry_after_ms=wait_ms,
            )
        # On the grid before it is looked up: a narrow question must not find the exact time.
        busy = free_slots.rounded(await self._busy(free_slots.outward(within)))
        return {"busy": [list(each) for each in free_slots.clipped(busy, within)]}

    async def _busy(self, within: Interval) -> list[Interval]:
        after, before = map(free_slots.utc, within)
        return free_slots.rounded(
            (
                (int(start.timestamp() // 1), int(-(-end.timestamp() // 1)))
                for start, end in await self._agenda.busy(after, before)
            ),
            grid=1,
        )

    # What the owner asks

    async def find(self, question: Question, together: Together) -> Found:
        """Return when everybody is free of whom it is known, the owner included.

        Args:
            question: what is looked for; what is over counts no more.
            together: how the twins are asked at once.

        Raises:
            InvalidParam: the times, or the number of people, can't be asked about.
            NotFound: the owner is in no such circle.
        """
        now = -(-self._homeserver.now() // 1000)
        within = (max(question.within[0], now), question.within[1])
        if within[1] <= now:
            raise InvalidParam("before: that time is over.")
        _check_length(within)
        open_ = free_slots.windows(question.hours, within)
        if max((end - start for start, end in open_), default=0) < question.duration:
            raise InvalidParam(
                "duration: nothing that long fits between these times; allow longer days, or more of them."
            )
        people = await self._people(question)
        own = free_slots.clipped(await self._busy(within), within)
        told = await together(lambda person: self._ask(person, within), people)
        everybody = {
            self._homeserver.owner: Told("known", own),
            **dict(zip(people, told, strict=True)),
        }
        busy = [each for told in everybody.values() for each in told.busy]
        slots = free_slots.slots(question.hours, within, busy, question.duration, question.step)
        return Found(list(islice(slots, question.limit)), everybody)

    async def _people(self, question: Question) -> list[str]:
        """Return whom to ask, each once."""
        people = dict.fromkeys(question.people)
        if question.circle is not None:
            people |= dict.fromkeys(await self._members(question.circle))
            people.pop(self._homeserver.voice, None)
        people.pop(self._homeserver.owner, None)
        if len(people) > MOST_PEOPLE:
            raise InvalidParam(
                f"people: {MOST_PEOPLE} people are asked at most, and these are {len(people)}."
            )
        return list(people)

    async def _members(self, circle: str) -> list[str]:
        room = await self._homeserver.transact(
            "twin_room", lambda cursor: store.read_room(cursor, circle)
        )
        if room is None or room.membership != "join" or room.kind != Kind.CIRCLE.value:
            raise NotFound(f"This twin is in no circle {circle}.")
        members = await self._homeserver.state(circle, [("m.room.member", None)])
        return sorted(user for _, user in members if membership_of(members, user) == "join")

    async def _ask(self, person: str, within: Interval) -> Told:
        if not is_user_id(person):
            return Told("unknown", reason="This names no server that can be asked.")
        server = person.partition(":")[2]
        if server == self._homeserver.server_name:
            return Told(
                "unknown",
                reason="This is not the owner of your twin, who alone has an account here.",
            )
        asks = {"sender": self._homeserver.owner, "user_id": person}
        # What another server writes as its reason is not shown: that may be anything.
        try:
            answer = await self._peers.ask(
                server, BUSY, {**asks, "after": within[0], "before": within[1]}
            )
            busy = free_slots.read_busy(answer.get("busy"), within)
        except Forbidden:
            return Told("refused", reason=f"{server} refuses to tell you when they are busy.")
        except NotFound:
            reason = f"{server} is no twin, or one that can't be asked for busy times."
        except Unreachable:
            reason = f"{server} does not answer now."
        except (TwinError, RecursionError):  # the latter is JSON that is nested without end
            reason = f"{server} did not answer the question."
        else:
            if busy is not None:
                return Told("known", busy)
            reason = f"{server} answered what can't be busy times."
        return Told("unknown", reason=reason)


def _check_length(within: Interval) -> None:
    after, before = within
    if not after < before <= after + free_slots.MOST_SECONDS:
        days = free_slots.MOST_SECONDS // 86_400
        raise InvalidParam(f"before: this has to be after `after`, by {days} days at most.")
