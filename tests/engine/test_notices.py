"""Notices: what changes in a shared collection is told there, readably, seldom and once."""

import logging
from itertools import pairwise
from typing import Any

import pytest

from tests.engine.conftest import DOC, TASK, Home, crash_everywhere, settle, share, task
from twin_module.chat.news.notices import Notices
from twin_module.core.effects import Put
from twin_module.core.state import NAMESPACE, frozen
from twin_module.core.voice import voice_of
from twin_module.engine import store
from twin_module.engine.settings import SETTINGS
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

PAGE = "https://alice.example/_synapse/client/twin/"
EVENT = f"{NAMESPACE}.event"
RSVP = f"{NAMESPACE}.rsvp"


class TellingHome(Home):
    """Somebody's twin that tells what changes in their collections."""

    def boot(self) -> None:
        super().boot()
        self.notices = Notices(self.twin, PAGE)
        self.twin.add_duty(self.notices.settle, self.notices.due, self.notices.alarm)

    def wish(self, **wishes: Any) -> None:
        run(self.port.put_account_data(SETTINGS, wishes))


@pytest.fixture
def alice(network: FakeNetwork) -> TellingHome:
    home = TellingHome(network, "alice")
    home.start()
    home.wish(time_zone="Europe/Berlin")
    return home


@pytest.fixture
def bob(network: FakeNetwork) -> TellingHome:
    home = TellingHome(network, "bob")
    home.start()
    return home


@pytest.fixture
def shared(alice: Home, bob: Home) -> str:
    return share(alice, bob)


def outlive(home: Home, act: Any) -> None:
    """Let something happen that a twin gets as a part of its room's state, after a gap."""
    listeners = home.server.listeners[:]
    home.server.listeners.clear()
    before = len(home.server.arrivals)
    act()
    del home.server.arrivals[before:]
    home.server.listeners[:] = listeners
    run(home.twin.look_again())


def wait(seconds: int, *homes: Home) -> None:
    """Let time go by second by second, in which timers and only they wake the twins."""
    for _ in range(seconds):
        homes[0].network.pass_time(1)
        settle(*homes)


def messages(home: Home, room_id: str, *, edits: bool = True) -> list[dict[str, Any]]:
    """Return what the voice of a twin said in a room."""
    return [
        dict(event.content)
        for _, event in home.server.arrivals
        if event.type == "m.room.message"
        and event.room_id == room_id
        and event.sender == voice_of(home.owner)
        and (edits or "m.new_content" not in event.content)
    ]


def shown(home: Home, room_id: str) -> list[list[str]]:
    """Return the lines of the messages as clients show them, edits applied, without addresses."""
    texts: dict[str, list[str]] = {}
    for _, event in home.server.arrivals:
        if event.type != "m.room.message" or event.room_id != room_id:
            continue
        if event.sender != voice_of(home.owner):
            continue
        relation = event.content.get("m.relates_to", {})
        edited = relation.get("event_id") if relation.get("rel_type") == "m.replace" else None
        body = event.content.get("m.new_content", event.content)["body"]
        texts[edited or event.event_id] = [
            line for line in body.split("\n") if not line.startswith(PAGE)
        ]
    return list(texts.values())


def lines(home: Home, room_id: str) -> list[str]:
    return [line for message in shown(home, room_id) for line in message]


def waiting(home: Home) -> int:
    """Return how many changes are still to be told."""

    def read(cursor: Any) -> int:
        cursor.execute("SELECT COUNT(*) FROM twin_news WHERE told IS NULL")
        return int(cursor.fetchone()[0])

    return int(home.read(read))


# One change, and several


