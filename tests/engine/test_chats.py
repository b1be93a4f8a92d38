"""What is unread, and who hears of it when."""

from typing import Any

from tests.engine.conftest import Home, settle, share
from twin_module.core.effects import Put
from twin_module.core.state import frozen
from twin_module.testing.driver import run

BOB = "@bob:bob.example"
MENTION = {"body": "hello", "m.mentions": {"user_ids": ["@alice:alice.example"]}}


def chat_of(alice: Home, bob: Home, **config: Any) -> str:
    """Make a chat of the two."""
    room_id = run(alice.port.create_room({"preset": "private_chat", **config}))
    run(alice.port.set_membership(room_id, bob.owner, "invite", ""))
    bob.accept(room_id)
    settle(alice, bob)
    return room_id


def say(home: Home, room_id: str, content: Any = None) -> None:
    """Send a message."""
    home.server.write(room_id, "m.room.message", None, content or {"body": "hello"})


def chats(home: Home) -> list[dict[str, Any]]:
    settle(home)
    return [each.as_json() for each in run(home.twin.chats.read())]


def test_a_chat_without_unread_messages_is_not_listed(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    assert chats(alice) == []
    say(alice, room)
    assert chats(alice) == []


def test_a_chat_is_shown_as_clients_show_it(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    say(bob, room)
    alice.network.pass_time(1)
    say(bob, room, MENTION)
    assert chats(alice) == [
        {
            "room_id": room,
            "name": BOB,
            "unread": 2,
            "highlights": 1,
            "last_ts": alice.network.now,
            "direct": False,
            "uri": f"matrix:roomid/{room[1:]}?via=alice.example&via=bob.example",
            "with": [BOB],
        }
    ]
    run(alice.port.send_state(room, Put("m.room.name", "", frozen({"name": "Garden"}))))
    assert chats(alice)[0]["name"] == "Garden"


def test_the_newest_comes_first_and_what_was_read_goes(alice: Home, bob: Home) -> None:
    rooms = [chat_of(alice, bob, name=name) for name in ("One", "Other")]
    for room in (rooms[0], rooms[1], rooms[0]):
        say(bob, room)
    assert [each["name"] for each in chats(alice)] == ["One", "Other"]
    alice.server.read_upto[rooms[0]] = alice.server.position
    assert [each["name"] for each in chats(alice)] == ["Other"]


def test_messages_in_collections_count_and_those_in_circles_do_not(alice: Home, bob: Home) -> None:
    collection, circle = share(alice, bob), alice.circle("Family", bob="editor")
    settle(alice, bob)
    bob.accept(circle)
    settle(alice, bob)
    for room in (collection, circle):
        say(bob, room)
    assert [each["room_id"] for each in chats(alice)] == [collection]


def test_a_chat_is_direct_where_the_owners_clients_say_so(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    say(bob, room)
    for content, direct in (
        ({BOB: [room]}, True),
        ({BOB: ["!other"]}, False),
        ({BOB: room}, False),
        ({BOB: [5, None, {}]}, False),
        ({BOB: {"a": room}}, False),
    ):
        run(alice.port.put_account_data("m.direct", content))
        assert chats(alice)[0]["direct"] is direct, content


def test_no_more_than_fifty_are_listed(alice: Home, bob: Home) -> None:
    rooms = [chat_of(alice, bob, name=f"Chat {number}") for number in range(52)]
    for room in rooms:
        say(bob, room)
    assert [each["room_id"] for each in chats(alice)] == rooms[:1:-1]


# Who listens


def looks(home: Home) -> int:
    """Count how often it was asked what is unread."""
    return sum(step == "before twin_rooms" for step in home.port.steps)


def test_who_listens_hears_of_a_change_and_of_nothing_else(alice: Home, bob: Home) -> None:
    room, heard = chat_of(alice, bob), []
    unlisten = alice.twin.chats.listen(lambda: heard.append(1))
    assert run(alice.twin.chats.recent()) == []
    say(bob, room)
    alice.network.pass_time(1)
    settle(alice)
    assert heard == [1]
    assert [each.unread.messages for each in run(alice.twin.chats.recent())] == [1]
    alice.write(alice.collection("Not a chat"))
    alice.network.pass_time(1)
    settle(alice)
    assert heard == [1]
    unlisten()
    say(bob, room)
    alice.network.pass_time(5)
    settle(alice)
    assert heard == [1]


def test_it_is_looked_once_a_second_however_much_comes(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    alice.twin.chats.listen(lambda: None)
    run(alice.twin.chats.recent())
    alice.port.steps.clear()
    for _ in range(20):
        say(bob, room)
        run(alice.twin.chats.recent())
    alice.network.pass_time(0.9)
    while alice.port.work_off():
        pass
    assert looks(alice) == 0
    alice.network.pass_time(0.2)
    while alice.port.work_off():
        pass
    assert looks(alice) == 1
    assert [each.unread.messages for each in run(alice.twin.chats.recent())] == [20]


def test_nobody_looks_where_nobody_listens(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    alice.port.steps.clear()
    say(bob, room)
    alice.network.pass_time(5)
    while alice.port.work_off():
        pass
    assert looks(alice) == 0


def test_what_was_read_shows_when_it_is_asked_for_after_a_second(alice: Home, bob: Home) -> None:
    room = chat_of(alice, bob)
    say(bob, room)
    settle(alice)
    assert len(run(alice.twin.chats.recent())) == 1
    alice.server.read_upto[room] = alice.server.position
    assert len(run(alice.twin.chats.recent())) == 1
    alice.network.pass_time(1)
    assert run(alice.twin.chats.recent()) == []
