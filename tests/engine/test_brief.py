"""The brief: told once a day at the owner's hour, of all that is ahead, whatever happens to the twin."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.engine.conftest import Home, crash_everywhere, settle, share
from tests.engine.meeting_scenes import answer, invited
from tests.engine.voices import messages, said
from twin_module.chat.briefs import tables as brief_tables
from twin_module.chat.briefs.brief import Brief
from twin_module.chat.briefs.reading import PROPOSAL
from twin_module.chat.briefs.texts import Kind
from twin_module.core.effects import Put
from twin_module.core.event_types import EVENT
from twin_module.core.state import NAMESPACE, frozen, plain
from twin_module.rooms.tasks import TASK
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR


class Told:
    """Somebody's twin that tells briefs, on each of its processes."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.begin()

    def begin(self) -> None:
        self.brief = Brief(self.home.twin)
        self.home.twin.add_duty(self.brief.settle, self.brief.due, self.brief.alarm)
        self.home.twin.wake()
        settle(self.home)

    def restart(self) -> None:
        self.brief.stop()
        self.home.restart()
        self.begin()

    def until(self, hours: int, minutes: int = 0, day: int = 1, month: int = 7) -> None:
        """Let it become a time, in UTC, while timers alone wake the twin."""
        to = datetime(2026, month, day, hours, minutes, tzinfo=UTC).timestamp()
        self.home.network.pass_time(to - self.home.network.now / 1000)
        settle(self.home)

    def look(self) -> None:
        """Have the twin look again, as it does every few seconds."""
        run(self.home.twin.look_again())
        settle(self.home)

    def wish(self, **wishes: Any) -> None:
        settings = self.home.twin.settings
        run(settings.write({**run(settings.read()).as_json(), **wishes}))
        self.home.network.pass_time(MINUTE)
        self.look()

    @property
    def briefs(self) -> list[str]:
        return said(self.home)

    def text(self, kind: Kind = "daily") -> str:
        return run(self.brief.text(kind)).body

    def lines(self, kind: Kind = "daily") -> list[str]:
        return [line for line in self.text(kind).split("\n") if line]


def event(uid: str, start: str, **fields: Any) -> Put:
    usual = {"@type": "Event", "title": uid, "timeZone": "Etc/UTC", "duration": "PT1H"}
    return Put(EVENT.type, uid, frozen({**usual, "start": start, **fields}))


def task(uid: str, due: str, **fields: Any) -> Put:
    usual = {"@type": "Task", "title": uid, "due": due, "timeZone": "Etc/UTC", "alerts": {}}
    return Put(TASK.type, uid, frozen({**usual, **fields}))


@pytest.fixture
def told(network: FakeNetwork, alice: Home) -> Iterator[Told]:
    """Alice's twin since six o'clock of a Wednesday, in UTC; it never reminds of anything."""
    network.now = int(datetime(2026, 7, 1, 6, tzinfo=UTC).timestamp() * 1000)
    run(alice.twin.settings.write({"reminders": False}))
    told = Told(alice)
    yield told
    told.brief.stop()


@pytest.fixture
def home_list(told: Told) -> str:
    """A collection of alice's with one task that is overdue since long."""
    room = told.home.collection("Home")
    told.home.write(room, task("Rent", "2026-06-20T12:00:00"))
    settle(told.home)
    return room


# When


def test_a_brief_is_told_at_its_hour_by_a_timer_and_once(told: Told, home_list: str) -> None:
    told.until(7, 29)
    assert told.briefs == []
    told.until(7, 30)
    [brief] = told.briefs
    assert brief.startswith("Wednesday, 1 July\n\nOverdue\n1. Rent, on 20 June at 12:00\n")
    for minutes in (31, 59):
        told.until(7, minutes)
        told.look()
    told.until(7, 30, day=2)
    assert len(told.briefs) == 2


