"""Keeps how long things wait, so that a twin that slept does not begin anew with what failed.

Without it, each wake would try again after 15 seconds, 30, and so on, and a friend's server that is
gone for good would keep a twin awake most of the time. To lose it costs a few tries too many.
"""

import json
from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import Any, Final

from twin_module.core.ports import Cursor, Homeserver
from twin_module.engine.backoff import Backoff, Wait

SCHEMA: Final = (
    """CREATE TABLE IF NOT EXISTS twin_waits (
        duty TEXT NOT NULL, thing TEXT NOT NULL, due BIGINT NOT NULL, pause BIGINT NOT NULL,
        PRIMARY KEY (duty, thing))""",
)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What waits of one duty."""

    backoff: Backoff[Any]
    kind: Callable[..., Any]


class Waits:
    """What waits of all duties; one per twin."""

    def __init__(self, homeserver: Homeserver) -> None:
        self._homeserver = homeserver
        self._duties: dict[str, _Kept] = {}

    def add(self, duty: str, backoff: Backoff[Any], kind: Callable[..., Any]) -> None:
        """Keep what waits of a duty, too; to be called before `read`.

        Args:
            duty: what it is called in the table.
            backoff: its own.
            kind: of the things: text, or a class whose fields are texts.
        """
        self._duties[duty] = _Kept(backoff, kind)

    async def read(self) -> None:
        """Let wait what waited when the process ended."""

        def work(cursor: Cursor) -> list[tuple[Any, ...]]:
            cursor.execute("SELECT duty, thing, due, pause FROM twin_waits")
            return cursor.fetchall()

        now = self._homeserver.now()
        for duty, thing, due, pause in await self._homeserver.transact("twin_waits", work):
            kept = self._duties.get(duty)
            if kept is not None:
                # Clocks may have been put back.
                wait = Wait(min(due, now + pause), pause)
                kept.backoff.restore(kept.kind(*json.loads(thing)), wait)

    async def keep(self) -> None:
        """Store what waits otherwise than it is stored; costs nothing where nothing does."""
        changed = {
            (duty, _text(thing)): wait
            for duty, kept in self._duties.items()
            for thing, wait in kept.backoff.take_changed().items()
        }

        def work(cursor: Cursor) -> None:
            for (duty, thing), wait in changed.items():
                cursor.execute("DELETE FROM twin_waits WHERE duty = ? AND thing = ?", (duty, thing))
                if wait is not None:
                    cursor.execute(
                        "INSERT INTO twin_waits (duty, thing, due, pause) VALUES (?, ?, ?, ?)",
                        (duty, thing, wait.due, wait.pause),
                    )

        if changed:
            await self._homeserver.transact("twin_keep_waits", work)


def _text(thing: Any) -> str:
    return json.dumps([thing] if isinstance(thing, str) else astuple(thing))
