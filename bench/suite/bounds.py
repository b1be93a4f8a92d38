"""What the short form holds every change to: ratios only, since machines differ, and generous ones.

The targets stand in docs/performance.md; these bounds are there to see when something breaks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bench.suite.figure import Measured, better
from bench.suite.table import number


@dataclass(frozen=True, slots=True)
class Bound:
    """How many times better one figure has to be than another one."""

    figure: str
    than: str
    """The other figure, of the same unit."""
    at_least: float
    reason: str
    contestant: str = "twin"
    other: str = "vanilla"


BOUNDS: Final[Sequence[Bound]] = (
    Bound(
        "bulk",
        "write",
        4,
        "Many objects at once are written in chunks; one by one it would be 1.",
    ),
    Bound(
        "write_cpu",
        "write_cpu",
        0.6,
        "Beside Synapse's own event a write checks, projects and indexes, which may not cost two "
        "thirds of the event more.",
    ),
    Bound(
        "write8_cpu",
        "write8_cpu",
        1.5,
        "Writes that wait for one room are made together; one by one it would be as above.",
    ),
    Bound(
        "plain_small_cpu",
        "plain_small_cpu",
        0.6,
        "Who writes with a plain Matrix client does not pay for the module; what is left is that "
        "the twin's tables follow.",
    ),
    Bound(
        "plain_large_cpu",
        "plain_large_cpu",
        0.6,
        "Nothing of the module may grow with the room, as a hook would that loads its state.",
    ),
    Bound(
        "read",
        "read",
        0.7,
        "One object is one row of the twin's tables.",
    ),
    Bound(
        "list",
        "list",
        0.8,
        "The server filters and sorts from its tables, where a Matrix client fetches all state.",
    ),
    Bound(
        "page",
        "page",
        1.5,
        "A page of 50 costs a page, however large the room is.",
    ),
    Bound(
        "far",
        "far",
        0.4,
        "Another twin learns of a write by the same federation as from vanilla Synapse.",
    ),
)


def broken(bounds: Sequence[Bound], measured: Sequence[Measured]) -> Sequence[str]:
    """Return a sentence for each bound that does not hold, or whose figures are missing."""
    lines = {each.figure.key: each for each in measured}
    sentences = []
    for bound in bounds:
        one, other = lines.get(bound.figure), lines.get(bound.than)
        ratio = None
        if one is not None and other is not None:
            ratio = better(
                one.figure, one.by.get(bound.contestant), other.figure, other.by.get(bound.other)
            )
        what = f"{bound.figure} of {bound.contestant} against {bound.than} of {bound.other}"
        if ratio is None:
            sentences.append(f"The ratio of {what} is missing: one of the two was not measured.")
        elif ratio < bound.at_least:
            sentences.append(
                f"The ratio of {what} is {number(ratio)} and has to be {number(bound.at_least)} "
                f"at least. {bound.reason}"
            )
    return sentences
