"""What a figure is: its name, its unit, and which way is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.suite.measure import Spread, percentile, spread

BETTER_WHEN_LESS: Final = ("ms", "us", "CPU-ms", "MB", "CPU-s/h")


@dataclass(frozen=True, slots=True)
class Figure:
    """A line of the table."""

    key: str
    """The samples' own, and behind a plus what is made of them where it is not the median."""
    title: str
    unit: str

    @property
    def less_is_better(self) -> bool:
        """Whether the smaller of two is the better one."""
        return self.unit in BETTER_WHEN_LESS

    def of(self, samples: Sequence[float]) -> Spread:
        """Return the figure of all samples."""
        if self.key.endswith("+p95"):
            return percentile(samples, 95)
        return spread(samples)


@dataclass(frozen=True, slots=True)
class Measured:
    """A line of the table, filled in."""

    figure: Figure
    by: Mapping[str, Spread]
    """By contestant."""

    def ratio(self, one: str, other: str) -> float | None:
        """Return how many times better one contestant is than another one, None if that is unknown."""
        return better(self.figure, self.by.get(one), self.figure, self.by.get(other))

    def json(self) -> dict[str, Any]:
        """Return it for the file."""
        return {
            "key": self.figure.key,
            "title": self.figure.title,
            "unit": self.figure.unit,
            "less_is_better": self.figure.less_is_better,
            "by": {
                name: {
                    "median": each.median,
                    "lower_quartile": each.lower,
                    "upper_quartile": each.upper,
                    "samples": each.count,
                }
                for name, each in self.by.items()
            },
            "twin_is_better_by": {
                name: self.ratio("twin", name) for name in self.by if name != "twin"
            },
        }


def better(a: Figure, one: Spread | None, b: Figure, other: Spread | None) -> float | None:
    """Return how many times better one figure is than another one of the same unit."""
    if one is None or other is None or not one.median or not other.median:
        return None
    if a.unit != b.unit:
        raise ValueError(f"{a.key} and {b.key} have different units.")
    ratio = one.median / other.median
    return 1 / ratio if a.less_is_better else ratio
