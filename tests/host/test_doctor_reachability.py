"""The way to a twin is gone as another server goes it, and whatever is in the way is said once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.host.doctor_scene import (
    NAME,
    NOT_FOUND,
    NOW,
    PUBLIC,
    VERSION,
    Scene,
    certificate,
    healthy,
    key_document,
    make_patient,
    page,
    redirect,
    shake,
)
from twin_module.host.doctor.finding import Finding
from twin_module.host.doctor.incoming import look_with_tester
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.reachability import look_from_outside
from twin_module.host.doctor.world import Answer, Handshake, NoAnswer, Service

SERVER = f"https://{NAME}/.well-known/matrix/server"
CLIENT = f"https://{NAME}/.well-known/matrix/client"
KEYS = f"https://{NAME}:443/_matrix/key/v2/server"
ABOUT = f"https://{NAME}:443/_matrix/federation/v1/version"


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return make_patient(tmp_path)


@pytest.fixture
def scene(patient: Patient) -> Scene:
    return healthy(patient)


def troubles(patient: Patient, scene: Scene) -> list[Finding]:
    found = look_from_outside(patient, scene).findings
    return [each for each in found if each.level in ("warning", "problem")]


def trouble(patient: Patient, scene: Scene) -> Finding:
    found = troubles(patient, scene)
    assert len(found) == 1, found
    assert found[0].fix
    return found[0]


def test_all_is_well(patient: Patient, scene: Scene) -> None:
    reached = look_from_outside(patient, scene)
    assert {each.check: each.level for each in reached.findings} == dict.fromkeys(
        ("dns", "well-known server", "well-known client", "tls", "federation in"), "ok"
    )
    assert reached.version == "1.163.2"
    assert all(each.fix is None for each in reached.findings)


def test_it_says_where_the_name_leads(patient: Patient, scene: Scene) -> None:
    scene.here.add(PUBLIC)
    (dns,) = [e for e in look_from_outside(patient, scene).findings if e.check == "dns"]
    assert f"{NAME} port 443 at {PUBLIC} (this machine)" in dns.says


def test_a_name_that_nobody_knows_is_one_problem(patient: Patient, scene: Scene) -> None:
    found = troubles(patient, Scene())
    assert [each.level for each in found if each.check == "dns"] == ["problem"]
    assert "A or AAAA record" in str(found[0].fix)
    assert [e.level for e in look_from_outside(patient, Scene()).findings if e.check == "tls"] == [
        "skipped"
    ]


def test_silent_name_servers_are_a_problem(patient: Patient, scene: Scene) -> None:
    scene.pages[SERVER] = NOT_FOUND
    scene.records = {f"_matrix-fed._tcp.{NAME}": NoAnswer("name", "no name server answers")}
    assert trouble(patient, scene).check == "dns"


def test_a_private_address_is_a_warning_as_others_may_see_another(patient: Patient) -> None:
    scene = healthy(patient)
    scene.names[NAME] = ["127.0.1.1"]
    scene.shakes = {("127.0.1.1", 443): shake()}
    found = trouble(patient, scene)
    assert (found.check, found.level) == ("dns", "warning")
    assert "127.0.1.1" in found.says


def test_a_private_address_is_fine_where_the_twin_talks_with_such(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, ip_range_blacklist=[])
    scene = healthy(patient)
    scene.names[NAME] = ["127.0.1.1"]
    scene.shakes = {("127.0.1.1", 443): shake()}
    assert troubles(patient, scene) == []


def test_the_old_record_is_a_warning(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, serve_server_wellknown=False)
    scene = healthy(patient)
    scene.pages[SERVER] = NOT_FOUND
    scene.records = {f"_matrix._tcp.{NAME}": [Service(0, 0, 443, NAME)]}
    scene.pages |= {url.replace(":443", ""): scene.pages[url] for url in (KEYS, ABOUT)}
    found = trouble(patient, scene)
    assert (found.level, "_matrix-fed._tcp" in str(found.fix)) == ("warning", True)


def test_a_name_with_a_port_needs_no_files(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, "localhost:8448", ip_range_blacklist=[])
    scene = Scene(names={"localhost": ["127.0.0.1"]}, shakes={("127.0.0.1", 8448): shake()})
    scene.pages = {
        "https://localhost:8448/_matrix/key/v2/server": page(key_document(patient)),
        "https://localhost:8448/_matrix/federation/v1/version": page(VERSION),
    }
    found = look_from_outside(patient, scene).findings
    assert {each.check: each.level for each in found} == {
        "dns": "ok",
        "well-known server": "skipped",
        "well-known client": "skipped",
        "tls": "ok",
        "federation in": "ok",
    }


@pytest.mark.parametrize("name", ["[::1]:8448", "127.0.0.1:8448", "[::1]"])
def test_a_name_that_is_an_ip_address_is_gone_to(tmp_path: Path, name: str) -> None:
    patient = make_patient(tmp_path, name)
    levels = {e.check: e.level for e in look_from_outside(patient, Scene()).findings}
    assert (levels["well-known server"], levels["tls"]) == ("skipped", "problem")


def test_a_name_that_is_none_is_a_problem(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, "not a name")
    assert trouble(patient, Scene()).check == "dns"


# The file for servers ------------------------------------------------------------------------


def test_a_missing_file_is_a_problem_when_the_host_has_one(patient: Patient, scene: Scene) -> None:
    scene.pages[SERVER] = NOT_FOUND
    scene.shakes[PUBLIC, 8448] = shake()
    scene.pages |= {url.replace(":443", ""): scene.pages[url] for url in (KEYS, ABOUT)}
    found = trouble(patient, scene)
    assert (found.check, found.level) == ("well-known server", "problem")
    assert SERVER in str(found.fix)


def test_a_missing_file_is_fine_when_there_is_to_be_none(tmp_path: Path) -> None:
    patient = make_patient(tmp_path, serve_server_wellknown=False)
    scene = healthy(patient)
    scene.pages[SERVER] = NOT_FOUND
    scene.shakes[PUBLIC, 8448] = shake()
    scene.pages |= {url.replace(":443", ""): scene.pages[url] for url in (KEYS, ABOUT)}
    assert troubles(patient, scene) == []


@pytest.mark.parametrize("body", [b"<html>", b'{"m.server": 1}', b"[" * 100_000, b"\xff", b""])
def test_a_file_that_nobody_understands_is_a_problem(
    patient: Patient, scene: Scene, body: bytes
) -> None:
    scene.pages[SERVER] = page(body)
    found = [each for each in troubles(patient, scene) if each.check == "well-known server"]
    assert [each.level for each in found] == ["problem"]


def test_a_file_that_says_otherwise_than_the_host_is_a_problem(
    patient: Patient, scene: Scene
) -> None:
    file = patient.places.well_known(NAME)
    file.parent.mkdir()
    client = {"m.homeserver": {"base_url": f"https://{NAME}/"}}
    file.write_text(json.dumps({"server": {"m.server": "other.example:1"}, "client": client}))
    assert "other.example:1" in trouble(patient, scene).says
    file.write_text(json.dumps({"server": {"m.server": f"{NAME.upper()}:443"}, "client": client}))
    assert troubles(patient, scene) == []
    file.write_text("nonsense")
    assert troubles(patient, scene) == []


def test_a_file_of_another_type_is_a_warning(patient: Patient, scene: Scene) -> None:
    scene.pages[SERVER] = page({"m.server": f"{NAME}:443"}, headers={"content-type": "text/html"})
    assert (trouble(patient, scene).level, "text/html" in trouble(patient, scene).says) == (
        "warning",
        True,
    )


def test_the_own_file_leads_nobody_into_the_network_of_the_host(
    patient: Patient, scene: Scene
) -> None:
    scene.names["inside.example.org"] = ["10.0.0.1"]
    scene.pages[SERVER] = redirect("https://inside.example.org/")
    assert any("10.0.0.1" in each.says for each in troubles(patient, scene))
    assert "10.0.0.1" not in [address for _, address, _ in scene.asked]


# The file for clients ------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [NOT_FOUND, NoAnswer("slow", "no answer within 5 s")])
def test_clients_can_do_without_the_file(
    patient: Patient, scene: Scene, answer: Answer | NoAnswer
) -> None:
    scene.pages[CLIENT] = answer
    found = trouble(patient, scene)
    assert (found.check, found.level) == ("well-known client", "warning")


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"m.homeserver": "https://x"},
        {"m.homeserver": {"base_url": 1}},
        {"m.homeserver": {"base_url": "http://x"}},
        {"m.homeserver": {"base_url": "https://[x"}},
        {"m.homeserver": {"base_url": "https://x:y"}},
    ],
)
def test_a_file_that_names_no_homeserver_is_a_problem(
    patient: Patient, scene: Scene, said: Any
) -> None:
    scene.pages[CLIENT] = page(said)
    assert trouble(patient, scene).level == "problem"


def test_clients_in_browsers_have_to_be_let_in(patient: Patient, scene: Scene) -> None:
    said = {"m.homeserver": {"base_url": f"https://{NAME}"}}
    scene.pages[CLIENT] = page(said, headers={"content-type": "application/json"})
    assert "Access-Control-Allow-Origin" in str(trouble(patient, scene).fix)


def test_clients_are_sent_where_the_host_says(patient: Patient, scene: Scene) -> None:
    scene.pages[CLIENT] = page({"m.homeserver": {"base_url": "https://other.example"}})
    assert "other.example" in trouble(patient, scene).says


# TLS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shaken", "level", "words"),
    [
        (shake(days=22), None, ""),
        (shake(days=20), "warning", "ends in 20 days"),
        (shake(days=2.5), "problem", "ends in 2 days"),
        (shake(days=-3, faults=(10,)), "problem", "has expired"),
        (shake(fits=False, names=["other.example"]), "problem", "for other.example, not for"),
        (shake(faults=(18,)), "problem", "signed by itself"),
        (shake(faults=(20, 21)), "problem", "does not send what leads"),
        (shake(faults=(99,)), "problem", "fault 99"),
        (shake(version="TLSv1.1"), "problem", "TLSv1.1"),
        (NoAnswer("unreachable", "connection refused"), "problem", "Nobody answers"),
        (NoAnswer("garbled", "TLS fails: wrong version number"), "problem", "no server with TLS"),
        (NoAnswer("certificate", "/ca.pem holds no certificates"), "problem", "/ca.pem"),
    ],
)
def test_a_certificate_has_to_convince_others(
    patient: Patient, scene: Scene, shaken: Handshake | NoAnswer, level: str | None, words: str
) -> None:
    scene.shakes[PUBLIC, 443] = shaken
    found = troubles(patient, scene)
    assert [each.level for each in found] == ([level] if level else [])
    assert all(words in each.says and each.fix for each in found)


def test_what_tls_stops_is_not_said_twice(patient: Patient, scene: Scene) -> None:
    scene.shakes[PUBLIC, 443] = shake(fits=False)
    last = look_from_outside(patient, scene).findings[-1]
    assert (last.check, last.level) == ("federation in", "skipped")


def test_a_certificate_that_ends_soon_still_lets_others_in(patient: Patient, scene: Scene) -> None:
    scene.shakes[PUBLIC, 443] = shake(days=1)
    last = look_from_outside(patient, scene).findings[-1]
    assert (last.check, last.level) == ("federation in", "ok")


def test_each_address_is_tried(patient: Patient, scene: Scene) -> None:
    scene.names[NAME] = ["2606:2800::1", PUBLIC]
    found = trouble(patient, scene)
    assert "[2606:2800::1]:443" in found.says
    assert look_from_outside(patient, scene).version == "1.163.2"


def test_a_hostile_certificate_says_its_names_in_one_line(patient: Patient, scene: Scene) -> None:
    names = ["a" * 60] * 50
    shaken = Handshake("TLSv1.3", (certificate(names, issuer="\x1b[2J\nfine"),), (20,), False)
    scene.shakes[PUBLIC, 443] = shaken
    for each in troubles(patient, scene):
        assert each.says.isprintable()
        assert len(each.says) < 400


# Keys and version ----------------------------------------------------------------------------


def other_key(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "verify_keys": {"ed25519:a_1": {"key": "A" * 43}}}


def unsigned(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "signatures": {}}


def changed(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "old_verify_keys": {"ed25519:x": {"key": "x", "expired_ts": 1}}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_key, "other keys"),
        (lambda d: {**d, "verify_keys": []}, "other keys"),
        (lambda d: {**d, "verify_keys": {"ed25519:a_1": "x"}}, "other keys"),
        (unsigned, "signature"),
        (changed, "signature"),
        (lambda d: {**d, "signatures": 7}, "signature"),
        (lambda d: {**d, "signatures": {NAME: 7}}, "signature"),
        (lambda d: {**d, "x": 1.5}, "signature"),
        (lambda d: {**d, "x": "\ud800"}, "signature"),
        (lambda d: {**d, "server_name": "other.example"}, "Another server"),
        (lambda d: {**d, "server_name": ["x"]}, "Another server"),
        (lambda d: [d], "no keys"),
    ],
)
def test_the_twin_has_to_answer_with_its_own_keys(
    patient: Patient, scene: Scene, change: Callable[[Any], Any], words: str
) -> None:
    scene.pages[KEYS] = page(change(key_document(patient)))
    found = trouble(patient, scene)
    assert (found.check, found.level) == ("federation in", "problem")
    assert words in found.says


def test_keys_that_are_too_old_are_a_problem(patient: Patient, scene: Scene) -> None:
    past = int(NOW.timestamp() * 1000) - 1
    scene.pages[KEYS] = page(key_document(patient, valid_until_ts=past))
    assert "too old" in trouble(patient, scene).says


@pytest.mark.parametrize("said", [{}, [], {"server": []}, {"server": {"version": 1}}, None])
def test_a_version_that_is_none_is_a_problem(patient: Patient, scene: Scene, said: Any) -> None:
    scene.pages[ABOUT] = page(said)
    assert "no version" in trouble(patient, scene).says


def test_a_twin_that_does_not_answer_is_a_problem(patient: Patient, scene: Scene) -> None:
    scene.pages[KEYS] = NoAnswer("slow", "no answer within 5 s")
    assert "within 5 s" in trouble(patient, scene).says


def test_a_twin_that_was_taken_down_is_not_asked(patient: Patient, scene: Scene) -> None:
    down = replace(patient, entry=replace(patient.entry, state="down"))
    last = look_from_outside(down, scene).findings[-1]
    assert (last.check, last.level) == ("federation in", "skipped")
    assert KEYS not in [url for url, _, _ in scene.asked]


# A tester elsewhere --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        (page({"FederationOK": True}), "ok"),
        (page({"FederationOK": False}), "problem"),
        (page({"FederationOK": "yes"}), "skipped"),
        (page(b"<"), "skipped"),
        (NoAnswer("slow", "no answer within 5 s"), "skipped"),
    ],
)
def test_a_tester_is_believed(patient: Patient, answer: Answer | NoAnswer, level: str) -> None:
    url = "https://tester.example/?server_name={server_name}"
    scene = Scene(names={"tester.example": [PUBLIC]}, pages={url.format(server_name=NAME): answer})
    assert [each.level for each in look_with_tester(scene, url, patient)] == [level]