def test_a_change_is_told_where_it_happened(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("bread", "Buy bread", due="2026-09-21T18:00:00"))
    settle(alice, bob)
    wait(2, alice, bob)
    assert messages(alice, shared) == []
    wait(2, alice, bob)
    [message] = messages(alice, shared)
    assert message["msgtype"] == "m.notice"
    assert message["m.mentions"] == {}
    line, link = message["body"].split("\n")
    assert line == "@bob:bob.example added “Buy bread”, due today at 18:00"
    assert link == f"{PAGE}c/{shared.replace('!', '%21')}/tasks/bread"
    assert f'“<a href="{link}">Buy bread</a>”' in message["formatted_body"]
    assert '<a href="matrix:roomid/' in message["formatted_body"]
    assert message[NAMESPACE]["about"] == [{"room_id": shared, "type": TASK, "uid": "bread"}]
    assert messages(bob, shared) == [], "who made the room has it told"


def test_several_objects_are_numbered_as_they_are_answered(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("a", "Milk"))
    alice.write(shared, task("b", "Bread"))
    settle(alice, bob)
    wait(5, alice, bob)
    [message] = messages(alice, shared)
    assert lines(alice, shared) == [
        "1. @bob:bob.example added “Milk”",
        "2. @alice:alice.example added “Bread”",
    ]
    assert [each["uid"] for each in message[NAMESPACE]["about"]] == ["a", "b"]
    assert message["formatted_body"].startswith("<ol><li>")


def test_changes_of_one_object_are_one_line(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for title in ("B", "Br", "Bre", "Bread"):
        bob.write(shared, task("bread", title))
        settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared) == ["@bob:bob.example added “Bread”"]


def test_each_is_told_with_what_they_did(alice: TellingHome, bob: TellingHome, shared: str) -> None:
    bob.write(shared, task("bread", "Bread"))
    settle(alice, bob)
    wait(5, alice, bob)
    wait(700, alice, bob)
    bob.write(shared, task("bread", "Rye bread"))
    settle(alice, bob)
    alice.write(shared, task("bread", "Rye bread", progress="completed"))
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared)[1:] == [
        "@alice:alice.example completed “Bread”; @bob:bob.example renamed it to “Rye bread”"
    ]


