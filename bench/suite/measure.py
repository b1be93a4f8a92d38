"""Rounds in turn, and what is made of their figures: medians and quartiles."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

Samples = Mapping[str, Sequence[float]]
"""What one round gave, by the key of the figure."""
Round = Callable[[], Samples]


@dataclass(frozen=True, slots=True)
class Spread:
    """What was measured of one thing, as one figure with its uncertainty."""

    median: float
    lower: float
    """A quarter of the samples is below."""
    upper: float
    """A quarter of the samples is above."""
    count: int

    @property
    def percent(self) -> float:
        """Half of the distance between the quartiles, in percent of the median."""
        return 50 * (self.upper - self.lower) / self.median if self.median else 0.0


def spread(samples: Sequence[float]) -> Spread:
    """Return median and quartiles; there has to be one sample at least."""
    if len(samples) == 1:
        return Spread(samples[0], samples[0], samples[0], 1)
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive")
    return Spread(median, lower, upper, len(samples))


def percentile(samples: Sequence[float], percent: int) -> Spread:
    """Return what so many of a hundred samples stay below; it has no spread of its own."""
    ordered = sorted(samples)
    # The nearest rank: a sample that was measured, not one between two.
    found = ordered[-(-percent * len(ordered) // 100) - 1]
    return Spread(found, found, found, len(ordered))


@dataclass(slots=True)
class Collected:
    """What the rounds of one piece of work gave."""

    samples: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    """By figure, then by contestant."""
    failures: dict[str, str] = field(default_factory=dict)
    """By contestant, in one line; it has no figures then."""

    def add(self, contestant: str, found: Samples) -> None:
        """Add what a round gave."""
        for figure, values in found.items():
            self.samples.setdefault(figure, {}).setdefault(contestant, []).extend(values)

    def fail(self, contestant: str, error: Exception) -> None:
        """Note that a contestant failed; figures of its rounds before say nothing then."""
        self.failures[contestant] = one_line(error)
        for each in self.samples.values():
            each.pop(contestant, None)


def in_turn(
    rounds: Mapping[str, Round],
    times: int,
    budget: float,
    tell: Callable[[int, str, Samples], None],
    clock: Callable[[], float] = time.monotonic,
) -> Collected:
    """Let each contestant do a round, then each a second one, and so on.

    Args:
        rounds: what a contestant does in a round, by its name.
        times: how many rounds.
        budget: seconds after which a contestant gets no further round; one round it always has.
        tell: is called after each round with its number, the contestant and what it gave.
        clock: seconds, for the budget.

    Returns:
        All samples. Whoever fails is out, and the others go on.
    """
    collected = Collected()
    spent = dict.fromkeys(rounds, 0.0)
    for number in range(times):
        for name, work in rounds.items():
            if name in collected.failures or (number and spent[name] > budget):
                continue
            began = clock()
            try:
                found = work()
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                collected.fail(name, error)
                continue
            spent[name] += clock() - began
            collected.add(name, found)
            tell(number, name, found)
    return collected


def one_line(error: Exception) -> str:
    """Return what an error says, in one line."""
    said = " ".join(str(error).split()) or "no reason was given"
    name = type(error).__name__
    return f"{name}: {said}"[:300]
