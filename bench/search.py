"""What search costs: a write that is found, a long text, a question over many objects, the index.

Prints milliseconds of a processor, which others on the machine do not change, and the ratio of a
whole question to the bare query of SQLite's FTS5 over the same texts in a table of its own, ranked
by its bm25, which knows neither objects, stems nor excerpts. Behind an API, both have the same to
do before and after.

    .venv/bin/python bench/search.py [objects]
"""

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from twin_module.core.search import Wanted, asked, excerpt
from twin_module.engine import search, store
from twin_module.engine.search import Findable, Question
from twin_module.engine.store import Record
from twin_module.engine.versions import Place

ROOM = "!room"
TASK = "org.digitaltwin.task"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
ROUNDS = 300


class Writer:
    """Somebody who writes tasks as people do: few words are in most, most words are in few."""

    def __init__(self) -> None:
        self.draw = random.Random(1)  # noqa: S311 - the same words in each run
        lengths = [self.draw.randint(3, 9) for _ in range(5000)]
        self.words = ["".join(self.draw.choices(LETTERS, k=length)) for length in lengths]

    def word(self) -> str:
        """Return a word."""
        return self.words[min(int(self.draw.paretovariate(0.6)), len(self.words) - 1)]

    def text(self, length: int) -> str:
        """Return a text of so many words."""
        return " ".join(self.word() for _ in range(length))

    def long(self) -> str:
        """Return a text of 5 MB in German letters, with 50,000 different words."""
        letters = "".join(self.draw.choices(f"{LETTERS}äöü", k=1000))
        words = [
            letters[at % 990 :][:8] + str(at) for at in self.draw.choices(range(50_000), k=500_000)
        ]
        return " ".join(words)[:5_000_000]

    def rare(self) -> str:
        """Return one of all words, each as likely."""
        return self.draw.choice(self.words)


def main(objects: int) -> None:
    """Measure and print."""
    writer = Writer()
    with database() as cursor:
        whole = [timed(partial(write, cursor, number, writer)) for number in range(objects)]
        show("write a new object", whole[-ROUNDS:])
        again = [timed(partial(write, cursor, number, writer)) for number in range(ROUNDS)]
        show("write a known object", again)
        again = [timed(partial(let_find, cursor, number, writer)) for number in range(ROUNDS)]
        show("of that, for search", again)
        show(
            "read a text of 5 MB", [timed(partial(search.long_of, writer.long())) for _ in range(3)]
        )
        fill_bare(cursor)
        for name, question in (
            ("one word", writer.rare),
            ("two words, one common", lambda: f"{writer.words[9]} {writer.word()}"),
            ("the commonest word", lambda: writer.words[1]),
            ("three words", lambda: f"{writer.word()} {writer.rare()} {writer.word()}"),
            ("two letters, while typing", lambda: writer.rare()[:2]),
            ("one letter, while typing", lambda: writer.rare()[:1]),
        ):
            compare(name, cursor, [question() for _ in range(ROUNDS)])
        show_sizes(cursor)


def write(cursor: sqlite3.Cursor, number: int, writer: Writer) -> None:
    """Store a task, as the projector does, but for the end of the transaction."""
    event = f"${number}{time.perf_counter_ns()}"
    each = Record(
        room_id=ROOM,
        type=TASK,
        uid=f"t{number}",
        event_id=event,
        sender="@a:b",
        ts=number,
        removed=False,
        problem=None,
        good_event_id=event,
        good_sender="@a:b",
        good_ts=number,
        content="{}",
        title=writer.text(5),
    )
    store.write_object(cursor, each, {}, Findable([writer.text(30)]))


def let_find(cursor: sqlite3.Cursor, number: int, writer: Writer) -> None:
    """Do what a write does for search."""
    place = Place(ROOM, TASK, f"t{number}")
    version = search.Version(number, "$", "@a:b")
    row = search.row_of(place, version, writer.text(5), Findable([writer.text(30)]))
    search.write(cursor, {place: row})


@contextmanager
def database() -> Iterator[sqlite3.Cursor]:
    """Make a database with the twin's tables, and throw it away."""
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "twin.db")) as connection,
    ):
        cursor = connection.cursor()
        store.migrate(cursor)
        yield cursor


def compare(name: str, cursor: sqlite3.Cursor, questions: Sequence[str]) -> None:
    """Ask all questions in both ways, in turns."""
    ours, bare = [], []
    for question in questions:
        ours.append(timed(partial(ask, cursor, question)))
        bare.append(timed(partial(ask_bare, cursor, question)))
    ratio = statistics.median(ours) / statistics.median(bare)
    late = p95(ours) / p95(bare)
    show(name, ours, f"   FTS5 alone x {ratio:.1f}, p95 x {late:.1f}")


def ask(cursor: sqlite3.Cursor, text: str) -> None:
    """Answer a question as the API does."""
    words = asked(text)
    wanted = Wanted(words)
    for each in search.run(cursor, Question(words, [TASK]), store.SHOWN_COLUMNS).found:
        excerpt(each.text, wanted)


def fill_bare(cursor: sqlite3.Cursor) -> None:
    """Make a table of the same texts as FTS5 makes it by itself."""
    cursor.execute("CREATE VIRTUAL TABLE bare USING fts5(title, text, prefix='2')")
    cursor.execute("INSERT INTO bare (rowid, title, text) SELECT id, title, text FROM twin_search")


def show_sizes(cursor: sqlite3.Cursor) -> None:
    """Print how large both indexes are."""
    sizes = []
    for table in ("twin_search_words_data", "bare_data"):
        cursor.execute(f"SELECT SUM(LENGTH(block)) / 1e6 FROM {table}")
        sizes.append(cursor.fetchone()[0])
    print(f"{'the index':28} {sizes[0]:.1f} MB, FTS5 alone {sizes[1]:.1f} MB")


def ask_bare(cursor: sqlite3.Cursor, text: str) -> None:
    """Ask FTS5 for the best rows."""
    cursor.execute(
        "SELECT rowid FROM bare WHERE bare MATCH ? ORDER BY bm25(bare, 10.0, 1.0) LIMIT 20",
        (" AND ".join(f'"{word}" *' for word in asked(text)),),
    )
    cursor.fetchall()


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds of a processor work takes."""
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def p95(times: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def show(name: str, times: Sequence[float], more: str = "") -> None:
    """Print the median and the 95th percentile."""
    print(f"{name:28} p50 {statistics.median(times):7.3f} ms   p95 {p95(times):7.3f} ms{more}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
