"""Check: whether other servers reach the twin, and whether it is the twin that answers them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from signedjson.key import encode_verify_key_base64, get_verify_key
from signedjson.sign import SignatureVerifyException, verify_signed_json

from twin_module.core.canonical import canonical_problem, shown
from twin_module.host.doctor.asking import Asker, json_object
from twin_module.host.doctor.configuration import read_signing_key
from twin_module.host.doctor.finding import Finding, ok, problem, skipped
from twin_module.host.doctor.naming import Route
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.world import Answer, NoAnswer, World

CHECK: Final = "federation in"
OK: Final = 200
ALL_OF_MATRIX: Final = "Let what stands in front pass all of /_matrix on to the twin."


def look_at_incoming(
    patient: Patient, asker: Asker, route: Route, now: datetime
) -> tuple[list[Finding], list[Answer], str | None]:
    """Ask the twin for its keys and its version, as another server does.

    Returns:
        The findings, the answers, and the version of the homeserver if it said one.
    """
    try:
        keys = route.get(asker, "/_matrix/key/v2/server")
        about = route.get(asker, "/_matrix/federation/v1/version")
    except NoAnswer as error:
        finding = problem(
            CHECK,
            f"The twin does not answer other servers: {error}.",
            "Start the host (`twin up`); if it runs, `twin logs` says what is wrong with this twin.",
        )
        return [finding], [], None
    findings = _keys(patient, keys, now)
    version = _version(about)
    if about.status != OK or version is None:
        findings.append(
            problem(CHECK, f"It tells no version (status {about.status}).", ALL_OF_MATRIX)
        )
    elif not findings:
        findings.append(
            ok(CHECK, f"The twin answers, with the keys that it has (Synapse {shown(version)}).")
        )
    return findings, [keys, about], version


def look_with_tester(world: World, template: str, patient: Patient) -> list[Finding]:
    """Ask a tester elsewhere what it sees.

    Args:
        world: what to ask.
        template: its URL, with {server_name} in it; it answers as Matrix's federation tester does.
        patient: the twin.
    """
    check = "tester"
    url = template.replace("{server_name}", quote(patient.server_name, safe=""))
    # Whoever runs this named it, so it may be anywhere.
    asker = Asker(world, may_reach=lambda _: True)
    try:
        answer = asker.follow(url)
    except NoAnswer as error:
        return [skipped(check, f"The tester does not answer: {error}.")]
    verdict = (json_object(answer) or {}).get("FederationOK")
    if not isinstance(verdict, bool):
        return [skipped(check, f"The tester gives no verdict (status {answer.status}).")]
    if verdict:
        return [ok(check, "The tester reaches the twin.")]
    return [
        problem(check, "The tester does not reach the twin.", f"Read what it says: {shown(url)}")
    ]


def _keys(patient: Patient, answer: Answer, now: datetime) -> list[Finding]:
    document = json_object(answer)
    if answer.status != OK or document is None:
        return [
            problem(
                CHECK, f"It tells no keys that can be read (status {answer.status}).", ALL_OF_MATRIX
            )
        ]
    if document.get("server_name") != patient.server_name:
        return [
            problem(
                CHECK,
                f"Another server answers for it: {shown(str(document.get('server_name')))}.",
                "Let what stands in front choose the twin by the name that is asked for.",
            )
        ]
    own = [get_verify_key(each) for each in read_signing_key(patient)]
    if not own:
        return [skipped(CHECK, "What it answers can't be compared with a key that can't be read.")]
    told = _map(document.get("verify_keys"))
    for key in own:
        name = f"{key.alg}:{key.version}"
        if _map(told.get(name)).get("key") != encode_verify_key_base64(key):
            return [
                problem(
                    CHECK,
                    f"It answers with other keys than {name} in {patient.signing_key}.",
                    "Restart the host; if that does not help, another machine runs this twin: stop it there.",
                )
            ]
    return _signatures(patient, document, own, now)


def _signatures(
    patient: Patient, document: dict[str, Any], own: list[Any], now: datetime
) -> list[Finding]:
    try:
        good = canonical_problem(document) is None
        for key in own:
            verify_signed_json(document, patient.server_name, key)
    except (SignatureVerifyException, AttributeError, TypeError, ValueError):
        good = False
    if not good:
        return [
            problem(
                CHECK,
                "The signature below its keys is wrong, so nobody believes them.",
                "Restart the host; nothing in front may change what the twin answers.",
            )
        ]
    until = document.get("valid_until_ts")
    if not isinstance(until, int) or until <= now.timestamp() * 1000:
        return [
            problem(
                CHECK,
                "What it says of its keys is too old to be believed.",
                "Set the clock right, and restart the host so that it says it anew.",
            )
        ]
    return []


def _version(answer: Answer) -> str | None:
    server = (json_object(answer) or {}).get("server")
    version = server.get("version") if isinstance(server, dict) else None
    return version if isinstance(version, str) else None


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
