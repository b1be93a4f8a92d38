"""Reminders: told once, when they are due, whatever happens to the twin, the clocks or the objects."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.engine.conftest import Home, crash_everywhere, settle, share
from tests.engine.voices import said, wait
from twin_module.core.effects import Put
from twin_module.core.event_types import EVENT, RSVP
from twin_module.core.jscalendar import time_key, utc_text
from twin_module.core.state import frozen, plain
from twin_module.engine.reminders import Reminders
from twin_module.rooms.tasks import TASK
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

MINUTE = 60
HOUR = 3600
DAY = 86_400
BERLIN = ZoneInfo("Europe/Berlin")


def moment(home: Home, seconds: float = 0) -> datetime:
    """Return the time in so many seconds, in UTC."""
    return datetime.fromtimestamp(home.network.now / 1000 + seconds, UTC)


def alert(offset: str = "PT0S") -> dict[str, Any]:
    return {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": offset}}


def event(home: Home, uid: str, seconds: float, offset: str = "PT0S", **fields: Any) -> Put:
    """Return an event that begins in so many seconds, with one alert."""
    content = {
        "@type": "Event",
        "title": uid,
        "start": utc_text(moment(home, seconds))[:-1],
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "alerts": {"1": alert(offset)},
        **fields,
    }
    assert EVENT.problems(content) == []
    return Put(EVENT.type, uid, frozen(content))


def titles(home: Home) -> list[str]:
    """Return the titles of what was told in messages of their own, which have no comma."""
    return [body.partition(",")[0] for body in said(home)]


def wish(home: Home, **wishes: Any) -> None:
    run(home.twin.settings.write({**run(home.twin.settings.read()).as_json(), **wishes}))


@pytest.fixture
def noon(network: FakeNetwork) -> None:
    """Begin at noon of a day in July, in UTC."""
    network.now = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def agenda(noon: None, alice: Home) -> str:
    """A collection of alice's, whose twin looks after reminders since a while."""
    room_id = alice.collection("Agenda")
    wait(alice, HOUR)
    return room_id


# When


def test_an_event_is_told_when_its_alert_says_and_not_before(alice: Home, agenda: str) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR, "-PT15M"))
    settle(alice)
    wait(alice, 44 * MINUTE + 59)
    assert said(alice) == []
    wait(alice, 1)
    assert said(alice) == ["Dentist, today at 14:00"]
    wait(alice, DAY)
    assert len(said(alice)) == 1


def test_a_timer_tells_it_in_time_though_nobody_wakes_the_twin(alice: Home, agenda: str) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR))
    settle(alice)
    for seconds in (10, HOUR):
        assert said(alice) == []
        alice.network.pass_time(seconds)
        settle(alice)
    assert titles(alice) == ["Dentist"]


def test_a_task_is_told_when_it_is_due(alice: Home, agenda: str) -> None:
    due = utc_text(moment(alice, HOUR))[:-1]
    content = {"@type": "Task", "title": "Bread", "due": due, "timeZone": "Etc/UTC"}
    for uid, more in (("a", {}), ("b", {"progress": "completed"}), ("c", {"alerts": {}})):
        alice.write(agenda, Put(TASK.type, uid, frozen({**content, "title": uid, **more})))
    wait(alice, HOUR)
    assert titles(alice) == ["a", "c"]
    assert said(alice)[0] == "a, due today at 14:00"


def test_each_time_of_a_series_is_told(alice: Home, agenda: str) -> None:
    rule = {"@type": "RecurrenceRule", "frequency": "hourly", "count": 30}
    alice.write(agenda, event(alice, "Pill", HOUR, recurrenceRules=[rule]))
    for _ in range(40 * 4):
        wait(alice, HOUR / 4)
    assert titles(alice) == ["Pill"] * 30


