"""How quickly a twin is exported and an export verified, and how much memory that takes.

First a real twin with some thousand tasks, which meanwhile answers a person: prints objects per
second, and how long the person waits at most. Then pages made up here, signed as real ones are, in
place of a twin: 100,000 objects, a tenth of them documents, for the memory of both programs.

    .venv/bin/python bench/export.py [objects of the real twin] [objects that are made up]
"""

import multiprocessing
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from signedjson.sign import sign_json

from twin_module.host.client import Facts, TwinClient
from twin_module.host.export import make_export
from twin_module.host.progress import Progress
from twin_module.host.verify_export import verify_export
from twin_module.testing.bundles import NOON, ROOM, Signer
from twin_module.testing.person import Person

PAGE: Final = 200
PER_ROOM: Final = 4000
FILES: Final = 200


def main(real: int, made_up: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        measure_real(Path(folder), real)
        archive = Path(folder) / "made-up.zip"
        for work in (export_made_up, verify_made_up):
            context = multiprocessing.get_context("spawn")
            child = context.Process(target=work, args=(archive, made_up))
            child.start()
            child.join()


# A real twin


def measure_real(folder: Path, number: int) -> None:
    """Export a real twin in a process of its own, while its owner asks for things."""
    # Here, so that it does not count for the memory of what is measured later.
    from twin_module.testing.reactor import ReactorThread  # noqa: PLC0415
    from twin_module.testing.twins import TwinNetwork, person_at  # noqa: PLC0415

    with TwinNetwork(ReactorThread(), folder / "twins") as network:
        twin = network.start("alice")
        alice = person_at(twin)
        for start in range(0, number, PER_ROOM):
            fill(alice, alice.collection(f"From {start}"), min(PER_ROOM, number - start))
        command = [sys.executable, "-m", "twin_module.host"]
        archive = folder / "real.zip"
        config = twin.facts.folder / "homeserver.yaml"
        waits: list[float] = []
        quiet = asked(alice, 100)
        done = threading.Event()
        asking = threading.Thread(target=lambda: ask_until(alice, done, waits))
        asking.start()
        began = time.monotonic()
        subprocess.run([*command, "export", str(config), str(archive)], check=True)
        seconds = time.monotonic() - began
        done.set()
        asking.join()
        began = time.monotonic()
        subprocess.run([*command, "verify", str(archive)], check=True, stdout=subprocess.DEVNULL)
        print(f"real twin: {number} objects exported in {seconds:.1f} s, {number / seconds:.0f}/s")
        print(f"real twin: verified in {time.monotonic() - began:.1f} s")
        print(f"real twin: a call of its owner, quiet: {told(quiet)}; meanwhile: {told(waits)}")


def told(waits: list[float]) -> str:
    """Return the middle and the longest of some waits."""
    return f"median {statistics.median(waits) * 1000:.0f} ms, longest {max(waits) * 1000:.0f} ms"


def asked(person: Person, times: int) -> list[float]:
    """Ask for a page of a list and return how long each took."""
    waits = []
    for _ in range(times):
        began = time.monotonic()
        person.get("objects", limit=10)
        waits.append(time.monotonic() - began)
    return waits


def ask_until(person: Person, done: threading.Event, waits: list[float]) -> None:
    """Ask again and again."""
    while not done.is_set():
        waits.extend(asked(person, 1))


def fill(person: Person, room: str, number: int) -> None:
    """Write tasks."""
    for start in range(0, number, 500):
        objects = [
            {
                "capability": "tasks",
                "uid": f"t{each}",
                "content": {"@type": "Task", "title": f"Task {each}"},
            }
            for each in range(start, min(start + 500, number))
        ]
        person.post(f"rooms/{room}/objects", {"objects": objects})


# Made up


class MadeUp:
    """Answers as a twin would that holds very many objects."""

    def __init__(self, number: int) -> None:
        self.alice = Signer("@alice:alice.example")
        self.facts = Facts("", self.alice.user_id, Path())
        self._number = number

    def get(self, path: str, **query: str) -> Any:
        """Answer one call."""
        kind = path.split("/")[1] if path.startswith("export/") else path
        rooms = [self.room(each) for each in range(-(-self._number // PER_ROOM))]
        if kind == "card":
            return {"owner": self.alice.user_id}
        if kind == "collections":
            return {"collections": [{"room_id": room} for room in rooms]}
        if kind == "rooms":
            return {"room_id": path.rpartition("/")[2].replace("%21", "!"), "create": None}
        if kind == "keys":
            return {
                "server_name": self.alice.server,
                "documents": [self.alice.document(NOON + 10**9)],
            }
        if kind == "files":
            urls = [
                {"url": f"mxc://alice.example/m{each}", "mimetype": ""} for each in range(FILES)
            ]
            return {"files": urls}
        return self.page(int(query.get("from", "0"))) if kind == "objects" else {}

    def room(self, number: int) -> str:
        """Return a room's ID."""
        return f"{ROOM[:-5]}{number:05}"

    def page(self, start: int) -> Any:
        """Return signed objects."""
        end = min(start + PAGE, self._number)
        objects = [self.object(each) for each in range(start, end)]
        return {"objects": objects, **({"next_batch": str(end)} if end < self._number else {})}

    def object(self, number: int) -> Any:
        """Return one, each tenth a document."""
        is_doc = number // PER_ROOM % 10 == 0
        kind = "org.digitaltwin.doc" if is_doc else "org.digitaltwin.task"
        content: dict[str, Any] = {"title": f"Number {number}", "description": "x" * 200}
        if is_doc:
            content["text"] = f"# Number {number}\n" + "Some words. " * 20
        room, uid = self.room(number // PER_ROOM), f"n{number:07}"
        entry = self.alice.event(content, room_id=room, type=kind, state_key=uid)
        names = {"room_id": room, "type": kind, "uid": uid, "title": content["title"]}
        return {**names, **entry, "room_version": "12", "parents": []}

    def post(self, path: str, body: Any) -> Any:
        """Sign a manifest."""
        return sign_json({**body, "signed_ts": NOON}, self.alice.server, self.alice.keys.signing)

    def download(self, url: str) -> Iterator[bytes]:
        """Return a file of 2 MB that no other address has."""
        yield url.encode() * 80_000


def export_made_up(archive: Path, number: int) -> None:
    """Export, in a process of its own."""
    began = time.monotonic()
    client = cast("TwinClient", MadeUp(number))
    with Progress() as progress:
        counts = make_export(client, archive, progress)
    say("exported (with signing them here)", counts["objects"], began)
    print(f"made up: {counts}, {archive.stat().st_size / 1e6:.0f} MB")


def verify_made_up(archive: Path, number: int) -> None:
    """Verify, in a process of its own."""
    began = time.monotonic()
    verdict = verify_export(archive)
    if verdict.problems:
        raise SystemExit(verdict.problems[0])
    say("verified", number, began)


def say(what: str, number: int, began: float) -> None:
    """Print what one part took."""
    seconds = time.monotonic() - began
    # Not `getrusage`, which counts the memory of whoever started the process.
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(
        f"made up: {number} objects {what} in {seconds:.0f} s, {number / seconds:.0f}/s, peak {int(peak) // 1024} MB"
    )


if __name__ == "__main__":
    main(*[int(each) for each in (*sys.argv[1:3], *("5000", "100000")[len(sys.argv) - 1 :])])
