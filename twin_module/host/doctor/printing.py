"""The doctor's report, for people at a terminal and for programs."""

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final, TextIO

from twin_module.core.canonical import escaped
from twin_module.host.doctor.finding import Finding, Level

COLOURS: Final = {"ok": "32", "warning": "33", "problem": "31", "skipped": "2"}
"""ANSI's green, yellow, red and faint."""
WIDEST: Final = 110
NARROWEST: Final = 50
ARROW: Final = "→"


def print_findings(findings: Sequence[Finding], stream: TextIO | None = None) -> None:
    """Print findings as a table: level, check, sentence, and below it the fix.

    Colours are for terminals only, and not where NO_COLOR is set (no-color.org).
    """
    out = sys.stdout if stream is None else stream
    coloured = out.isatty() and "NO_COLOR" not in os.environ
    width = min(max(shutil.get_terminal_size((WIDEST, 1)).columns, NARROWEST), WIDEST)
    for line in table(findings, width, coloured=coloured):
        print(_printable(line, out), file=out)


def table(findings: Sequence[Finding], width: int, *, coloured: bool) -> Iterable[str]:
    """Yield the lines of a report, none wider than `width`, with a summary as the last."""
    levels = max((len(each.level) for each in findings), default=0)
    checks = max((len(each.check) for each in findings), default=0)
    indent = " " * (levels + 2 + checks + 2)
    before = None
    for each in findings:
        level = (
            _colour(each.level, f"{each.level:<{levels}}")
            if coloured
            else f"{each.level:<{levels}}"
        )
        check = "" if each.check == before else each.check
        before = each.check
        first, *rest = _wrapped(escaped(each.says), width - len(indent))
        yield f"{level}  {check:<{checks}}  {first}"
        yield from (f"{indent}{line}" for line in rest)
        if each.fix is not None:
            # Commands in a fix are copied: they are never broken.
            first, *rest = _wrapped(escaped(each.fix), width - len(indent) - 2)
            yield f"{indent}{ARROW} {first}"
            yield from (f"{indent}  {line}" for line in rest)
    yield ""
    yield summary(findings)


def summary(findings: Iterable[Finding]) -> str:
    """Return how it is in one sentence."""
    levels = [each.level for each in findings]
    counts = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for word in ("problem", "warning")
        if (count := levels.count(word))
    ]
    return f"{' and '.join(counts)}." if counts else "All is well."


def as_json(findings: Sequence[Finding]) -> str:
    """Return the same for programs: `{"ok": …, "findings": [{check, level, says, fix}, …]}`."""
    found = [asdict(each) for each in findings]
    return json.dumps({"ok": exit_status(findings) == 0, "findings": found}, indent=2)


def exit_status(findings: Iterable[Finding]) -> int:
    """Return 1 when there is a problem, else 0."""
    return int(any(each.level == "problem" for each in findings))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 20), break_long_words=False, break_on_hyphens=False) or [
        ""
    ]


def _colour(level: Level, text: str) -> str:
    return f"\x1b[{COLOURS[level]}m{text}\x1b[0m"


def _printable(line: str, out: TextIO) -> str:
    """Return a line that this stream can carry, whatever its encoding."""
    encoding = out.encoding or "utf-8"
    return (
        line.replace(ARROW, _arrow(encoding)).encode(encoding, "backslashreplace").decode(encoding)
    )


def _arrow(encoding: str) -> str:
    try:
        ARROW.encode(encoding)
    except UnicodeEncodeError:
        return ">"
    return ARROW