def test_what_was_undone_meanwhile_is_not_told(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("bread"))
    bob.write(shared, Put(TASK, "bread", frozen({})))
    settle(alice, bob)
    wait(20, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 0


def test_an_answer_is_told_of_what_it_answers(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.command(
        "agenda", "add", room_id=shared, uid="choir", title="Choir", start="2026-09-25T10:00:00"
    )
    settle(alice, bob)
    wait(5, alice, bob)
    bob.command("agenda", "answer", room_id=shared, uid="choir", participationStatus="accepted")
    settle(alice, bob)
    wait(30, alice, bob)
    assert lines(alice, shared) == [
        "@alice:alice.example added “Choir”, on Friday at 10:00; @bob:bob.example accepted it"
    ]
    alice.command("agenda", "change", room_id=shared, uid="choir", start="2026-09-24T10:00:00")
    settle(alice, bob)
    wait(700, alice, bob)
    alice.command("agenda", "change", room_id=shared, uid="choir", start="2026-09-28T10:00:00")
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared)[-1] == "@alice:alice.example moved “Choir” to 28 September at 10:00"


def test_german_is_spoken_where_the_owner_does(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.wish(time_zone="Europe/Berlin", language="de")
    bob.write(shared, task("bread", "Brot kaufen", due="2026-09-22T18:00:00"))
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared) == [
        "@bob:bob.example hat „Brot kaufen“ hinzugefügt, fällig morgen um 18:00"
    ]


# Where nothing is told


def test_a_collection_of_ones_own_tells_nothing(alice: TellingHome, room: str) -> None:
    alice.write(room, task("bread"))
    settle(alice)
    wait(30, alice)
    assert messages(alice, room) == []
    assert waiting(alice) == 0
    assert alice.membership(room, voice_of(alice.owner)) is None


def test_a_collection_of_ones_own_is_told_where_that_is_wished(
    alice: TellingHome, room: str
) -> None:
    alice.wish(notices={room: "all"})
    alice.write(room, task("bread"))
    settle(alice)
    wait(5, alice)
    assert lines(alice, room) == ["@alice:alice.example added “Bread”"]


def test_voices_are_no_company(alice: TellingHome, bob: TellingHome, shared: str) -> None:
    bob.write(shared, task("bread"))
    settle(alice, bob)
    wait(5, alice, bob)
    assert alice.membership(shared, voice_of(alice.owner)) == "join"
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    settle(alice, bob)
    alice.write(shared, task("milk", "Milk"))
    settle(alice, bob)
    wait(30, alice, bob)
    assert len(messages(alice, shared)) == 1
    assert waiting(alice) == 0


def test_none_is_none_from_now_on(alice: TellingHome, bob: TellingHome, shared: str) -> None:
    bob.write(shared, task("bread"))
    settle(alice, bob)
    alice.wish(notices={shared: "none"})
    bob.write(shared, task("milk"))
    settle(alice, bob)
    wait(30, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 0


def test_what_the_owner_was_answered_is_not_told_again(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    before = len(alice.server.arrivals)
    alice.write(shared, task("bread"))
    run(alice.notices.skip([event.event_id for _, event in alice.server.arrivals[before:]]))
    bob.write(shared, task("milk", "Milk"))
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared) == ["@bob:bob.example added “Milk”"]


def test_what_the_owner_was_answered_is_told_of_nobody_else(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("bread", "Bread"))
    settle(alice, bob)
    wait(5, alice, bob)
    wait(700, alice, bob)
    bob.write(shared, task("bread", "Rye bread"))
    settle(alice, bob)
    before = len(alice.server.arrivals)
    alice.write(shared, task("bread", "Rye bread", progress="completed"))
    run(alice.notices.skip([event.event_id for _, event in alice.server.arrivals[before:]]))
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared)[1:] == ["@bob:bob.example renamed “Bread” to “Rye bread”"]


def test_an_encrypted_collection_is_not_told_of_and_a_log_line_says_so(
    alice: TellingHome, bob: TellingHome, shared: str, caplog: pytest.LogCaptureFixture
) -> None:
    alice.server.write(shared, "m.room.encryption", "", {"algorithm": "m.megolm.v1.aes-sha2"})
    bob.write(shared, task("bread"), task("milk"))
    settle(alice, bob)
    wait(30, alice, bob)
    assert waiting(alice) == 2
    alice.network.pass_time(25 * 3600)
    with caplog.at_level(logging.WARNING):
        settle(alice, bob)
        wait(60, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 0
    assert any("2 changes" in each for each in caplog.messages)


# More and more


def test_more_is_added_to_the_last_message_less_and_less_often(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("t0", "Task 0"))
    settle(alice, bob)
    begun = alice.network.now
    told_at: list[int] = []
    for number in range(1, 590):
        wait(1, alice, bob)
        if len(messages(alice, shared)) > len(told_at):
            told_at.append((alice.network.now - begun) // 1000)
        if number % 2 == 0:
            bob.write(shared, task("t0", f"Task {number}"))
            settle(alice, bob)
    assert told_at[0] <= 15
    pauses = [later - earlier for earlier, later in pairwise(told_at)]
    assert pauses[0] in range(15, 19)
    assert pauses[1:] == [30, 60, 120, 240]
    assert len(messages(alice, shared, edits=False)) == 1


def test_a_message_is_edited_for_ten_minutes(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for number in range(3):
        bob.write(shared, task(f"t{number}", f"Task {number}"))
        settle(alice, bob)
        wait(400, alice, bob)
    assert shown(alice, shared) == [
        ["1. @bob:bob.example added “Task 0”", "2. @bob:bob.example added “Task 1”"],
        ["@bob:bob.example added “Task 2”"],
    ]


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_a_new_message_begins_where_somebody_wrote(
    alice: TellingHome, bob: TellingHome, shared: str, who: str
) -> None:
    bob.write(shared, task("a", "Milk"))
    settle(alice, bob)
    wait(20, alice, bob)
    home = {"alice": alice, "bob": bob}[who]
    home.server.write(shared, "m.room.message", None, {"msgtype": "m.text", "body": "Thanks!"})
    settle(alice, bob)
    bob.write(shared, task("b", "Bread"))
    settle(alice, bob)
    wait(20, alice, bob)
    assert shown(alice, shared) == [
        ["@bob:bob.example added “Milk”"],
        ["@bob:bob.example added “Bread”"],
    ]


def test_numbers_stay_while_a_message_is_edited(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("a", "Milk"), task("b", "Bread"))
    settle(alice, bob)
    wait(20, alice, bob)
    bob.write(shared, Put(TASK, "a", frozen({})))
    bob.write(shared, task("c", "Cheese"))
    settle(alice, bob)
    wait(20, alice, bob)
    assert shown(alice, shared) == [
        [
            "1. “Milk” is gone again",
            "2. @bob:bob.example added “Bread”",
            "3. @bob:bob.example added “Cheese”",
        ]
    ]


def test_a_full_message_is_followed_by_another(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for start in (0, 15):
        bob.write(
            shared, *(task(f"t{number}", f"Task {number}") for number in range(start, start + 15))
        )
        settle(alice, bob)
        wait(40, alice, bob)
    assert [len(each) for each in shown(alice, shared)] == [15, 15]


def test_a_thousand_changes_at_once_are_one_message(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for start in range(0, 1000, 50):
        puts = [task(f"t{number}", f"Task {number}") for number in range(start, start + 50)]
        alice.write(shared, *puts)
    settle(alice, bob)
    wait(600, alice, bob)
    [message] = messages(alice, shared)
    assert lines(alice, shared)[0] == "1. @alice:alice.example added “Task 0”"
    assert lines(alice, shared)[-1] == "and 980 more changes"
    assert len(lines(alice, shared)) == 21
    assert len(message[NAMESPACE]["about"]) == 20
    assert waiting(alice) == 0


def test_a_flood_is_a_message_and_a_few_edits(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for number in range(1000):
        bob.write(shared, task(f"t{number}", f"Task {number}"))
        if number % 2:
            settle(alice, bob)
            wait(1, alice, bob)
    wait(600, alice, bob)
    assert len(messages(alice, shared)) <= 8
    assert len(shown(alice, shared)) == 2, "one in ten minutes"
    assert {len(each) for each in shown(alice, shared)} == {21}
    assert waiting(alice) == 0
    bob.write(shared, task("late", "Late"))
    settle(alice, bob)
    wait(5, alice, bob)
    assert shown(alice, shared)[-1] == ["@bob:bob.example added “Late”"]


# Other wishes


def test_a_digest_comes_once_a_day_at_the_owners_hour(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.wish(time_zone="Europe/Berlin", daily_brief="08:15", notices={shared: "digest"})
    bob.write(shared, task("a", "Milk"))
    settle(alice, bob)
    wait(60, alice, bob)
    bob.write(shared, task("b", "Bread"))
    settle(alice, bob)
    wait(60, alice, bob)
    assert messages(alice, shared) == []
    alice.restart()
    while alice.network.now % 86_400_000 // 60_000 != 6 * 60 + 14:
        alice.network.pass_time(60)
        settle(alice, bob)
    assert messages(alice, shared) == []
    wait(120, alice, bob)
    assert shown(alice, shared) == [
        ["1. @bob:bob.example added “Milk”", "2. @bob:bob.example added “Bread”"]
    ]
    assert waiting(alice) == 0


def test_only_pings_where_only_mentions_are_wished(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.wish(notices={shared: "mentions"})
    bob.write(shared, task("a", "Milk"))
    bob.write(shared, task("b", "Bread for @alice:alice.example"))
    settle(alice, bob)
    wait(30, alice, bob)
    [message] = messages(alice, shared)
    assert message["msgtype"] == "m.text"
    assert message["m.mentions"] == {"user_ids": [alice.owner]}
    assert lines(alice, shared) == [
        "@alice:alice.example: @bob:bob.example mentioned you in “Bread for @alice:alice.example”"
    ]
    assert waiting(alice) == 0


# Pings


def assigned(uid: str, title: str, *people: str, **fields: Any) -> Put:
    attending = {"@type": "Participant", "roles": {"attendee": True}}
    return task(uid, title, participants=dict.fromkeys(people, attending), **fields)


def test_who_is_assigned_is_pinged_and_nothing_else_says_so(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.write(shared, assigned("a", "Buy bread", bob.owner, due="2026-09-22T18:00:00"))
    alice.write(shared, task("b", "Milk"))
    settle(alice, bob)
    wait(5, alice, bob)
    ping, notice = messages(alice, shared)
    assert ping["msgtype"] == "m.text"
    assert ping["m.mentions"] == {"user_ids": [bob.owner]}
    assert ping["body"] == (
        "@bob:bob.example: @alice:alice.example gave you “Buy bread”, due tomorrow at 18:00"
    )
    assert 'href="https://matrix.to/#/@bob:bob.example"' in ping["formatted_body"]
    assert ping[NAMESPACE]["about"] == [{"room_id": shared, "type": TASK, "uid": "a"}]
    assert notice["msgtype"] == "m.notice"
    assert "Buy bread" not in notice["body"]


def test_nobody_is_pinged_for_what_they_did_or_who_is_not_there(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    people = (alice.owner, "@carol:carol.example", voice_of(alice.owner))
    alice.write(shared, assigned("a", "Buy bread", *people))
    settle(alice, bob)
    wait(5, alice, bob)
    [message] = messages(alice, shared)
    assert message["msgtype"] == "m.notice"


def test_who_was_pinged_is_not_pinged_again_for_the_same(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.write(shared, assigned("a", "Buy bread", bob.owner))
    settle(alice, bob)
    wait(5, alice, bob)
    alice.write(shared, assigned("a", "Buy rye bread", bob.owner))
    settle(alice, bob)
    wait(30, alice, bob)
    assert [each["msgtype"] for each in messages(alice, shared)] == ["m.text", "m.notice"]
    assert lines(alice, shared)[-1].endswith("renamed “Buy bread” to “Buy rye bread”")


def test_a_ping_does_not_wait_for_the_digest(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.wish(notices={shared: "digest"})
    alice.write(shared, task("b", "Milk"), assigned("a", "Buy bread", bob.owner))
    settle(alice, bob)
    wait(5, alice, bob)
    [message] = messages(alice, shared)
    assert message["m.mentions"] == {"user_ids": [bob.owner]}
    assert waiting(alice) == 1


def test_a_ping_does_not_wait_for_the_pause_of_the_notices(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    for number in range(60):
        alice.write(shared, task("t", f"Task {number}"))
        settle(alice, bob)
        wait(1, alice, bob)
    alice.write(shared, assigned("a", "Buy bread", bob.owner))
    settle(alice, bob)
    wait(5, alice, bob)
    assert messages(alice, shared)[-1]["m.mentions"] == {"user_ids": [bob.owner]}


def test_a_flood_pings_a_few_times(alice: TellingHome, bob: TellingHome, shared: str) -> None:
    for number in range(400):
        alice.write(shared, assigned(f"t{number}", f"Task {number}", bob.owner))
        settle(alice, bob)
        if number % 4 == 0:
            wait(1, alice, bob)
    wait(600, alice, bob)
    found = messages(alice, shared)
    assert {each["msgtype"] for each in found} == {"m.text"}
    assert len(found) <= 6
    assert all(len(each[NAMESPACE]["about"]) <= 20 for each in found)
    assert "more changes" in found[-1]["body"]
    assert waiting(alice) == 0


# Whatever happens


@pytest.mark.parametrize("ping", [False, True])
def test_killed_at_any_step_each_change_is_told_once(
    alice: TellingHome, bob: TellingHome, shared: str, ping: bool
) -> None:
    number = 0
    wanted: list[str] = []

    def act() -> bool:
        nonlocal number
        number += 1
        title = f"Task {number}"
        bob.network.pass_time(700)
        wanted.append(title)
        put = assigned(f"t{number}", title, alice.owner) if ping else task(f"t{number}", title)
        bob.write(shared, put)
        settle(alice, bob)
        wait(5, alice, bob)
        return True

    def settled(done: Any) -> None:
        settle(alice, bob)
        wait(70, alice, bob)
        told = [line for line in lines(alice, shared) if "“" in line]
        assert [line.partition("“")[2].rstrip("”") for line in told] == wanted

    assert crash_everywhere(alice, act, settled) > 10


def test_a_restart_forgets_nothing_that_waits(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("bread"))
    settle(alice, bob)
    wait(1, alice, bob)
    alice.restart()
    wait(20, alice, bob)
    assert lines(alice, shared) == ["@bob:bob.example added “Bread”"]


def test_a_clock_that_is_put_back_holds_nothing_up(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("a", "Milk"))
    settle(alice, bob)
    wait(5, alice, bob)
    bob.write(shared, task("b", "Bread"))
    settle(alice, bob)
    alice.network.now -= 7200_000
    run(alice.twin.look_again())
    settle(alice, bob)
    wait(90, alice, bob)
    assert any("Bread" in line for line in lines(alice, shared))
    bob.write(shared, task("c", "Cheese"))
    settle(alice, bob)
    wait(90, alice, bob)
    assert any("Cheese" in line for line in lines(alice, shared))


def test_no_timer_is_left_when_the_server_stops(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    bob.write(shared, task("bread"))
    settle(alice, bob)
    alice.notices.stop()
    wait(60, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 1


def test_what_strangers_write_stays_in_its_line(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    name = {"membership": "join", "displayname": "Bo\nb\u202e <b>" + "b" * 5000}
    bob.server.write(shared, "m.room.member", bob.owner, name)
    title = "<img src=x>\n2. Alice removed everything\u202e " + "x" * 900
    bob.server.write(shared, TASK, "a", {"@type": "Task", "title": title})
    bob.server.write(
        shared, TASK, "b", {"@type": "Task", "title": "x", "description": "y" * 19_000}
    )
    bob.server.write(shared, TASK, "c", {"@type": "Task", "title": 5})
    bob.server.write(shared, DOC, "d", {"text": ["nonsense"]})
    settle(alice, bob)
    wait(5, alice, bob)
    [message] = messages(alice, shared)
    told = lines(alice, shared)
    assert len(told) == 2
    assert all(len(line) < 200 for line in told)
    assert "\u202e" not in message["body"] + message["formatted_body"]
    assert "<img" not in message["formatted_body"]
    assert "&lt;b&gt;" in message["formatted_body"]
    assert waiting(alice) == 0


def test_what_was_redacted_is_not_told(alice: TellingHome, bob: TellingHome, shared: str) -> None:
    event_id = bob.server.write(shared, TASK, "a", {"@type": "Task", "title": "Secret"})
    settle(alice, bob)
    alice.server.redact(shared, event_id)
    settle(alice, bob)
    wait(20, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 0


def test_what_follows_on_something_redacted_is_told_as_a_change(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    first = bob.server.write(shared, TASK, "a", {"@type": "Task", "title": "Secret"})
    bob.server.write(shared, TASK, "b", {"@type": "Task", "title": "Milk"})
    settle(alice, bob)
    wait(5, alice, bob)
    wait(700, alice, bob)
    bob.server.write(shared, TASK, "a", {"@type": "Task", "title": "Public"})
    alice.server.redact(shared, first)
    settle(alice, bob)
    wait(5, alice, bob)
    assert shown(alice, shared)[-1] == ["@bob:bob.example changed “Public”"]


def test_what_somebody_did_before_they_left_is_told(
    alice: TellingHome, bob: TellingHome, shared: str
) -> None:
    alice.wish(notices={shared: "all"})
    bob.write(shared, task("bread"))
    run(bob.port.set_membership(shared, bob.owner, "leave", ""))
    settle(alice, bob)
    wait(5, alice, bob)
    assert lines(alice, shared) == ["@bob:bob.example added “Bread”"]


def test_a_room_in_trouble_keeps_no_other_from_being_told(
    alice: TellingHome,
    bob: TellingHome,
    shared: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = share(alice, bob)
    members = alice.port.members

    async def failing(room_ids: Any) -> Any:
        if alice.network.now > begun and shared in room_ids:
            raise RuntimeError("no members")
        return await members(room_ids)

    begun = alice.network.now
    monkeypatch.setattr(alice.port, "members", failing)
    for room_id in (shared, other):
        bob.write(room_id, task("bread"))
    settle(alice, bob)
    with caplog.at_level(logging.ERROR):
        wait(10, alice, bob)
    assert messages(alice, shared) == []
    assert len(messages(alice, other)) == 1
    monkeypatch.undo()
    wait(60, alice, bob)
    assert len(messages(alice, shared)) == 1


def test_while_the_voice_can_not_speak_what_comes_waits_for_one_message(
    alice: TellingHome, bob: TellingHome, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    speak = alice.port.speak

    async def failing(room_id: str, content: Any) -> str:
        raise RuntimeError("not now")

    monkeypatch.setattr(alice.port, "speak", failing)
    for number in range(5):
        bob.write(shared, task(f"t{number}", f"Task {number}"))
        settle(alice, bob)
        wait(60, alice, bob)
    monkeypatch.setattr(alice.port, "speak", speak)
    for _ in range(10):
        alice.network.pass_time(60)
        run(alice.twin.look_again())
        settle(alice, bob)
    assert [len(each) for each in shown(alice, shared)] == [1, 4]


def test_subscriptions_tell_nothing(
    alice: TellingHome, bob: TellingHome, shared: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rooms() -> frozenset[str]:
        return frozenset([shared])

    monkeypatch.setattr(alice.twin.subscriptions, "rooms", rooms)
    alice.write(shared, task("bread"))
    settle(alice, bob)
    wait(20, alice, bob)
    assert messages(alice, shared) == []
    assert waiting(alice) == 0


def test_a_room_that_is_not_in_the_tables_yet_is_told(alice: TellingHome, bob: TellingHome) -> None:
    room_id = share(alice, bob)
    alice.read(
        lambda cursor: cursor.execute("DELETE FROM twin_rooms WHERE room_id = ?", (room_id,))
    )
    bob.write(room_id, task("bread"))
    run(alice.twin.projector.catch_up())
    assert alice.read(store.read_room, room_id) is None
    assert waiting(alice) == 1


# After a gap


def test_what_came_as_a_part_of_the_rooms_state_is_told_too(
    alice: TellingHome, bob: Home, shared: str
) -> None:
    settle(alice, bob)
    outlive(alice, lambda: [bob.write(shared, task(str(n), f"Task {n}")) for n in range(3)])
    wait(20, alice, bob)
    [said] = shown(alice, shared)
    assert [line.partition(" added ")[2] for line in said] == ["“Task 0”", "“Task 1”", "“Task 2”"]
    alice.restart()
    wait(20, alice, bob)
    assert len(shown(alice, shared)) == 1


def test_what_was_there_before_notices_is_not_told(
    alice: TellingHome, bob: Home, shared: str
) -> None:
    settle(alice, bob)
    alice.server.database.execute("DELETE FROM twin_position WHERE name = 'news'")
    outlive(alice, lambda: bob.write(shared, task("a", "Bread")))
    alice.restart()
    alice.server.database.execute("DELETE FROM twin_news")
    wait(20, alice, bob)
    assert shown(alice, shared) == []
