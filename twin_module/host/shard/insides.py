"""The private names of Synapse that a shard needs: what it does not tell in any other way.

Each is held by `tests/host/test_shard_insides.py`, which has to be run on a new release first.
Synapse has made for several homeservers in a process, and stops them, but for a few things.
"""
# ruff: noqa: SLF001

from collections.abc import Iterator, Mapping
from typing import Any

from synapse.app.homeserver import SynapseHomeServer
from synapse.config import cache
from synapse.logging.context import make_deferred_yieldable
from synapse.server import HomeServer
from synapse.util.clock import Clock

# Starting and stopping


def use_clock(hs: HomeServer, clock: Clock) -> None:
    """Give a homeserver its clock before it makes one itself, when it is first asked for one."""
    vars(hs)["_clock"] = clock


def forget_cache_sizes() -> None:
    """Forget how to change the sizes of caches.

    It is known by the caches' names alone, so of the homeserver that was loaded last, and keeps
    that one in memory.
    """
    cache._CACHES.clear()


def forget_ports(hs: HomeServer) -> None:
    """Let a homeserver not look after its listening sockets; it would stop those of TCP only."""
    hs._listening_services.clear()


async def finish(hs: SynapseHomeServer) -> None:
    """Do what a homeserver does last: give back locks, note when devices were seen.

    Its own `shutdown` does it only after it has said that it is shut down, and then it fails.
    """
    handlers = list(hs._async_shutdown_handlers)
    hs._async_shutdown_handlers.clear()
    for handler in handlers:
        hs.get_reactor().removeSystemEventTrigger(handler.trigger_id)
        done: Any = handler.func(**handler.kwargs)
        await make_deferred_yieldable(done)


def look_at_staged_events(hs: HomeServer) -> None:
    """Go on with events that were received but not looked at; it would wait for the next that come."""
    hs.get_federation_server()._handle_old_staged_events()


# What is under way


def is_handing_out(hs: HomeServer) -> bool:
    """Tell whether events that were written are just given to the queues of other servers."""
    sender: Any = hs.get_federation_sender()
    return bool(sender._is_processing)


def receipts_wait(hs: HomeServer) -> bool:
    """Tell whether receipts wait a moment, for more to go with them."""
    sender: Any = hs.get_federation_sender()
    return bool(sender._destination_wakeup_queue.queue)


def queues(hs: HomeServer) -> Mapping[str, Any]:
    """Return the queues of other servers, by their names."""
    sender: Any = hs.get_federation_sender()
    queues: Mapping[str, Any] = sender._per_destination_queues
    return queues


def is_behind(queue: Any) -> bool:
    """Tell whether a server did not get yet what it should have."""
    return bool(
        queue.pending_pdu_count()
        or queue.pending_edu_count()
        or queue._pending_receipt_edus
        or queue._catchup_last_skipped
    )


def is_pushing(pusher: Any) -> bool:
    """Tell whether a pusher is at work."""
    return bool(pusher._is_processing)


def is_working_at_tasks(hs: HomeServer) -> bool:
    """Tell whether scheduled tasks run."""
    return bool(hs.get_task_scheduler()._running_tasks)


def is_joining(hs: HomeServer) -> bool:
    """Tell whether the state of a room is fetched that was joined before it was all there."""
    return bool(hs.get_federation_handler()._active_partial_state_syncs)


def is_updating(hs: HomeServer) -> bool:
    """Tell whether the database is brought up to date."""
    return any(each.updates._running for each in hs.get_datastores().databases)


def is_answering(request: Any) -> bool:
    """Tell whether somebody still works at a request."""
    return bool(request._is_processing)


def pushers(hs: HomeServer) -> Iterator[Any]:
    """Return all pushers."""
    for of_user in hs.get_pusherpool().pushers.values():
        yield from of_user.values()
