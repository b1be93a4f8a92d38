"""A world that answers what a test says, and a twin's folder to examine in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from signedjson.key import (
    encode_verify_key_base64,
    generate_signing_key,
    get_verify_key,
    read_signing_keys,
    write_signing_keys,
)
from signedjson.sign import sign_json

from twin_module.host.doctor.asking import Asker
from twin_module.host.doctor.patient import Patient, read_patient
from twin_module.host.doctor.world import Answer, Handshake, NoAnswer, Service
from twin_module.host.space import Space
from twin_module.host.table import Entry, changing_table

T = TypeVar("T")

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)
NAME = "alice.example.org"
PUBLIC = "93.184.215.14"
JSON = {"content-type": "application/json", "access-control-allow-origin": "*"}
ROOMY = Space(1, 50_000_000_000, 100_000_000_000, 900_000, 1_000_000, read_only=False)


def page(body: Any, status: int = 200, headers: Mapping[str, str] = JSON) -> Answer:
    """An answer with JSON, or bytes, by somebody whose clock is right."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {"date": format_datetime(NOW), **headers}, raw, PUBLIC, NOW)


def redirect(target: str) -> Answer:
    """An answer that leads elsewhere."""
    return page(b"", 302, {"location": target})


NOT_FOUND = page({"errcode": "M_NOT_FOUND"}, 404)


@dataclass
class Scene:
    """A world. What was asked for stands in `asked`; whatever a test did not say is not there."""

    names: dict[str, Sequence[str] | NoAnswer] = field(default_factory=dict)
    records: Mapping[str, Sequence[Service] | NoAnswer] = field(default_factory=dict)
    pages: dict[str, Answer | NoAnswer] = field(default_factory=dict)
    shakes: dict[tuple[str, int], Handshake | NoAnswer] = field(default_factory=dict)
    here: set[str] = field(default_factory=set)
    spaces: dict[Path, Space | OSError] = field(default_factory=dict)
    kept: bool | None = True
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    time: float = 0.0
    slowness: float = 0.0
    """Seconds that each page takes."""

    def now(self) -> datetime:
        return NOW

    def elapsed(self) -> float:
        return self.time

    def addresses(self, host: str) -> Sequence[str]:
        return _or_raise(self.names.get(host, NoAnswer("name", "Name or service not known")))

    def services(self, name: str) -> Sequence[Service]:
        return _or_raise(self.records.get(name, ()))

    def is_here(self, address: str) -> bool:
        return address in self.here

    def get(self, url: str, address: str, port: int, authorities: Sequence[Path]) -> Answer:
        self.asked.append((url, address, port))
        self.time += self.slowness
        return _or_raise(self.pages.get(url, NoAnswer("unreachable", "connection refused")))

    def handshake(
        self, address: str, port: int, name: str, authorities: Sequence[Path]
    ) -> Handshake:
        silent = NoAnswer("unreachable", "connection refused")
        return _or_raise(self.shakes.get((address, port), silent))

    def clock_is_kept(self) -> bool | None:
        return self.kept

    def space(self, path: Path) -> Space:
        return _or_raise(self.spaces.get(path, ROOMY))


def _or_raise(found: T | NoAnswer | OSError) -> T:
    if isinstance(found, NoAnswer | OSError):
        raise found
    return found


def asker(scene: Scene, patient: Patient | None = None) -> Asker:
    """Somebody who asks whatever there is, or as a twin's own rules say."""
    return Asker(scene, may_reach=patient.may_reach if patient else lambda _: True)


def make_patient(data: Path, server_name: str = NAME, **changes: Any) -> Patient:
    """Make alice's folder complete, but for a database; options of None are left out."""
    folder = data / "alice"
    (folder / "media").mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    text = StringIO()
    write_signing_keys(text, [generate_signing_key("a_1")])
    secrets = {"signing.key": text.getvalue()}
    secrets |= dict.fromkeys(("macaroon.key", "form.key", "owner.password"), "secret")
    config = {
        "server_name": server_name,
        "public_baseurl": f"https://{server_name}/",
        "serve_server_wellknown": True,
        "report_stats": False,
        "suppress_key_server_warning": True,
        "listeners": [{"path": str(data / "run" / "hs.sock"), "type": "http", "resources": []}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "macaroon_secret_key_path": str(folder / "macaroon.key"),
        "form_secret_path": str(folder / "form.key"),
        "modules": [
            {
                "module": "twin_module.TwinModule",
                "config": {"owner": "alice", "password_file": str(folder / "owner.password")},
            }
        ],
        **changes,
    }
    kept = {key: value for key, value in config.items() if value is not None}
    secrets["homeserver.yaml"] = yaml.safe_dump(kept)
    for name, secret in secrets.items():
        (folder / name).touch(0o600)
        (folder / name).write_text(secret)
    with changing_table(data) as known:
        known["alice"] = Entry("alice", server_name)
    return read_patient(data, "alice")


def key_document(patient: Patient, **changes: Any) -> dict[str, Any]:
    """What the twin says of its keys, signed; changes come in before the signature."""
    with patient.signing_key.open() as lines:
        (key,) = read_signing_keys(lines)
    public = encode_verify_key_base64(get_verify_key(key))
    document = {
        "server_name": patient.server_name,
        "verify_keys": {f"{key.alg}:{key.version}": {"key": public}},
        "old_verify_keys": {},
        "valid_until_ts": int((NOW + timedelta(days=1)).timestamp() * 1000),
        **changes,
    }
    signed: dict[str, Any] = sign_json(document, patient.server_name, key)
    return signed


VERSION = {"server": {"name": "Synapse", "version": "1.163.2"}}


def certificate(
    names: Sequence[str] = (NAME,), days: float = 60, issuer: str = "Good Authority"
) -> x509.Certificate:
    """A certificate that ends in some days; who signed it does not matter."""
    key = ec.generate_private_key(ec.SECP256R1())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=300))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )


def shake(
    *,
    days: float = 60,
    faults: tuple[int, ...] = (),
    fits: bool = True,
    version: str = "TLSv1.3",
    names: Sequence[str] = (NAME,),
) -> Handshake:
    """A handshake with a server that shows one certificate."""
    return Handshake(version, (certificate(names, days),), faults, fits)


def healthy(patient: Patient) -> Scene:
    """A world in which all is well with a twin that is found by its well-known file."""
    name = patient.server_name
    return Scene(
        names={name: [PUBLIC]},
        pages={
            f"https://{name}/.well-known/matrix/server": page({"m.server": f"{name}:443"}),
            f"https://{name}/.well-known/matrix/client": page(
                {"m.homeserver": {"base_url": f"https://{name}"}}
            ),
            f"https://{name}:443/_matrix/key/v2/server": page(key_document(patient)),
            f"https://{name}:443/_matrix/federation/v1/version": page(VERSION),
        },
        shakes={(PUBLIC, 443): shake()},
    )
