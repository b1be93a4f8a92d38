"""The twin's own voice: each thing is said once, in a chat of the two, whatever happens."""

import logging

import pytest

from tests.engine.conftest import Home, crash_everywhere, settle
from tests.engine.voices import chats_with_voice, messages, said, wait
from twin_module.core.errors import TooLarge
from twin_module.core.ports import Cursor, Delta
from twin_module.core.voice import Said, key_in, voice_of
from twin_module.engine import store, voice_store
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

VOICE = "@twin:alice.example"


def say(home: Home, body: str = "hello", key: str = "k", html: str | None = None) -> None:
    run(home.twin.voice.say(Said(body=body, html=html, mentions=(home.owner,)), key))


# The account


def test_the_account_and_the_chat_are_made_after_the_first_start(alice: Home) -> None:
    states = [alice.server.voice]
    assert alice.twin.voice.as_json() == {"user_id": VOICE, "problem": None}
    assert alice.twin.voice.chat is None
    settle(alice)
    states.append(alice.server.voice)
    assert states == ["none", "ours"]
    assert chats_with_voice(alice) == [alice.twin.voice.chat]
    assert said(alice) == []
    alice.restart()
    settle(alice)
    assert chats_with_voice(alice) == [alice.twin.voice.chat]


def test_the_account_is_called_after_the_owner(network: FakeNetwork) -> None:
    for name, displayname, called in (
        ("alice", None, "Twin of alice"),
        ("bob", " Bob\n B. ", "Twin of Bob B."),
        ("carol", 5, "Twin of carol"),
    ):
        home = Home(network, name).start()
        home.server.profile["displayname"] = displayname
        say(home)
        assert home.server.voice_name == called


def test_an_owner_who_has_that_name_has_a_companion(network: FakeNetwork) -> None:
    twin = Home(network, "twin").start()
    say(twin)
    assert voice_of(twin.owner) == "@companion:twin.example"
    assert len(chats_with_voice(twin)) == 1


