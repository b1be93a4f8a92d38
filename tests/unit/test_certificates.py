"""The private authority and what it certifies: made once, renewed in time, never half."""

import stat
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from twin_module.host.certificates import (
    CA_LIFE,
    LEAF_LIFE,
    RENEW_BEFORE,
    ensure_ca,
    ensure_leaf,
    write_atomically,
    write_secret,
)

NOW = datetime(2026, 12, 24, 12, tzinfo=UTC)


@pytest.fixture
def ca(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "ca").mkdir()
    return ensure_ca(tmp_path / "ca", NOW)


@pytest.fixture
def twin(tmp_path: Path) -> Path:
    (tmp_path / "twin").mkdir()
    return tmp_path / "twin"


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def belong_together(pair: tuple[Path, Path]) -> bool:
    key = serialization.load_pem_private_key(pair[1].read_bytes(), None)
    return bool(key.public_key() == certificate(pair[0]).public_key())


def verify(leaf: Path, ca: Path, when: datetime, name: x509.DNSName | x509.IPAddress) -> None:
    builder = PolicyBuilder().store(Store([certificate(ca)])).time(when)
    builder.build_server_verifier(name).verify(certificate(leaf), [])


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(
    "name", [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
)
@pytest.mark.parametrize("when", [NOW, NOW - timedelta(hours=23), NOW + timedelta(days=700)])
def test_a_certificate_is_verified_against_the_authority(
    ca: tuple[Path, Path], twin: Path, when: datetime, name: x509.DNSName | x509.IPAddress
) -> None:
    leaf = ensure_leaf(twin, ca, NOW)
    verify(leaf[0], ca[0], when, name)
    assert belong_together(leaf)
    assert belong_together(ca)


def test_a_certificate_is_for_no_other_name_and_no_other_time(
    ca: tuple[Path, Path], twin: Path
) -> None:
    leaf, _ = ensure_leaf(twin, ca, NOW)
    with pytest.raises(VerificationError):
        verify(leaf, ca[0], NOW, x509.DNSName("example.org"))
    with pytest.raises(VerificationError):
        verify(leaf, ca[0], NOW + LEAF_LIFE + timedelta(days=1), x509.DNSName("localhost"))


def test_another_authority_does_not_verify_it(
    ca: tuple[Path, Path], twin: Path, tmp_path: Path
) -> None:
    leaf, _ = ensure_leaf(twin, ca, NOW)
    (tmp_path / "other").mkdir()
    other, _ = ensure_ca(tmp_path / "other", NOW)
    with pytest.raises(VerificationError):
        verify(leaf, other, NOW, x509.DNSName("localhost"))


def test_only_the_authority_signs_certificates(ca: tuple[Path, Path], twin: Path) -> None:
    leaf, _ = ensure_leaf(twin, ca, NOW)
    basic = [
        certificate(path).extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        for path in (ca[0], leaf)
    ]
    assert basic == [True, False]


def test_keys_can_be_read_by_their_owner_only(ca: tuple[Path, Path], twin: Path) -> None:
    leaf = ensure_leaf(twin, ca, NOW)
    assert [stat.S_IMODE(key.stat().st_mode) for key in (ca[1], leaf[1])] == [0o600, 0o600]


def test_nothing_is_made_twice(ca: tuple[Path, Path], twin: Path) -> None:
    ensure_leaf(twin, ca, NOW)
    before = contents(twin), contents(ca[0].parent)
    ensure_ca(ca[0].parent, NOW + timedelta(days=1))
    ensure_leaf(twin, ca, NOW + timedelta(days=1))
    assert (contents(twin), contents(ca[0].parent)) == before


@pytest.mark.parametrize(("early", "renewed"), [(timedelta(days=1), False), (timedelta(0), True)])
def test_a_certificate_is_renewed_before_it_ends(
    ca: tuple[Path, Path], twin: Path, early: timedelta, renewed: bool
) -> None:
    first = ensure_leaf(twin, ca, NOW)[0].read_bytes()
    later = NOW + LEAF_LIFE - RENEW_BEFORE - early + timedelta(seconds=1)
    again = ensure_leaf(twin, ca, later)
    assert (again[0].read_bytes() != first) is renewed
    verify(again[0], ca[0], later, x509.DNSName("localhost"))
    assert belong_together(again)


def test_the_authority_outlives_what_it_certifies() -> None:
    assert CA_LIFE > LEAF_LIFE > RENEW_BEFORE


@pytest.mark.parametrize("lost", ["ca.key", "ca.pem"])
def test_a_new_authority_is_followed_by_new_certificates(
    ca: tuple[Path, Path], twin: Path, lost: str
) -> None:
    ensure_leaf(twin, ca, NOW)
    (ca[0].parent / lost).unlink()
    ca = ensure_ca(ca[0].parent, NOW)
    leaf = ensure_leaf(twin, ca, NOW)
    verify(leaf[0], ca[0], NOW, x509.DNSName("localhost"))
    assert belong_together(ca)


def test_a_certificate_that_lost_its_key_is_made_anew(ca: tuple[Path, Path], twin: Path) -> None:
    ensure_leaf(twin, ca, NOW)[1].unlink()
    assert belong_together(ensure_leaf(twin, ca, NOW))


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    (tmp_path / ".file.new").write_text("what a crash left")
    write_atomically(path, b"first")
    write_secret(path, b"second")
    assert path.read_bytes() == b"second"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
