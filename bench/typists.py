"""Two people type in one document at two real twins: how fast, and what stays behind.

Real Synapses federate over TLS on loopback. Prints the time from a keystroke at one twin to the
text at the other, how long both take to have one text in the end, and by how much the databases
and the media of both grew.

    .venv/bin/python bench/typists.py [keystrokes of each]
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from twin_module.testing.person import Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at
from twin_module.testing.typist import Typist

PAUSE = 0.04
"""Seconds between two keystrokes of one person; fast, so that the run ends."""
WATCHED = 200
"""Of so many keystrokes it is measured when they arrive."""


def main(keystrokes: int) -> None:
    """Measure and print."""
    with (
        tempfile.TemporaryDirectory() as folder,
        TwinNetwork(ReactorThread(), Path(folder)) as network,
    ):
        twins = [network.start(name) for name in ("alice", "bob")]
        alice, bob = (person_at(twin) for twin in twins)
        room = shared_document(alice, bob)
        with Typist(alice, room, "d") as one, Typist(bob, room, "d") as other:
            waits = sorted(arrival(one, other, number) for number in range(WATCHED))
            p95 = waits[int(len(waits) * 0.95)]
            print(
                f"keystroke to the other twin's text: p50 {1000 * statistics.median(waits):.0f} ms,"
                f" p95 {1000 * p95:.0f} ms, longest {1000 * waits[-1]:.0f} ms"
            )
            before = [size(twin) for twin in twins]
            begun = time.monotonic()
            for _ in range(keystrokes):
                one.type("a", at=0)
                other.type("b")
                for typist in (one, other):
                    typist.hear()
                time.sleep(PAUSE)
            typed = time.monotonic()
            eventually(lambda: one.text() == other.text(), within=300)
            print(
                f"{2 * keystrokes} keystrokes in {typed - begun:.0f} s;"
                f" one text {time.monotonic() - typed:.2f} s after the last one"
            )
            text = one.text()
        eventually(lambda: written_down(alice, room) == written_down(bob, room) == text, within=300)
        for name, twin, old in zip(("alice", "bob"), twins, before, strict=True):
            grown = (size(twin) - old) / (2 * keystrokes)
            print(f"{name}'s twin grew by {grown:.0f} kB for 1,000 keystrokes (database and media)")


def shared_document(alice: Person, bob: Person) -> str:
    """Make a document that both write."""
    room = alice.collection("Shared")
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(circle["room_id"], room)
    alice.put(f"rooms/{room}/docs/d", {"@type": "Document", "title": "Both", "text": "|"})
    eventually(lambda: bob.ask("GET", f"rooms/{room}/docs/d").status == 200)  # noqa: PLR2004
    return room


def arrival(one: Typist, other: Typist, number: int) -> float:
    """Type one character, and return after how many seconds it is there for the other one."""
    before = len(other.text())
    begun = time.monotonic()
    one.type("abcdefghij"[number % 10])
    while len(other.text()) == before:
        time.sleep(0.0005)
    taken = time.monotonic() - begun
    time.sleep(PAUSE)
    return taken


def written_down(person: Person, room: str) -> str:
    """Return the text that everybody reads who knows nothing of live editing."""
    return bytes(person.ask("GET", f"rooms/{room}/docs/d/text").ok()).decode()


def size(twin: Twin) -> float:
    """Return what a twin's database and media take, in bytes."""
    twin.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return sum(
        path.stat().st_size
        for path in twin.facts.folder.rglob("*")
        if path.is_file() and ".log" not in path.name
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
