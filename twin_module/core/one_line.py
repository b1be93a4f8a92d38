"""One line of a stranger's text, of bounded length and without what is not to be seen."""

from collections.abc import Iterable


def one_line(text: str, most: int) -> str:
    """Return a text in one line of at most `most` characters, with nothing in it that can't be seen."""
    line = " ".join("".join(_visible(text[: 10 * most])).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _visible(text: str) -> Iterable[str]:
    # What turns the direction of writing is not printable either.
    return (
        " " if each.isspace() else each for each in text if each.isspace() or each.isprintable()
    )
