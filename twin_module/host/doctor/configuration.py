"""Check: what the host and Synapse were told of a twin, and whether its secrets are secret."""

import stat
from pathlib import Path
from typing import Final

from signedjson.key import read_signing_keys
from signedjson.types import SigningKey

from twin_module.core.canonical import escaped, shown
from twin_module.host.doctor.finding import Finding, ok, problem, warning
from twin_module.host.doctor.patient import MODULE, Patient
from twin_module.host.doctor.synapse_says import SynapseSays

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def look_at_table(patient: Patient) -> list[Finding]:
    """Compare the twin's line in the table with its configuration."""
    entry, configured = patient.entry, patient.config.get("server_name")
    if configured is not None and configured != entry.server_name:
        return [
            problem(
                "table",
                f"twins.json calls it {shown(entry.server_name)}, homeserver.yaml {shown(str(configured))}.",
                "Write the name that its Matrix IDs have into both; a server name can't be changed.",
            )
        ]
    state = "up" if entry.state == "up" else "taken down by its owner or the host"
    return [
        ok("table", f"{entry.name} is {entry.server_name}, in trust domain {entry.trust}, {state}.")
    ]


def look_at_configuration(patient: Patient, said: SynapseSays) -> list[Finding]:
    """Tell whether Synapse takes the configuration, and whether it is a twin's."""
    check, again = "configuration", f"Mend {patient.yaml} and run this again."
    if patient.fault is not None:
        return [problem(check, f"{patient.yaml} {patient.fault}.", again)]
    if said.refuses is not None:
        words = escaped(" ".join(said.refuses.split()))
        return [problem(check, f"Synapse refuses homeserver.yaml: {words}", again)]
    if patient.module is None:
        return [
            problem(
                check,
                "homeserver.yaml loads no twin: the module is missing.",
                f"Add {MODULE} under `modules`, as in config/twin.yaml.",
            )
        ]
    found = []
    if patient.config.get("federation_verify_certificates") is False:
        found.append(
            warning(
                check,
                "It takes any certificate of other servers, so anybody on the way can be them.",
                "Take federation_verify_certificates out of homeserver.yaml.",
            )
        )
    return found or [ok(check, "Synapse takes homeserver.yaml.")]


def look_at_secrets(patient: Patient) -> list[Finding]:
    """Tell whether only the twin's own user can read its folder, keys and password."""
    check = "secrets"
    try:
        folder = patient.folder.stat()
    except OSError as error:
        return [
            problem(
                check,
                f"{patient.folder} can't be read: {error.strerror}.",
                f"Put the folder back: `twin restore {patient.name} FOLDER --key FILE`.",
            )
        ]
    found = []
    if folder.st_mode & OTHERS:
        found.append(_open(patient.folder, folder.st_mode, "700"))
    for path in patient.secrets:
        try:
            status = path.stat()
        except OSError:
            continue  # Whether it has to be there is another question.
        if status.st_mode & OTHERS:
            found.append(_open(path, status.st_mode, "600"))
        if status.st_uid != folder.st_uid:
            found.append(
                problem(
                    check,
                    f"{path} belongs to another user than the twin's folder.",
                    f"chown --reference={patient.folder} {path}",
                )
            )
    found += _signing_key(patient)
    if not found:
        found.append(ok(check, "Only the twin's own user can read its keys and its folder."))
    if not patient.password_file.exists():
        found.append(ok(check, "There is no password file; only the owner knows the password."))
    return found


def read_signing_key(patient: Patient) -> list[SigningKey]:
    """Return the twin's signing keys; none when they can't be read."""
    try:
        with patient.signing_key.open() as lines:
            return list(read_signing_keys(lines))
    except (OSError, ValueError, TypeError, IndexError):
        return []


def _signing_key(patient: Patient) -> list[Finding]:
    if read_signing_key(patient):
        return []
    return [
        problem(
            "secrets",
            f"There is no signing key to read in {patient.signing_key}.",
            f"Put it back from a backup (`twin restore {patient.name} FOLDER --key FILE --into ASIDE`): with another one "
            "the twin is a stranger to everybody.",
        )
    ]


def _open(path: Path, mode: int, wanted: str) -> Finding:
    return problem(
        "secrets",
        f"Other users of this machine may open {path} (mode {stat.S_IMODE(mode):o}).",
        f"chmod {wanted} {path}",
    )
