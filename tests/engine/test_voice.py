"""The twin's own voice: each thing is said once, in a chat of the two, whatever happens."""

import logging

import pytest

from tests.engine.conftest import Home, crash_everywhere, settle
from tests.engine.voices import chats_with_voice, messages, said, wait
from twin_module.core.errors import TooLarge
from twin_module.core.ports import Delta
from twin_module.core.voice import voice_of
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork

VOICE = "@twin:alice.example"


def say(home: Home, body: str = "hello", key: str = "k", html: str | None = None) -> None:
    run(home.twin.voice.say(body, html, key))


# The account


def test_there_is_no_account_before_it_is_needed(alice: Home) -> None:
    settle(alice)
    states = [alice.server.voice]
    assert alice.twin.voice.as_json() == {"user_id": VOICE, "problem": None}
    say(alice)
    states.append(alice.server.voice)
    assert states == ["none", "ours"]


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
