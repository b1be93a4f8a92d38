"""What the module costs a homeserver that loads it, side by side with one that does not.

Prints ratios, the module's figure over vanilla Synapse's: plain state writes by a client into rooms of
different sizes, and messages into a chat.
Rounds alternate, so that a busy machine disturbs both alike.

    .venv/bin/python bench/module_cost.py [rounds]
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from twin_module.testing.person import CLIENT, Person
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

WRITES = 20
SIZES = (100, 1000)
TASK = {"@type": "Task", "title": "Buy bread", "progress": "needs-action", "priority": 5}


def main(rounds: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TwinNetwork(ReactorThread(), Path(folder)) as network,
    ):
        vanilla = network.start("alice", vanilla=True)
        ours = network.start("bob")
        for size in SIZES:
            rooms = {twin.owner: filled_room(person_at(twin), size) for twin in (vanilla, ours)}
            compare(f"state write, room of {size}", vanilla, ours, rounds, writer(rooms, size))
        rooms = {twin.owner: person_at(twin).create_room() for twin in (vanilla, ours)}
        compare("message into a chat", vanilla, ours, rounds, talker(rooms))


def filled_room(owner: Person, size: int) -> str:
    """Make a room that holds so many tasks."""
    room = owner.create_room()
    for number in range(size):
        owner.put_state(room, "org.digitaltwin.task", f"t{number}", TASK).ok()
    return room


def writer(rooms: dict[str, str], size: int) -> Callable[[Person, int], None]:
    """Return what changes one task of a room."""

    def write(owner: Person, number: int) -> None:
        content = {**TASK, "title": f"Buy bread {number} {time.time_ns()}"}
        owner.put_state(
            rooms[owner.owner], "org.digitaltwin.task", f"t{number % size}", content
        ).ok()

    return write


def talker(rooms: dict[str, str]) -> Callable[[Person, int], None]:
    """Return what sends one message."""

    def talk(owner: Person, number: int) -> None:
        path = f"{CLIENT}/rooms/{rooms[owner.owner]}/send/m.room.message/{time.time_ns()}"
        owner.put(path, {"msgtype": "m.text", "body": str(number)})

    return talk


def compare(
    name: str, vanilla: Twin, ours: Twin, rounds: int, work: Callable[[Person, int], None]
) -> None:
    """Run the same work on both in turns, and print the ratio of the process's CPU and of the time."""
    people = {"vanilla": person_at(vanilla), "ours": person_at(ours)}
    cpu: dict[str, list[float]] = {"vanilla": [], "ours": []}
    wall: dict[str, list[float]] = {"vanilla": [], "ours": []}
    for _ in range(rounds):
        for which, owner in people.items():
            began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            for number in range(WRITES):
                work(owner, number)
            after = resource.getrusage(resource.RUSAGE_SELF)
            cpu[which].append(after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime)
            wall[which].append(time.perf_counter() - began)
    ratios = [
        statistics.median(each["ours"]) / statistics.median(each["vanilla"]) for each in (cpu, wall)
    ]
    per = statistics.median(cpu["vanilla"]) / WRITES * 1000
    print(f"{name:28} CPU x {ratios[0]:.2f}   time x {ratios[1]:.2f}   (vanilla {per:.0f} CPU-ms)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 6)
