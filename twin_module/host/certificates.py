"""A private certificate authority, and the certificates that it gives to twins on this machine."""

import os
import stat
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFE: Final = timedelta(days=3650)
LEAF_LIFE: Final = timedelta(days=730)
RENEW_BEFORE: Final = timedelta(days=30)


def ensure_ca(folder: Path, now: datetime) -> tuple[Path, Path]:
    """Return the authority's certificate and key, made when they are not there."""
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if not (certificate.exists() and key.exists()):
        private = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Twins on this machine")])
        builder = (
            _builder(name, name, private.public_key(), now, CA_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        # A crash before the end must not leave an old certificate beside a new key.
        certificate.unlink(missing_ok=True)
        write_secret(key, _key_bytes(private))
        write_atomically(certificate, _pem(builder.sign(private, hashes.SHA256())))
    return certificate, key


def ensure_leaf(folder: Path, ca: tuple[Path, Path], now: datetime) -> tuple[Path, Path]:
    """Return a certificate and key for `localhost`, made anew when there is none, it ends soon, or the authority is another."""
    certificate, key = folder / "tls.pem", folder / "tls.key"
    if not (certificate.exists() and key.exists()) or _ends_soon(certificate, ca[0], now):
        issuer = x509.load_pem_x509_certificate(ca[0].read_bytes())
        signer = serialization.load_pem_private_key(ca[1].read_bytes(), None)
        if not isinstance(signer, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{ca[1]} is not a key of this program's making")
        private = ec.generate_private_key(ec.SECP256R1())
        # No name below localhost: Synapse's federation client refuses a certificate with one.
        names = x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
        )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        builder = (
            _builder(subject, issuer.subject, private.public_key(), now, LEAF_LIFE)
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
        )
        write_secret(key, _key_bytes(private))
        write_atomically(certificate, _pem(builder.sign(signer, hashes.SHA256())))
    return certificate, key


def _ends_soon(certificate: Path, ca: Path, now: datetime) -> bool:
    leaf = x509.load_pem_x509_certificate(certificate.read_bytes())
    issuer = x509.load_pem_x509_certificate(ca.read_bytes())
    return not _issued(leaf, issuer) or leaf.not_valid_after_utc - now < RENEW_BEFORE


def _issued(leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether this authority issued a certificate; one that was made anew has the same name."""
    try:
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not find the certificate in the future.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write a file whole or not at all, whatever happens meanwhile.

    As root, those keep it who have the one that it replaces.
    """
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        if os.geteuid() == 0:
            _hand_over(path, descriptor)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _hand_over(path: Path, descriptor: int) -> None:
    """Let those have a new file who had the one at a path: its user, and its group if that might read."""
    try:
        before = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISREG(before.st_mode) and (before.st_uid, before.st_gid) != (0, 0):
        os.fchown(descriptor, before.st_uid, before.st_gid)
        may_read = before.st_mode & stat.S_IRGRP
        os.fchmod(descriptor, stat.S_IMODE(os.fstat(descriptor).st_mode) | may_read)


def write_secret(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads."""
    write_atomically(path, data, 0o600)


__all__ = ["ensure_ca", "ensure_leaf", "write_atomically", "write_secret"]
