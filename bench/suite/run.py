"""A whole run: starts everybody, lets them work in turn, and ends them."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from bench.suite.contestants.base import Contestant, Failed, NotOffered
from bench.suite.figure import Figure, Measured
from bench.suite.measure import Collected, Round, Samples, in_turn, one_line, spread
from bench.suite.report import LeftOut, Report
from bench.suite.size import Size
from bench.suite.works import Work
from twin_module.testing.processes import cpu_seconds, memory_mb

HOUR: Final = 3600
MEMORY_FRESH, MEMORY, IDLE = "memory_fresh", "memory", "idle"
RESTING: Final[Sequence[Figure]] = (
    Figure(MEMORY_FRESH, "memory after the start (PSS)", "MB"),
    Figure(MEMORY, "memory after all of this (PSS)", "MB"),
    Figure(IDLE, "processor while nothing happens", "CPU-s/h"),
)
Tell = Callable[[str], None]


class Run:
    """One run of some contestants; who was started is ended with it."""

    def __init__(self, contestants: Sequence[Contestant], size: Size, tell: Tell) -> None:
        self._contestants = contestants
        self._size = size
        self._tell = tell

    def measure(self, chosen: Sequence[Work], report: Report) -> None:
        """Do the work, and write what was found into a report."""
        with ExitStack() as stack:
            running = self._started(stack, report)
            report.contestants = [each.name for each in running]
            resting = Collected()
            self._weigh(running, MEMORY_FRESH, resting)
            for work in chosen:
                self._do(work, running, report)
            self._weigh(running, MEMORY, resting)
            if self._size.idle_seconds:
                self._rest(running, resting)
            report.lines += filled(RESTING, resting)
            for name, reason in resting.failures.items():
                self._leave_out(LeftOut(name, "rest", reason, failed=True), report)

    def _started(self, stack: ExitStack, report: Report) -> Sequence[Contestant]:
        """Start everybody, and return who runs."""
        running = []
        for each in self._contestants:
            self._tell(f"starting {each.name}")
            stack.callback(each.stop)
            try:
                each.start()
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                failure = LeftOut(each.name, "start", one_line(error), failed=True)
                self._leave_out(failure, report)
            else:
                running.append(each)
        return running

    def _do(self, work: Work, running: Sequence[Contestant], report: Report) -> None:
        """Get ready everywhere, then let each do its rounds in turn."""
        self._tell(f"{work.key}: getting ready")
        rounds = self._ready(work, running, report)
        first = work.figures[0]

        def tell(number: int, name: str, samples: Samples) -> None:
            middle = spread(samples[first.key]).median
            self._tell(f"{work.key}: round {number + 1}: {name} {middle:.1f} {first.unit}")

        times = min(self._size.rounds, work.most_rounds)
        collected = in_turn(rounds, times, self._size.budget, tell)
        for name, reason in collected.failures.items():
            self._leave_out(LeftOut(name, work.key, reason, failed=True), report)
        report.lines += filled(work.figures, collected)

    def _ready(
        self, work: Work, running: Sequence[Contestant], report: Report
    ) -> Mapping[str, Round]:
        """Get ready everywhere at once, and return the rounds of those who are."""
        rounds = {}
        pool = ThreadPoolExecutor(len(running) or 1)
        try:
            coming = {each.name: pool.submit(work.begin, each, self._size) for each in running}
            for name, future in coming.items():
                try:
                    rounds[name] = future.result()
                except NotOffered as reason:
                    self._leave_out(LeftOut(name, work.key, str(reason), failed=False), report)
                except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
                    failure = LeftOut(name, work.key, one_line(error), failed=True)
                    self._leave_out(failure, report)
        finally:
            # Who is cut here does not wait for the rest: it fails as soon as its server is ended.
            pool.shutdown(wait=False, cancel_futures=True)
        return rounds

    def _leave_out(self, left_out: LeftOut, report: Report) -> None:
        report.left_out.append(left_out)
        self._tell(left_out.line())

    def _weigh(self, running: Sequence[Contestant], key: str, found: Collected) -> None:
        for each in running:
            try:
                pss, _ = memory_mb(each.processes())
            except Failed as error:
                found.fail(each.name, error)
            else:
                found.add(each.name, {key: [pss]})

    def _rest(self, running: Sequence[Contestant], found: Collected) -> None:
        """Let everybody do nothing for a while, all in the same one."""
        still = [each for each in running if each.name not in found.failures]
        self._tell(f"{IDLE}: nothing happens for {self._size.idle_seconds:.0f} s")
        processes = {each.name: each.processes() for each in still}
        before = {name: cpu_seconds(each) for name, each in processes.items()}
        began = time.monotonic()
        time.sleep(self._size.idle_seconds)
        took = time.monotonic() - began
        for name, each in processes.items():
            found.add(name, {IDLE: [(cpu_seconds(each) - before[name]) / took * HOUR]})


def filled(figures: Sequence[Figure], collected: Collected) -> list[Measured]:
    """Return the lines of the table that anybody has a figure for."""
    lines = []
    for figure in figures:
        samples = collected.samples.get(figure.key.partition("+")[0], {})
        if samples:
            lines.append(
                Measured(figure, {name: figure.of(each) for name, each in samples.items()})
            )
    return lines
