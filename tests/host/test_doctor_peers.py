"""Which other servers a twin reaches, and what their clocks say of this machine's."""

from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.host.doctor_scene import NOW, PUBLIC, VERSION, Scene, make_patient, page, redirect
from twin_module.host.doctor.clock import look_at_clock
from twin_module.host.doctor.finding import Finding
from twin_module.host.doctor.outgoing import MOST_ASKED, look_outside
from twin_module.host.doctor.patient import Patient
from twin_module.host.doctor.record import Peer
from twin_module.host.doctor.world import Answer, NoAnswer

HOUR = 3_600_000
THEN = int(NOW.timestamp() * 1000) - 48 * HOUR


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return make_patient(tmp_path)


def well(name: str) -> Peer:
    return Peer(name, None, None)


def failing(name: str) -> Peer:
    return Peer(name, THEN, THEN + 60 * HOUR)


def world(**answers: Answer | NoAnswer) -> Scene:
    """A world with peers `one`, `two`, … that are found at their names."""
    return Scene(
        names={f"{name}.example": [PUBLIC] for name in answers},
        pages={
            f"https://{name}.example/_matrix/federation/v1/version": answer
            for name, answer in answers.items()
        },
    )


def look(patient: Patient, scene: Scene, *peers: Peer) -> list[Finding]:
    return look_outside(patient, scene, peers)[0]


GOOD = page(VERSION)
SILENT = NoAnswer("slow", "no answer within 5 s")


def test_a_twin_without_peers_has_nobody_to_ask(patient: Patient) -> None:
    assert [each.level for each in look(patient, Scene())] == ["skipped"]


def test_peers_that_answer_are_named(patient: Patient) -> None:
    (found,) = look(patient, world(one=GOOD, two=GOOD), well("one.example"), well("two.example"))
    assert (found.level, "one.example, two.example" in found.says) == ("ok", True)


def test_one_silent_peer_is_its_own_matter(patient: Patient) -> None:
    peers = well("one.example"), well("two.example")
    (found,) = look(patient, world(one=GOOD, two=SILENT), *peers)
    assert found.level == "warning"
    assert "1 of 2 servers do not answer: two.example (no answer within 5 s)" in found.says
    (found,) = look(patient, world(two=SILENT), well("two.example"))
    assert found.level == "warning"


def test_when_nobody_answers_it_is_this_machine(patient: Patient) -> None:
    peers = well("one.example"), well("two.example")
    (found,) = look(patient, world(one=SILENT, two=SILENT), *peers)
    assert (found.level, "firewall" in str(found.fix)) == ("problem", True)


def test_only_a_few_are_asked(patient: Patient) -> None:
    peers = [well(f"p{number}.example") for number in range(50)]
    scene = world(**{f"p{number}": GOOD for number in range(50)})
    look(patient, scene, *peers)
    assert len([url for url, _, _ in scene.asked if "federation" in url]) == MOST_ASKED


@pytest.mark.parametrize("answer", [page(b"<html>"), page({}, 500), page({"server": 1}), page([])])
def test_what_is_no_matrix_server_does_not_count(patient: Patient, answer: Answer) -> None:
    (found,) = look(patient, world(one=answer), well("one.example"))
    assert "answers as no Matrix server" in found.says


@pytest.mark.parametrize("name", ["a b", "x\x1b[2J", "", "a:b"])
def test_a_peer_with_no_name_is_said_in_ink(patient: Patient, name: str) -> None:
    (found,) = look(patient, Scene(), well(name))
    assert "no server name" in found.says
    assert found.says.isprintable()


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "0.0.0.0"])
def test_no_peer_leads_into_the_network_of_the_host(patient: Patient, address: str) -> None:
    scene = Scene(names={"evil.example": [PUBLIC], "inside.example": [address]})
    scene.pages = {
        "https://evil.example/.well-known/matrix/server": redirect("https://inside.example/")
    }
    look(patient, scene, well("evil.example"))
    scene.pages = {
        "https://evil.example/.well-known/matrix/server": page({"m.server": "inside.example:22"})
    }
    look(patient, scene, well("evil.example"), well(f"{address}:22"), well("inside.example:22"))
    assert {asked for _, asked, _ in scene.asked} == {PUBLIC}


