"""What reads cost: one object, 1,000 of them, filtered and sorted, and pages of large rooms.

Asks a twin, vanilla Synapse, and the floor of both: a handler in the twin's process that checks who asks and answers
nothing. They take turns, asked from a process of its own, so CPU is the server's alone. Prints the
CPU time and the median time of one request, and how many times that of vanilla Synapse or of the
floor it is.

    .venv/bin/python bench/reads.py [rounds]
"""

import http.client
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

from synapse.http.site import SynapseRequest
from synapse.module_api import DirectServeJsonResource, ModuleApi

from twin_module.core.ports import Cursor
from twin_module.core.state import frozen
from twin_module.engine import store
from twin_module.engine.store import Record, Room
from twin_module.rooms.tasks import TASK
from twin_module.testing.person import CLIENT, TWIN, Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

OBJECTS: Final = 1000
SIZES: Final = (5000, 20_000)
FLOOR: Final = "/_synapse/client/floor"
FILTERED: Final = "capability=tasks&progress=needs-action&sort=due"
PAGES: Final[Mapping[str, str]] = {
    "newest first": "",
    "by title": "sort=title",
    "filtered": "capability=tasks&progress=needs-action",
    "filtered and sorted": FILTERED,
    "few fit, sorted": "capability=tasks&keyword=rare&sort=due",
}


class Floor(DirectServeJsonResource):
    """Checks who asks, as every call does, and answers nothing."""

    isLeaf = True  # noqa: N815 - as Twisted names it

    def __init__(self, api: ModuleApi) -> None:
        super().__init__(clock=api._hs.get_clock())  # noqa: SLF001 - else Synapse makes a clock that never stops
        self._api = api

    async def _async_render_GET(  # noqa: N802 - as Synapse names it
        self, request: SynapseRequest
    ) -> tuple[int, Any]:
        await self._api.get_user_by_req(request)
        return 200, {}


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests of one kind, and what they cost in each round, in milliseconds."""

    person: Person
    paths: Sequence[str]
    times: int
    headers: Mapping[str, str] = field(default_factory=dict)
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def ask(self, client: Pool) -> None:
        """Ask for one round."""
        signed = {"Authorization": f"Bearer {self.person.token}", **self.headers}
        paths = [self.paths[number % len(self.paths)] for number in range(self.times)]
        used = time.process_time()
        times = client.apply(ask, (self.person.url, paths, signed))
        self.cpu.append((time.process_time() - used) * 1000 / self.times)
        self.wall.append(statistics.median(times))


def main(rounds: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TwinNetwork(ReactorThread(), Path(folder)) as network,
        multiprocessing.get_context("spawn").Pool(1) as client,
    ):
        twin = network.start("alice")
        vanilla = person_at(network.start("bob", vanilla=True, plain=True))
        alice = person_at(twin)
        offer_floor(twin)
        state, ours = fill_vanilla(vanilla), f"{TWIN}/rooms/{quote(fill(alice))}"
        floor = Asked(alice, [FLOOR], 300)
        one = Asked(
            vanilla, [f"{state}/{quote(TASK.type)}/t{number}" for number in range(OBJECTS)], 100
        )
        object_ = f"{ours}/tasks/t0"
        etag = f'"{alice.get(object_)["etag"]}"'
        listed = alice.ask("GET", f"{ours}/objects?limit=1000").headers["etag"]
        whole = Asked(vanilla, [state], 5)
        compare("empty handler, twin", one, floor, rounds, client)
        compare(
            "one object",
            one,
            Asked(alice, [f"{ours}/tasks/t{number}" for number in range(OBJECTS)], 300),
            rounds,
            client,
        )
        for name, against, path, headers in (
            ("the same, not changed", one, object_, {"If-None-Match": etag}),
            ("list of 1,000", whole, f"{ours}/objects?limit=1000", {}),
            ("the same, filtered, sorted", whole, f"{ours}/objects?limit=1000&{FILTERED}", {}),
            ("the same, gzip", whole, f"{ours}/objects?limit=1000", {"Accept-Encoding": "gzip"}),
            (
                "the same, not changed",
                whole,
                f"{ours}/objects?limit=1000",
                {"If-None-Match": listed},
            ),
        ):
            compare(name, against, Asked(alice, [path], 20, headers), rounds, client)
        for size in SIZES:
            rooms = f"{TWIN}/rooms/{quote(put_aside(twin, size))}/objects"
            for name, query in PAGES.items():
                first = f"{rooms}?limit=50&{query}"
                deep = behind(alice, f"{rooms}?limit=1000&{query}", size // 2000)
                for which, path in (("first", first), ("deep", f"{first}&from={deep}")):
                    if which == "first" or deep:
                        page = Asked(alice, [path], 50)
                        compare(f"{which} of {size}, {name}", floor, page, rounds, client)


def compare(name: str, base: Asked, other: Asked, rounds: int, client: Pool) -> None:
    """Ask both in turns, and print what the other one costs, alone and against the base."""
    both = (base, other)
    for each in both:
        each.ask(client)
        each.cpu.clear()
        each.wall.clear()
    for _ in range(rounds):
        for each in both:
            each.ask(client)
    cpu, wall = statistics.median(other.cpu), statistics.median(other.wall)
    print(
        f"{name:40} CPU {cpu:6.2f} ms x {cpu / statistics.median(base.cpu):5.2f}"
        f"   p50 {wall:6.2f} ms x {wall / statistics.median(base.wall):5.2f}",
        flush=True,
    )


def ask(url: str, paths: Sequence[str], headers: Mapping[str, str]) -> list[float]:
    """Ask for paths over one connection, and return how many milliseconds each took."""
    parts = urlsplit(url)
    times = []
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port)) as connection:
        for path in paths:
            began = time.perf_counter()
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            answer.read()
            times.append((time.perf_counter() - began) * 1000)
            if answer.status not in (200, 304):
                raise SystemExit(f"{path}: {answer.status}")
    return times


def offer_floor(twin: Twin) -> None:
    """Let the empty handler be asked beside the twin's own calls."""
    resource = Floor(twin.homeserver.get_module_api())

    def put() -> None:
        ports = twin.homeserver._listening_services  # noqa: SLF001 - a module registers at its start only
        for site in (getattr(port, "factory", None) for port in ports):
            root: Any = getattr(site, "resource", None)
            if root is not None:
                own = root.getStaticEntity(b"_synapse").getStaticEntity(b"client")
                own.putChild(b"floor", resource)

    twin.thread.call(put)


