"""What keeps a twin awake, and when it has to be awake again: all that is known of that to Synapse.

A twin may sleep when it owes nothing that is in memory only. What is in the database is done at
its next wake; the earliest time of that is its alarm.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from synapse.server import HomeServer
from synapse.storage.database import LoggingTransaction
from synapse.storage.engines import Sqlite3Engine

from twin_module.host.shard import insides

SOON: Final = 60.0
"""Seconds in which a push that failed is tried again before a twin sleeps over it."""


def running(hs: HomeServer, now: float) -> Iterator[str]:
    """Say what a homeserver is at, in a few words each.

    Args:
        hs: the homeserver.
        now: seconds since 1970.
    """
    if insides.is_handing_out(hs):
        yield "hands out what was written"
    if insides.receipts_wait(hs):
        yield "waits to send receipts"
    for destination, queue in insides.queues(hs).items():
        # Not as long as something waits for a server that can't be reached. Events and messages to
        # devices are in the database; receipts are lost, as they are when Synapse is started anew.
        if queue.transmission_loop_running:
            yield f"sends to {destination}"
    for pusher in insides.pushers(hs):
        if insides.is_pushing(pusher) or any(at - now < SOON for at in _due(pusher)):
            yield "pushes"
    if insides.is_working_at_tasks(hs):
        yield "works at a task"
    if insides.is_joining(hs):
        yield "joins a room"
    if insides.is_updating(hs):
        yield "brings its database up to date"


def queue_length(hs: HomeServer) -> int:
    """Return to how many other servers something has still to be sent."""
    return sum(
        queue.transmission_loop_running or insides.is_behind(queue)
        for queue in insides.queues(hs).values()
    )


def _due(pusher: Any) -> Iterator[float]:
    """Return when a pusher tries again what failed, in seconds since 1970."""
    if pusher.timed_call is not None and pusher.timed_call.active():
        yield pusher.timed_call.getTime()


async def next_duty(hs: HomeServer) -> int | None:
    """Return when a homeserver has to do something next, in milliseconds since 1970.

    That may be in the past, of what could not be done until now.
    """
    times = [int(at * 1000) for pusher in insides.pushers(hs) for at in _due(pusher)]
    found: Iterable[int | None] = await hs.get_datastores().main.db_pool.runInteraction(
        "twin_next_duty", _in_database
    )
    return min([*times, *(each for each in found if each is not None)], default=None)


def _in_database(cursor: LoggingTransaction) -> list[int | None]:
    found: list[int | None] = []
    for query in (TASKS, DELAYED_EVENTS, EXPIRING_EVENTS, STAGED_EVENTS, EVENTS, DESTINATIONS):
        cursor.execute(query)
        row = cursor.fetchone()
        found.append(None if row is None or row[0] is None else int(row[0]))
    return found


TASKS: Final = "SELECT MIN(timestamp) FROM scheduled_tasks WHERE status IN ('scheduled', 'active')"
DELAYED_EVENTS: Final = "SELECT MIN(send_ts) FROM delayed_events WHERE NOT is_processed"
EXPIRING_EVENTS: Final = "SELECT MIN(expiry_ts) FROM event_expiry"
STAGED_EVENTS: Final = "SELECT MIN(received_ts) FROM federation_inbound_events_staging"
"""Events that another server has handed over, and that were not looked at yet."""
EVENTS: Final = """
    SELECT MIN(received_ts) FROM events WHERE stream_ordering > (
        SELECT MIN(stream_id) FROM federation_stream_position WHERE type = 'events'
    )
"""
"""Events that were not handed out yet, to whatever servers they are for."""
DESTINATIONS: Final = """
    SELECT MIN(COALESCE(destinations.retry_last_ts + destinations.retry_interval, 0)) FROM (
        SELECT destination FROM destination_rooms LEFT JOIN destinations USING (destination)
        WHERE stream_ordering > COALESCE(last_successful_stream_ordering, 0)
        UNION SELECT destination FROM device_federation_outbox
        UNION SELECT destination FROM device_lists_outbound_pokes WHERE NOT sent
    ) AS waiting LEFT JOIN destinations USING (destination)
"""
"""Servers that something waits for, and when it is tried again; the first is Synapse's own
question, see `get_catch_up_outstanding_destinations`."""


async def free_locks(hs: HomeServer) -> None:
    """Free what a process held that was killed; Synapse would wait two minutes for it.

    Of SQLite only, since nobody else uses the database while the twin's folder is locked.
    """
    pool = hs.get_datastores().main.db_pool
    if isinstance(pool.engine, Sqlite3Engine):
        await pool.runInteraction("twin_free_locks", _free_locks)


def _free_locks(cursor: LoggingTransaction) -> None:
    cursor.execute("DELETE FROM worker_locks")
    cursor.execute("DELETE FROM worker_read_write_locks")


def resume(hs: HomeServer) -> None:
    """Go on with what a sleep or a crash cut off; Synapse would begin with that at the next event only."""
    hs.get_federation_sender().notify_new_events(hs.get_datastores().main.get_room_max_token())
    insides.look_at_staged_events(hs)
