"""Who takes part, by name, and the databases that some of them are given."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from bench.suite.contestants.atproto import Atproto
from bench.suite.contestants.base import Contestant, Failed
from bench.suite.contestants.radicale import Radicale
from bench.suite.contestants.solid import Solid
from bench.suite.contestants.synapse import HOME, PEER, Databases, Grown, Twin, Vanilla
from bench.suite.size import Size
from twin_module.testing.postgres import find_programs, fresh_database, throwaway_server

SYNAPSES: Final = ("twin", "vanilla")
"""Always take part; where one of them fails, the whole run has."""
PEERS: Final = ("radicale", "atproto", "solid")


def line_up(
    names: Sequence[str],
    folder: Path,
    installed: Path,
    size: Size,
    given: Mapping[str, Databases],
) -> Sequence[Contestant]:
    """Return contestants that are not started yet.

    Args:
        names: in the order of the table.
        folder: where the data of each go.
        installed: where those that come from npm are, or are put.
        size: how large the large rooms are.
        given: databases of PostgreSQL by contestant; who has none takes SQLite.
    """
    grown = None if given else Grown(folder / "grown", (size.small_room, size.large_room))
    made: Mapping[str, Callable[[], Contestant]] = {
        "twin": lambda: Twin(folder, grown, given.get("twin")),
        "vanilla": lambda: Vanilla(folder, grown, given.get("vanilla")),
        "radicale": lambda: Radicale(folder),
        "atproto": lambda: Atproto(folder, installed),
        "solid": lambda: Solid(folder, installed),
    }
    return [made[name]() for name in names]


@contextmanager
def databases(kind: str, names: Sequence[str]) -> Iterator[Mapping[str, Databases]]:
    """Make databases for the servers of those that are Synapse; none for SQLite.

    Raises:
        Failed: PostgreSQL is not installed.
    """
    if kind != "postgres":
        yield {}
        return
    programs = find_programs()
    if programs is None:
        raise Failed("There is no PostgreSQL here (on Debian: apt install postgresql).")
    with ExitStack() as stack:
        url = stack.enter_context(throwaway_server(programs))
        yield {
            name: {each: stack.enter_context(fresh_database(url)) for each in (HOME, PEER)}
            for name in names
            if name in SYNAPSES
        }
