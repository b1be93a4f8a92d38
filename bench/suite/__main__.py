"""The command behind `./scripts/bench`."""

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from bench.suite import floors
from bench.suite.bounds import BOUNDS, broken
from bench.suite.contestants.base import Failed
from bench.suite.floors import MACHINE
from bench.suite.line_up import PEERS, SYNAPSES, databases, line_up
from bench.suite.measure import Collected
from bench.suite.report import Report
from bench.suite.run import Run, filled
from bench.suite.size import SHORT, WHOLE, Size
from bench.suite.works import works

FOLDER: Final = Path("var") / "bench"


def main(arguments: Sequence[str]) -> int:
    """Run it; returns 1 where the twin or vanilla Synapse failed, or where a bound does not hold."""
    asked = _parser().parse_args(arguments)
    size = _size(asked)
    names = list(asked.contestants or (*SYNAPSES, *(PEERS if asked.peers else ())))
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked.data.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix="run-", dir=asked.data)).absolute()
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {text}", file=sys.stderr, flush=True)

    report = Report(size, asked.database)
    try:
        _measure(asked, names, folder, report, tell)
    except Failed as error:
        shutil.rmtree(folder)
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, SystemExit):
        shutil.rmtree(folder)
        print("Cut; nothing of it is kept.", file=sys.stderr)
        return 130
    is_whole = asked.short and not asked.only and not asked.contestants
    sentences = broken(BOUNDS, report.lines) if is_whole else ()
    _show(report, sentences, _json_file(asked))
    failed = [each for each in report.failures() if each.contestant in SYNAPSES]
    if report.failures():
        print(f"Logs of all contestants are in {folder}.")
    else:
        shutil.rmtree(folder)
    return 1 if failed or sentences else 0


def _measure(
    asked: argparse.Namespace,
    names: Sequence[str],
    folder: Path,
    report: Report,
    tell: Callable[[str], None],
) -> None:
    """Measure everybody between two looks at the floors."""
    tell("the floors of this machine")
    machine = Collected()
    machine.add(MACHINE, floors.measure(folder / "floors", report.size))
    chosen = [
        each for key, each in works(report.size).items() if not asked.only or key in asked.only
    ]
    with databases(asked.database, names) as given:
        installed = (asked.data / "peers").absolute()
        contestants = line_up(names, folder, installed, report.size, given)
        Run(contestants, report.size, tell).measure(chosen, report)
    machine.add(MACHINE, floors.measure(folder / "floors", report.size))
    report.floors = filled(floors.FIGURES, machine)


def _show(report: Report, sentences: Sequence[str], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    found = {**report.json(), "broken_bounds": list(sentences)}
    file.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    print(f"\n{report.text()}\n")
    for each in sentences:
        print(each)
    print(f"All figures are in {file}.")


def _json_file(asked: argparse.Namespace) -> Path:
    if asked.json is not None:
        return Path(asked.json)
    return Path(asked.data / f"{datetime.now(UTC):%Y-%m-%dT%H%M%S}.json")


def _size(asked: argparse.Namespace) -> Size:
    size = SHORT if asked.short else WHOLE
    return size if asked.rounds is None else replace(size, rounds=asked.rounds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="The same work at the twin, at plain Synapse, and at what people would take "
        "instead, in turn, on this machine. docs/performance.md says how to read it.",
    )
    parser.add_argument(
        "--peers", action="store_true", help=f"{', '.join(PEERS)} as well; npm fetches two of them"
    )
    parser.add_argument(
        "--short", action="store_true", help="small amounts, and ratios have to be within bounds"
    )
    parser.add_argument("--rounds", type=_positive, metavar="N", help="how often each has its turn")
    parser.add_argument(
        "--only",
        type=_some_of(works(WHOLE)),
        metavar="WORK,…",
        help=f"of {', '.join(works(WHOLE))}",
    )
    parser.add_argument(
        "--contestants",
        type=_some_of((*SYNAPSES, *PEERS)),
        metavar="NAME,…",
        help=f"of {', '.join((*SYNAPSES, *PEERS))}",
    )
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="of the twin and of vanilla Synapse",
    )
    parser.add_argument("--json", metavar="FILE", help="where all figures go")
    parser.add_argument(
        "--data",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help="where everything lies meanwhile (default: var/bench)",
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("one round is the least")
    return value


def _some_of(known: Iterable[str]) -> Callable[[str], Sequence[str]]:
    """Return what reads some of the known words, with commas between them."""
    words = tuple(known)

    def read(text: str) -> Sequence[str]:
        found = text.split(",")
        for each in found:
            if each not in words:
                raise argparse.ArgumentTypeError(f"{each!r} is none of {', '.join(words)}")
        return found

    return read


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
