"""A twin that is put to sleep: what would be cut off, when it is to be woken, and what it still knows then.

A twin that sleeps is one that was stopped, so sleeping is a restart here, after some time.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import twin_module
from tests.engine.chat.scenes import Chatty
from tests.engine.conftest import DOC, Home, settle, share, task
from tests.engine.voices import said
from twin_module.core.effects import Put
from twin_module.core.event_types import EVENT
from twin_module.core.jscalendar import utc_text
from twin_module.core.state import frozen
from twin_module.core.voice import Said
from twin_module.engine import sleeping, store
from twin_module.engine.backoff import Backoff, Wait
from twin_module.engine.sleeping import WORK, greet_peers
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork
from twin_module.testing.fake_web import FakePage

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@pytest.fixture
def noon(network: FakeNetwork) -> int:
    """Begin at noon of a day in July, in UTC."""
    network.now = int(datetime(2026, 7, 1, 12, tzinfo=UTC).timestamp() * 1000)
    return network.now


@pytest.fixture
def alice(noon: int, network: FakeNetwork) -> Chatty:
    """Alice's twin, with a companion that has nothing to tell."""
    alice = Chatty(network, "alice").begin()
    wish(alice, reminders=False, daily_brief=None, weekly_brief=None)
    alice.rest()
    return alice


@pytest.fixture
def room(alice: Chatty) -> str:
    room_id = alice.collection()
    alice.rest()
    return room_id


def wish(home: Home, **wishes: Any) -> None:
    run(home.twin.settings.write({**run(home.twin.settings.read()).as_json(), **wishes}))


def event(home: Home, uid: str, milliseconds: int) -> Put:
    """Return an event that begins in so long, and is told then."""
    begins = datetime.fromtimestamp((home.network.now + milliseconds) / 1000, UTC)
    alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "PT0S"}}
    content = {
        "@type": "Event",
        "title": uid,
        "start": utc_text(begins)[:-1],
        "timeZone": "Etc/UTC",
        "alerts": {"1": alert},
    }
    return Put(EVENT.type, uid, frozen(content))


def in_(home: Home, milliseconds: int) -> int:
    return home.network.now + milliseconds


def alarm(home: Home) -> int | None:
    return run(home.twin.next_alarm())


def sleep(home: Home, until: int) -> None:
    """Stop a twin, and start it when its time has come."""
    home.twin.stop()
    home.port.kill()
    home.server.listeners.clear()
    home.network.pass_time((until - home.network.now) / 1000)
    home.restart()
    settle(home)


