"""What telling of changes costs: state writes into a shared collection, with notices and with none.

Two real twins share a collection, one of whose members writes as any client does. Prints ratios,
the figure with notices over that without: CPU of the process from the first write until all is told,
and the time that the writes take. Rounds alternate, each in a collection of its own, so that a busy
machine disturbs both alike.

    .venv/bin/python bench/notices.py [rounds]
"""

import resource
import statistics
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at

WRITES = 50
TOLD_SECONDS = 20
"""After so long, what was written is told."""
TASK = {"@type": "Task", "title": "Buy bread", "progress": "needs-action", "priority": 5}
MODES = ("none", "all")


def main(rounds: int) -> None:
    """Measure and print."""
    cpu: dict[str, list[float]] = {mode: [] for mode in MODES}
    wall: dict[str, list[float]] = {mode: [] for mode in MODES}
    with (
        tempfile.TemporaryDirectory() as folder,
        TwinNetwork(ReactorThread(), Path(folder)) as network,
    ):
        alice, bob = (person_at(network.start(name)) for name in ("alice", "bob"))
        for number in range(2 * rounds):
            mode = MODES[number % 2]
            room = shared(alice, bob, number)
            alice.put("settings", {"notices": {room: mode}})
            used, taken = measured(alice, room)
            cpu[mode].append(used)
            wall[mode].append(taken)
            told = len(notices(alice, room))
            if (told > 0) != (mode == "all"):
                sys.exit(f"{told} messages with notices set to {mode}")
    for name, each in (("CPU", cpu), ("time of the writes", wall)):
        without, with_notices = (statistics.median(each[mode]) for mode in MODES)
        print(
            f"{name:20} x {with_notices / without:.2f}   ({without / WRITES * 1000:.0f} ms a write)"
        )


def shared(alice: Person, bob: Person, number: int) -> str:
    """Make a collection of alice's that bob is in."""
    room = alice.collection(f"Shared {number}")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    eventually(lambda: bob.read_state(room, "m.room.create", "").status == HTTPStatus.OK)
    time.sleep(1)
    return room


def measured(owner: Person, room: str) -> tuple[float, float]:
    """Return the CPU seconds until all is told, and how long the writes took."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for number in range(WRITES):
        content = {**TASK, "title": f"Buy bread {number}"}
        owner.put_state(room, "org.digitaltwin.task", f"t{number}", content).ok()
    taken = time.perf_counter() - began
    time.sleep(TOLD_SECONDS)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, taken


def notices(owner: Person, room: str) -> list[object]:
    """Return what was told in a room."""
    page = owner.get(f"{CLIENT}/rooms/{room}/messages?dir=b&limit=50")
    return [each for each in page["chunk"] if each["content"].get("msgtype") == "m.notice"]


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
