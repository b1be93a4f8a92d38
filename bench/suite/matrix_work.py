"""Work at servers that speak Matrix: with a second server, or by a client that knows no module.

Each function gets ready at a contestant, which is not measured, and returns what does one round.
"""

import time
from collections.abc import Sequence
from http import HTTPStatus
from itertools import count
from typing import Final
from urllib.parse import quote

from bench.suite.contestants.base import Client, Contestant, NotOffered
from bench.suite.contestants.synapse import Homeserver
from bench.suite.measure import Round, Samples
from bench.suite.size import Size
from bench.suite.task import TYPE, open_uids, task, uid
from bench.suite.timing import MS, await_rest, rate, told, waits
from bench.suite.work import versions
from twin_module.testing.person import CLIENT, eventually

MARK: Final = 999_999
"""An object by which one sees that a room has arrived."""


def empty(contestant: Contestant, size: Size) -> Round:
    """Ask who one is: the least that a call with an access token can be."""
    home = _homeserver(contestant)
    client = home.client()
    return lambda: rate(
        "empty",
        home.processes(),
        size.reads,
        lambda: client.line.json("GET", f"{CLIENT}/account/whoami"),
    )


def live_elsewhere(contestant: Contestant, size: Size) -> Round:
    """Write, and wait until somebody at a second server is told."""
    home = _homeserver(contestant)
    client, reader = home.client(), home.peer()
    place, numbers = client.place(), count()
    client.person.invite(place, reader.person.owner).ok()
    reader.person.join(place, home.home_name)
    client.write(place, MARK)
    eventually(
        lambda: reader.person.read_state(place, TYPE, uid(MARK)).status == HTTPStatus.OK,
        what="the second server has the room",
    )
    return lambda: told("far", client, home.peer(), place, numbers, size.live)


def plain(contestant: Contestant, size: Size) -> Round:
    """Let a client that knows nothing of the module change objects of a small and a large room."""
    home = _homeserver(contestant)
    client, rooms = home.grown()
    await_rest(home.grown_processes())
    numbers = versions()

    def one_round() -> Samples:
        found: dict[str, Sequence[float]] = {}
        for key, room_size in (("plain_small", size.small_room), ("plain_large", size.large_room)):

            def write(room_size: int = room_size) -> None:
                number = next(numbers)
                content = {**task(number % 1000), "title": f"Version {number}"}
                client.put_state(rooms[room_size], number % room_size, content)

            found |= rate(key, home.grown_processes(), size.plain, write)
        return found

    return one_round


def first_page(contestant: Contestant, size: Size) -> Round:
    """Fetch the first 50 of the open ones of a large room, by due time."""
    home = _homeserver(contestant)
    client, rooms = home.grown()
    room = rooms[size.large_room]
    return lambda: waits(
        "page", home.grown_processes(), size.lists, lambda: client.first_page(room)
    )


def join(contestant: Contestant, size: Size) -> Round:
    """Join a full room at another server, until all objects can be read at one's own."""
    home = _homeserver(contestant)
    client, guest = home.client(), home.peer()

    def one_round() -> Samples:
        place = client.filled(range(size.joined))
        client.person.invite(place, guest.person.owner).ok()
        path = f"{CLIENT}/join/{quote(place)}?via={quote(home.home_name)}"
        began = time.perf_counter()
        guest.line.json("POST", path, {})
        answered = time.perf_counter() - began
        eventually(lambda: _all_there(guest, place, size.joined), what="all objects are there")
        there = time.perf_counter() - began
        return {"join": [answered * MS], "joined": [there * MS]}

    return one_round


def _all_there(guest: Client, place: str, amount: int) -> bool:
    return guest.listed(place) == open_uids(amount)


def _homeserver(contestant: Contestant) -> Homeserver:
    if not isinstance(contestant, Homeserver):
        raise NotOffered("is no Matrix homeserver")
    return contestant