def test_a_series_is_told_at_its_local_time_where_clocks_change(
    network: FakeNetwork, alice: Home
) -> None:
    network.now = int(datetime(2026, 10, 24, 0, tzinfo=UTC).timestamp() * 1000)
    room = alice.collection()
    wish(alice, time_zone="Europe/Berlin")
    rule = {"@type": "RecurrenceRule", "frequency": "daily"}
    start = {"start": "2026-10-24T09:00:00", "timeZone": "Europe/Berlin", "recurrenceRules": [rule]}
    alice.write(room, event(alice, "Run", 0, "-PT1H", **start))
    told = []
    for _ in range(3 * 24 * 4):
        before = len(said(alice))
        wait(alice, 15 * MINUTE)
        if len(said(alice)) > before:
            told.append(f"{moment(alice).astimezone(BERLIN):%d %H:%M}")
    assert told == ["24 08:00", "25 08:00", "26 08:00"]
    assert set(said(alice)) == {"Run, today at 09:00"}


def test_a_day_is_told_by_the_owners_clock(alice: Home, agenda: str) -> None:
    wish(alice, time_zone="America/New_York")
    content = {"@type": "Task", "title": "Rent", "due": "2026-07-01T00:00:00"}
    alice.write(agenda, Put(TASK.type, "rent", frozen({**content, "showWithoutTime": True})))
    wait(alice, 5)
    # It is nine in New York already.
    assert said(alice) == ["Rent, due today"]


def test_a_zone_that_changes_is_followed(alice: Home, agenda: str) -> None:
    floating: dict[str, Any] = {"start": "2026-07-01T15:00:00", "timeZone": None}
    alice.write(agenda, event(alice, "Lunch", 0, **floating))
    wait(alice, MINUTE)
    wish(alice, time_zone="Europe/Berlin")
    wait(alice, MINUTE)
    # Fifteen in Berlin is thirteen in UTC, which was two minutes ago.
    assert said(alice) == ["Lunch, today at 15:00"]


# What changes


def test_an_event_that_moved_is_told_at_its_new_time_only(alice: Home, agenda: str) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR))
    wait(alice, MINUTE)
    alice.write(agenda, event(alice, "Dentist", 2 * HOUR))
    wait(alice, 90 * MINUTE)
    assert said(alice) == []
    wait(alice, 30 * MINUTE)
    assert titles(alice) == ["Dentist"]


def test_an_event_that_moves_after_it_was_told_is_told_again(alice: Home, agenda: str) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR))
    wait(alice, HOUR)
    alice.write(agenda, event(alice, "Dentist", HOUR))
    wait(alice, HOUR)
    assert titles(alice) == ["Dentist", "Dentist"]


def test_an_event_that_changes_otherwise_is_not_told_again(alice: Home, agenda: str) -> None:
    put = event(alice, "Dentist", HOUR)
    alice.write(agenda, put)
    wait(alice, HOUR)
    alice.write(agenda, Put(put.type, put.state_key, put.content.set("title", "Doctor")))
    wait(alice, HOUR)
    assert titles(alice) == ["Dentist"]


@pytest.mark.parametrize(("ago", "count"), [(9 * MINUTE, 1), (12 * MINUTE, 0)])
def test_an_alert_that_lies_shortly_behind_when_its_event_is_made_is_told(
    alice: Home, agenda: str, ago: int, count: int
) -> None:
    alice.write(agenda, event(alice, "Dentist", -ago))
    wait(alice, 5)
    assert len(said(alice)) == count
    wait(alice, HOUR)
    alice.restart()
    wait(alice, HOUR)
    assert len(said(alice)) == count


def test_what_is_removed_cancelled_or_acknowledged_meanwhile_is_not_told(
    alice: Home, agenda: str
) -> None:
    for uid in ("removed", "cancelled", "silenced", "stays"):
        alice.write(agenda, event(alice, uid, HOUR))
    wait(alice, MINUTE)
    alice.write(agenda, Put(EVENT.type, "removed", frozen({})))
    for uid, fields in (
        ("cancelled", {"status": "cancelled"}),
        ("silenced", {"alerts": {"1": {**alert(), "acknowledged": utc_text(moment(alice, DAY))}}}),
    ):
        content = {**alice.content(agenda, EVENT.type, uid), **fields}
        alice.write(agenda, Put(EVENT.type, uid, frozen(content)))
    wait(alice, HOUR)
    assert titles(alice) == ["stays"]


