"""Checks: whether the host that keeps the twin runs, and when the twin was last backed up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from twin_module.core.canonical import escaped, shown
from twin_module.host.backup.settings import last_backup
from twin_module.host.doctor.begun import Begun
from twin_module.host.doctor.finding import Finding, ok, problem, warning
from twin_module.host.doctor.patient import Patient
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.options import read_options

HOST: Final = "host"
BACKUP: Final = "backup"
OLD: Final = timedelta(days=7)
SECONDS: Final = 5.0
"""How long the keeper may take; other commands wait longer for it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the host says."""

    findings: list[Finding]
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the packages that the running host has loaded; empty when it does not tell."""


def look_at_host(patient: Patient) -> Kept:
    """Ask the keeper how the twin is, and see whether it holds the twin's socket."""
    try:
        read_options(patient.places.options)
    except HostError as error:
        mend = f"Mend {patient.places.options} and start the host: `twin up`."
        return Kept([problem(HOST, escaped(str(error)), mend)])
    try:
        status = Begun(lambda: ask(patient.places, {"do": "status"})).result(SECONDS)
    except HostError as error:
        return Kept([problem(HOST, escaped(str(error)), "Start it: `twin up`.")])
    except TimeoutError:
        says = f"The host does not answer within {SECONDS:g} s."
        return Kept([problem(HOST, says, f"See what {patient.places.log} says, or restart it.")])
    versions = status.get("versions")
    told = {
        name: value
        for name, value in (versions.items() if isinstance(versions, dict) else ())
        if isinstance(name, str) and isinstance(value, str)
    }
    return Kept([_twin(patient, status)], told)


def _twin(patient: Patient, status: Mapping[str, Any]) -> Finding:
    name = patient.name
    if patient.entry.state == "down":
        return ok(HOST, "The host runs; this twin was taken down.")
    twins = status.get("twins")
    lines = [
        each
        for each in (twins if isinstance(twins, list) else ())
        if isinstance(each, dict) and each.get("name") == name
    ]
    state = lines[0].get("state") if lines else None
    if state == "failing":
        why = shown(str(lines[0].get("why") or "it does not say why")).rstrip(".")
        return problem(
            HOST,
            f"The host can't start the twin: {why}.",
            f"Mend that; the host tries again by itself, or at once with `twin up {name}`. `twin logs {name}` says more.",
        )
    if state == "unwell":
        why = shown(str(lines[0].get("problem") or "it does not say why"))
        return problem(
            HOST,
            f"The twin is awake, but can't keep what it is told: {why}",
            "Mend that; the twin goes on by itself.",
        )
    socket = patient.places.socket(patient.server_name)
    if not socket.is_socket():
        return problem(
            HOST,
            f"The host runs, but the twin's socket {socket} is not there.",
            f"Take the twin down and up again: `twin down {name}`, `twin up {name}`.",
        )
    now = f"the twin is {shown(state)}" if isinstance(state, str) else "it holds the twin's socket"
    return ok(HOST, f"The host runs; {now}.")


def look_at_backup(patient: Patient, now: datetime) -> list[Finding]:
    """Tell how old the last backup is."""
    try:
        last = last_backup(patient.places.data, patient.name)
    except HostError as error:
        return [
            warning(
                BACKUP,
                f"Nobody can say when the last backup was: {escaped(str(error)).rstrip('.')}.",
                f"Make one: `twin backup {patient.name}`.",
            )
        ]
    make = f"Make one: `twin backup {patient.name}`, and let a timer do it every night."
    if last is None:
        return [warning(BACKUP, "There is no backup of this twin.", make)]
    last = last if last.tzinfo else last.replace(tzinfo=UTC)
    says = f"The last backup is of {last.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    return [warning(BACKUP, says, make) if now - last > OLD else ok(BACKUP, says)]
