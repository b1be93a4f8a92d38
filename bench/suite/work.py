"""Work at one server, as everybody offers it.

Each function gets ready at a contestant, which is not measured, and returns what does one round.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from bench.suite.contestants.base import Client, Contestant, Failed
from bench.suite.measure import Round, Samples
from bench.suite.size import Size
from bench.suite.task import open_uids, questions
from bench.suite.timing import rate, told, waits


def write_one(contestant: Contestant, size: Size) -> Round:
    """Write new objects one after the other."""
    client = contestant.client()
    place, numbers = client.place(), count()
    return lambda: rate(
        "write", contestant.processes(), size.writes, lambda: client.write(place, next(numbers))
    )


def write_many_clients(contestant: Contestant, size: Size) -> Round:
    """Write new objects into one place by several clients at once."""
    clients = [contestant.client() for _ in range(size.clients)]
    place, rounds = clients[0].place(), count()

    def write(which: int, start: int) -> None:
        for number in range(size.writes_by_each):
            clients[which].write(place, start + which * size.writes_by_each + number)

    def one_round() -> Samples:
        all_of_them = size.clients * size.writes_by_each
        start = next(rounds) * all_of_them

        def write_all() -> None:
            with ThreadPoolExecutor(size.clients) as pool:
                list(pool.map(lambda which: write(which, start), range(size.clients)))

        return rate("write8", contestant.processes(), 1, write_all, each_counts=all_of_them)

    return one_round


def update(contestant: Contestant, size: Size) -> Round:
    """Change the same object again and again."""
    client = contestant.client()
    place, numbers = client.place(), versions()
    client.write(place, 1)
    return lambda: rate(
        "update",
        contestant.processes(),
        size.writes,
        lambda: client.update(place, 1, next(numbers)),
    )


def bulk(contestant: Contestant, size: Size) -> Round:
    """Write many objects at once into an empty place."""
    client = contestant.client()
    _has(client, "bulk", "", ())

    def one_round() -> Samples:
        place = client.bulk_place()
        return rate(
            "bulk",
            contestant.processes(),
            1,
            lambda: client.bulk(place, range(size.bulk)),
            each_counts=size.bulk,
        )

    return one_round


def read(contestant: Contestant, size: Size) -> Round:
    """Read objects one after the other, out of a full place."""
    client = contestant.client()
    place, numbers = client.filled(range(size.listed)), count()
    return lambda: rate(
        "read",
        contestant.processes(),
        size.reads,
        lambda: client.read(place, next(numbers) * 7919 % size.listed),
    )


def list_all(contestant: Contestant, size: Size) -> Round:
    """Fetch a full place, without what is done and by due time."""
    client = contestant.client()
    place = client.filled(range(size.listed))
    expected = open_uids(size.listed)

    def one_list() -> None:
        if client.listed(place) != expected:
            raise Failed("The list does not hold the open tasks, by due time.")

    return lambda: waits("list", contestant.processes(), size.lists, one_list)


def search(contestant: Contestant, size: Size) -> Round:
    """Search for words among many objects."""
    client = contestant.client()
    client.let_find(range(size.found))
    words = questions(size.searches)

    def one_round() -> Samples:
        asked = iter(words)
        return waits(
            "search", contestant.processes(), len(words), lambda: client.search(next(asked))
        )

    return one_round


def live(contestant: Contestant, size: Size) -> Round:
    """Write, and wait until a second page or program at the same server is told."""
    client = contestant.client()
    _has(client, "arrivals", "")
    place, numbers = client.place(), count()
    return lambda: told("live", client, contestant.client(), place, numbers, size.live)


def _has(client: Client, method: str, *arguments: object) -> None:
    """Let a method that a client has only inherited say that it is not offered."""
    if getattr(type(client), method) is getattr(Client, method):
        getattr(client, method)(*arguments)


def versions() -> Iterator[int]:
    """Yield numbers that no update before had, in this run or another one on the same data."""
    return count(time.time_ns())
