"""Writes that wait for their turn in a room, and are made together when it comes.

A write has to look at what is current and to be sent before anybody else of this twin does so, so
each room has one queue. Whoever's turn it is writes for all who wait: an event that follows another
one at once costs Synapse much less than one that comes alone (see `send_states`). So it also waits a
moment for as many as wrote last time: they have just been answered, and whoever writes without pause
is about to come again.

Each write stays what it is, made whole or not at all and for its own reasons; only Matrix's own
events, which may change rights, and writes of one key wait for a turn of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pyrsistent import PMap, pvector

from twin_module.core.effects import Put
from twin_module.core.errors import Conflict, Overtaken, TwinError, changed_meanwhile
from twin_module.core.merge import bare, same
from twin_module.core.ports import Homeserver
from twin_module.core.state import NAMESPACE, Key, StateEvent, frozen
from twin_module.engine.space import Space

NEW: Final = ""
ANY: Final = "*"
MOMENT: Final = 0.002
"""Seconds after which whoever waits for company looks again whether it is there."""
MOMENTS: Final = 10
"""How often at most; a write takes longer than all of them."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one write; `event_id` is now the revision."""

    room_id: str
    type: str
    state_key: str
    event_id: str
    changed: bool


@dataclass(eq=False, slots=True)
class Order:
    """A write that waits, of events of different keys."""

    puts: Sequence[Put]
    """As they are to be sent, but for their stamps."""
    expected: Mapping[Key, str]
    """The revision that keys must have: an event ID, NEW for none yet, ANY for one that is there."""
    prepared_on: Mapping[Key, StateEvent | None] = field(default_factory=dict)
    """What was current when somebody made `puts` of it."""
    experience: str | None = None
    fresh: Sequence[Put] = ()
    """Those that change something, with their stamps."""
    outcome: Sequence[Written] | BaseException | None = None


class Orders:
    """The writes that wait, by room."""

    def __init__(self, homeserver: Homeserver, space: Space, most: int) -> None:
        self._homeserver = homeserver
        self._space = space
        self._most = most
        self._waiting: dict[str, list[Order]] = {}
        self._company: dict[str, int] = {}
        """How many wrote or waited at the last turn, where that was more than one."""

    async def carry_out(self, room_id: str, order: Order) -> Sequence[Written]:
        """Wait for the turn of a write, and make it, with others that wait.

        Raises:
            Overtaken: something that it stands on was changed before; it can be made anew.
            Conflict: what was expected is not current.
            BadJson, TooLarge, RoomFull, Forbidden: it can't be written.
        """
        self._waiting.setdefault(room_id, []).append(order)
        async with self._homeserver.lock(room_id):
            if order.outcome is None:
                await self._wait_for_company(room_id)
                taken = self._turn(room_id, order)
                try:
                    await self._write(room_id, taken)
                finally:
                    self._note_company(room_id, len(taken))
        if isinstance(order.outcome, BaseException):
            raise order.outcome
        assert order.outcome is not None  # noqa: S101 - its turn has come
        return order.outcome

    async def _wait_for_company(self, room_id: str) -> None:
        for _ in range(MOMENTS):
            if len(self._waiting[room_id]) >= self._company.get(room_id, 1):
                return
            await self._homeserver.sleep(MOMENT)

    def _note_company(self, room_id: str, taken: int) -> None:
        company = taken + len(self._waiting.get(room_id, ()))
        if company > 1:
            self._company[room_id] = company
        else:
            self._company.pop(room_id, None)

    def _turn(self, room_id: str, first: Order) -> list[Order]:
        """Take an order out of those that wait, with all that can be made together with it."""
        taken = [first]
        keys = {put.key for put in first.puts}
        for order in self._waiting[room_id]:
            more = {put.key for put in order.puts}
            if (
                order is not first
                and all(put.is_ordinary for each in (first, order) for put in each.puts)
                and not keys & more
                and len(keys) + len(more) <= self._most
            ):
                taken.append(order)
                keys |= more
        left = [order for order in self._waiting.pop(room_id) if order not in taken]
        if left:
            self._waiting[room_id] = left
        return taken

    async def _write(self, room_id: str, orders: Sequence[Order]) -> None:
        try:
            current = await self._homeserver.state(
                room_id, [put.key for order in orders for put in order.puts]
            )
            await self._send(room_id, await self._possible(room_id, orders, current), current)
        except BaseException as error:
            # Whoever waits for the others has to know as well.
            for order in orders:
                order.outcome = order.outcome or error
            raise

    async def _possible(
        self, room_id: str, orders: Sequence[Order], current: Mapping[Key, StateEvent]
    ) -> list[Order]:
        """Leave out, and answer, what can't be written on what is current."""
        taken = 0
        possible = []
        for order in orders:
            try:
                _check_expected(order, current)
                order.fresh = [
                    _stamped(put, current, order.experience)
                    for put in order.puts
                    if not _same(put, current)
                ]
                needed = self._space.needed(order.fresh, current)
                await self._space.take(room_id, needed, before=taken)
                taken += needed
            except TwinError as error:
                order.outcome = error
            else:
                possible.append(order)
        return possible

    async def _send(
        self, room_id: str, orders: Sequence[Order], current: Mapping[Key, StateEvent]
    ) -> None:
        fresh = [put for order in orders for put in order.fresh]
        replacing = {put.key: _revision(put, current) or None for put in fresh}
        try:
            ids = await self._homeserver.send_states(room_id, fresh, replacing) if fresh else []
        except TwinError as error:
            if len(orders) > 1:
                # One of them is in the way; each by itself says which.
                for order in orders:
                    await self._send(room_id, [order], current)
            else:
                orders[0].outcome = error
            return
        sent = {put.key: event_id for put, event_id in zip(fresh, ids, strict=True)}
        for order in orders:
            order.outcome = [
                Written(
                    room_id,
                    *put.key,
                    sent.get(put.key) or _revision(put, current),
                    put.key in sent,
                )
                for put in order.puts
            ]