def task(number: int) -> dict[str, Any]:
    """Return a task of half a kilobyte."""
    content = {
        "@type": "Task",
        "title": f"Task {number * 7919 % 100_000:05}",
        "description": "What it is about. " * 18,
        "progress": "completed" if number % 4 == 0 else "needs-action",
        "priority": number % 9 + 1,
        "keywords": {"rare" if number % 500 == 1 else "usual": True},
    }
    return {**content, "due": f"2026-12-{number % 28 + 1:02}T12:00:00"} if number % 2 else content


def fill(alice: Person) -> str:
    """Write the objects through the API, and return their room."""
    room = alice.collection("Many")
    objects = [
        {"capability": "tasks", "uid": f"t{number}", "content": task(number)}
        for number in range(OBJECTS)
    ]
    alice.post(f"rooms/{room}/objects", {"objects": objects})
    return room


def fill_vanilla(person: Person) -> str:
    """Write the same as any Matrix client does, and return where the room's state is."""
    room = person.create_room()
    for number in range(OBJECTS):
        person.put_state(room, TASK.type, f"t{number}", task(number)).ok()
    return f"{CLIENT}/rooms/{quote(room)}/state"


def put_aside(twin: Twin, size: int) -> str:
    """Fill a room that is in the twin's tables only: so many events would take an hour."""
    room_id = f"!room-of-{size}"

    def work(cursor: Cursor) -> None:
        store.write_room(cursor, Room(room_id, "join", "other", "", "", twin.owner, "owner", None))
        for number in range(size):
            content = task(number)
            event = f"${number:043}"
            text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            index = {name: each.read(frozen(content)) for name, each in TASK.filters.items()}
            whose, when = twin.owner, number // 10
            made = Record(
                room_id=room_id,
                type=TASK.type,
                uid=f"t{number}",
                event_id=event,
                sender=whose,
                ts=when,
                removed=False,
                problem=None,
                good_event_id=event,
                good_sender=whose,
                good_ts=when,
                content=text,
                title=content["title"],
            )
            store.write_object(cursor, made, index)

    pool = twin.homeserver.get_datastores().main.db_pool
    twin.thread.wait(pool.runInteraction, "bench", work, within=600)
    return room_id


def behind(alice: Person, path: str, pages: int) -> str | None:
    """Return where the page behind so many pages goes on, None where the list ends before."""
    token: str | None = None
    for _ in range(pages):
        page = alice.get(path + (f"&from={token}" if token else ""))
        token = page.get("next_batch")
        if token is None:
            break
    return token


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
