"""What an export reads of a twin: its objects page by page, as their servers signed them.

Whether they are proven is for the reader to find out, in a process of its own: checking
thousands of signatures here would make everybody else wait.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from twin_module.core.ports import Cursor, Homeserver, SignedEvent
from twin_module.core.proof import merge_parents
from twin_module.engine.tokens import WORD, read_token, write_token

STEP: Final = 25
"""Objects that are read in one transaction, between which others have their turn."""
PAGE: Final = 200
"""Objects of a page."""
PAGE_BYTES: Final = 512 * 1024
"""When a page has so much, it ends with the step."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Row:
    """An object as the tables have it: the version that is shown, and what is wrong with a newer one."""

    key: Key
    event_id: str
    title: str | None
    problem: str | None


class Exports:
    """Reads objects for an export."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver

    async def objects(self, token: str | None) -> Mapping[str, Any]:
        """Return a page: `objects` in order, and `next_batch` unless it is the last one.

        Each has the version that is shown, so an object whose newest version does not fit comes
        with the last one that did, and with the `problem`.

        Raises:
            InvalidParam: the token is not one of ours.
        """
        after: Sequence[str] = read_token(token, WORD, WORD, WORD) if token else ("", "", "")
        objects: list[Mapping[str, Any]] = []
        size = 0
        more = True
        while more and len(objects) < PAGE and size < PAGE_BYTES:
            rows = await self._homeserver.transact("twin_export", partial(_read, after=after))
            more = len(rows) == STEP
            for shown in await self._shown(rows):
                objects.append(shown)
                size += len(json.dumps(shown))
            after = rows[-1].key if rows else after
        return {"objects": objects, **({"next_batch": write_token(after)} if more else {})}

    async def _shown(self, rows: Sequence[_Row]) -> list[Mapping[str, Any]]:
        signed = await self._homeserver.signed_events([row.event_id for row in rows])
        named = {
            event_id: merge_parents(event.pdu["content"]) for event_id, event in signed.items()
        }
        wanted = {each for several in named.values() for each in several}
        parents = await self._homeserver.signed_events(sorted(wanted)) if wanted else {}
        return [
            _json(row, event, [parents[each] for each in named[row.event_id] if each in parents])
            for row in rows
            if (event := signed.get(row.event_id)) is not None
        ]


def _read(cursor: Cursor, after: Sequence[str]) -> list[_Row]:
    cursor.execute(
        "SELECT o.room_id, o.type, o.uid, COALESCE(o.good_event_id, o.event_id), o.title, o.problem"
        " FROM twin_objects o"
        " WHERE o.removed = 0 AND (o.room_id, o.type, o.uid) > (?, ?, ?)"
        " ORDER BY o.room_id, o.type, o.uid LIMIT ?",
        (*after, STEP),
    )
    return [_Row((row[0], row[1], row[2]), *row[3:]) for row in cursor.fetchall()]


def _json(row: _Row, signed: SignedEvent, parents: Iterable[SignedEvent]) -> Mapping[str, Any]:
    room_id, event_type, uid = row.key
    return {
        "room_id": room_id,
        "type": event_type,
        "uid": uid,
        **({"title": row.title} if row.title else {}),
        **({"problem": row.problem} if row.problem else {}),
        **entry(signed),
        "parents": [{"event_id": each.event_id, "event": dict(each.pdu)} for each in parents],
    }


def entry(signed: SignedEvent) -> dict[str, Any]:
    """Return an event with what is needed to check it."""
    return {
        "room_version": signed.room_version,
        "event_id": signed.event_id,
        "event": dict(signed.pdu),
    }
