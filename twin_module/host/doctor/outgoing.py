"""Check: whether the twin reaches other servers, and which of them it could not reach lately."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from twin_module.core.canonical import shown
from twin_module.host.doctor.asking import Asker, json_object
from twin_module.host.doctor.begun import Begun
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.naming import find_route
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.record import Peer
from twin_module.host.doctor.world import Answer, NoAnswer, World

CHECK: Final = "federation out"
MOST_ASKED: Final = 5
MOST_NAMED: Final = 5
OK: Final = 200
ENOUGH: Final = 2
"""That many servers are not all down at once by chance."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a peer answered."""

    peer: Peer
    answer: Answer | None
    why: str | None
    """Why the peer is of no use; None when it is well."""


def look_outside(
    patient: Patient, world: World, peers: Sequence[Peer]
) -> tuple[list[Finding], list[Asked]]:
    """Ask a few of the servers that the twin last talked with for their version."""
    if not peers:
        return [skipped(CHECK, "The twin has not sent to any other server yet.")], []
    begun = [Begun(partial(_ask, patient, world, each)) for each in peers[:MOST_ASKED]]
    asked = [each.result() for each in begun]
    return [*judge_answers(asked), *judge_failures(peers, asked)], asked


def judge_answers(asked: Sequence[Asked]) -> list[Finding]:
    """Tell who answers, and whether it is this machine's fault when nobody does."""
    well = [each for each in asked if each.why is None]
    silent = [f"{shown(each.peer.server_name)} ({each.why})" for each in asked if each.why]
    if not silent:
        names = ", ".join(shown(each.peer.server_name) for each in well)
        return [ok(CHECK, f"Other servers answer: {names}.")]
    if not well and len(asked) >= ENOUGH:
        return [
            problem(
                CHECK,
                f"No other server answers: {', '.join(silent)}.",
                "See whether this machine reaches the internet: its network, name servers and firewall.",
            )
        ]
    return [
        warning(
            CHECK,
            f"{len(silent)} of {len(asked)} servers do not answer: {', '.join(silent)}.",
            "Tell who runs them; the twin tries again by itself.",
        )
    ]


def judge_failures(peers: Sequence[Peer], asked: Sequence[Asked]) -> list[Finding]:
    """Tell which servers could not be reached lately; some of many always are off."""
    failing = [each for each in peers if each.failing_since is not None]
    if not failing:
        return []
    said = ", ".join(_failing(each) for each in failing[:MOST_NAMED])
    more = f" and {len(failing) - MOST_NAMED} more" if len(failing) > MOST_NAMED else ""
    says = f"{len(failing)} of {len(peers)} servers could not be reached lately: {said}{more}."
    back = {each.peer for each in asked if each.why is None}
    waiting = [shown(each.server_name) for each in failing if each in back]
    if waiting:
        return [
            warning(
                CHECK,
                f"{says} Now {', '.join(waiting)} would answer.",
                "Nothing: what waits for them goes out at the next try.",
            )
        ]
    if len(failing) * 2 > len(peers) and len(failing) >= ENOUGH:
        return [
            warning(
                CHECK,
                says,
                "When they are well for others, see this machine's network, name servers and firewall.",
            )
        ]
    return [ok(CHECK, says)]


def _ask(patient: Patient, world: World, peer: Peer) -> Asked:
    asker = Asker(world, authorities=patient.authorities, may_reach=patient.may_reach)
    try:
        route = find_route(asker, peer.server_name)
        answer = route.get(asker, "/_matrix/federation/v1/version")
    except ValueError:
        return Asked(peer, None, "that is no server name")
    except NoAnswer as error:
        return Asked(peer, None, str(error))
    if answer.status != OK or not isinstance((json_object(answer) or {}).get("server"), dict):
        return Asked(peer, answer, f"it answers as no Matrix server does, status {answer.status}")
    return Asked(peer, answer, None)


def _failing(peer: Peer) -> str:
    since = f"{shown(peer.server_name)} since {_time(peer.failing_since)}"
    return f"{since}, next try {_time(peer.next_try)}" if peer.next_try is not None else since


def _time(milliseconds: int | None) -> str:
    try:
        return f"{datetime.fromtimestamp((milliseconds or 0) / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "a time that is none"
