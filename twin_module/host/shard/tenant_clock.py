"""The clock of a twin that shares its process: timers that may be late come once a minute.

Each homeserver has about a hundred timers. Most of them only tidy up, every few seconds, which is
most of what an idle twin costs.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from synapse.util.clock import Clock
from synapse.util.duration import Duration
from twisted.internet.task import LoopingCall

SLOW: Final = Duration(minutes=1)
MAY_BE_LATE: Final[Mapping[str, str]] = {
    "Ratelimiter._prune_message_counts": "forgets who was not limited; the limits themselves read the time",
    "ResponseCache._prune_inflight_entries": "forgets answers that nobody fetched",
    "ExpiringCache.__init__.<locals>.f": "forgets what is old",
    "_expire_old_entries": "forgets what was not used for half an hour",
    "DatabasePool.start_profiling.<locals>.loop": "writes how busy the database was to the log",
    "WorkerLocksHandler._cleanup_locks": "counts who waits, for metrics",
    "ClientIpWorkerStore._update_client_ips_batch": "notes when a device was seen last; done at sleep, too",
    "EventPushActionsWorkerStore._rotate_notifs": "adds counts of notifications together",
    "DeviceWriterHandler._report_device_list_conversion_lag": "a metric",
    "EventFederationWorkerStore._get_stats_for_federation_staging": "metrics",
    "LockStore._reap_stale_read_write_locks": "for other processes that died, which there are none of",
    "UrlPreviewer._start_expire_url_cache_data": "deletes old previews",
}
"""What these timers do, by the name of the function.

All others stay exact, those of releases to come as well. Above all these: the renewal of locks
(`Lock._renew`, which another process could take otherwise), the end of typing
(`FollowerTypingHandler._handle_timeouts`), what is tried again (`_maybe_retry_device_resync`),
and what modules ask for.
"""


class TenantClock(Clock):
    """Synapse's clock, whose slow timers are slower."""

    def looping_call(
        self, f: Callable[..., object], duration: Duration, *args: Any, **kwargs: Any
    ) -> LoopingCall:
        """Call a function again and again, see Synapse's own; after the end not at all.

        A lock that a thread took while the twin went to sleep asks for its timer afterwards. Raised in
        the reactor, an error would hold the whole twin in memory, as Twisted keeps the last one.
        """
        if self._is_shutdown:
            return LoopingCall(f, *args, **kwargs)
        if duration < SLOW and getattr(f, "__qualname__", "") in MAY_BE_LATE:
            duration = SLOW
        return super().looping_call(f, duration, *args, **kwargs)
