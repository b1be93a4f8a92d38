"""When several people are free, asked between real twins."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from twin_module.core.errors import Forbidden
from twin_module.engine.synapse import PEERS_PREFIX
from twin_module.testing.answers import CarefulPerson, check_refusal
from twin_module.testing.person import Person, eventually, request
from twin_module.testing.twins import Twin, TwinNetwork, person_at

BERLIN: Final = ZoneInfo("Europe/Berlin")


def hour_of(day: datetime, hour: float) -> datetime:
    """Return a time of a day on the clock of its zone."""
    return day + timedelta(hours=hour)


@pytest.fixture(scope="module")
def day() -> datetime:
    """A midnight in Berlin, some days from now, on no day on which clocks change."""
    later = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    later += timedelta(days=7)
    return later if later.weekday() != 6 else later + timedelta(days=1)


class Diary:
    """An agenda of times without anything else; stands in for the real one."""

    def __init__(self, *times: tuple[datetime, datetime]) -> None:
        self.times = times

    async def busy(self, after: datetime, before: datetime) -> list[tuple[datetime, datetime]]:
        return [
            (start.astimezone(UTC), end.astimezone(UTC))
            for start, end in self.times
            if start < before and end > after
        ]


@pytest.fixture
def diaries(network: TwinNetwork, alice: Person, bob: Person, carol: Person) -> Iterator[Any]:
    """Give people agendas, by the names of their twins, until the end of the test."""
    before = {name: twin.module.twin.free_slots._agenda for name, twin in network.twins.items()}

    def give(**times: list[tuple[datetime, datetime]]) -> None:
        for name, some in times.items():
            network.twins[name].module.twin.free_slots._agenda = Diary(*some)

    give(alice=[], bob=[], carol=[])
    yield give
    for name, agenda in before.items():
        network.twins[name].module.twin.free_slots._agenda = agenda
    for person in (alice, bob, carol):
        person.put("settings", {})


def question(day: datetime, *people: str, **changes: Any) -> dict[str, Any]:
    """Return what is asked about a day."""
    midnight = day.replace(tzinfo=None)
    return {
        "people": list(people),
        "duration": "PT1H",
        "after": midnight.isoformat(),
        "before": (midnight + timedelta(days=1)).isoformat(),
        "time_zone": "Europe/Berlin",
        **changes,
    }


def starts(found: Any) -> list[str]:
    """Return when the slots of an answer begin, on the clock of who asked."""
    return [each["local_start"].partition("T")[2] for each in found["slots"]]


def test_what_stands_in_two_agendas_keeps_its_time(
    careful: CarefulPerson, bob: Person, day: datetime
) -> None:
    bob.put("settings", {"free_busy_to": [careful.owner]})

    def fill(person: Person, title: str, start: str, duration: str, **more: Any) -> None:
        event = {"@type": "Event", "title": title, "start": f"{day:%Y-%m-%d}T{start}", **more}
        room = person.collection(title)
        content = {**event, "duration": duration, "timeZone": "Europe/Berlin"}
        person.put(f"rooms/{room}/agenda/only", content)

    weekly = {"@type": "RecurrenceRule", "frequency": "weekly"}
    fill(careful, "Dentist", "09:00:00", "PT2H")
    fill(careful, "A free day", "00:00:00", "P1D", freeBusyStatus="free")
    fill(bob, "Choir", "12:00:00", "PT4H", recurrenceRules=[weekly])
    fill(bob, "Called off", "16:00:00", "PT2H", status="cancelled")
    for each in (day, day + timedelta(days=7)):
        found = careful.post("free-slots", question(each, bob.owner))
        # Each half hour, an hour may begin. The week after, only the choir comes again.
        morning = [] if each is day else ["09:00:00", "09:30:00", "10:00:00", "10:30:00"]
        assert starts(found) == [*morning, "11:00:00", "16:00:00", "16:30:00", "17:00:00"]
    assert "Choir" not in str(found)
    bob.put("settings", {})


def test_three_people_find_an_hour(
    careful: CarefulPerson, bob: Person, carol: Person, diaries: Any, day: datetime
) -> None:
    diaries(
        alice=[(hour_of(day, 9), hour_of(day, 11))],
        bob=[(hour_of(day, 12), hour_of(day, 15.9))],
        carol=[(hour_of(day, 17), hour_of(day, 24))],
    )
    for person in (bob, carol):
        person.put("settings", {"free_busy_to": [careful.owner]})
    found = careful.post("free-slots", question(day, bob.owner, carol.owner))
    assert starts(found) == ["11:00:00", "16:00:00"]
    everybody = sorted([careful.owner, bob.owner, carol.owner])
    for slot in found["slots"]:
        assert sorted(slot["free"]) == everybody
    first = found["slots"][0]
    assert datetime.fromisoformat(first["start"]) == hour_of(day, 11)
    assert datetime.fromisoformat(first["end"]) == hour_of(day, 12)
    busy = [int(hour_of(day, hour).timestamp()) for hour in (12, 16)]
    assert found["people"][bob.owner] == {"state": "known", "busy": [busy]}
    in_utc = {"after": hour_of(day, 10).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    assert careful.post("free-slots", question(day, bob.owner, carol.owner, **in_utc)) == {
        **found,
        "people": {
            **found["people"],
            careful.owner: {
                "state": "known",
                "busy": [[int(hour_of(day, hour).timestamp()) for hour in (10, 11)]],
            },
        },
    }


def test_who_refuses_and_who_is_off_is_not_taken_for_free(
    network: TwinNetwork,
    careful: CarefulPerson,
    bob: Person,
    carol: Person,
    diaries: Any,
    day: datetime,
) -> None:
    diaries(bob=[(day, hour_of(day, 24))])
    with network.cut_off("carol"):
        found = careful.post("free-slots", question(day, bob.owner, carol.owner))
    assert {person: told["state"] for person, told in found["people"].items()} == {
        careful.owner: "known",
        bob.owner: "refused",
        carol.owner: "unknown",
    }
    assert {person for slot in found["slots"] for person in slot["free"]} == {careful.owner}
    assert starts(found)[0] == "09:00:00"


def test_the_members_of_a_circle_are_asked_and_may_be_told(
    careful: CarefulPerson, bob: Person, diaries: Any, day: datetime
) -> None:
    circle = careful.command("circles", "create", name="Choir", members={bob.owner: "viewer"})
    room = circle["room_id"]
    bob.accept(room)
    diaries(bob=[(hour_of(day, 9), hour_of(day, 17))])
    bob.put("settings", {"free_busy_to_circles": [room]})

    def is_known() -> Any:
        found = careful.post("free-slots", question(day, circle=room))
        return found if found["people"].get(bob.owner, {}).get("state") == "known" else None

    found = eventually(is_known, what="Bob's twin knows that Alice is in the circle")
    assert starts(found) == ["17:00:00"]
    assert careful.ask("POST", "free-slots", question(day, circle="!none")).status == 404


def test_without_a_zone_that_of_the_settings_counts(
    careful: CarefulPerson, diaries: Any, day: datetime
) -> None:
    careful.put("settings", {"time_zone": "Asia/Kathmandu"})
    found = careful.post("free-slots", question(day, time_zone=None, limit=1))
    assert found["time_zone"] == "Asia/Kathmandu"
    assert starts(found) == ["09:00:00"]
    assert found["slots"][0]["start"].endswith("T03:15:00Z")


def test_a_server_without_a_twin_is_unknown(own_network: TwinNetwork) -> None:
    twin, vanilla = own_network.start("alice"), own_network.start("bob", vanilla=True)
    alice, bob = person_at(twin), person_at(vanilla)
    twin.module.twin.free_slots._agenda = Diary()
    day = datetime.now(BERLIN) + timedelta(days=3)
    found = alice.post("free-slots", question(day.replace(microsecond=0), bob.owner))
    assert found["people"][bob.owner]["state"] == "unknown"
    assert "no twin" in found["people"][bob.owner]["reason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"people": ["bob"]},
        {"people": [f"@one:server{number}" for number in range(21)]},
        {"circle": "Choir"},
        {"duration": "an hour"},
        {"duration": "PT0S"},
        {"duration": "PT30S"},
        {"duration": "P1000000D"},
        {"after": "tomorrow"},
        {"after": "2026-02-30T00:00:00"},
        {"after": "0001-01-01T00:00:00"},
        {"before": "2026-01-01T00:00:00"},
        {"before": "9999-12-31T23:59:59"},
        {"before": "9998-12-31T23:59:59Z"},
        {"time_zone": "Berlin"},
        {"time_zone": "../../etc/passwd"},
        {"day_from": "24:00"},
        {"day_until": "24:01"},
        {"weekdays": []},
        {"weekdays": ["Monday"]},
        {"step_minutes": 7},
        {"limit": 0},
        {"title": "Choir"},
    ],
)
def test_what_can_not_be_asked_is_refused_with_a_sentence(
    careful: CarefulPerson,
    diaries: Any,
    day: datetime,
    changes: dict[str, Any],
    nothing_raised: None,
) -> None:
    answer = careful.ask("POST", "free-slots", question(day, **changes))
    assert answer.status == 400, answer.body


# What twins ask each other


def call(caller: Twin, asked: Twin, **changes: Any) -> Any:
    """Have a twin make a call that it signs."""
    port = caller.module.twin.homeserver
    now = port.now()
    body = {"sender": caller.owner, "user_id": asked.owner, "id": port.new_uid(), "ts": now}
    times = {"after": now // 1000, "before": now // 1000 + 3600}
    return caller.thread.wait(port.call, asked.server_name, "busy", {**body, **times, **changes})


def test_a_call_counts_once_and_for_who_signed_it(
    network: TwinNetwork, alice: Person, bob: Person, diaries: Any
) -> None:
    alices, bobs, carols = (network.twins[name] for name in ("alice", "bob", "carol"))
    bob.put("settings", {"free_busy_to": [alice.owner]})
    once = {"id": "once", "ts": alices.module.twin.homeserver.now()}
    assert call(alices, bobs, **once) == {"busy": []}
    with pytest.raises(Forbidden, match="before"):
        call(alices, bobs, **once)
    with pytest.raises(Forbidden, match="is not of"):
        call(carols, bobs, sender=alice.owner)
    with pytest.raises(Forbidden, match="does not tell you"):
        call(carols, bobs)


def test_nothing_is_told_that_no_server_asked_for(
    alice: Person, alices_twin: Twin, nothing_raised: None
) -> None:
    for headers in ({}, {"Authorization": f"Bearer {alice.token}"}):
        answer = request(alices_twin.url, "POST", f"{PEERS_PREFIX}/busy", {"after": 1}, headers)
        check_refusal(answer)
        assert answer.status in (401, 403)
