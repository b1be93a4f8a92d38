"""The table of a run, as aligned Markdown: it is read in a terminal and pasted into a page alike."""

from collections.abc import Sequence
from typing import Final

from bench.suite.figure import Measured
from bench.suite.measure import Spread

OURS: Final = "twin"
NONE: Final = "-"
HUNDRED, TEN = 100, 10


def table(lines: Sequence[Measured], contestants: Sequence[str]) -> str:
    """Return the figures of all contestants.

    Behind each of the others stands how many times better the twin is; below 1 it is worse.
    """
    head = ["work", "unit"]
    for name in contestants:
        head += [name] if name == OURS or OURS not in contestants else [name, "twin is"]
    rows = [_row(each, contestants) for each in lines]
    widths = [max(len(row[at]) for row in [head, *rows]) for at in range(len(head))]
    rule = ["-" * width if at < 2 else "-" * (width - 1) + ":" for at, width in enumerate(widths)]  # noqa: PLR2004
    return "\n".join(_line(row, widths) for row in [head, rule, *rows])


def _row(measured: Measured, contestants: Sequence[str]) -> list[str]:
    row = [measured.figure.title, measured.figure.unit.replace("us", "µs")]
    for name in contestants:
        row.append(cell(measured.by.get(name)))
        if name != OURS and OURS in contestants:
            row.append(times(measured.ratio(OURS, name)))
    return row


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    texts = [
        text.ljust(width) if at < 2 else text.rjust(width)  # noqa: PLR2004 - names, then numbers
        for at, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(texts)} |"


def cell(found: Spread | None) -> str:
    """Return a median, and half of the distance between the quartiles in percent of it."""
    if found is None:
        return NONE
    doubt = f" ±{found.percent:.0f}%" if found.lower != found.upper else ""
    return f"{number(found.median)}{doubt}"


def times(ratio: float | None) -> str:
    """Return a ratio."""
    return NONE if ratio is None else f"{number(ratio)} x"


def number(value: float) -> str:
    """Return three digits, or all of those before the point."""
    if value >= HUNDRED:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= TEN else f"{value:.2f}"