def test_without_a_voice_the_twin_says_so_and_everything_else_works(
    network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    alice = Home(network, "alice")
    alice.server.voice = "taken"
    with caplog.at_level(logging.WARNING):
        alice.start()
        say(alice)
    assert sum("has no voice" in each for each in caplog.messages) == 1
    assert VOICE in str(alice.twin.voice.problem)
    assert said(alice) == []
    alice.twin.check_ready()
    assert alice.command("tasks", "add", room_id=alice.collection(), title="Bread").created == []


# The room


def test_it_speaks_in_a_direct_chat_of_the_two_that_nobody_else_gets_into(alice: Home) -> None:
    say(alice, "Dentist", html="<strong>Dentist</strong>")
    [room_id] = chats_with_voice(alice)
    [message] = messages(alice)
    assert message["msgtype"] == "m.text"
    assert (message["body"], message["formatted_body"]) == ("Dentist", "<strong>Dentist</strong>")
    assert message["m.mentions"] == {"user_ids": [alice.owner]}
    assert alice.content(room_id, "m.room.create")["m.federate"] is False
    assert alice.content(room_id, "m.room.join_rules") == {"join_rule": "invite"}
    assert alice.content(room_id, "m.room.encryption") is None
    assert alice.content(room_id, "m.room.name") is None
    levels = alice.content(room_id, "m.room.power_levels")
    assert (levels["invite"], levels["state_default"], levels["users_default"]) == (100, 100, 0)
    settle(alice)
    assert alice.rooms()[room_id].kind == "other"
    assert alice.rooms("invite") == {}


def test_the_owner_sees_it_as_an_ordinary_unread_chat(alice: Home) -> None:
    say(alice, "one", "1")
    say(alice, "two", "2")
    settle(alice)
    [chat] = [each.as_json() for each in run(alice.twin.chats.read())]
    assert (chat["unread"], chat["highlights"], chat["direct"]) == (2, 2, True)
    assert chat["with"] == [VOICE]
    assert [each.user_id for each in run(alice.twin.people.everyone())] == []


@pytest.mark.parametrize(
    "before",
    [
        {},
        {"@bob:bob.example": ["!a", "!b"]},
        {VOICE: "!odd"},
        {VOICE: ["!old"], "@bob:bob.example": {"odd": 1}},
    ],
)
def test_what_else_is_a_direct_chat_stays_one(alice: Home, before: dict[str, object]) -> None:
    run(alice.port.put_account_data("m.direct", before))
    say(alice)
    [room_id] = chats_with_voice(alice)
    after = dict(run(alice.port.account_data("m.direct")))
    kept = before.get(VOICE)
    assert after.pop(VOICE) == [*(kept if isinstance(kept, list) else []), room_id]
    assert after == {key: value for key, value in before.items() if key != VOICE}


def test_a_room_that_the_owner_no_longer_calls_direct_is_left_so(alice: Home) -> None:
    say(alice, key="1")
    run(alice.port.put_account_data("m.direct", {}))
    say(alice, key="2")
    assert run(alice.port.account_data("m.direct")) == {}


def test_who_left_is_spoken_to_in_a_new_room_and_the_old_one_is_empty(alice: Home) -> None:
    say(alice, key="1")
    [old] = chats_with_voice(alice)
    run(alice.port.set_membership(old, alice.owner, "leave", ""))
    say(alice, key="2")
    [new] = chats_with_voice(alice)
    assert new != old
    assert alice.server.rooms[old].membership(VOICE) == "leave"
    say(alice, key="3")
    assert chats_with_voice(alice) == [new]


def test_a_room_that_somebody_else_is_in_is_no_room_of_the_two(alice: Home) -> None:
    say(alice, key="1")
    [old] = chats_with_voice(alice)
    member = {"membership": "join"}
    alice.server.write(old, "m.room.member", "@eve:alice.example", member, sender=VOICE)
    say(alice, key="2")
    assert chats_with_voice(alice) != [old]


def test_a_room_of_others_that_invited_it_is_none_of_its(alice: Home) -> None:
    room_id = alice.collection()
    for membership in ("invite", "join"):
        content = {"membership": membership}
        alice.server.write(room_id, "m.room.member", VOICE, content)
    say(alice)
    assert len(chats_with_voice(alice)) == 2
    assert not any(
        event.room_id == room_id and event.type == "m.room.message"
        for _, event in alice.server.arrivals
    )


# Once


def test_what_has_one_key_is_said_once_also_after_a_restart(alice: Home) -> None:
    say(alice)
    say(alice, "said differently")
    alice.restart()
    say(alice)
    assert said(alice) == ["hello"]
    say(alice, key="another")
    assert said(alice) == ["hello", "hello"]


def test_whatever_step_the_twin_is_killed_at_it_speaks_once(alice: Home) -> None:
    keys: list[str] = []
    count = 0

    def act() -> bool:
        # A room of its own each time, so that making it is a step as well.
        for room_id in chats_with_voice(alice):
            alice.server.write(room_id, "m.room.member", alice.owner, {"membership": "leave"})
        keys.append(f"key {len(keys)}")
        say(alice, keys[-1], keys[-1])
        return True

    def settled(done: object) -> None:
        nonlocal count
        settle(alice)
        # Who was killed before it was noted may ask again.
        say(alice, keys[-1], keys[-1])
        assert said(alice).count(keys[-1]) == 1
        assert len(chats_with_voice(alice)) == 1
        assert alice.rooms("invite") == {}
        count += 1

    steps = crash_everywhere(alice, act, settled)
    assert steps == count > 15
    [room_id] = chats_with_voice(alice)
    assert run(alice.port.account_data("m.direct"))[VOICE][-1] == room_id


def test_what_was_noted_is_said_after_a_restart_without_being_asked_for_again(alice: Home) -> None:
    say(alice, key="1")
    alice.port.steps.clear()
    say(alice, key="2")
    before = alice.port.steps.index("before speak") + 1
    alice.port.crash_in = before
    with pytest.raises(BaseException, match="before speak"):
        say(alice, "third", key="3")
    alice.restart()
    settle(alice)
    assert said(alice) == ["hello", "hello", "third"]


def test_what_the_owner_deleted_at_once_is_not_said_again(alice: Home) -> None:
    say(alice, key="1")
    alice.port.steps.clear()
    say(alice, key="2")
    alice.port.crash_in = alice.port.steps.index("after speak") + 1
    with pytest.raises(BaseException, match="after speak"):
        say(alice, "third", key="3")
    newest = alice.server.arrivals[-1][1]
    alice.server.redact(newest.room_id, newest.event_id)
    alice.restart()
    settle(alice)
    assert said(alice).count("third") == 1


def test_what_could_not_be_said_is_said_later_in_order(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(room_id: str, content: object) -> str:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "speak", fail)
        for key in ("one", "two", "three"):
            say(alice, key, key)
    assert said(alice) == []
    wait(alice, 14)
    assert said(alice) == []
    wait(alice, 2)
    assert said(alice) == ["one", "two", "three"]


def test_what_could_not_be_said_for_a_day_is_not_said(
    alice: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(room_id: str, content: object) -> str:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "speak", fail)
        say(alice, "old", "1")
        alice.network.pass_time(86_401)
    wait(alice, 1)
    say(alice, "new", "2")
    assert said(alice) == ["new"]


def test_what_does_not_fit_into_an_event_keeps_nothing_else_from_being_said(
    alice: Home, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        say(alice, "x" * 70_000, "1")
    assert any(TooLarge.__name__ in str(each.exc_info) for each in caplog.records)
    say(alice, "short", "2")
    assert said(alice) == ["short"]


def test_words_are_not_kept_once_they_were_said(alice: Home) -> None:
    say(alice, "a secret", html="a <b>secret</b>")

    def rows(cursor: object) -> object:
        cursor.execute("SELECT * FROM twin_said")  # type: ignore[attr-defined]
        return cursor.fetchall()  # type: ignore[attr-defined]

    assert "secret" not in repr(alice.read(rows))


def test_the_projection_knows_the_room_like_any_other(alice: Home) -> None:
    say(alice)
    settle(alice)
    assert alice.tables() == alice.truth()
    assert all(isinstance(delta, Delta) for _, delta in alice.server.deltas)


# When, and where it can be found


def test_what_is_to_be_said_later_is_said_then_and_not_before(alice: Home) -> None:
    at = alice.network.now + 3_600_000
    run(alice.twin.voice.say(Said(body="later"), "1", at=at))
    say(alice, "now", "2")
    wait(alice, 3_599)
    assert said(alice) == ["now"]
    wait(alice, 2)
    assert said(alice) == ["now", "later"]


def test_what_is_to_be_said_later_survives_a_restart_and_days(alice: Home) -> None:
    days = 86_400 * 70
    at = alice.network.now + days * 1000
    run(alice.twin.voice.say(Said(body="later"), "1", at=at))
    alice.restart()
    wait(alice, days - 60)
    assert said(alice) == []
    alice.restart()
    wait(alice, 90)
    assert said(alice) == ["later"]
    run(alice.twin.voice.say(Said(body="again"), "1"))
    assert said(alice) == ["later"]


def test_what_waited_for_a_day_after_its_time_is_not_said(alice: Home) -> None:
    run(alice.twin.voice.say(Said(body="late"), "1", at=alice.network.now + 1000))
    alice.port.kill()
    alice.network.pass_time(86_402)
    alice.boot()
    alice.start()
    wait(alice, 1)
    assert said(alice) == []


def test_the_event_of_what_was_said_is_known_also_after_a_crash(alice: Home) -> None:
    assert run(alice.twin.voice.event_of("1")) is None
    say(alice, "one", "1")
    [first] = [each.event_id for _, each in alice.server.arrivals if each.sender == VOICE][-1:]
    assert run(alice.twin.voice.event_of("1")) == first
    alice.port.steps.clear()
    say(alice, "two", "2")
    alice.port.crash_in = alice.port.steps.index("after speak") + 1
    with pytest.raises(BaseException, match="after speak"):
        say(alice, "three", "3")
    newest = alice.server.arrivals[-1][1].event_id
    alice.restart()
    settle(alice)
    assert run(alice.twin.voice.event_of("3")) == newest
    assert said(alice).count("three") == 1


def test_what_it_said_is_edited(alice: Home) -> None:
    say(alice, "one change", "1")
    before = run(alice.twin.voice.event_of("1"))
    run(alice.twin.voice.say(Said(body="two changes", replaces=before), "2"))
    [_, edit] = messages(alice)
    assert edit["m.relates_to"] == {"rel_type": "m.replace", "event_id": before}
    assert edit["m.new_content"]["body"] == "two changes"


def test_only_those_are_mentioned_who_are_named(alice: Home) -> None:
    run(alice.twin.voice.say(Said(body="hello", notice=True), "1"))
    [content] = messages(alice)
    assert (content["msgtype"], content["m.mentions"]) == ("m.notice", {})


def test_what_is_planned_in_a_transaction_that_fails_is_never_said(alice: Home) -> None:
    def work(cursor: Cursor) -> None:
        alice.twin.voice.plan(cursor, Said(body="lost"), "1")
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        run(alice.port.transact("test", work))
    alice.twin.voice.note()
    settle(alice)
    wait(alice, 1)
    assert said(alice) == []


def test_what_a_release_of_before_had_noted_is_still_said(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = Home(network, "alice")
    before = store.SCHEMA[: store.SCHEMA.index(voice_store.add_places)]
    with monkeypatch.context() as patch:
        patch.setattr(store, "SCHEMA", before)
        alice.read(store.migrate)
    sql = "INSERT INTO twin_said (key, ts, number, body, html) VALUES (?, ?, ?, ?, ?)"
    rows = [("k1", 1, "Dentist", "<b>Dentist</b>"), ("k2", 2, "Bread", None), ("k3", 3, None, None)]
    for key, number, body, html in rows:
        values = (key, network.now, number, body, html)
        alice.read(lambda cursor, values=values: cursor.execute(sql, values))
    alice.start()
    settle(alice)
    assert said(alice) == ["Dentist", "Bread"]
    first = messages(alice)[0]
    assert first["m.mentions"] == {"user_ids": [alice.owner]}
    assert (first["formatted_body"], key_in(first)) == ("<b>Dentist</b>", "k1")
    alice.restart()
    settle(alice)
    assert said(alice) == ["Dentist", "Bread"]


def test_a_chat_that_could_not_be_made_is_made_later_and_keeps_nobody_from_starting(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(config: object) -> str:
        raise RuntimeError("on purpose")

    alice = Home(network, "alice")
    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "make_voice_room", fail)
        alice.start()
        settle(alice)
    alice.twin.check_ready()
    assert chats_with_voice(alice) == []
    wait(alice, 16)
    assert chats_with_voice(alice) == [alice.twin.voice.chat]