def _check_expected(order: Order, current: Mapping[Key, StateEvent]) -> None:
    for key, event in order.prepared_on.items():
        if current.get(key) != event:
            raise Overtaken.at(*key)
    for put in order.puts:
        _expect(put, current, order.expected.get(put.key))


def _expect(put: Put, current: Mapping[Key, StateEvent], wanted: str | None) -> None:
    if wanted is None:
        return
    event = current.get(put.key)
    now = _revision(put, current)
    is_there = event is not None and bool(event.content)
    if wanted == NEW and is_there and not _same(put, current):
        raise Conflict(f"{put.state_key} is there already.", current=now)
    if wanted == ANY and not is_there:
        raise Conflict(f"{put.state_key} is not there.", current=None)
    if wanted not in (NEW, ANY, now):
        raise Conflict(changed_meanwhile(*put.key), current=now or None)


def _revision(put: Put, current: Mapping[Key, StateEvent]) -> str:
    event = current.get(put.key)
    return event.event_id if event else ""


def _same(put: Put, current: Mapping[Key, StateEvent]) -> bool:
    event = current.get(put.key)
    if event is None:
        return not put.content  # nothing is there to be removed
    return same(bare(event.content), bare(put.content))


def _stamped(put: Put, current: Mapping[Key, StateEvent], experience: str | None) -> Put:
    """Note in an object of ours which version the change was made on, what it takes in, and by what."""
    if not put.content or not put.type.startswith(f"{NAMESPACE}."):
        return put
    event = current.get(put.key)
    content = bare(put.content)
    before: Any = content.get(NAMESPACE)
    stamps = before if isinstance(before, PMap) else frozen({})
    if event is not None:
        stamps = stamps.set("base", event.event_id)
    if put.merged:
        stamps = stamps.set("merged", pvector(put.merged))
    if experience:
        stamps = stamps.set("experience", experience)
    return replace(put, content=content.set(NAMESPACE, stamps) if stamps else content)