def test_those_that_failed_are_named_with_their_times(patient: Patient) -> None:
    peers = well("one.example"), well("three.example"), failing("two.example")
    found = look(patient, world(one=GOOD, three=GOOD, two=SILENT), *peers)[-1]
    assert "1 of 3 servers could not be reached lately" in found.says
    assert "two.example since 2026-12-22 12:00 UTC, next try 2026-12-25 00:00 UTC" in found.says
    assert found.level == "ok"


def test_most_of_all_failing_is_a_warning(patient: Patient) -> None:
    peers = [well("one.example"), *(failing(f"f{number}.example") for number in range(7))]
    found = look(patient, world(one=GOOD), *peers)[-1]
    assert found.level == "warning"
    assert "and 2 more" in found.says


def test_who_is_back_is_told(patient: Patient) -> None:
    found = look(patient, world(two=GOOD), failing("two.example"))[-1]
    assert (found.level, "Now two.example would answer" in found.says) == ("warning", True)


@pytest.mark.parametrize("time", [-(10**20), 10**20])
def test_times_that_are_none_are_said_as_such(patient: Patient, time: int) -> None:
    (_, found) = look(patient, world(one=SILENT), Peer("one.example", time, time))
    assert "a time that is none" in found.says


# The clock -----------------------------------------------------------------------------------


def dated(seconds: float) -> Answer:
    """An answer of somebody whose clock says that much more than ours."""
    return page({}, headers={"date": format_datetime(NOW + timedelta(seconds=seconds))})


def clock(*ahead: float, kept: bool | None = True, newest: int | None = None) -> tuple[str, str]:
    answers = {f"peer{number}": dated(each) for number, each in enumerate(ahead)}
    (found, *others) = look_at_clock(now=NOW, kept=kept, answers=answers, newest_received=newest)
    assert not others
    return found.level, found.says


@pytest.mark.parametrize(
    ("ahead", "level"),
    [
        ((0,), "ok"),
        ((59, 59), "ok"),
        ((-59, -59), "ok"),
        ((120,), "warning"),
        ((120, 125), "problem"),
        ((-120, -125), "problem"),
        ((0, 0, 5000), "ok"),
    ],
)
def test_the_clock_is_compared_with_others(ahead: tuple[float, ...], level: str) -> None:
    assert clock(*ahead)[0] == level


def test_it_says_which_way_the_clock_is_wrong() -> None:
    assert "behind what peer0, peer1 say" in clock(120, 120)[1]
    assert "ahead of what" in clock(-120, -120)[1]


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026", "1", "\x00", "Thu, 1 Jan 0000"]
)
def test_dates_that_are_none_count_for_nothing(date: str) -> None:
    answers = {"one": page({}, headers={"date": date})}
    (found,) = look_at_clock(now=NOW, kept=None, answers=answers, newest_received=None)
    assert found.level == "skipped"


def test_a_date_without_a_zone_is_utc() -> None:
    answers = {"one": page({}, headers={"date": "Thu, 24 Dec 2026 12:00:00 -0000"})}
    (found,) = look_at_clock(now=NOW, kept=None, answers=answers, newest_received=None)
    assert found.level == "ok"


def test_events_from_the_future_are_a_problem() -> None:
    now = int(NOW.timestamp() * 1000)
    assert clock(newest=now + 61_000)[0] == "problem"
    assert clock(newest=now + 59_000)[0] == "ok"
    assert clock(newest=10**30)[0] == "problem"


def test_a_clock_that_nothing_keeps_is_a_warning() -> None:
    assert clock(0, kept=False)[0] == "warning"
    assert clock(kept=True)[0] == "ok"
    assert clock(kept=None)[0] == "skipped"


def test_times_are_compared_when_they_came(patient: Patient) -> None:
    late = replace(dated(0), received=NOW + timedelta(seconds=300))
    (found,) = look_at_clock(
        now=NOW, kept=True, answers={"a": late, "b": late}, newest_received=None
    )
    assert "300 s ahead" in found.says
