"""Who is in rooms of the fake homeserver, and what of them is unread."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from twin_module.core.authority import membership_of
from twin_module.core.ports import Member, Summary, Unread
from twin_module.core.state import StateEvent
from twin_module.testing.fake_network import FakeServer
from twin_module.testing.fake_rooms import FakeEvent

HEROES: Final = 5


def members(server: FakeServer, room_id: str) -> Sequence[Member]:
    """Return all memberships of a room."""
    return [
        Member(
            room_id,
            user,
            membership_of(state, user),
            _displayname(event),
            event.sender,
            server.rooms[room_id].events[event.event_id].number,
        )
        for state in [server.state(room_id)]
        for (kind, user), event in state.items()
        if kind == "m.room.member"
    ]


def _displayname(event: StateEvent) -> str | None:
    name = event.content.get("displayname")
    return name if isinstance(name, str) else None


def summary(server: FakeServer, room_id: str) -> Summary:
    """Return who is in a room beside the owner."""
    others = [each for each in members(server, room_id) if each.user_id != server.owner]
    ordered = sorted(others, key=lambda each: (each.membership, each.order))
    there = [each for kind in ("join", "invite") for each in ordered if each.membership == kind]
    gone = [each for kind in ("leave", "ban") for each in ordered if each.membership == kind]
    shown = [(each.user_id, each.displayname) for each in (there or gone)[:HEROES]]
    return Summary(shown, len(there))


def unread(server: FakeServer, room_ids: Iterable[str]) -> Sequence[Unread]:
    """Return the rooms with messages that came after the owner did and were not read."""
    found = []
    for room_id in room_ids:
        after = max(server.read_upto.get(room_id, 0), _came(server, room_id))
        news = [
            (at, event)
            for at, event in server.arrivals
            if event.room_id == room_id and at > after and _counts(server, event)
        ]
        if news:
            speaking = sum(_speaks_to(server.owner, event.content) for _, event in news)
            found.append((news[-1][0], Unread(room_id, len(news), speaking, news[-1][1].ts)))
    return [each for _, each in sorted(found, key=lambda each: each[0], reverse=True)]


def _came(server: FakeServer, room_id: str) -> int:
    """Return at which position the owner came to a room."""
    key = ("m.room.member", server.owner)
    return max(
        (
            at
            for at, each in server.deltas
            if each.room_id == room_id and (each.type, each.state_key) == key
        ),
        default=0,
    )


def _counts(server: FakeServer, event: FakeEvent) -> bool:
    return event.type == "m.room.message" and event.sender != server.owner


def _speaks_to(owner: str, content: Any) -> bool:
    return owner in content.get("m.mentions", {}).get("user_ids", ())
