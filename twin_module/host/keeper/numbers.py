"""What the keeper counts, for those who watch the host."""

from dataclasses import dataclass, field
from typing import Any, Final

BOUNDS: Final = (0.05, 0.1, 0.15, 0.25, 0.4, 0.7, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of wake times, in seconds; a last one has all the rest."""


@dataclass(slots=True)
class Numbers:
    """Counted since the keeper started."""

    wakes: int = 0
    failed_wakes: int = 0
    """Twins that could not be loaded, or ended by themselves."""
    sleeps: int = 0
    shard_deaths: int = 0
    """Shards that ended without having been told to."""
    front_deaths: int = 0
    wake_seconds: float = 0.0
    """In all, each from the moment when the twin was to wake until it answered."""
    wake_buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def woke(self, seconds: float) -> None:
        """Count a twin that woke."""
        self.wakes += 1
        self.wake_seconds += seconds
        bucket = next((n for n, bound in enumerate(BOUNDS) if seconds <= bound), len(BOUNDS))
        self.wake_buckets[bucket] += 1

    def written(self) -> dict[str, Any]:
        """Return them as JSON; buckets hold all that took at most `le` seconds, as Prometheus has it."""
        most: list[dict[str, Any]] = []
        for bound, count in zip((*BOUNDS, None), self.wake_buckets, strict=True):
            before = most[-1]["count"] if most else 0
            most.append({"le": bound, "count": before + count})
        return {
            "wakes": self.wakes,
            "failed_wakes": self.failed_wakes,
            "sleeps": self.sleeps,
            "shard_deaths": self.shard_deaths,
            "front_deaths": self.front_deaths,
            "wake_seconds": {
                "sum": round(self.wake_seconds, 6),
                "count": self.wakes,
                "buckets": most,
            },
        }