def test_it_pings_the_owner_and_says_what_it_is_about(told: Told, home_list: str) -> None:
    told.until(7, 30)
    [message] = messages(told.home)
    ours = message[NAMESPACE]
    assert message["msgtype"] == "m.text"
    assert message["m.mentions"]["user_ids"] == [told.home.owner]
    assert ours["topic"] == "brief"
    assert plain(ours["about"]) == [{"room_id": home_list, "type": TASK.type, "uid": "Rent"}]
    assert "<h4>Overdue</h4>" in message["formatted_body"]


def test_before_its_hour_nothing_is_asked_of_the_database(told: Told, home_list: str) -> None:
    told.home.port.steps.clear()
    told.until(7, 29)
    told.look()
    assert not [step for step in told.home.port.steps if "brief" in step]
    told.until(7, 30)
    assert [step for step in told.home.port.steps if "brief" in step]


def test_who_has_nothing_to_be_told_is_told_nothing_also_not_later_that_day(told: Told) -> None:
    told.until(7, 30)
    room = told.home.collection()
    told.home.write(room, task("Rent", "2026-06-20T12:00:00"))
    told.until(12)
    told.look()
    told.restart()
    told.look()
    assert told.briefs == []
    told.until(7, 30, day=2)
    assert len(told.briefs) == 1


def test_a_twin_that_is_new_waits_for_the_next_hour(
    network: FakeNetwork, told: Told, home_list: str
) -> None:
    bob = Home(network, "bob").start()
    room = bob.collection()
    bob.write(room, task("Rent", "2026-06-20T12:00:00", alerts={}))
    told.until(9)
    late = Told(bob)
    late.look()
    assert late.briefs == []
    late.until(7, 30, day=2)
    assert len(late.briefs) == 1
    late.brief.stop()


@pytest.mark.parametrize(("hours", "count"), [(13, 1), (14, 0)])
def test_after_a_downtime_it_is_told_within_six_hours(
    told: Told, home_list: str, hours: int, count: int
) -> None:
    told.brief.stop()
    told.home.port.kill()
    told.home.network.pass_time((hours - 6) * HOUR)
    told.restart()
    told.look()
    assert len(told.briefs) == count


def test_it_is_left_out_when_the_day_is_over(told: Told, home_list: str) -> None:
    told.wish(daily_brief="23:00")
    told.brief.stop()
    told.home.port.kill()
    told.home.network.pass_time(18 * HOUR + MINUTE)
    told.restart()
    told.look()
    assert told.briefs == []


def test_other_settings_on_the_same_day_tell_nothing_twice(told: Told, home_list: str) -> None:
    told.until(7, 30)
    told.wish(daily_brief="09:00")
    told.until(9)
    told.wish(weekly_brief={"day": "wednesday", "at": "09:30"})
    told.until(10)
    told.wish(time_zone="America/New_York", daily_brief="07:30")
    told.until(12)
    assert len(told.briefs) == 1
    told.until(11, 30, day=2)
    assert len(told.briefs) == 2


def test_who_travels_west_into_the_day_before_has_no_brief_of_it(
    told: Told, home_list: str
) -> None:
    told.wish(time_zone="Asia/Tokyo")
    # It is half past seven of the second of July in Tokyo, and of the first in Los Angeles later.
    told.until(22, 30)
    before = len(told.briefs)
    assert told.briefs[-1].startswith("Thursday, 2 July")
    told.wish(time_zone="America/Los_Angeles", daily_brief="16:00")
    told.until(23)
    told.until(23, day=2)
    assert len(told.briefs) == before
    told.until(23, day=3)
    assert [brief.partition("\n")[0] for brief in told.briefs[before:]] == ["Friday, 3 July"]


def test_a_weekly_one_that_is_not_told_any_more_leaves_what_others_changed_to_the_next(
    told: Told, bob: Home
) -> None:
    alice = told.home
    room = share(alice, bob)
    alice.write(room, task("Rent", "2026-06-20T12:00:00"))
    told.until(7, 30)
    bob.write(room, task("Bread", "2027-06-20T12:00:00"))
    settle(alice, bob)
    told.wish(weekly_brief={"day": "wednesday", "at": "08:00"})
    told.until(8)
    assert len(told.briefs) == 1
    told.restart()
    told.until(7, 30, day=2)
    assert "changed Bread in Shared" in told.briefs[1]


