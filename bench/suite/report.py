"""What a run found, as text and as JSON."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from bench.suite.figure import Measured
from bench.suite.floors import MACHINE
from bench.suite.size import Size
from bench.suite.table import table


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a contestant has no figures for, and why."""

    contestant: str
    work: str
    reason: str
    failed: bool
    """Whether it should have; if not, it offers nothing like that."""

    def line(self) -> str:
        """Return it in one line."""
        return f"{self.contestant}, {self.work}: {self.reason}"


@dataclass(slots=True)
class Report:
    """Everything that one run found."""

    size: Size
    database: str
    contestants: list[str] = field(default_factory=list)
    lines: list[Measured] = field(default_factory=list)
    floors: list[Measured] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def failures(self) -> Sequence[LeftOut]:
        """Return what should have worked."""
        return [each for each in self.left_out if each.failed]

    def text(self) -> str:
        """Return tables and failures."""
        cpu = [each for each in self.lines if each.figure.unit == "CPU-ms"]
        rest = [each for each in self.lines if each.figure.unit != "CPU-ms"]
        parts = [
            "What a person waits for (medians; ± is half of the distance between the quartiles):",
            table(rest, self.contestants),
            "Processor time of the server for one operation:",
            table(cpu, self.contestants),
            "Floors of this machine in the same run:",
            table(self.floors, [MACHINE]),
        ]
        if self.failures():
            parts.append("\n".join(["What failed:", *(each.line() for each in self.failures())]))
        return "\n\n".join(parts)

    def json(self) -> dict[str, Any]:
        """Return it for the file."""
        return {
            "taken": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {
                "cores": os.cpu_count(),
                "load_average": os.getloadavg(),
                "system": platform.platform(),
                "python": platform.python_version(),
            },
            "versions": {each: version(each) for each in ("matrix-synapse", "twisted", "radicale")},
            "database": self.database,
            "size": asdict(self.size),
            "contestants": self.contestants,
            "figures": [each.json() for each in self.lines],
            "floors": [each.json() for each in self.floors],
            "left_out": [asdict(each) for each in self.left_out],
        }
