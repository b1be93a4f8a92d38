"""What lies in a twin's folder: the table's line, the configuration, secrets, the room that is left."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.host.doctor_scene import NAME, ROOMY, Scene, make_patient
from twin_module.host.doctor.configuration import (
    look_at_configuration,
    look_at_secrets,
    look_at_table,
)
from twin_module.host.doctor.disk import judge, look_at_disk
from twin_module.host.doctor.finding import Finding
from twin_module.host.doctor.patient import Patient, read_patient
from twin_module.host.doctor.sizes import in_words
from twin_module.host.doctor.synapse_says import SynapseSays, ask_synapse
from twin_module.host.errors import HostError

FINE = SynapseSays(None)


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return make_patient(tmp_path)


def levels(found: list[Finding]) -> list[str]:
    assert all(each.fix for each in found if each.level in ("warning", "problem"))
    return [each.level for each in found]


# The table and homeserver.yaml ---------------------------------------------------------------


def test_a_twin_that_is_not_in_the_table_is_none(patient: Patient) -> None:
    with pytest.raises(HostError, match=r"no twin bob .* there are alice"):
        read_patient(patient.places.data, "bob")


def test_table_and_configuration_agree(patient: Patient) -> None:
    assert levels(look_at_table(patient)) == ["ok"]
    other = replace(patient, entry=replace(patient.entry, server_name="bob.example.org"))
    (found,) = look_at_table(other)
    assert found.level == "problem"
    assert NAME in found.says
    assert "bob.example.org" in found.says


def test_it_says_whether_the_twin_is_down(patient: Patient) -> None:
    down = replace(patient, entry=replace(patient.entry, state="down"))
    assert "taken down" in look_at_table(down)[0].says


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a: [", "not YAML"), (b"- a", "no map"), (b"1: 2", "no map"), (b"\x00\xff", "not YAML")],
)
def test_a_configuration_that_can_not_be_read_is_a_problem(
    patient: Patient, content: bytes, words: str
) -> None:
    patient.yaml.write_bytes(content)
    broken = read_patient(patient.places.data, "alice")
    (found,) = look_at_configuration(broken, FINE)
    assert (found.level, words in found.says) == ("problem", True)
    # Everything else is looked for where it usually lies.
    assert broken.signing_key == patient.signing_key
    assert broken.database_file == patient.database_file


def test_a_configuration_that_is_missing_is_a_problem(patient: Patient) -> None:
    patient.yaml.unlink()
    (found,) = look_at_configuration(read_patient(patient.places.data, "alice"), FINE)
    assert "No such file" in found.says


def test_what_synapse_refuses_is_said_in_its_words(patient: Patient) -> None:
    (found,) = look_at_configuration(patient, SynapseSays("rc_login: \x1b[31mwrong"))
    assert "rc_login: \\u001b[31mwrong" in found.says


def test_a_homeserver_without_the_module_is_no_twin(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, modules=[{"module": "other"}, "x"])
    assert levels(look_at_configuration(patient, FINE)) == ["problem"]


def test_not_to_check_certificates_is_a_warning(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, federation_verify_certificates=False)
    assert levels(look_at_configuration(patient, FINE)) == ["warning"]


def test_synapse_reads_the_configuration_and_changes_nothing(patient: Patient) -> None:
    patient.media.rmdir()
    before = sorted(patient.folder.iterdir())
    said = ask_synapse(patient)
    assert said.refuses is None
    assert said.newest_schema is not None
    assert said.compatible_schema is not None
    assert 0 < said.compatible_schema <= said.newest_schema
    assert said.twin_schema
    assert sorted(patient.folder.iterdir()) == before


def test_synapse_says_which_option_it_refuses(tmp_path: Path) -> None:
    patient = make_patient(
        tmp_path, modules=[{"module": "twin_module.TwinModule", "config": {"owner": "Alice!"}}]
    )
    refuses = ask_synapse(patient).refuses
    assert refuses is not None
    assert "owner" in refuses
    assert "Traceback" not in refuses


def test_a_missing_key_file_is_refused_in_one_line(patient: Patient) -> None:
    (patient.folder / "macaroon.key").unlink()
    refuses = ask_synapse(patient).refuses
    assert refuses is not None
    assert "macaroon" in refuses


# Secrets -------------------------------------------------------------------------------------


def test_secrets_that_are_secret_are_fine(patient: Patient) -> None:
    assert levels(look_at_secrets(patient)) == ["ok"]


@pytest.mark.parametrize(
    "name", ["signing.key", "macaroon.key", "form.key", "homeserver.yaml", "owner.password"]
)
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_secret_that_others_may_read_is_a_problem(patient: Patient, name: str, mode: int) -> None:
    (patient.folder / name).chmod(mode)
    (found,) = look_at_secrets(patient)
    assert found.level == "problem"
    assert found.fix == f"chmod 600 {patient.folder / name}"


def test_a_folder_that_others_may_enter_is_a_problem(patient: Patient) -> None:
    patient.folder.chmod(0o750)
    assert [each.fix for each in look_at_secrets(patient)] == [f"chmod 700 {patient.folder}"]


@pytest.mark.parametrize("content", ["", "nonsense", "ed25519 a_1 !!!", None, "a b c d"])
def test_a_lost_signing_key_is_a_problem(patient: Patient, content: str | None) -> None:
    if content is None:
        patient.signing_key.unlink()
    else:
        patient.signing_key.write_text(content)
    (found,) = look_at_secrets(patient)
    assert (found.level, "backup" in str(found.fix)) == ("problem", True)


def test_a_password_file_may_be_taken_away(patient: Patient) -> None:
    patient.password_file.unlink()
    assert levels(look_at_secrets(patient)) == ["ok", "ok"]


def test_a_folder_that_is_gone_is_a_problem(patient: Patient) -> None:
    gone = replace(patient, entry=replace(patient.entry, name="gone"))
    assert levels(look_at_secrets(gone)) == ["problem"]


# Where it may go -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "address", "may"),
    [
        ({}, "93.184.215.14", True),
        ({}, "2606:2800::1", True),
        ({}, "127.0.0.1", False),
        ({}, "192.168.1.1", False),
        ({}, "169.254.169.254", False),
        ({}, "100.64.0.1", False),
        ({}, "224.0.0.1", False),
        ({}, "::1", False),
        ({}, "fe80::1", False),
        ({}, "::ffff:10.0.0.1", False),
        ({}, "0.0.0.0", False),
        ({}, "nonsense", False),
        ({"ip_range_blacklist": []}, "127.0.0.1", True),
        ({"ip_range_blacklist": []}, "0.0.0.0", False),
        ({"ip_range_blacklist": ["10.0.0.0/8"]}, "10.1.1.1", False),
        ({"ip_range_blacklist": ["10.0.0.0/8"]}, "::ffff:10.1.1.1", False),
        ({"ip_range_blacklist": ["10.0.0.0/8", 7, "x"]}, "127.0.0.1", True),
        ({"ip_range_whitelist": ["192.168.1.1"]}, "192.168.1.1", True),
        ({"federation_ip_range_blacklist": []}, "127.0.0.1", True),
    ],
)
def test_the_doctor_goes_where_the_twin_goes(
    tmp_path: Path, options: dict[str, Any], address: str, may: bool
) -> None:
    assert make_patient(tmp_path, **options).may_reach(address) == may


# The disk ------------------------------------------------------------------------------------

GB = 1_000_000_000


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (ROOMY, ["ok"]),
        (replace(ROOMY, free_bytes=9 * GB), ["warning"]),
        (replace(ROOMY, free_bytes=GB - 1, total_bytes=2 * GB), ["warning"]),
        (replace(ROOMY, free_bytes=GB // 5 - 1, total_bytes=GB), ["problem"]),
        (replace(ROOMY, free_files=50_000), ["warning"]),
        (replace(ROOMY, free_files=5_000), ["problem"]),
        (replace(ROOMY, free_files=0, total_files=0), ["ok"]),
        (replace(ROOMY, read_only=True), ["problem"]),
    ],
)
def test_a_disk_needs_room(space: object, expected: list[str]) -> None:
    assert levels(judge(space, "media")) == expected  # type: ignore[arg-type]


def test_each_disk_is_said_once(patient: Patient) -> None:
    *disks, sizes = look_at_disk(patient, Scene())
    assert levels(disks) == ["ok"]
    assert "folder, its media, its database" in disks[0].says
    assert sizes.says == "Media have 0 B."
    scene = Scene(spaces={patient.media: replace(ROOMY, device=2, free_bytes=1)})
    assert levels(look_at_disk(patient, scene)) == ["ok", "problem", "ok"]


def test_a_disk_that_is_not_mounted_is_a_problem(patient: Patient) -> None:
    scene = Scene(spaces={patient.media: OSError(errno.ENOENT, "No such file or directory")})
    assert levels(look_at_disk(patient, scene)) == ["problem", "ok", "ok"]


def test_sizes_are_counted(patient: Patient) -> None:
    (patient.media / "deep").mkdir()
    (patient.media / "deep" / "file").write_bytes(b"x" * 1500)
    assert look_at_disk(patient, Scene())[-1].says == "Media have 1.5 kB."


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (82_000_000, "82 MB"), (5e15, "5000 TB")],
)
def test_sizes_in_words(size: float, words: str) -> None:
    assert in_words(size) == words