def test_an_hour_that_changes_is_followed(told: Told, home_list: str) -> None:
    told.wish(daily_brief="06:30")
    told.until(6, 30)
    assert len(told.briefs) == 1


def test_whoever_wants_none_gets_none(told: Told, home_list: str) -> None:
    told.wish(daily_brief=None, weekly_brief=None)
    told.until(8, day=8)
    told.look()
    assert told.briefs == []


def test_a_stopped_twin_plans_nothing(told: Told, home_list: str) -> None:
    told.brief.stop()
    told.until(8)
    told.look()
    assert told.briefs == []


def test_the_hour_is_one_of_the_owners_zone_where_clocks_change(told: Told, home_list: str) -> None:
    told.wish(time_zone="Europe/Berlin", daily_brief="02:30")
    # At the end of October 02:30 comes twice, at 00:30 and at 01:30 UTC.
    told.until(12, day=24, month=10)
    before = len(told.briefs)
    for minutes in range(12 * 60, 37 * 60, 15):
        day, rest = divmod(minutes, DAY // MINUTE)
        told.until(*divmod(rest, 60), day=24 + day, month=10)
        told.look()
        told_by_now = len(told.briefs) > before
        assert told_by_now == (minutes >= 24 * 60 + 30)
    assert len(told.briefs) == before + 1


def test_an_hour_that_a_change_of_clocks_leaves_out_is_later(
    network: FakeNetwork, alice: Home
) -> None:
    network.now = int(datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp() * 1000)
    wishes = {"time_zone": "Europe/Berlin", "daily_brief": "02:30", "reminders": False}
    run(alice.twin.settings.write(wishes))
    alice.write(alice.collection(), task("Rent", "2026-01-20T12:00:00"))
    told = Told(alice)
    told.until(1, 29, day=29, month=3)
    assert told.briefs == []
    # It is half past three in Berlin: after 01:59 comes 03:00.
    told.until(1, 30, day=29, month=3)
    assert len(told.briefs) == 1
    told.until(0, 29, day=30, month=3)
    assert len(told.briefs) == 1
    told.until(0, 30, day=30, month=3)
    assert len(told.briefs) == 2
    told.brief.stop()


def test_a_clock_that_is_put_back_tells_nothing_twice(told: Told, home_list: str) -> None:
    told.until(7, 30)
    told.home.network.now -= HOUR * 1000
    told.look()
    told.until(7, 30)
    told.look()
    assert len(told.briefs) == 1
    told.until(7, 30, day=2)
    assert len(told.briefs) == 2


def test_in_quiet_hours_it_waits_for_their_end(told: Told, home_list: str) -> None:
    told.wish(quiet_hours={"from": "22:00", "until": "08:00"})
    told.until(7, 59)
    assert told.briefs == []
    told.until(8)
    assert len(told.briefs) == 1
    told.wish(quiet_hours={"from": "22:00", "until": "08:00"}, daily_brief="23:00")
    # The quiet hours end on another day, for which it would be the wrong one.
    told.until(23, day=2)
    assert len(told.briefs) == 2


# Weekly


def test_the_weekly_one_takes_the_place_of_the_daily_one_that_is_near(
    told: Told, home_list: str
) -> None:
    told.wish(weekly_brief={"day": "thursday", "at": "08:30"})
    told.until(7, 30)
    told.until(8, 29, day=2)
    assert len(told.briefs) == 1
    told.until(8, 30, day=2)
    assert told.briefs[1].startswith("Your week from Thursday, 2 July\n")
    told.until(12, day=2)
    told.wish(daily_brief="13:00")
    told.until(14, day=2)
    assert len(told.briefs) == 2
    told.until(13, day=3)
    assert len(told.briefs) == 3


def test_a_weekly_one_at_another_time_comes_beside_the_daily_one(
    told: Told, home_list: str
) -> None:
    told.wish(weekly_brief={"day": "wednesday", "at": "18:00"})
    told.until(7, 30)
    told.until(18)
    assert [brief.partition("\n")[0] for brief in told.briefs] == [
        "Wednesday, 1 July",
        "Your week from Wednesday, 1 July",
    ]


# Over kills and failures


def test_whatever_step_the_twin_is_killed_at_each_day_has_its_brief_once(
    told: Told, home_list: str
) -> None:
    day = 0

    def act() -> bool:
        nonlocal day
        day += 1
        told.home.network.pass_time(DAY)
        told.look()
        return True

    def settled(done: Any) -> None:
        if done is None:
            told.begin()
        told.look()
        told.home.network.pass_time(MINUTE)
        told.look()
        assert len(told.briefs) == day
        dates = [brief.partition("\n")[0] for brief in told.briefs]
        assert len(set(dates)) == len(dates)

    told.wish(weekly_brief=None)
    told.until(8)
    day = len(told.briefs)
    assert crash_everywhere(told.home, act, settled) > 10


def test_a_failure_is_logged_and_the_brief_comes_a_minute_later(
    told: Told, home_list: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ValueError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(brief_tables, "open_tasks", fail)
        told.until(7, 30)
    assert told.briefs == []
    assert "trying again" in caplog.text
    caplog.set_level(logging.ERROR)
    told.until(7, 31)
    told.look()
    assert len(told.briefs) == 1


def test_a_twin_without_a_voice_tells_it_when_it_has_one_again(told: Told, home_list: str) -> None:
    told.home.server.voice = "taken"
    told.until(7, 30)
    told.home.server.voice = "ours"
    told.until(8)
    told.look()
    assert len(told.briefs) == 1


# What takes place


def test_the_agenda_of_today_is_told_with_what_is_all_day_first(told: Told) -> None:
    home = told.home
    room = home.collection()
    rule = {"@type": "RecurrenceRule", "frequency": "daily"}
    day = {"showWithoutTime": True, "duration": "P1D"}
    for put in (
        event("Choir", "2026-07-01T19:00:00"),
        event("Dentist", "2026-07-01T18:30:00", locations={"1": {"name": "Praxis"}}),
        event("Feast", "2026-07-01T00:00:00", **day),
        event("Run", "2026-06-01T06:00:00", recurrenceRules=[rule]),
        event("Off", "2026-07-01T10:00:00", status="cancelled"),
        event("Later", "2026-07-02T00:00:00"),
        event("Over", "2026-06-30T22:00:00", duration="PT2H"),
    ):
        home.write(room, put)
    settle(home)
    brief = run(told.brief.text("daily"))
    assert [line for line in brief.body.split("\n") if line][1:6] == [
        "Today",
        "1. All day: Feast",
        "2. 06:00\u201307:00 Run",
        "3. 18:30\u201319:30 Dentist (Praxis), overlaps with 4",
        "4. 19:00\u201320:00 Choir, overlaps with 3",
    ]
    assert [each.uid for each in brief.about] == ["Feast", "Run", "Dentist", "Choir"]
    assert brief.about[1].recurrence_id == "2026-07-01T06:00:00"


def test_times_are_those_of_the_owners_zone_and_words_of_their_language(told: Told) -> None:
    home = told.home
    room = home.collection()
    home.write(room, event("Chor", "2026-07-01T18:00:00"))
    home.write(room, event("Nachts", "2026-07-01T22:30:00"))
    home.write(room, task("Brot", "2026-07-01T16:00:00"))
    told.wish(time_zone="Europe/Berlin", language="de")
    assert told.lines() == [
        "Mittwoch, 1. Juli",
        "Heute",
        "1. 20:00\u201321:00 Chor",
        "Heute fällig",
        "2. Brot, heute um 18:00",
        "Antworte so: 2 erledigt, 1 morgen; stopp beendet diese Nachrichten.",
    ]


def test_an_invitation_waits_until_it_is_answered(told: Told, bob: Home) -> None:
    alice = told.home
    alice.network.now = int(datetime(2026, 7, 1, 6, tzinfo=UTC).timestamp() * 1000)
    room = invited(bob, bob.collection(), alice, start="2026-07-03T12:00:00")
    settle(alice, bob)
    assert "1. Choir, on Friday at 12:00: will you come?" in told.lines()
    [about] = run(told.brief.text("daily")).about
    assert (about.room_id, about.uid, about.recurrence_id) == (room, "a", None)
    assert "1. 12:00\u201313:00 Choir, not answered yet" in told.lines("weekly")
    answer(alice, room, "declined")
    settle(alice, bob)
    assert not [line for line in told.lines("weekly") if "Choir" in line and line[0].isdigit()]


# What is to be done


def test_tasks_are_told_that_are_the_owners_or_nobodys(told: Told) -> None:
    home = told.home
    room = home.collection()

    def people(who: str) -> dict[str, Any]:
        return {"participants": {who: {"roles": {"attendee": True}}}}

    for put in (
        task("mine", "2026-07-01T12:00:00", **people(home.owner)),
        task("nobodys", "2026-07-01T13:00:00"),
        task("bobs", "2026-07-01T12:00:00", **people("@bob:bob.example")),
        task("done", "2026-07-01T12:00:00", progress="completed"),
        task("later", "2026-07-02T00:00:00"),
        task("day", "2026-07-01T00:00:00", showWithoutTime=True),
        task("yesterday", "2026-06-30T00:00:00", showWithoutTime=True),
        task("long ago", "2020-06-30T00:00:00"),
        Put(TASK.type, "whenever", frozen({"@type": "Task", "title": "whenever"})),
    ):
        home.write(room, Put(put.type, put.state_key.replace(" ", "-"), put.content))
    settle(home)
    assert told.lines()[1:-1] == [
        "Due today",
        "1. mine, today at 12:00",
        "2. nobodys, today at 13:00",
        "3. day, today",
        "Overdue",
        "4. yesterday, yesterday",
        "5. long ago, on 30 June 2020 at 00:00",
    ]
    assert "4. later, tomorrow at 00:00" in told.lines("weekly")


def test_a_series_of_tasks_is_told_once_with_its_next_or_its_last_time(told: Told) -> None:
    home = told.home
    room = home.collection()
    daily = {"recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "daily"}]}
    weekly = {"recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "weekly"}]}
    done = {"recurrenceOverrides": {"2026-07-01T09:00:00": {"progress": "completed"}}}
    for put in (
        task("Pill", "2026-06-01T08:00:00", **daily),
        task("Water", "2026-06-01T09:00:00", **daily, **done),
        task("Bins", "2026-06-02T10:00:00", **weekly),
    ):
        home.write(room, put)
    settle(home)
    brief = run(told.brief.text("daily"))
    assert [line for line in brief.body.split("\n") if line][1:-1] == [
        "Due today",
        "1. Pill, today at 08:00",
        "Overdue",
        "2. Bins, yesterday at 10:00",
        "3. Water, yesterday at 09:00",
    ]
    assert [each.recurrence_id for each in brief.about] == [
        "2026-07-01T08:00:00",
        "2026-06-30T10:00:00",
        "2026-06-30T09:00:00",
    ]
    assert "2. Water, tomorrow at 09:00" in told.lines("weekly")


def test_the_week_tells_what_was_done(told: Told, home_list: str) -> None:
    home = told.home
    for uid in ("Bread", "Milk"):
        home.command("tasks", "add", room_id=home_list, uid=uid, title=uid)
        home.command("tasks", "complete", room_id=home_list, uid=uid)
    old = {"progress": "completed", "progressUpdated": "2026-06-20T12:00:00Z"}
    home.write(home_list, task("Tax", "2026-06-20T12:00:00", **old))
    settle(home)
    [line] = [line for line in told.lines("weekly") if line.startswith("- ")]
    assert line in ("- 2 tasks: Bread, Milk", "- 2 tasks: Milk, Bread")


# What others changed, and what waits


def test_nobody_passes_for_another_one_by_a_name_that_looks_like_an_id(
    told: Told, bob: Home
) -> None:
    alice = told.home
    room = share(alice, bob)
    told.until(7, 30)
    member = {"membership": "join", "displayname": "@carol:carol.example"}
    bob.server.write(room, "m.room.member", bob.owner, member)
    bob.write(room, task("Bread", "2027-06-20T12:00:00"))
    settle(alice, bob)
    assert "- @bob:bob.example changed Bread in Shared" in told.lines()


def test_what_others_changed_since_the_last_brief_is_told(told: Told, bob: Home) -> None:
    alice = told.home
    room = share(alice, bob)
    told.until(7, 30)
    bob.write(room, task("Bread", "2027-06-20T12:00:00"))
    alice.write(room, task("Rent", "2027-06-20T12:00:00"))
    settle(alice, bob)
    assert "- @bob:bob.example changed Bread in Shared" in told.lines()
    for uid in ("Milk", "Eggs", "Jam"):
        bob.write(room, task(uid, "2027-06-20T12:00:00"))
    settle(alice, bob)
    # What alice made of it since does not hide who else wrote it.
    alice.write(room, task("Milk", "2028-06-20T12:00:00"))
    settle(alice, bob)
    told.until(7, 30, day=2)
    [brief] = told.briefs
    [line] = [line for line in brief.split("\n") if line.startswith("- ")]
    assert line.startswith("- @bob:bob.example changed 4 things in Shared: ")
    assert line.endswith(", …")
    told.until(7, 30, day=3)
    assert len(told.briefs) == 1
    assert told.text() == "Nothing today."


def test_what_came_late_from_another_twin_is_told_all_the_same(told: Told, bob: Home) -> None:
    alice = told.home
    room = share(alice, bob)
    with alice.network.cut_off(bob.server.name):
        told.until(7)
        bob.write(room, task("Bread", "2027-06-20T12:00:00"))
        told.until(7, 30)
    settle(alice, bob)
    told.until(7, 30, day=2)
    [brief] = told.briefs
    assert "changed Bread in Shared" in brief


def test_invitations_to_rooms_of_the_twin_wait_for_a_yes(told: Told, bob: Home) -> None:
    alice = told.home
    room = bob.collection("Garden")
    chat = run(bob.port.create_room({"name": "Chat"}))
    for each in (room, chat):
        run(bob.port.set_membership(each, alice.owner, "invite", ""))
    settle(alice, bob)
    brief = run(told.brief.text("daily"))
    assert "1. @bob:bob.example shares “Garden” with you" in brief.body.split("\n")
    assert "1 yes" in brief.body
    [about] = brief.about
    assert (about.room_id, about.type, about.uid) == (room, "m.room.member", alice.owner)
    alice.accept(room)
    settle(alice, bob)
    assert not run(told.brief.text("daily")).about


def test_a_proposal_waits_for_who_may_accept_it(told: Told, bob: Home) -> None:
    alice = told.home
    room = share(alice, bob)
    alice.write(room, task("a", "2027-06-20T12:00:00", title="Bread"))
    settle(alice, bob)
    with alice.network.cut_off(bob.server.name):
        levels = alice.content(room, "m.room.power_levels")
        levels["users"][bob.owner] = 0
        run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(levels))))
        bob.write(room, task("a", "2027-06-20T12:00:00", title="Milk"))
        lost = bob.server.state(room)[TASK.type, "a"].event_id
    settle(alice, bob)
    brief = run(told.brief.text("daily"))
    assert (
        "1. @bob:bob.example changed “Milk”, and that was not taken in. Take it in?" in brief.body
    )
    [about] = brief.about
    assert (about.room_id, about.type, about.uid) == (room, PROPOSAL, lost)
    assert not run(Brief(bob.twin).text("daily")).about


# Asked for


def test_who_asks_is_answered_at_any_time_and_still_gets_the_brief(
    told: Told, home_list: str
) -> None:
    for _ in range(2):
        assert "1. Rent, on 20 June at 12:00" in told.lines()
    told.until(7, 30)
    assert len(told.briefs) == 1
    assert "1. Rent, on 20 June at 12:00" in told.lines()


def test_who_asks_while_there_is_nothing_hears_that(told: Told) -> None:
    assert told.text("daily") == "Nothing today."
    told.wish(language="de")
    assert told.text("weekly") == "Diese Woche ist nichts."


# Hostile content and large twins


def test_content_of_strangers_never_keeps_the_brief_from_being_told(
    told: Told, bob: Home, home_list: str
) -> None:
    alice = told.home
    room = share(alice, bob)
    base = plain(event("x", "2026-07-01T12:00:00").content)
    due = plain(task("x", "2026-07-01T12:00:00").content)
    rule = {"@type": "RecurrenceRule", "frequency": "daily"}
    odd: list[tuple[str, dict[str, Any]]] = [
        (EVENT.type, {**base, "title": "<b>\n\u202e" + "x" * 900}),
        (EVENT.type, {**base, "title": 7}),
        (EVENT.type, {**base, "start": "9999-12-31T23:59:59", "duration": "P9999D"}),
        (EVENT.type, {**base, "start": "2026-02-31T12:00:00"}),
        (EVENT.type, {**base, "start": "0001-01-01T00:00:00", "duration": "P99999999D"}),
        (EVENT.type, {**base, "locations": {"1": {"name": "\n"}, "2": {}}}),
        (EVENT.type, {**base, "participants": {"nobody": {"roles": {}}}}),
        (
            EVENT.type,
            {
                **base,
                "recurrenceRules": [rule],
                "recurrenceOverrides": {"2026-07-01T12:00:00": {"title": 5, "locations": 7}},
            },
        ),
        (TASK.type, {**due, "due": "9999-12-31T23:59:59", "start": "0001-01-01T00:00:00"}),
        (TASK.type, {**due, "due": "2026-02-31T00:00:00"}),
        (TASK.type, {**due, "due": "0001-01-01T00:00:00"}),
        (TASK.type, {**due, "description": "x" * 19_000, "title": "\u200b"}),
        (
            TASK.type,
            {
                **due,
                "recurrenceRules": [rule],
                "recurrenceOverrides": {
                    "2026-07-01T12:00:00": {"title": [1], "progress": {"a": 1}, "due": 7}
                },
            },
        ),
    ]
    for number, (kind, content) in enumerate(odd):
        bob.server.write(room, kind, f"odd{number}", content)
    member = {"membership": "join", "displayname": "\u202e\n" + "B" * 9000}
    bob.server.write(room, "m.room.member", bob.owner, member)
    settle(alice, bob)
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"):
        told.wish(time_zone=zone, daily_brief=None)
        for kind in ("daily", "weekly"):
            brief = run(told.brief.text(kind))  # type: ignore[arg-type]
            assert "Rent" in brief.body
            assert "\u202e" not in brief.body
            assert len(brief.body) + len(brief.html or "") < 40_000


def test_of_hundreds_of_tasks_some_are_told_the_owners_own_among_them(
    told: Told, bob: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = told.home
    room = share(bob, alice)
    content = plain(task("x", "2026-06-30T12:00:00").content)
    for number in range(700):
        bob.server.write(room, TASK.type, f"t{number}", {**content, "title": f"t{number}"})
    own = alice.collection()
    alice.write(own, task("Rent", "2026-07-01T12:00:00"))
    settle(alice, bob)
    brief = told.lines()
    assert "1. Rent, today at 12:00" in brief
    assert f"and {700 - 28} more" in brief
    assert any("changed 700 things in Shared" in line for line in brief)
    monkeypatch.setattr(brief_tables, "MOST_TASKS", 100)
    # The owner's own come first whatever others write.
    assert "1. Rent, today at 12:00" in told.lines()
