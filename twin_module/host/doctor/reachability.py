"""Checks: whether other servers find the twin by its name, what they find there, and who answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from twin_module.core.canonical import shown
from twin_module.host.doctor.asking import Asker, is_address
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.incoming import look_at_incoming
from twin_module.host.doctor.naming import Route, Target, find_route, parse_name
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.tls import look_at_tls
from twin_module.host.doctor.well_known import look_at_client_file, look_at_server_file
from twin_module.host.doctor.world import Answer, NoAnswer, World


@dataclass(frozen=True, slots=True)
class Reached:
    """What was found on the way to the twin, as another server goes it."""

    findings: list[Finding]
    answers: Sequence[Answer] = field(default=())
    """What the twin, or who stands in front of it, answered."""
    version: str | None = None
    """The version that the running homeserver says it has."""


def look_from_outside(patient: Patient, world: World) -> Reached:
    """Go the way that another server goes to the twin, one step after the other."""
    try:
        own = _own_addresses(patient, world)
    except ValueError:
        return Reached([_no_name(patient)])
    asker = Asker(
        world,
        authorities=patient.authorities,
        may_reach=lambda _: True,
        may_follow=lambda address: address in own or patient.may_reach(address),
    )
    try:
        route = find_route(asker, patient.server_name)
    except NoAnswer as error:
        return Reached([_no_dns(patient, error)])
    findings = look_at_names(patient, world, route)
    findings += look_at_server_file(patient, route)
    findings += look_at_client_file(patient, asker)
    places = [(address, target.port) for target in route.targets for address in target.addresses]
    trusted, said = look_at_tls(asker, route, places, world.now())
    findings += said
    if patient.entry.state == "down":
        return Reached([*findings, skipped("federation in", "The twin is down.")])
    if not trusted:
        return Reached([*findings, skipped("federation in", "No server gets as far as that.")])
    found, answers, version = look_at_incoming(patient, asker, route, world.now())
    return Reached([*findings, *found], answers, version)


def look_at_names(patient: Patient, world: World, route: Route) -> list[Finding]:
    """Tell where the twin's name leads."""
    found: list[Finding] = []
    reached = [target for target in route.targets if target.addresses]
    for target in route.targets:
        if target.why is not None:
            make = warning if reached else problem
            found.append(
                make(
                    "dns",
                    f"{shown(target.host)} has no address: {target.why}.",
                    f"Add an A or AAAA record for {shown(target.host)} where its domain is kept.",
                )
            )
    if reached:
        where = "; ".join(_place(world, target) for target in reached)
        found.append(ok("dns", f"Other servers come {shown(route.how)}, to {where}."))
    private = [a for target in reached for a in target.addresses if not patient.may_reach(a)]
    if private:
        found.append(
            warning(
                "dns",
                f"From here the name leads to {', '.join(private)}, which other servers can't reach.",
                "Give the name a public address; when it has one, /etc/hosts or a name server of "
                "your own hides it here: ask from outside with --tester.",
            )
        )
    if route.by_old_record:
        found.append(
            warning(
                "dns",
                "The SRV record _matrix._tcp is deprecated.",
                f"Call it _matrix-fed._tcp.{route.host}, with the same contents.",
            )
        )
    return found


def _own_addresses(patient: Patient, world: World) -> frozenset[str]:
    host, _ = parse_name(patient.server_name)
    if is_address(host):
        return frozenset((host,))
    try:
        return frozenset(world.addresses(host))
    except NoAnswer:
        return frozenset()


def _place(world: World, target: Target) -> str:
    here = [each for each in target.addresses if world.is_here(each)]
    at = ", ".join(f"{each} (this machine)" if each in here else each for each in target.addresses)
    return f"{shown(target.host)} port {target.port} at {at}"


def _no_name(patient: Patient) -> Finding:
    return problem(
        "dns",
        f"{shown(patient.server_name)} can't be a server's name.",
        "Make a new twin with a host name: `twin new NAME`.",
    )


def _no_dns(patient: Patient, error: NoAnswer) -> Finding:
    return problem(
        "dns",
        f"Nobody can say where {shown(patient.server_name)} is: {error}.",
        "See whether this machine has a name server that answers (/etc/resolv.conf).",
    )
