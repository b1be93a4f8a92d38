"""Check: whether the twin's certificate convinces other servers, and for how long."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509.oid import NameOID

from twin_module.core.canonical import shown
from twin_module.host.doctor.asking import Asker
from twin_module.host.doctor.finding import Finding, ok, problem, skipped, warning
from twin_module.host.doctor.naming import Route
from twin_module.host.doctor.world import Handshake, NoAnswer

CHECK: Final = "tls"
RENEW_BEFORE: Final = timedelta(days=21)
ENDS: Final = timedelta(days=3)
MODERN: Final = ("TLSv1.2", "TLSv1.3")
EXPIRED: Final = 10
NO_ISSUER: Final = (20, 21, 2)
"""X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, …_VERIFY_LEAF_SIGNATURE, …_GET_ISSUER_CERT."""
FAULTS: Final = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is signed by itself",
    19: "its authority is one that nobody knows",
    26: "it is not made for servers",
}
"""X509_V_ERR_… of OpenSSL."""


def look_at_tls(
    asker: Asker, route: Route, places: Sequence[tuple[str, int]], now: datetime
) -> tuple[bool, list[Finding]]:
    """Shake hands at each address, and tell whether any of them can be trusted, with the findings."""
    if not places:
        return False, [skipped(CHECK, "There is no address to connect to.")]
    trusted, good, found = False, [], []
    for address, port in places:
        where = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        try:
            shake = asker.handshake(address, port, route.host)
        except NoAnswer as error:
            found.append(_silent(where, error))
            continue
        faults = judge(shake, route.host, where, now)
        trusted = trusted or (shake.name_fits and not shake.faults)
        found += faults
        if not faults:
            good.append((where, shake))
    if good:
        left = min((shake.chain[0].not_valid_after_utc - now).days for _, shake in good)
        at = ", ".join(where for where, _ in good)
        by = shown(_issuer(good[0][1].chain[0]))
        found.append(
            ok(CHECK, f"{good[0][1].version} at {at}, certificate by {by}, {left} days left.")
        )
    return trusted, found


def judge(shake: Handshake, name: str, where: str, now: datetime) -> list[Finding]:
    """Tell what is wrong with a server's introduction; nothing is an empty list."""
    leaf = shake.chain[0]
    found: list[Finding] = []
    if not shake.name_fits:
        found.append(
            problem(
                CHECK,
                f"The certificate at {where} is for {shown(_names(leaf))}, not for {shown(name)}.",
                f"Get a certificate for {shown(name)}, and let {where} show it for that name.",
            )
        )
    found += _chain(shake, where)
    left = leaf.not_valid_after_utc - now
    if left < RENEW_BEFORE and EXPIRED not in shake.faults:
        make = problem if left < ENDS else warning
        found.append(
            make(
                CHECK,
                f"The certificate at {where} ends in {max(left.days, 0)} days.",
                "Renew it now, and see why whatever renews it did not (its log, its timer, its DNS).",
            )
        )
    if shake.version not in MODERN:
        found.append(
            problem(
                CHECK,
                f"{where} speaks {shake.version}, which many refuse.",
                "Allow TLS 1.2 and 1.3 in what stands in front of the twin.",
            )
        )
    return found


def _chain(shake: Handshake, where: str) -> list[Finding]:
    found, incomplete = [], False
    for fault in shake.faults:
        if fault in NO_ISSUER:
            incomplete = True
            continue
        found.append(
            problem(
                CHECK,
                f"The certificate at {where} is not good: {FAULTS.get(fault, f'fault {fault} of OpenSSL')}.",
                "Renew it." if fault == EXPIRED else "Get one from an authority that all know.",
            )
        )
    if incomplete and not found:
        found.append(_incomplete(shake, where))
    return found


def _incomplete(shake: Handshake, where: str) -> Finding:
    """Tell apart an authority that nobody knows from intermediate certificates that are not sent."""
    top = shake.chain[-1]
    if len(shake.chain) > 1 and all(map(_issued, shake.chain, shake.chain[1:])):
        return problem(
            CHECK,
            f"The certificate at {where} is by {shown(_issuer(top))}, whom this machine does not trust.",
            "Get one from an authority that all know; if this one is, install ca-certificates here.",
        )
    return problem(
        CHECK,
        f"{where} does not send what leads from its certificate, by {shown(_issuer(top))}, to an authority.",
        "Let it send the whole chain (often called fullchain.pem), from an authority that all know.",
    )


def _issued(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _silent(where: str, error: NoAnswer) -> Finding:
    if error.why == "certificate":
        return problem(
            CHECK,
            f"{error}.",
            "Put the file back, or take it out of federation_custom_ca_list in homeserver.yaml.",
        )
    if error.why == "garbled":
        return problem(
            CHECK,
            f"{where} is no server with TLS: {error}.",
            "See what listens there; federation needs TLS at this port.",
        )
    return problem(
        CHECK,
        f"Nobody answers at {where}: {error}.",
        "Start the host or the proxy in front of it, and open the port in the firewall and the router.",
    )


def _names(leaf: x509.Certificate) -> str:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return "nobody"
    return ", ".join(str(each.value) for each in names) or "nobody"


def _issuer(certificate: x509.Certificate) -> str:
    try:
        issuer = certificate.issuer
    except ValueError:
        return "somebody"
    for kind in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME):
        for each in issuer.get_attributes_for_oid(kind):
            return str(each.value)
    return "somebody"
