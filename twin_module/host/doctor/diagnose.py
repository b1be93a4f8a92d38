"""All checks of one twin, those that wait at the same time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from twin_module.core.canonical import shown
from twin_module.host.doctor.begun import Begun
from twin_module.host.doctor.clock import look_at_clock
from twin_module.host.doctor.configuration import (
    look_at_configuration,
    look_at_secrets,
    look_at_table,
)
from twin_module.host.doctor.database import (
    look_at_integrity,
    look_at_record,
    read_database,
)
from twin_module.host.doctor.disk import look_at_disk
from twin_module.host.doctor.finding import Finding, problem
from twin_module.host.doctor.incoming import look_with_tester
from twin_module.host.doctor.keeping import Kept, look_at_backup, look_at_host
from twin_module.host.doctor.outgoing import Asked, look_outside
from twin_module.host.doctor.patient import Patient, read_patient
from twin_module.host.doctor.reachability import Reached, look_from_outside
from twin_module.host.doctor.record import Record
from twin_module.host.doctor.synapse_says import SynapseSays, ask_synapse
from twin_module.host.doctor.versions import look_at_versions
from twin_module.host.doctor.world import Answer, World
from twin_module.host.errors import HostError

T = TypeVar("T")


def diagnose(
    data: Path, name: str, *, world: World, thorough: bool = False, tester: str | None = None
) -> list[Finding]:
    """Look at everything that has to be right for a twin to work, and change nothing.

    Args:
        data: the host's data folder.
        name: the twin's name on this host.
        world: what is outside of the folder.
        thorough: whether to check the database's indexes as well, however long it takes.
        tester: the URL of a federation tester elsewhere, with {server_name} in it; None asks nobody.

    Returns:
        The findings, in the order in which things depend on one another.
    """
    try:
        patient = read_patient(data, name)
    except HostError as error:
        return [problem("table", str(error), "`twin status` shows which twins there are.")]
    synapse = Begun(partial(_synapse, patient))
    inwards = Begun(partial(_inwards, patient, world))
    tested = Begun(partial(_tested, patient, world, tester))
    kept = Begun(partial(_kept, patient))
    integrity = Begun(partial(_integrity, patient, world, thorough))
    record, unread = _record(patient)
    outwards = Begun(partial(_outwards, patient, world, record))
    said, reached, host = synapse.result(), inwards.result(), kept.result()
    out, asked = outwards.result()
    return [
        *_list("table", lambda: look_at_table(patient)),
        *_list("configuration", lambda: look_at_configuration(patient, said)),
        *_list("secrets", lambda: look_at_secrets(patient)),
        *host.findings,
        *_list("versions", lambda: look_at_versions(reached.version, host.versions)),
        *_list("disk", lambda: look_at_disk(patient, world)),
        *unread,
        *(integrity.result() if record is not None else ()),
        *_list("database", lambda: look_at_record(patient, record, said) if record else []),
        *_list("clock", lambda: _clock(world, record, reached, asked)),
        *reached.findings,
        *tested.result(),
        *out,
        *_list("backup", lambda: look_at_backup(patient, world.now())),
    ]


def _looked(check: str, call: Callable[[], T], otherwise: Callable[[Finding], T]) -> T:
    """Return what a check found; a fault of its own must not hide what the others found."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it is, it becomes a finding
        return otherwise(
            problem(
                check,
                f"This check failed itself: {type(error).__name__}: {shown(str(error))}",
                "Report this as a fault of the doctor; the other findings hold.",
            )
        )


def _list(check: str, call: Callable[[], list[Finding]]) -> list[Finding]:
    return _looked(check, call, lambda finding: [finding])


def _synapse(patient: Patient) -> SynapseSays:
    def unasked(finding: Finding) -> SynapseSays:
        return SynapseSays(finding.says)

    return _looked("configuration", lambda: ask_synapse(patient), unasked)


def _inwards(patient: Patient, world: World) -> Reached:
    return _looked("dns", lambda: look_from_outside(patient, world), lambda f: Reached([f]))


def _tested(patient: Patient, world: World, tester: str | None) -> list[Finding]:
    if tester is None:
        return []
    return _list("tester", lambda: look_with_tester(world, tester, patient))


def _kept(patient: Patient) -> Kept:
    return _looked("host", lambda: look_at_host(patient), lambda finding: Kept([finding]))


def _integrity(patient: Patient, world: World, thorough: bool) -> list[Finding]:
    return _list("database", lambda: look_at_integrity(patient, world.elapsed, thorough=thorough))


def _record(patient: Patient) -> tuple[Record | None, list[Finding]]:
    return _looked("database", lambda: read_database(patient), lambda finding: (None, [finding]))


def _outwards(
    patient: Patient, world: World, record: Record | None
) -> tuple[list[Finding], list[Asked]]:
    peers = record.peers if record is not None else ()
    return _looked(
        "federation out",
        lambda: look_outside(patient, world, peers),
        lambda finding: ([finding], []),
    )


def _clock(
    world: World, record: Record | None, reached: Reached, asked: list[Asked]
) -> list[Finding]:
    answers: dict[str, Answer] = {
        each.peer.server_name: each.answer for each in asked if each.answer is not None
    }
    for answer in reached.answers:
        answers["what stands in front of the twin"] = answer
    return look_at_clock(
        now=world.now(),
        kept=world.clock_is_kept(),
        # A server on this machine has the same clock.
        answers={name: a for name, a in answers.items() if not world.is_here(a.address)},
        newest_received=record.newest_received if record is not None else None,
    )
