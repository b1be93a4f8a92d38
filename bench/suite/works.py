"""All work, in the order in which it is done, and the figures that it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.suite import matrix_work, work
from bench.suite.contestants.base import Contestant
from bench.suite.figure import Figure
from bench.suite.measure import Round
from bench.suite.size import Size


@dataclass(frozen=True, slots=True)
class Work:
    """A piece of work."""

    key: str
    begin: Callable[[Contestant, Size], Round]
    """Gets ready. Raises NotOffered where a contestant has nothing like that."""
    figures: Sequence[Figure]
    most_rounds: int = 1000


def works(size: Size) -> Mapping[str, Work]:
    """Return all work by its key, in the order in which it is done."""
    found = (
        Work("empty", matrix_work.empty, _rated("empty", "an empty call (whoami)")),
        Work("write", work.write_one, _rated("write", "write, one by one")),
        Work("write8", work.write_many_clients, _rated("write8", f"write, {size.clients} clients")),
        Work("update", work.update, _rated("update", "update the same object")),
        Work("bulk", work.bulk, _rated("bulk", f"write {size.bulk:,} at once")),
        Work("read", work.read, _rated("read", f"read one of {size.listed:,}")),
        Work("list", work.list_all, _waited("list", f"list {size.listed:,}, filtered and sorted")),
        Work("page", matrix_work.first_page, _waited("page", f"first 50 of {size.large_room:,}")),
        Work(
            "search",
            work.search,
            (
                *_waited("search", f"search among {size.found:,}"),
                Figure("search+p95", f"search among {size.found:,}, 19 of 20", "ms"),
            ),
        ),
        Work(
            "live",
            work.live,
            (
                Figure("live", "from a write to another page", "ms"),
                Figure("live+p95", "from a write to another page, 19 of 20", "ms"),
                Figure("live_after", "of that, after the write's answer", "ms"),
            ),
        ),
        Work(
            "far",
            matrix_work.live_elsewhere,
            (
                Figure("far", "from a write to another server", "ms"),
                Figure("far+p95", "from a write to another server, 19 of 20", "ms"),
                Figure("far_after", "of that, after the write's answer", "ms"),
            ),
        ),
        Work(
            "plain",
            matrix_work.plain,
            (
                *_rated("plain_small", f"a plain client's PUT, room of {size.small_room:,}"),
                *_rated("plain_large", f"a plain client's PUT, room of {size.large_room:,}"),
            ),
        ),
        Work(
            "join",
            matrix_work.join,
            (
                Figure("join", f"join a room of {size.joined:,}: answer", "ms"),
                Figure("joined", f"join a room of {size.joined:,}: all of it is listed", "ms"),
            ),
            most_rounds=3,
        ),
    )
    return {each.key: each for each in found}


def _rated(key: str, title: str) -> Sequence[Figure]:
    return (Figure(key, title, "op/s"), Figure(f"{key}_cpu", title, "CPU-ms"))


def _waited(key: str, title: str) -> Sequence[Figure]:
    return (Figure(key, title, "ms"), Figure(f"{key}_cpu", title, "CPU-ms"))
