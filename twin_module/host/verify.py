"""`twin verify`: says what a signed file proves, with nothing but the file.

It starts quickly and asks nobody: neither a network, nor a twin, nor the clock.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from twin_module.core import attestation, proof
from twin_module.core.canonical import escaped, shown
from twin_module.core.verdict import Verdict
from twin_module.host.errors import HostError

MAX_BYTES: Final = 16 * 1024 * 1024
"""Twice what the largest proof has in canonical form, for those that are indented."""
FORMATS: Final[Mapping[str, Callable[[Any], Verdict]]] = {
    proof.FORMAT: proof.verify,
    attestation.FORMAT: attestation.verify,
}
"""Who checks what: a new kind of signed file is one more line."""

PROVEN: Final = 0
NOT_PROVEN: Final = 1
UNREADABLE: Final = 2


def verify(name: str) -> int:
    """Print what a file proves and what not, and return the exit status.

    Args:
        name: a path, or `-` for standard input.
    """
    try:
        verdict = _archive(name) or check(read(name))
    except HostError as error:
        print(f"twin: {error}", file=sys.stderr)
        return UNREADABLE
    # A terminal that knows few letters is no reason to end with an error.
    encoding = sys.stdout.encoding or "utf-8"
    print(in_words(verdict).encode(encoding, "backslashreplace").decode(encoding))
    return PROVEN if verdict.proven else NOT_PROVEN


def check(document: Any) -> Verdict:
    """Check a document of any format that is known.

    Args:
        document: parsed JSON.
    """
    named = document.get("format") if isinstance(document, dict) else None
    checker = FORMATS.get(named) if isinstance(named, str) else None
    if checker is None:
        known = ", ".join(sorted(FORMATS))
        return Verdict((f"The file is of no format that can be verified; known are: {known}.",))
    return checker(document)


def _archive(name: str) -> Verdict | None:
    """Return what an archive proves; None where the file is none, or can't be read."""
    from twin_module.host.progress import Progress  # noqa: PLC0415 - it reads this module's JSON
    from twin_module.host.verify_export import is_archive, verify_export  # noqa: PLC0415

    path = Path(name)
    try:
        if name == "-" or not is_archive(path):
            return None
    except (OSError, ValueError):
        return None
    try:
        with Progress() as progress:
            return verify_export(path, progress.say)
    except OSError as error:
        raise HostError(f"{shown(name)} can't be read: {error.strerror}.") from None


def read(name: str) -> Any:
    """Return what stands in a file.

    Raises:
        HostError: it can't be read, is too large, or is no JSON.
    """
    try:
        if name == "-":
            data = _bounded(sys.stdin.buffer)
        else:
            with Path(name).open("rb") as file:
                data = _bounded(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise HostError(f"{shown(name)} can't be read: {reason}.") from None
    if len(data) > MAX_BYTES:
        raise HostError(f"{shown(name)} has more than the {MAX_BYTES} bytes that a proof may have.")
    try:
        return parse(data)
    except (ValueError, RecursionError) as error:
        raise HostError(f"{shown(name)} is not JSON: {shown(str(error))}.") from None


def parse(data: bytes) -> Any:
    """Return what JSON says, where all readers would agree on it.

    Raises:
        ValueError, RecursionError: it is no JSON, or not the same to everybody.
    """
    return json.loads(data, object_pairs_hook=_object, parse_constant=_no_constant)


def _bounded(file: BinaryIO) -> bytes:
    return file.read(MAX_BYTES + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: another reader could take the other value."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def in_words(verdict: Verdict) -> str:
    """Return a verdict as it is printed."""
    if not verdict.proven:
        return "\n".join(["NOT PROVEN", "", *(f"  {each}" for each in verdict.problems)])
    lines = ["PROVEN", "", *(f"  {each}" for each in verdict.says)]
    if verdict.content:
        content = json.dumps(verdict.content, indent=2, ensure_ascii=False, sort_keys=True)
        lines += ["", "What was signed:", ""]
        lines += [f"  {escaped(line)}" for line in content.split("\n")]
    lines += ["", "NOT PROVEN BY THIS FILE", "", *(f"  {each}" for each in verdict.not_proven)]
    return "\n".join(lines)
