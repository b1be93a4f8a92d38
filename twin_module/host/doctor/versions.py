"""Check: whether the versions of all that a twin stands on fit together."""

import platform
import sqlite3
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion

from twin_module.core.canonical import shown
from twin_module.host.doctor.finding import Finding, ok, problem, warning

CHECK: Final = "versions"
PACKAGE: Final = "twin-module"
SYNAPSE: Final = "matrix-synapse"
OLDEST_SQLITE: Final = (3, 37, 2)
"""What Synapse 1.163 asks for."""


def look_at_versions(running: str | None, kept: Mapping[str, str]) -> list[Finding]:
    """Compare what is installed with what the package asks for, and with what runs.

    Args:
        running: the version that the twin's homeserver says it has, None when it said none.
        kept: versions by package, as the running host has them; empty when it does not tell.
    """
    try:
        named = requires(PACKAGE) or []
        python = str(metadata(PACKAGE)["Requires-Python"] or "")
        own = version(PACKAGE)
    except PackageNotFoundError:
        return [
            problem(CHECK, f"{PACKAGE} is not installed as a package.", "pip install twin-module")
        ]
    found = [*_python(python), *_requirements(named), *_sqlite()]
    found += _differing(running, kept)
    synapse = _installed(SYNAPSE)
    here = (
        f"Python {platform.python_version()}, Synapse {synapse}, twin module {own}, "
        f"SQLite {sqlite3.sqlite_version}"
    )
    return found or [ok(CHECK, f"{here} fit together.")]


def _python(needed: str) -> list[Finding]:
    here = platform.python_version()
    try:
        fits = SpecifierSet(needed).contains(here, prereleases=True)
    except (InvalidSpecifier, InvalidVersion):
        return []
    if fits:
        return []
    return [
        problem(CHECK, f"Python {here} is not {needed}.", "Install the twin with a newer Python.")
    ]


def _requirements(named: list[str]) -> list[Finding]:
    found = []
    for each in named:
        try:
            requirement = Requirement(each)
        except InvalidRequirement:
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        have = _installed(requirement.name)
        if have is None:
            says = f"{requirement.name} is not installed."
        elif not requirement.specifier.contains(have, prereleases=True):
            says = (
                f"{requirement.name} is {have}, and the twin module needs {requirement.specifier}."
            )
        else:
            continue
        fix = f"pip install '{requirement.name}{requirement.specifier}', then restart the host."
        found.append(problem(CHECK, says, fix))
    return found


def _sqlite() -> list[Finding]:
    if sqlite3.sqlite_version_info >= OLDEST_SQLITE:
        return []
    oldest = ".".join(map(str, OLDEST_SQLITE))
    return [
        problem(
            CHECK,
            f"SQLite is {sqlite3.sqlite_version}, and Synapse needs {oldest}.",
            "Install a newer system, or a Python that brings a newer SQLite.",
        )
    ]


def _differing(running: str | None, kept: Mapping[str, str]) -> list[Finding]:
    others = {**kept, **({SYNAPSE: running.split(" ", 1)[0]} if running else {})}
    differing = [
        f"{name} {shown(runs)} (installed: {have})"
        for name, runs in sorted(others.items())
        if (have := _installed(name)) is not None and have != runs
    ]
    if not differing:
        return []
    return [
        warning(
            CHECK,
            f"What runs is another version: {', '.join(differing)}.",
            "Restart the host to use what is installed: `twin upgrade`.",
        )
    ]


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
