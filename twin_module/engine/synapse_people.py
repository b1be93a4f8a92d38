"""A door to Synapse's private names: who is where, what is unread, where one is signed in.

Functions that `engine/synapse.py` hands its homeserver to; each is held by a test in
`tests/contract`, as those are.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from synapse.server import HomeServer

from twin_module.core.errors import NotFound
from twin_module.core.ports import Cursor, Device, Member, Summary, Unread
from twin_module.core.state import NAMESPACE

CHUNK: Final = 200
"""Parameters of one query; SQLite may be built to take 999."""
HEROES: Final = 5
_OURS: Final = f"{NAMESPACE}.%"
_MESSAGES: Final = (
    " AND state_key IS NULL AND type NOT IN ('m.reaction', 'm.room.redaction') AND type NOT LIKE ?"
)


def chunks(values: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Cut values into parts that fit a query; yields question marks and the values."""
    listed = sorted(set(values))
    for start in range(0, len(listed), CHUNK):
        part = listed[start : start + CHUNK]
        yield ", ".join("?" for _ in part), part


async def _read(hs: HomeServer, name: str, work: Callable[[Any], Any]) -> Any:
    return await hs.get_datastores().main.db_pool.runInteraction(name, work)


async def state_ids(
    hs: HomeServer, room_ids: Iterable[str], keys: Iterable[tuple[str, str]]
) -> Sequence[str]:
    """Return the IDs of current state events of many rooms."""
    wanted, rooms = list(keys), list(room_ids)
    either = " OR ".join("(type = ? AND state_key = ?)" for _ in wanted)

    def work(cursor: Cursor) -> list[str]:
        found: list[str] = []
        for marks, part in chunks(rooms) if wanted else ():
            cursor.execute(
                f"SELECT event_id FROM current_state_events WHERE room_id IN ({marks}) AND ({either})",
                [*part, *(value for key in wanted for value in key)],
            )
            found.extend(row[0] for row in cursor.fetchall())
        return found

    found: list[str] = await _read(hs, "twin_state_ids", work)
    return found


async def members(hs: HomeServer, room_ids: Iterable[str]) -> Sequence[Member]:
    """Return all memberships of rooms, from the table that Synapse keeps of them."""
    rooms = list(room_ids)

    def work(cursor: Cursor) -> list[Member]:
        found: list[Member] = []
        for marks, part in chunks(rooms):
            cursor.execute(
                "SELECT c.room_id, c.state_key, m.membership, m.display_name, m.sender,"
                " COALESCE(m.event_stream_ordering, 0)"
                " FROM current_state_events c JOIN room_memberships m ON m.event_id = c.event_id"
                f" WHERE c.type = 'm.room.member' AND c.room_id IN ({marks})",
                part,
            )
            found.extend(Member(*row) for row in cursor.fetchall())
        return found

    found: list[Member] = await _read(hs, "twin_members", work)
    return found


async def summaries(hs: HomeServer, me: str, room_ids: Iterable[str]) -> Mapping[str, Summary]:
    """Return who is in rooms, as Synapse sums it up for clients that load members late."""
    store = hs.get_datastores().main
    rooms = {room_id: await store.get_room_summary(room_id) for room_id in room_ids}  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions
    heroes: dict[str, list[tuple[str, str]]] = {}
    counts: dict[str, int] = {}
    for room_id, by_membership in rooms.items():
        listed = {
            membership: [each for each in summary.members if each[0] != me]
            for membership, summary in by_membership.items()
        }
        there = [*listed.get("join", ()), *listed.get("invite", ())]
        gone = [*listed.get("leave", ()), *listed.get("ban", ())]
        heroes[room_id] = (there or gone)[:HEROES]
        counts[room_id] = sum(
            by_membership[each].count for each in ("join", "invite") if each in by_membership
        )
    event_ids = [event_id for each in heroes.values() for _, event_id in each]
    names = await _names(hs, event_ids)
    return {
        room_id: Summary(
            [(user, names.get(event_id)) for user, event_id in each], max(0, counts[room_id] - 1)
        )
        for room_id, each in heroes.items()
    }


async def _names(hs: HomeServer, event_ids: Iterable[str]) -> Mapping[str, str | None]:
    ids = list(event_ids)
    if not ids:
        return {}

    def work(cursor: Cursor) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for marks, part in chunks(ids):
            cursor.execute(
                f"SELECT event_id, display_name FROM room_memberships WHERE event_id IN ({marks})",
                part,
            )
            found.update((row[0], row[1]) for row in cursor.fetchall())
        return found

    found: dict[str, str | None] = await _read(hs, "twin_names", work)
    return found


async def unread(hs: HomeServer, me: str, room_ids: Iterable[str]) -> Sequence[Unread]:
    """Return the rooms with notifications that the owner has not seen, newest first."""
    store = hs.get_datastores().main
    counted = await store.get_unread_counts_by_room_for_user(me)
    counts: dict[str, tuple[int, int]] = {}
    for room_id in set(room_ids) & counted.keys() if counted else ():
        # The first count is of all that ever came, this one of what came after the owner did.
        found = await store.get_unread_event_push_actions_by_room_for_user(room_id, me)  # type: ignore[call-arg]  # mypy takes cached methods for functions
        each = [found.main_timeline, *found.threads.values()]
        messages = sum(part.notify_count for part in each)
        if messages:
            counts[room_id] = messages, sum(part.highlight_count for part in each)
    if not counts:
        return []
    newest = await _read(hs, "twin_newest", lambda cursor: _newest(cursor, me, counts))
    ordered = sorted(newest, key=lambda room_id: newest[room_id][0], reverse=True)
    return [Unread(room_id, *counts[room_id], newest[room_id][1]) for room_id in ordered]


def _newest(cursor: Cursor, me: str, room_ids: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return where in the stream the newest message of others is, and when it was sent."""
    found = {}
    for room_id in sorted(room_ids):
        # What counts as unread and is no message (a call, a room that was moved) comes second.
        for kind, values in ((_MESSAGES, [_OURS]), ("", [])):
            cursor.execute(
                "SELECT stream_ordering, origin_server_ts, received_ts FROM events"
                f" WHERE room_id = ? AND sender <> ? AND NOT outlier{kind}"
                " ORDER BY stream_ordering DESC LIMIT 1",
                (room_id, me, *values),
            )
            row = cursor.fetchone()
            if row is not None:
                found[room_id] = row[0], min(row[1], row[1] if row[2] is None else row[2])
                break
    return found


async def devices(hs: HomeServer, me: str) -> Sequence[Device]:
    """Return where the owner is signed in, last seen first."""
    found = await hs.get_device_handler().get_devices_by_user(me)
    listed = [
        Device(each["device_id"], each["display_name"], each["last_seen_ts"], each["last_seen_ip"])
        for each in found
    ]
    return sorted(listed, key=lambda each: (-(each.last_seen_ts or 0), each.device_id))


async def sign_out(hs: HomeServer, me: str, device_id: str) -> None:
    """Delete a device with its access tokens.

    Raises:
        NotFound: there is none.
    """
    if await hs.get_datastores().main.get_device(me, device_id) is None:  # type: ignore[call-arg]  # mypy takes cached methods for functions
        raise NotFound("You are not signed in there; GET /sessions lists where you are.")
    await hs.get_device_handler().delete_devices(me, [device_id])


async def sign_out_everywhere(hs: HomeServer, me: str) -> None:
    """Delete all devices, and access tokens that belong to none."""
    await hs.get_device_handler().delete_all_devices_for_user(me)
    await hs.get_auth_handler().delete_access_tokens_for_user(me)
