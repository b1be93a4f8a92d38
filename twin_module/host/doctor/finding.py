"""What a check found: one sentence that says what is, and one that says how to mend it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["ok", "warning", "problem", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    check: str
    """What was looked at, in one or two words: dns, tls, federation in, …"""
    level: Level
    says: str
    """What is. Words of strangers in it are escaped."""
    fix: str | None = None
    """What to do, in one line; every problem has one."""


def ok(check: str, says: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(check, "ok", says)


def warning(check: str, says: str, fix: str) -> Finding:
    """Say that something works now and may not for long, or not for all."""
    return Finding(check, "warning", says, fix)


def problem(check: str, says: str, fix: str) -> Finding:
    """Say that something does not work."""
    return Finding(check, "problem", says, fix)


def skipped(check: str, says: str) -> Finding:
    """Say why something was not looked at."""
    return Finding(check, "skipped", says)