def test_what_the_owner_declined_themselves_is_not_told_while_its_time_is_the_same(
    alice: Home, agenda: str
) -> None:
    put = event(alice, "Party", 2 * HOUR, "-PT1H", participants={alice.owner: {"roles": {}}})
    alice.write(agenda, put)
    answer = {"participationStatus": "declined", "answered": time_key(put.content)}
    alice.write(agenda, Put(RSVP.type, alice.owner, frozen({"answers": {"Party": answer}})))
    wait(alice, HOUR)
    assert said(alice) == []
    later = put.content.set("duration", "PT3H")
    alice.write(agenda, Put(EVENT.type, "Party", later))
    wait(alice, MINUTE)
    assert titles(alice) == ["Party"]


def test_who_accepts_after_all_is_told(alice: Home, agenda: str) -> None:
    put = event(alice, "Party", HOUR, participants={alice.owner: {"roles": {}}})
    alice.write(agenda, put)
    for status in ("declined", "accepted"):
        answer = {"participationStatus": status, "answered": time_key(put.content)}
        alice.write(agenda, Put(RSVP.type, alice.owner, frozen({"answers": {"Party": answer}})))
        wait(alice, MINUTE)
    wait(alice, HOUR)
    assert titles(alice) == ["Party"]


# Others


def test_an_event_in_a_collection_of_somebody_else_is_told_to_each_by_their_own_twin(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    wait(alice, HOUR)
    alice.write(room, event(alice, "Choir", HOUR))
    settle(alice, bob)
    alice.network.pass_time(HOUR)
    for home in (alice, bob):
        wait(home, 0)
        assert titles(home) == ["Choir"]


def test_a_room_that_the_owner_left_is_silent(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    wait(alice, HOUR)
    bob.write(room, event(bob, "Choir", HOUR))
    settle(alice, bob)
    run(bob.port.set_membership(room, bob.owner, "leave", ""))
    settle(alice, bob)
    alice.network.pass_time(HOUR)
    wait(bob, 0)
    wait(alice, 0)
    assert (titles(alice), said(bob)) == (["Choir"], [])


def test_content_that_does_not_fit_keeps_nothing_else_from_being_told(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    wait(alice, HOUR)
    odd: list[dict[str, Any]] = [
        {"alerts": {"1": {"trigger": {"offset": "whenever"}}}},
        {"alerts": [1, 2]},
        {"recurrenceOverrides": {"2026-07-01T13:00:00": {"alerts": 5, "participants": [7]}}},
        {"recurrenceRules": [{"frequency": "secondly"}]},
        {"start": "9999-12-31T23:59:59"},
        {"start": None},
    ]
    for number, fields in enumerate(odd):
        put = event(bob, f"odd {number}", HOUR)
        content = {**plain(put.content), **fields}
        bob.server.write(room, EVENT.type, f"odd{number}", content)
    alice.write(room, event(alice, "Choir", HOUR))
    settle(alice, bob)
    wait(alice, HOUR)
    assert "Choir" in titles(alice)


def flood(home: Home, room: str, count: int, seconds: float, name: str = "spam") -> None:
    for number in range(count):
        put = event(home, f"{name}{number}", seconds)
        home.server.write(room, put.type, put.state_key, plain(put.content))


def test_no_more_than_so_many_are_told_in_an_hour_and_what_was_held_back_is_counted(
    alice: Home, agenda: str
) -> None:
    flood(alice, agenda, 230, 2 * HOUR)
    settle(alice)
    wait(alice, 2 * HOUR)
    lines = [line for body in said(alice) for line in body.split("\n") if line.startswith("- ")]
    assert len(lines) == 200
    assert len(said(alice)) == 11
    assert said(alice)[-1] == "More than 200 reminders came within an hour; 30 more were held back."
    flood(alice, agenda, 5, MINUTE, "more")
    settle(alice)
    wait(alice, MINUTE)
    assert len(said(alice)) == 11
    wait(alice, 2 * HOUR)
    assert said(alice)[11:] == [
        "More than 200 reminders came within an hour; 5 more were held back."
    ]


def test_a_flood_in_a_room_of_others_leaves_room_for_the_owners_own(
    alice: Home, bob: Home, agenda: str
) -> None:
    room = share(bob, alice)
    flood(bob, room, 150, HOUR)
    settle(alice, bob)
    wait(alice, HOUR)
    assert sum(body.count("\n- ") for body in said(alice)) == 100
    alice.write(agenda, event(alice, "Dentist", MINUTE))
    settle(alice)
    wait(alice, MINUTE)
    assert titles(alice)[-1] == "Dentist"


# Many at once, quiet hours, outages


def test_few_of_one_moment_have_messages_of_their_own_and_many_one_together(
    alice: Home, agenda: str
) -> None:
    for uid in "abc":
        alice.write(agenda, event(alice, uid, HOUR))
    for uid in "vwxyz":
        alice.write(agenda, event(alice, uid, 2 * HOUR))
    wait(alice, HOUR)
    assert titles(alice) == ["a", "b", "c"]
    wait(alice, HOUR)
    together = "\n".join(["Reminders:", *(f"- {uid}, today at 15:00" for uid in "vwxyz")])
    assert said(alice)[3:] == [together]


def test_what_falls_into_quiet_hours_is_told_when_they_end_in_one_message(
    alice: Home, agenda: str
) -> None:
    wish(alice, quiet_hours={"from": "22:00", "until": "07:00"}, time_zone="Europe/Berlin")
    # It is 15:00 in Berlin: 23:00, 01:00, 06:59, and 07:00 when it is no longer quiet.
    for uid, hours in (("a", 8.0), ("b", 10.0), ("c", 15 + 59 / 60), ("d", 16.0)):
        alice.write(agenda, event(alice, uid, hours * HOUR))
    for _ in range(16 * 60 - 1):
        wait(alice, MINUTE)
    assert said(alice) == []
    alice.restart()
    wait(alice, MINUTE)
    assert sorted(said(alice)) == [
        "During your quiet hours:\n- a, yesterday at 23:00\n- b, today at 01:00\n- c, today at 06:59",
        "d, today at 07:00",
    ]
    wait(alice, DAY)
    assert len(said(alice)) == 2


def test_what_was_missed_is_told_once_and_called_late_unless_it_is_a_day_old(
    alice: Home, agenda: str
) -> None:
    for uid, hours in (("old", 1.0), ("missed", 5.0), ("too", 6.0), ("soon", 30.0)):
        alice.write(agenda, event(alice, uid, hours * HOUR))
    settle(alice)
    alice.port.kill()
    alice.network.pass_time(26 * HOUR)
    alice.boot()
    alice.start()
    settle(alice)
    late = (
        "Late, because your twin was away:\n- missed, yesterday at 18:00\n- too, yesterday at 19:00"
    )
    assert said(alice) == [late]
    wait(alice, 4 * HOUR)
    assert said(alice) == [late, "soon, today at 19:00"]


def test_a_twin_that_is_new_tells_nothing_of_before(noon: None, network: FakeNetwork) -> None:
    alice = Home(network, "alice")
    room = run(alice.port.create_room({}))
    for uid, seconds in (("before", -MINUTE), ("after", MINUTE)):
        put = event(alice, uid, seconds)
        alice.server.write(room, put.type, put.state_key, plain(put.content))
    alice.start()
    settle(alice)
    wait(alice, MINUTE)
    assert titles(alice) == ["after"]


def test_who_wants_no_reminders_gets_none_and_later_none_of_before(
    alice: Home, agenda: str
) -> None:
    wish(alice, reminders=False)
    for uid, hours in (("before", 1.0), ("after", 3.0)):
        alice.write(agenda, event(alice, uid, hours * HOUR))
    wait(alice, 2 * HOUR)
    wish(alice, reminders=True)
    wait(alice, HOUR)
    assert titles(alice) == ["after"]


def test_a_clock_that_is_put_back_tells_nothing_twice_and_keeps_nothing_back(
    alice: Home, agenda: str
) -> None:
    alice.write(agenda, event(alice, "first", HOUR), event(alice, "second", 2 * HOUR))
    wait(alice, HOUR)
    alice.network.now -= 30 * MINUTE * 1000
    wait(alice, HOUR)
    assert titles(alice) == ["first"]
    wait(alice, 30 * MINUTE)
    assert titles(alice) == ["first", "second"]


def test_without_a_voice_nothing_is_told_and_everything_else_goes_on(
    alice: Home, agenda: str
) -> None:
    alice.server.voice = "taken"
    alice.write(agenda, event(alice, "Dentist", HOUR))
    wait(alice, HOUR)
    assert said(alice) == []
    assert alice.title(agenda, "Dentist") is None
    assert alice.record(agenda, "Dentist", EVENT.type) is not None


# Being killed


def test_whatever_step_the_twin_is_killed_at_each_is_told_once(alice: Home, agenda: str) -> None:
    expected: list[str] = []

    def act() -> bool:
        number = len(expected)
        uids = [f"n{number}x{part}" for part in range(2 if number % 2 else 5)]
        expected.extend(uids)
        crash_in, alice.port.crash_in = alice.port.crash_in, None
        alice.write(agenda, *(event(alice, uid, 5 * MINUTE) for uid in uids))
        settle(alice)
        alice.network.pass_time(5 * MINUTE)
        alice.port.crash_in = crash_in
        settle(alice)
        return True

    def settled(done: object) -> None:
        settle(alice)
        wait(alice, MINUTE)
        told = "\n".join(said(alice))
        assert [told.count(f"{uid}, ") for uid in expected] == [1] * len(expected)

    assert crash_everywhere(alice, act, settled) > 8


def test_a_failure_is_logged_and_nothing_is_lost(
    alice: Home, agenda: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR))

    async def fail(work: object) -> None:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "in_thread", fail)
        wait(alice, HOUR)
    assert "could not find out what to remind of" in caplog.text
    assert said(alice) == []
    wait(alice, MINUTE)
    assert titles(alice) == ["Dentist"]


def test_a_twin_that_stops_plans_nothing(alice: Home, agenda: str) -> None:
    alice.write(agenda, event(alice, "Dentist", HOUR))
    settle(alice)
    alice.twin.stop()
    wait(alice, 2 * HOUR)
    assert said(alice) == []
    assert alice.network._timers == []


# What it costs


def reads(home: Home, name: str) -> int:
    return sum(step == f"before {name}" for step in home.port.steps)


def test_objects_are_looked_at_once_a_day_and_else_only_when_they_change(
    alice: Home, agenda: str
) -> None:
    flood(alice, agenda, 20, 40 * DAY)
    settle(alice)
    wait(alice, MINUTE)
    alice.port.steps.clear()
    for _ in range(60):
        wait(alice, MINUTE)
    assert reads(alice, "twin_reminders_scan") == 0
    assert reads(alice, "twin_reminders_changed") == 0
    assert reads(alice, "twin_remind") == reads(alice, "twin_to_be_said") == 0
    for number in range(10):
        alice.write(agenda, event(alice, f"e{number}", DAY))
        settle(alice)
    assert reads(alice, "twin_reminders_changed") <= 1
    for _ in range(48):
        wait(alice, HOUR)
    assert reads(alice, "twin_reminders_scan") == 2


def test_many_objects_are_read_in_parts_and_none_is_missed(alice: Home, agenda: str) -> None:
    flood(alice, agenda, 150, 20 * HOUR)
    settle(alice)
    alice.port.steps.clear()
    alice.restart()
    settle(alice)
    assert reads(alice, "twin_reminders_scan") == 2
    assert isinstance(alice.twin.reminders, Reminders)
    wait(alice, 20 * HOUR)
    assert sum(body.count("\n- ") for body in said(alice)) == 150
