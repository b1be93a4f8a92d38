"""The owner's circles as an address book: each circle is a group, its people are the members.

Nothing of it is stored: it is made of who is in the circles now, and only read.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from canonicaljson import encode_canonical_json

from twin_module.core.entries import key_of
from twin_module.core.jscontact import BEGINNING, CARD, matrix_service
from twin_module.core.layout import Kind
from twin_module.core.matrix_uri import room_uri, user_uri
from twin_module.core.ports import Cursor, Homeserver, Member
from twin_module.engine import store
from twin_module.engine.people import People
from twin_module.engine.sequence import last_seq

Card = tuple[str, dict[str, Any]]
"""A state key and content, as of a card that is stored."""


@dataclass(frozen=True, slots=True)
class CircleMember:
    """Somebody in a circle."""

    user_id: str
    displayname: str | None
    cards: Sequence[str] = ()
    """The uids of the owner's cards that have this Matrix ID."""


@dataclass(frozen=True, slots=True)
class _Made:
    """The cards of a moment."""

    at: tuple[int, int]
    cards: Sequence[Card]
    revision: str


def circle_card(room_id: str, name: str, members: Iterable[CircleMember]) -> Card:
    """Return the group card of a circle.

    A member is named by Matrix ID, and by each of the owner's cards that have it: so it is found
    by programs that know only cards. The uid follows from the room ID alone.
    """
    uid = room_uri(room_id)
    named = [each for member in members for each in (user_uri(member.user_id), *member.cards)]
    content = {
        **BEGINNING,
        "uid": uid,
        "kind": "group",
        "name": {"@type": "Name", "full": name or "Circle"},
        **({"members": dict.fromkeys(sorted(named), True)} if named else {}),
    }
    return key_of(uid), content


def person_card(member: CircleMember) -> Card:
    """Return a card for somebody of whom the owner has none; its UID is what circles name them by."""
    uid = user_uri(member.user_id)
    content = {
        **BEGINNING,
        "uid": uid,
        "kind": "individual",
        "name": {"@type": "Name", "full": member.displayname or member.user_id},
        "onlineServices": {"s1": matrix_service(member.user_id)},
    }
    return key_of(uid), content


class CircleCards:
    """Makes the address book of the circles."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._people = People(homeserver)
        self._made: _Made | None = None

    async def cards(self) -> list[Card]:
        """Return a card for each circle and for each of its people of whom the owner has no card."""
        return list((await self._current()).cards)

    async def revision(self) -> str:
        """Return what changes when any of the cards does; cheap where nothing happened meanwhile."""
        return (await self._current()).revision

    async def _current(self) -> _Made:
        # Before anything is read: what changes meanwhile is seen the next time.
        at = await self._homeserver.position(), await self._sequence()
        made = self._made
        if made is None or made.at != at:
            cards = await self._make()
            digest = sha256(encode_canonical_json([list(each) for each in cards])).hexdigest()
            made = _Made(at, cards, digest)
            self._made = made
        return made

    async def _sequence(self) -> int:
        return await self._homeserver.transact("twin_circle_cards_seq", last_seq)

    async def _make(self) -> Sequence[Card]:
        rooms, cards_of = await self._homeserver.transact("twin_circle_cards", _read)
        people = await self._people.everyone()
        there = {
            (each.user_id, each.room_id): each
            for each in await self._homeserver.members([room.room_id for room in rooms])
        }
        cards: list[Card] = []
        without: dict[str, CircleMember] = {}
        for room in rooms:
            members = [
                CircleMember(each.user_id, each.displayname, cards_of.get(each.user_id, ()))
                for each in people
                if any(circle.room.room_id == room.room_id for circle in each.circles)
                and not _is_gone(there.get((each.user_id, room.room_id)))
            ]
            without |= {each.user_id: each for each in members if not each.cards}
            cards.append(circle_card(room.room_id, room.name, members))
        return cards + [person_card(each) for _, each in sorted(without.items())]


def _is_gone(member: Member | None) -> bool:
    """Tell whether somebody left of their own will, or is banned; who was not reached yet is not gone."""
    if member is None:
        return False
    left = member.membership == "leave" and member.sender == member.user_id
    return left or member.membership == "ban"


def _read(cursor: Cursor) -> tuple[list[store.Room], Mapping[str, Sequence[str]]]:
    """Return the circles that the owner is in, and the uids of cards by Matrix ID."""
    rooms = [each for each in store.read_rooms(cursor, "join") if each.kind == Kind.CIRCLE.value]
    cursor.execute(
        "SELECT i.word, i.uid FROM twin_index i JOIN twin_objects o"
        " ON o.room_id = i.room_id AND o.type = i.type AND o.uid = i.uid"
        " JOIN twin_rooms r ON r.room_id = i.room_id"
        " WHERE i.type = ? AND i.field = ? AND o.removed = 0 AND r.membership = ?",
        (CARD.type, "matrix_id", "join"),
    )
    found: dict[str, set[str]] = {}
    for user_id, uid in cursor.fetchall():
        found.setdefault(user_id, set()).add(uid)
    return rooms, {user_id: sorted(uids) for user_id, uids in found.items()}