def look(home: Home, seconds: int = 5) -> None:
    """Let time go by, in which the timer asks every five seconds whether something is due."""
    for _ in range(seconds // 5):
        home.network.pass_time(5)
        home.twin.look()
        settle(home)


def calm(home: Home) -> None:
    """Let the few seconds go by in which what changed is gathered to be told."""
    look(home, 10)


# What must not be cut off


def test_a_twin_that_does_nothing_may_sleep_for_ever(alice: Chatty, room: str) -> None:
    assert alice.twin.busy() is None
    assert alarm(alice) is None


def test_work_that_goes_on_is_said_in_words(alice: Chatty, room: str) -> None:
    alice.twin.wake()
    assert alice.twin.busy() == "it follows what changed"
    settle(alice)
    calendar = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"
    run(alice.twin.imports.begin(room, "text/calendar", calendar))
    assert "an import runs" in {WORK[name] for name in alice.port.under_way()}
    assert alice.twin.busy() is not None
    settle(alice)
    assert alice.twin.busy() is None


def test_every_kind_of_work_has_words() -> None:
    sources = Path(twin_module.__file__).parent.rglob("*.py")
    names = {
        name
        for source in sources
        for name in re.findall(
            r'(?:\.background\(\s*|UntilQuiet\(\w+, )"(\w+)"', source.read_text()
        )
    }
    assert len(names) > 10
    assert names == set(WORK)


def test_a_twin_in_which_somebody_writes_is_busy(alice: Chatty, room: str) -> None:
    content = frozen({"@type": "Document", "title": "Plan", "text": ""})
    alice.write(room, Put(DOC, "d", content))
    alice.rest()
    session = run(alice.twin.documents.open(room, "d"))
    listener = object()
    assert alice.twin.busy() == "a document is open"
    session.leave(listener)
    look(alice)
    assert alice.twin.busy() is None


def test_a_twin_does_not_forget_whom_it_answered(alice: Chatty) -> None:
    bob = Home(alice.network, "bob").start()
    room_id = share(alice, bob)
    call = {
        "room_id": room_id,
        "type": f"{DOC}.awareness",
        "uid": "d",
        "sender": bob.owner,
        "awareness": "AA",
        "id": "once",
        "ts": alice.network.now,
    }
    assert alice.twin.busy() is None
    run(alice.twin.peers.answer("bob.example", "live", call))
    alice.network.pass_time(299)
    assert str(alice.twin.busy()).startswith("another twin called")
    alice.network.pass_time(2)
    assert alice.twin.busy() is None


# When it has to be awake


def test_a_reminder_wakes_and_is_told_then(alice: Chatty, room: str) -> None:
    wish(alice, reminders=True)
    alice.write(room, event(alice, "Choir", 5 * HOUR), event(alice, "Dentist", 50 * HOUR))
    alice.rest()
    due = in_(alice, 5 * HOUR)
    assert alarm(alice) == due
    sleep(alice, due)
    assert any("Choir" in text for text in said(alice))
    # Those of the next day are looked for once a day.
    assert alarm(alice) == due + DAY


def test_in_quiet_hours_a_reminder_wakes_at_their_end(alice: Chatty, room: str) -> None:
    wish(alice, reminders=True, quiet_hours={"from": "22:00", "until": "06:00"})
    alice.write(room, event(alice, "Moon", 13 * HOUR))
    alice.rest()
    morning = in_(alice, 18 * HOUR)
    assert alarm(alice) == morning
    alice.network.pass_time(11 * 3600)
    alice.rest()
    assert alarm(alice) == morning
    sleep(alice, morning)
    assert any("Moon" in text for text in said(alice))


def test_quiet_hours_wake_nobody_who_has_nothing_to_be_told(alice: Chatty, room: str) -> None:
    wish(alice, reminders=True, quiet_hours={"from": "22:00", "until": "06:00"})
    alice.rest()
    alice.network.pass_time(11 * 3600)
    alice.rest()
    assert alarm(alice) == in_(alice, 13 * HOUR)


def test_who_wants_no_reminders_is_told_none_of_that_time_though_the_twin_slept(
    alice: Chatty, room: str
) -> None:
    wish(alice, reminders=True)
    alice.rest()
    wish(alice, reminders=False)
    alice.write(room, event(alice, "Choir", HOUR), event(alice, "Dentist", 3 * HOUR))
    alice.rest()
    assert alarm(alice) is None
    alice.server.account_data["org.digitaltwin.settings"] = {
        "daily_brief": None,
        "weekly_brief": None,
    }
    sleep(alice, in_(alice, 2 * HOUR))
    assert not any("Choir" in text for text in said(alice))
    sleep(alice, in_(alice, HOUR))
    assert any("Dentist" in text for text in said(alice))


def test_reminders_that_are_wanted_again_in_quiet_hours_are_told_when_these_end(
    alice: Chatty, room: str
) -> None:
    wish(alice, quiet_hours={"from": "11:00", "until": "18:00"})
    alice.write(room, event(alice, "Choir", HOUR))
    alice.rest()
    wish(alice, reminders=True)
    alice.rest()
    sleep(alice, in_(alice, 6 * HOUR))
    assert any("Choir" in text for text in said(alice))


def test_what_happens_in_quiet_hours_is_told_at_their_end_without_a_restart(
    alice: Chatty, room: str
) -> None:
    wish(alice, reminders=True, quiet_hours={"from": "13:00", "until": "18:00"})
    alice.rest()
    alice.network.pass_time(2 * 3600)
    alice.write(room, event(alice, "Choir", HOUR))
    alice.rest()
    look(alice, 3 * 3600 + 30)
    assert not any("Choir" in text for text in said(alice))
    look(alice, 3600)
    assert any("Choir" in text for text in said(alice))


def test_a_brief_wakes_at_its_hour_and_is_told(alice: Chatty, room: str) -> None:
    wish(alice, daily_brief="08:15")
    due = {"due": "2026-07-02T18:00:00", "timeZone": "Etc/UTC"}
    alice.write(room, task("a", "Bread", **due))
    alice.rest()
    hour = in_(alice, 20 * HOUR + 15 * MINUTE)
    assert alarm(alice) == hour
    sleep(alice, hour)
    assert any("Bread" in text for text in said(alice))
    assert alarm(alice) == hour + DAY


def test_a_digest_that_waits_wakes_at_its_hour(alice: Chatty) -> None:
    bob = Home(alice.network, "bob").start()
    room_id = share(alice, bob)
    wish(alice, daily_brief=None, notices={room_id: "digest"})
    bob.write(room_id, task("a", "Bread"))
    settle(alice, bob)
    alice.network.pass_time(20)
    settle(alice, bob)
    at = alarm(alice)
    assert at == int(datetime(2026, 7, 2, 7, 30, tzinfo=UTC).timestamp() * 1000)
    sleep(alice, at)
    alice.network.pass_time(5)
    settle(alice, bob)
    assert any("Bread" in text for _, text, _ in alice.told())


def test_what_is_to_be_said_later_wakes(alice: Chatty) -> None:
    at = in_(alice, 3 * HOUR)
    run(alice.twin.voice.say(Said(body="Good night."), "night", at=at))
    assert alarm(alice) == at
    sleep(alice, at)
    assert "Good night." in said(alice)


def test_a_calendar_that_is_followed_wakes_when_it_is_to_be_fetched(alice: Chatty) -> None:
    url = "https://calendar.example/a.ics"
    entry = "BEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20270101\r\nSUMMARY:Fair\r\nEND:VEVENT"
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{entry}\r\nEND:VCALENDAR\r\n"
    web = alice.network.web
    web.pages[url] = FakePage(text.encode())
    room_id = run(alice.twin.subscriptions.subscribe(url, None)).room_id
    assert "twin_subscriptions" in alice.port.under_way()
    alice.rest()
    due = run(alice.twin.subscriptions.find(room_id)).next_ts
    assert alarm(alice) == due > alice.network.now
    asked = len(web.asked)
    sleep(alice, due)
    assert len(web.asked) == asked + 1


def test_a_document_that_another_twin_did_not_write_down_wakes(alice: Chatty) -> None:
    bob = Home(alice.network, "bob").start()
    room_id = share(alice, bob)
    alice.write(room_id, Put(DOC, "d", frozen({"@type": "Document", "title": "x", "text": ""})))
    settle(alice, bob)
    session = run(bob.twin.documents.open(room_id, "d"))
    typed = typed_update("Hello")
    run(session.apply(typed, object()))
    bob.network.pass_time(2)
    settle(bob)
    bob.port.kill()
    bob.server.listeners.clear()
    calm(alice)
    at = alarm(alice)
    assert at is not None
    assert 9 * MINUTE < at - alice.network.now <= 10 * MINUTE
    sleep(alice, at)
    assert alice.content(room_id, DOC, "d")["text"] == "Hello"


def typed_update(text: str) -> bytes:
    from pycrdt import Doc, Text  # noqa: PLC0415 - the only test that types

    doc: Doc[Any] = Doc()
    doc["text"] = Text(text)
    return doc.get_update()


# What could not be done yet


def test_who_can_not_be_invited_yet_is_tried_at_the_same_times_as_if_the_twin_were_awake(
    alice: Chatty, network: FakeNetwork
) -> None:
    bob = Home(network, "bob").start()
    network.cut("bob.example")
    circle = alice.circle(bob="editor")
    alice.rest()
    gaps = []
    for _ in range(6):
        at = alarm(alice)
        assert at is not None
        gaps.append((at - network.now) // SECOND)
        sleep(alice, at)
    assert gaps == [15, 30, 60, 120, 240, 480]
    network.heal()
    at = alarm(alice)
    assert at is not None
    sleep(alice, at)
    assert alarm(alice) is None
    assert alice.read(waiting) == []
    settle(bob)
    assert circle in bob.rooms("invite")


def test_a_wake_in_between_makes_nothing_wait_less_or_longer(
    alice: Chatty, network: FakeNetwork
) -> None:
    Home(network, "bob").start()
    network.cut("bob.example")
    alice.circle(bob="editor")
    alice.rest()
    for _ in range(5):
        at = alarm(alice)
        assert at is not None
        sleep(alice, at)
    due = alarm(alice)
    for _ in range(3):
        sleep(alice, in_(alice, 30 * SECOND))
        assert alarm(alice) == due


def test_a_guest_who_could_not_be_asked_wakes(alice: Chatty, network: FakeNetwork) -> None:
    bob = Home(network, "bob").start()
    room_id = alice.collection()
    alice.write(room_id, event(alice, "Choir", 5 * DAY))
    alice.rest()
    network.cut("bob.example")
    row = next(each for each in alice.rooms().values() if each.room_id == room_id)
    found = run(alice.twin.meetings.invite(row, "Choir", [bob.owner], None))
    assert found.waiting == [bob.owner]
    due = in_(alice, 15 * SECOND)
    calm(alice)
    assert alarm(alice) == due
    network.heal()
    sleep(alice, due)
    settle(bob)
    assert found.room_id in bob.rooms("invite")
    calm(alice)
    assert alarm(alice) is None


def waiting(cursor: Any) -> Any:
    cursor.execute("SELECT duty, thing FROM twin_waits")
    return cursor.fetchall()


def test_what_waited_before_a_clock_was_put_back_waits_no_longer_than_ever(
    alice: Chatty, network: FakeNetwork
) -> None:
    Home(network, "bob").start()
    network.cut("bob.example")
    alice.circle(bob="editor")
    alice.rest()
    network.now -= 365 * DAY
    sleep(alice, network.now)
    at = alarm(alice)
    assert at is not None
    assert at <= in_(alice, 15 * SECOND)


def test_waits_know_when_the_first_is_over_and_what_changed() -> None:
    waits: Backoff[str] = Backoff()
    assert waits.next() is None
    waits.postpone("a", 0)
    waits.postpone("b", 1000)
    assert waits.next() == waits.until("a") == 15_000
    assert set(waits.take_changed()) == {"a", "b"}
    assert waits.take_changed() == {}
    waits.done("a")
    waits.done("never waited")
    assert waits.take_changed() == {"a": None}
    waits.restore("b", Wait(1, 1))
    assert waits.until("b") == 16_000


# A timer that asks only what is due


def test_a_look_at_a_twin_that_has_nothing_to_do_touches_no_table(alice: Chatty, room: str) -> None:
    look(alice, 20 * 60)
    run(alice.twin.look_again())
    settle(alice)
    alice.port.steps.clear()
    look(alice, 240)
    assert set(alice.port.steps) == {"before twin_position", "after twin_position"}
    assert len(alice.port.steps) == 2 * 240 // 30


def test_what_nobody_said_is_found_within_half_a_minute(alice: Chatty, room: str) -> None:
    look(alice, 30)
    alice.server.listeners.clear()
    alice.server.write(room, "org.digitaltwin.task", "a", {"@type": "Task", "title": "Bread"})
    look(alice, 30)
    assert alice.title(room, "a") == "Bread"


def test_tables_that_another_process_wants_read_anew_are(alice: Chatty, room: str) -> None:
    look(alice, 30)
    alice.read(lambda cursor: store.write_position(cursor, None))
    look(alice, 30)
    assert alice.read(store.read_position) == alice.server.position


def test_a_turn_that_failed_is_made_again_by_the_next_look(
    alice: Chatty, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look(alice, 30)

    async def fail(after: int, upto: int) -> Any:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "changes", fail)
        alice.write(room, task("a"))
        settle(alice)
        assert alarm(alice) == in_(alice, 15 * SECOND)
    assert alice.title(room, "a") is None
    look(alice)
    assert alice.title(room, "a") == "Bread"
    assert alarm(alice) is None


def test_what_comes_while_it_is_looked_waits_for_no_timer(alice: Chatty, room: str) -> None:
    alice.twin.wake()
    alice.twin.look()
    assert alice.port.under_way() == ["twin_turn"]


def test_a_clock_that_was_put_back_makes_everything_be_looked_at(alice: Chatty, room: str) -> None:
    look(alice, 30)
    alice.network.now -= HOUR
    alice.twin.look()
    assert "twin_look" in alice.port.under_way()


# Starting, or not


def test_a_twin_that_could_not_start_is_woken_to_try_again(network: FakeNetwork) -> None:
    dave = Home(network, "dave")
    assert alarm(dave) == in_(dave, 10 * MINUTE)
    dave.twin.refuse("There are two owners.")
    assert alarm(dave) is None


def test_a_twin_whose_database_fails_is_woken_to_find_out_what_it_has_to_do(
    alice: Chatty, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: Any) -> Any:
        raise OSError("on purpose")

    alice.twin.subscriptions._due = None
    monkeypatch.setattr(alice.port, "account_data", fail)
    assert alarm(alice) == in_(alice, 10 * MINUTE)
    assert "when it has to be awake" in caplog.text


# Being seen again


def test_each_server_in_a_room_with_the_owner_is_greeted_once(
    alice: Chatty, network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    bob, carol, dave = (Home(network, name).start() for name in ("bob", "carol", "dave"))
    for _ in range(2):
        share(alice, bob)
    share(alice, carol)
    room_id = alice.collection()
    run(alice.port.set_membership(room_id, dave.owner, "invite", ""))
    network.cut("carol.example")
    caplog.set_level("INFO")
    run(greet_peers(alice.port))
    greeted = [each.server.greeted_by for each in (alice, bob, carol, dave)]
    assert greeted == [[], ["alice.example"], [], []]
    assert "Greeted 1 servers; 1 did not answer, 0 were left out" in caplog.text


def test_a_twin_that_knows_nobody_greets_nobody(alice: Chatty) -> None:
    run(greet_peers(alice.port))


# What a wake has to look at


def looked_at(home: Home, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return in which rooms a twin that starts looks for what is to be done."""
    found: set[str] = set()
    home.port.kill()
    home.boot()
    look_at = home.twin.reconciler._settle_room

    async def note(room_id: str) -> None:
        found.add(room_id)
        await look_at(room_id)

    monkeypatch.setattr(home.twin.reconciler, "_settle_room", note)
    home.start()
    settle(home)
    return found


def test_a_wake_looks_only_at_rooms_that_changed_while_the_twin_slept(
    alice: Chatty, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = [alice.collection(f"Room {number}") for number in range(5)]
    calm(alice)
    assert alarm(alice) is None
    alice.port.kill()
    alice.server.write(rooms[3], "m.room.name", "", {"name": "New"})
    assert looked_at(alice, monkeypatch) == {rooms[3]}


def test_after_a_crash_each_room_is_looked_at(
    alice: Chatty, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(alice)
    assert alarm(alice) is None
    assert room not in looked_at(alice, monkeypatch)
    # Nobody put it to sleep this time.
    assert room in looked_at(alice, monkeypatch)


def test_what_came_after_the_last_look_of_a_twin_that_falls_asleep_is_looked_at(
    alice: Chatty, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(alice)
    assert alarm(alice) is None
    alice.write(room, task("a"))
    run(alice.twin.projector.catch_up())
    assert room in looked_at(alice, monkeypatch)


def test_new_rules_have_each_room_looked_at(
    alice: Chatty, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm(alice)
    assert alarm(alice) is None
    monkeypatch.setattr(sleeping, "RULES", sleeping.RULES + 1)
    assert room in looked_at(alice, monkeypatch)
