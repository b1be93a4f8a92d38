"""A door to Synapse's private names: messages by their words.

Synapse keeps an index of messages for its own search (`event_search`: FTS4 with English stems on
SQLite, a tsvector of English on PostgreSQL), so the twin needs none. It is asked for what may fit,
and every message is looked at again as the owner may see it now, which decides.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from synapse.server import HomeServer
from synapse.storage.databases.main.events_worker import EventRedactBehaviour
from synapse.visibility import filter_and_transform_events_for_client

from twin_module.core.ports import Cursor, Homeserver, Message, MessagePage, MessageQuestion
from twin_module.core.search import asked, composed, has_all, spellings
from twin_module.engine.dialect import is_postgres

MOST_LOOKED_AT: Final = 500
"""Messages that are looked at for one page, in case that the newest do not fit after all."""
_ON_SQLITE: Final = "SELECT event_id FROM event_search WHERE value MATCH ?"
_ON_POSTGRES: Final = "SELECT event_id FROM event_search WHERE vector @@ to_tsquery('english', ?)"
# What was edited is found by its newest edit alone, and shown as the message that was edited.
_FROM: Final = """ hit CROSS JOIN events e
    LEFT JOIN event_relations r ON r.event_id = e.event_id AND r.relation_type = 'm.replace'
    JOIN events o ON o.event_id = COALESCE(r.relates_to_id, e.event_id)
    JOIN local_current_membership m ON m.room_id = e.room_id AND m.membership = 'join'
    WHERE e.event_id = hit.event_id AND e.type = 'm.room.message' AND e.state_key IS NULL
    AND o.type = e.type AND o.sender = e.sender AND o.room_id = e.room_id AND m.user_id = ?
    AND o.sender <> ?
    AND NOT EXISTS (SELECT 1 FROM event_relations n JOIN events l ON l.event_id = n.event_id
        WHERE n.relates_to_id = o.event_id AND n.relation_type = 'm.replace'
        AND l.type = o.type AND l.sender = o.sender AND l.room_id = o.room_id
        AND l.stream_ordering > e.stream_ordering
        AND NOT EXISTS (SELECT 1 FROM redactions x WHERE x.redacts = l.event_id))
    AND NOT EXISTS (SELECT 1 FROM current_state_events c
        WHERE c.room_id = e.room_id AND c.type = 'm.room.encryption')"""


class _Hit(NamedTuple):
    event_id: str
    ts: int
    order: int


async def find_messages(hs: HomeServer, port: Homeserver, question: MessageQuestion) -> MessagePage:
    """Return a page of messages, newest first."""
    hits: list[_Hit] = await hs.get_datastores().main.db_pool.runInteraction(
        "twin_find_messages", _hits, port, question
    )
    words = asked(question.text)
    found: list[Message] = []
    for start in range(0, len(hits), question.limit):
        part = hits[start : start + question.limit]
        seen = await _seen(hs, port, [each.event_id for each in part])
        for each in part:
            message = seen.get(each.event_id)
            if message is not None and has_all(composed(message.text), words):
                found.append(message)
                if len(found) == question.limit:
                    more = each != hits[-1] or len(hits) == MOST_LOOKED_AT
                    return MessagePage(found, each[1:] if more else None)
    return MessagePage(found, hits[-1][1:] if len(hits) == MOST_LOOKED_AT else None)


def _hits(cursor: Cursor, port: Homeserver, question: MessageQuestion) -> list[_Hit]:
    """Return messages that may fit, newest first."""
    ways = spellings(question.text)
    if is_postgres(cursor):
        # One query, from which it takes out what its dictionary does not know, as `and`.
        hits, values = _ON_POSTGRES, [" & ".join(map(_tsquery, ways))]
    else:
        hits, values = " INTERSECT ".join(_ON_SQLITE for _ in ways), list(map(_fts4, ways))
    where, more = _filters(question)
    cursor.execute(
        "SELECT DISTINCT o.event_id, o.origin_server_ts, o.stream_ordering FROM"
        f" ({hits}){_FROM}{where}"
        " ORDER BY o.origin_server_ts DESC, o.stream_ordering DESC LIMIT ?",
        [*values, port.owner, port.voice, *more, MOST_LOOKED_AT],
    )
    return [_Hit(*row) for row in cursor.fetchall()]


def _fts4(ways: Sequence[str]) -> str:
    # Without parentheses, which not every SQLite understands.
    return " OR ".join(f'"{each}*"' for each in ways)


def _tsquery(ways: Sequence[str]) -> str:
    return f"({' | '.join(f'{each}:*' for each in ways)})"


def _filters(question: MessageQuestion) -> tuple[str, Sequence[str | int]]:
    conditions, values = [], list[str | int]()
    for condition, value in (
        ("o.room_id = ?", question.room_id),
        ("o.sender = ?", question.sender),
        ("o.origin_server_ts >= ?", question.since),
        ("o.origin_server_ts < ?", question.until),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if question.but_rooms:
        conditions.append(f"o.room_id NOT IN ({', '.join('?' for _ in question.but_rooms)})")
        values += question.but_rooms
    if question.after is not None:
        conditions.append("(o.origin_server_ts, o.stream_ordering) < (?, ?)")
        values += question.after
    return "".join(f" AND {each}" for each in conditions), values


async def _seen(
    hs: HomeServer, port: Homeserver, event_ids: Iterable[str]
) -> Mapping[str, Message]:
    """Return messages as the owner sees them; those that they may not see are left out."""
    events = await hs.get_datastores().main.get_events_as_list(
        list(event_ids), redact_behaviour=EventRedactBehaviour.block, allow_rejected=False
    )
    visible = await filter_and_transform_events_for_client(
        hs.get_storage_controllers(), port.owner, events
    )
    ids = [each.event.event_id for each in visible]
    shown = {event_id: await port.as_edited(event_id) for event_id in ids}
    return {event_id: message for event_id, message in shown.items() if message is not None}
