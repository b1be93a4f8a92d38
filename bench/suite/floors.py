"""What nobody can be faster than on this machine: the parts that a write or a question is made of."""

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from signedjson.key import generate_signing_key
from signedjson.sign import sign_json

from bench.suite.contestants.process import Program
from bench.suite.figure import Figure
from bench.suite.measure import Samples
from bench.suite.size import Size
from bench.suite.task import questions, task
from bench.suite.wire import Line
from twin_module.testing.twins import free_port

MACHINE: Final = "machine"
"""Whose figures these are."""
TIMES: Final = 200
US: Final = 1_000_000

FIGURES: Final[Sequence[Figure]] = (
    Figure("client", "the client at a server that does nothing", "op/s"),
    Figure("client8", "8 of them", "op/s"),
    Figure("transaction", "one SQLite transaction of one row", "us"),
    Figure("signature", "one ed25519 signature of an event", "us"),
    Figure("question", "one FTS5 question, 20 best", "us"),
)


def measure(folder: Path, size: Size) -> Samples:
    """Measure all of it once, with files in a folder that is made if need be."""
    folder.mkdir(exist_ok=True)
    return {
        "client": [at_nothing(folder, 1)],
        "client8": [at_nothing(folder, size.clients)],
        "transaction": transactions(folder),
        "signature": signatures(),
        "question": found(size),
    }


def at_nothing(folder: Path, clients: int) -> float:
    """Return how many writes in a second the client makes where nothing is done with them."""

    def work(line: Line) -> None:
        for number in range(TIMES):
            line.json("PUT", "/nothing", task(number))
        line.close()

    with nothing(folder) as url:
        lines = [Line(url) for _ in range(clients)]
        began = time.perf_counter()
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(work, lines))
        return clients * TIMES / (time.perf_counter() - began)


@contextmanager
def nothing(folder: Path) -> Iterator[str]:
    """Run the server that does nothing."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = str(Path(__file__).with_name("nothing.py"))
    program = Program([sys.executable, server, str(port)], folder)
    try:
        program.wait_until_it_answers(url, "/")
        yield url
    finally:
        program.stop()


def transactions(folder: Path) -> Sequence[float]:
    """Return what one row in a transaction of its own takes, in µs, as Synapse opens SQLite."""
    path = folder / "floor.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE IF NOT EXISTS floor (content TEXT)")

        def write() -> None:
            with connection:
                connection.execute("INSERT INTO floor VALUES (?)", (json.dumps(task(1)),))

        waits = _times(write)
    with suppress(FileNotFoundError):
        path.unlink()
    return waits


def signatures() -> Sequence[float]:
    """Return what a signature of an event takes, in µs."""
    key = generate_signing_key("bench")
    event = {"type": "t", "state_key": "k", "content": task(1), "depth": 7, "prev_events": ["$a"]}
    return _times(lambda: sign_json(dict(event), "localhost", key))


def found(size: Size) -> Sequence[float]:
    """Return what FTS5 takes for the best of what it finds, in µs, with nothing around it."""
    words = iter(questions(TIMES))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE VIRTUAL TABLE floor USING fts5(title, text)")
        rows = ((task(n)["title"], task(n)["description"]) for n in range(size.found))
        connection.executemany("INSERT INTO floor VALUES (?, ?)", rows)

        def ask() -> None:
            connection.execute(
                "SELECT rowid FROM floor WHERE floor MATCH ? ORDER BY bm25(floor) LIMIT 20",
                (f'"{next(words)}" *',),
            ).fetchall()

        return _times(ask)


def _times(act: Callable[[], object]) -> Sequence[float]:
    waits = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        waits.append((time.perf_counter() - began) * US)
    return waits
