"""What the host tells those who watch it: `/health` and `/metrics`, in the format of Prometheus.

The keeper writes what it knows to a file; what the front knows itself is added.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import h11
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from twin_module.host.front.answers import Answer, Refused, as_json, path_of
from twin_module.host.front.crowd import Crowd
from twin_module.host.front.numbers import Numbers
from twin_module.host.keeper.status import pss_kb
from twin_module.host.keeper.written import FILE
from twin_module.host.places import Places

METHODS: Final = frozenset({b"GET", b"HEAD"})
KB: Final = 1024
COUNTED: Final = {
    "wakes": "Twins that woke.",
    "failed_wakes": "Twins that could not be loaded, or ended by themselves.",
    "sleeps": "Twins that fell asleep.",
    "shard_deaths": "Shards that ended without having been told to.",
    "front_deaths": "Fronts that ended without having been told to.",
}
"""What the keeper counts, under the same names."""
IN_TROUBLE: Final = frozenset({"failing", "unwell", "waiting"})
"""The states of a twin that does not do what somebody wants of it."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """All numbers of a host."""

    places: Places
    numbers: Numbers
    crowd: Crowd

    async def answer(self, request: h11.Request) -> Answer:
        """Answer a request at the door for metrics.

        Raises:
            Refused: it is for something else.
        """
        path = path_of(request.target)
        if request.method in METHODS:
            keeper = self._keeper()
            if path == "/health":
                # Who answers here ends when the keeper does.
                return Answer(HTTPStatus.OK, as_json({"status": "ok", "twins": _states(keeper)}))
            if path == "/metrics":
                # The system adds up each process's pages, and nobody shall wait for that.
                memory = await asyncio.to_thread(_memory, keeper)
                registry = CollectorRegistry(auto_describe=False)
                registry.register(_Moment(keeper, memory, self.numbers, self.crowd))
                return Answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4)
        raise Refused(HTTPStatus.NOT_FOUND, "M_UNRECOGNIZED", "Here are /health and /metrics.")

    def _keeper(self) -> Mapping[str, Any]:
        """Return what the keeper wrote last; nothing when it has not yet."""
        try:
            found = json.loads((self.places.run / FILE).read_bytes())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True, eq=False)
class _Moment(Collector):
    """The numbers at the moment when they were asked for."""

    keeper: Mapping[str, Any]
    memory: Mapping[str, int]
    numbers: Numbers
    crowd: Crowd

    def collect(self) -> Iterator[Metric]:
        """Yield all of them."""
        yield from self._of_keeper()
        yield from self._of_front()

    def _of_keeper(self) -> Iterator[Metric]:
        keeper = self.keeper
        twins = GaugeMetricFamily("twin_host_twins", "Twins by state.", labels=["state"])
        for state, count in sorted(_states(keeper).items()):
            twins.add_metric([state], count)
        yield twins
        troubled = GaugeMetricFamily(
            "twin_host_twin_in_trouble",
            "1 for each twin that somebody should look at, by state.",
            labels=["twin", "state"],
        )
        for each in keeper.get("twins", []):
            if each["state"] in IN_TROUBLE:
                troubled.add_metric([each["server_name"], each["state"]], 1)
        yield troubled
        yield GaugeMetricFamily(
            "twin_host_shards", "Processes with awake twins.", value=len(keeper.get("shards", []))
        )
        memory = GaugeMetricFamily(
            "twin_host_memory_bytes",
            "Memory by kind of process, shared pages by their share.",
            labels=["process"],
        )
        for kind, bytes_ in self.memory.items():
            memory.add_metric([kind], bytes_)
        yield memory
        for name, meaning in COUNTED.items():
            if name in keeper:
                yield CounterMetricFamily(f"twin_host_{name}", meaning, value=keeper[name])
        if "wake_seconds" in keeper:
            waking = HistogramMetricFamily(
                "twin_host_wake_seconds",
                "From the moment when a twin was to wake until it answered.",
            )
            waking.add_metric([], _buckets(keeper["wake_seconds"]), keeper["wake_seconds"]["sum"])
            yield waking

    def _of_front(self) -> Iterator[Metric]:
        crowd, numbers = self.crowd, self.numbers
        yield GaugeMetricFamily(
            "twin_front_connections", "Connections of clients.", value=len(crowd)
        )
        yield CounterMetricFamily(
            "twin_front_connections_taken", "Connections that were taken.", value=crowd.taken
        )
        yield CounterMetricFamily(
            "twin_front_connections_refused", "Connections that were too many.", value=crowd.refused
        )
        requests = CounterMetricFamily(
            "twin_front_requests", "Requests that were answered.", labels=["twin", "code"]
        )
        for (twin, code), count in sorted(numbers.requests.items()):
            requests.add_metric([twin, code], count)
        yield requests
        traffic = CounterMetricFamily(
            "twin_front_bytes", "Bytes from and to clients, without TLS.", labels=["direction"]
        )
        traffic.add_metric(["received"], numbers.bytes.received)
        traffic.add_metric(["sent"], numbers.bytes.sent)
        yield traffic


def _memory(keeper: Mapping[str, Any]) -> dict[str, int]:
    shards = [pss_kb(each["pid"]) for each in keeper.get("shards", [])]
    keepers = [pss_kb(keeper["keeper"]["pid"])] if "keeper" in keeper else [0]
    found = {"front": [pss_kb()], "shards": shards, "keeper": keepers}
    # What runs as another user can't be told, and is left out.
    return {kind: sum(each) * KB for kind, each in found.items() if all(each)}


def _states(keeper: Mapping[str, Any]) -> dict[str, int]:
    return dict(Counter(each["state"] for each in keeper.get("twins", [])))


def _buckets(seconds: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [
        ("+Inf" if each["le"] is None else str(each["le"]), each["count"])
        for each in seconds["buckets"]
    ]
