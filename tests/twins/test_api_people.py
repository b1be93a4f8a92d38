"""People, chats, sessions and apps, at two twins."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from twin_module.testing.answers import CarefulPerson
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import Twin, TwinNetwork, person_at

TASK: Final = {"@type": "Task", "title": "Buy bread"}
HOSTILE: Final = "<img src=x onerror=alert(1)>\u202e"


def person(alice: Person, who: Person) -> Any:
    """Return what Alice's twin shows of somebody."""
    return alice.get(f"people/{quote(who.owner)}")


def listed(alice: Person, who: Person) -> Any:
    [found] = [each for each in alice.get("people")["people"] if each["user_id"] == who.owner]
    return found


def because(alice: Person, who: Person) -> dict[str, Any]:
    """Return why somebody sees what they see, by room."""
    return {each["room_id"]: each["because"] for each in person(alice, who)["reaches"]}


def chat_of(alice: Person, bob: Person, **config: Any) -> str:
    """Make a chat that both are in, as their clients do."""
    room = alice.create_room(preset="private_chat", invite=[bob.owner], **config)
    path = f"{CLIENT}/sync"
    eventually(lambda: room in bob.get(path)["rooms"].get("invite", {}), what="Bob is invited")
    bob.join(room, alice.owner.partition(":")[2])
    return room


def say(person: Person, room: str, text: str, *speaking_to: str) -> str:
    """Send a message as any Matrix client does, and return its event ID."""
    path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{quote(text)}"
    content = {"msgtype": "m.text", "body": text, "m.mentions": {"user_ids": list(speaking_to)}}
    event_id: str = person.put(path, content)["event_id"]
    return event_id


def read_upto(person: Person, room: str, event_id: str) -> None:
    """Read a room up to an event as any Matrix client does."""
    person.post(f"{CLIENT}/rooms/{quote(room)}/receipt/m.read/{quote(event_id)}")


def chat_in(listed: list[Any], room: str) -> Any:
    """Return a chat of a list, None where it is not in it."""
    return next((each for each in listed if each["room_id"] == room), None)


def chat(person: Person, room: str) -> Any:
    return chat_in(person.get("chats")["chats"], room)


# People


def test_a_person_is_shown_with_what_they_see_and_why(careful: CarefulPerson, bob: Person) -> None:
    circle = careful.command("circles", "create", name="Family", members={bob.owner: "admin"})
    through, by_hand = careful.collection("Through"), careful.collection("By hand")
    family = circle["room_id"]
    careful.command("circles", "share", room_id=through, circle=family, role="viewer")
    careful.invite(by_hand, bob.owner).ok()
    bob.accept(family, by_hand)
    reason = [{"circle": family, "name": "Family"}]
    expected = {family: reason, through: reason, by_hand: [{"invited": True}]}
    eventually(lambda: expected.items() <= because(careful, bob).items(), what="Bob is in all")
    found = {each["room_id"]: each for each in person(careful, bob)["reaches"]}
    eventually(
        lambda: (
            {each["room_id"]: each for each in person(careful, bob)["reaches"]}[family]["role"]
            == "admin"
        ),
        what="Bob got his role",
    )
    assert (found[through]["kind"], found[through]["role"]) == ("collection", "viewer")
    assert found[through]["membership"] == "invite"
    assert {"room_id": through, "membership": "invite"} in listed(careful, bob)["shared"]
    place = {"room_id": family, "name": "Family", "role": "admin", "membership": "join"}
    assert place in listed(careful, bob)["circles"]
    assert listed(careful, bob)["displayname"] == "bob"
    assert listed(careful, bob)["membership"] == "join"
    share = {"circle": family, "room_id": through, "role": "viewer"}
    assert share in careful.get("people")["shares"]


def test_the_members_of_a_collection_are_shown_with_why_they_are_there(
    careful: CarefulPerson, bob: Person
) -> None:
    circle = careful.command("circles", "create", name="Two", members={bob.owner: "viewer"})
    room = careful.collection("Shared")
    careful.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)

    def members() -> dict[str, Any]:
        found = careful.get(f"collections/{room}")["members"]
        return {each["user_id"]: each["because"] for each in found}

    reason = {"circle": circle["room_id"], "name": "Two"}
    expected = {careful.owner: [{"creator": True}], bob.owner: [reason]}
    eventually(lambda: members() == expected, what="the reasons are shown")
    # Bob is in the collection and not in the circle; his twin knows no more than he may.
    theirs = bob.get(f"collections/{room}")["members"]
    assert [each["because"] for each in theirs if each["user_id"] == bob.owner] == [
        [{"circle": circle["room_id"], "name": None}]
    ]
    careful.command("circles", "unshare", room_id=room, circle=circle["room_id"])
    eventually(lambda: members()[bob.owner] == [], what="Bob is out")


def test_who_is_nobody_here_is_not_found(careful: CarefulPerson) -> None:
    for user_id in ("@nobody:nowhere.example", "nobody", careful.owner, "@a:b/c"):
        answer = careful.ask("GET", f"people/{quote(user_id, safe='')}")
        assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")
        assert user_id in answer.body["error"]


# Chats


def test_a_message_of_another_twin_is_unread_until_it_is_read(
    careful: CarefulPerson, bob: Person
) -> None:
    room = chat_of(careful, bob)
    assert chat(careful, room) is None
    say(bob, room, "one")
    last = say(bob, room, "two", careful.owner)
    eventually(lambda: (chat(careful, room) or {}).get("unread") == 2, what="both came")
    found = chat(careful, room)
    servers = [each.partition(":")[2] for each in (careful.owner, bob.owner)]
    assert found == {
        "room_id": room,
        "name": "bob",
        "unread": 2,
        "highlights": 1,
        "last_ts": found["last_ts"],
        "direct": False,
        "uri": f"matrix:roomid/{room[1:]}?via={servers[0]}&via={servers[1]}",
        "with": [bob.owner],
    }
    assert abs(found["last_ts"] - careful.get("card")["signed_ts"]) < 60_000
    path = f"{CLIENT}/user/{quote(careful.owner)}/account_data/m.direct"
    careful.put(path, {bob.owner: [room]})
    assert chat(careful, room)["direct"] is True
    read_upto(careful, room, last)
    assert chat(careful, room) is None
    careful.put(path, {})


def test_a_chat_that_is_muted_says_nothing(careful: CarefulPerson, bob: Person) -> None:
    loud, quiet = chat_of(careful, bob, name="Loud"), chat_of(careful, bob, name="Quiet")
    careful.put(f"{CLIENT}/pushrules/global/room/{quote(quiet)}", {"actions": []})
    say(bob, quiet, "psst")
    last = say(bob, loud, "hello")
    eventually(lambda: chat(careful, loud), what="the message came")
    assert chat(careful, quiet) is None
    read_upto(careful, loud, last)


def chats_when(events: Any, room: str, is_so: Callable[[Any], bool]) -> Any:
    """Return the next event of unread chats in which a chat is as wanted; others may come between."""
    return next(
        each
        for each in events
        if each["event"] == "chats" and is_so(chat_in(each["data"]["chats"], room))
    )


def test_the_stream_tells_of_unread_messages_as_they_come_and_go(
    alice: Person, bob: Person, alices_twin: Twin
) -> None:
    room = chat_of(alice, bob, name="Live")
    with alice.changes() as events:
        assert next(events)["event"] == "ready"
        last = say(bob, room, "one", alice.owner)
        found = chats_when(events, room, lambda chat: chat is not None)
        assert "id" not in found
        assert chat_in(found["data"]["chats"], room)["highlights"] == 1
        # That it was read wakes nothing, a keep-alive finds it.
        read_upto(alice, room, last)
        chats_when(events, room, lambda chat: chat is None)


def test_a_reader_who_comes_back_is_told_what_is_unread_now(alice: Person, bob: Person) -> None:
    room = chat_of(alice, bob, name="Back again")
    last = say(bob, room, "one")
    eventually(lambda: chat(alice, room), what="the message came")
    number = str(alice.get("status")["seq"])
    with alice.changes() as events:
        found = chats_when(events, room, lambda chat: chat is not None)
        assert chat_in(found["data"]["chats"], room)["unread"] == 1
    read_upto(alice, room, last)
    with alice.changes(last_event_id=number) as events:
        chats_when(events, room, lambda chat: chat is None)


# Sessions


def signed_in(alice: Person, name: str) -> tuple[Person, str]:
    """Sign Alice in once more; returns her there, and the ID of the device."""
    body = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": alice.owner},
        "password": alice._password(),
        "initial_device_display_name": name,
    }
    answer = alice.ask("POST", f"{CLIENT}/login", body).ok()
    return Person(alice.url, alice.owner, lambda: "", answer["access_token"]), answer["device_id"]


def session(alice: Person, device_id: str) -> Any:
    found = alice.get("sessions")["sessions"]
    return next((each for each in found if each["device_id"] == device_id), None)


def test_a_session_is_listed_with_what_it_called_itself(
    careful: CarefulPerson, alice: Person
) -> None:
    other, device_id = signed_in(alice, HOSTILE)
    assert session(careful, device_id)["display_name"] == HOSTILE
    assert session(careful, device_id)["current"] is False
    assert session(other, device_id)["current"] is True
    assert sum(each["current"] for each in other.get("sessions")["sessions"]) == 1
    careful.ask("DELETE", f"sessions/{device_id}").ok()


def test_a_session_that_was_signed_out_is_refused(careful: CarefulPerson, alice: Person) -> None:
    other, device_id = signed_in(alice, "Phone")
    other.get("status")
    careful.ask("DELETE", f"sessions/{device_id}").ok()
    answer = other.ask("GET", "status")
    assert (answer.status, answer.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
    assert session(careful, device_id) is None
    again = careful.ask("DELETE", f"sessions/{device_id}")
    assert (again.status, again.body["errcode"]) == (404, "M_NOT_FOUND")
    careful.get("status")


@pytest.fixture
def doras_network(reactor_thread: ReactorThread, tmp_path: Path) -> Iterator[TwinNetwork]:
    """A network of Dora's own, for what ends all her sessions."""
    with TwinNetwork(reactor_thread, tmp_path, ("dora",)) as network:
        yield network


def test_who_signs_out_everywhere_is_signed_in_nowhere(doras_network: TwinNetwork) -> None:
    dora = person_at(doras_network.start("dora"))
    phone, _ = signed_in(dora, "Phone")
    here = CarefulPerson(dora.url, dora.owner, lambda: "", token=dora.token)
    with phone.changes() as events:
        assert next(events)["event"] == "ready"
        here.ask("POST", "sessions/sign-out").ok()
        for each in (here, phone):
            answer = each.ask("GET", "status")
            assert (answer.status, answer.body["errcode"]) == (401, "M_UNKNOWN_TOKEN")
        list(events)  # they end, as the phone may not read on
    again, device_id = signed_in(dora, "Laptop")
    assert [each["device_id"] for each in again.get("sessions")["sessions"]] == [device_id]


@pytest.mark.parametrize("wrong", ["NOWHERE", "a/b", "ä", "%"])
def test_a_session_that_is_none_is_not_found(careful: CarefulPerson, wrong: str) -> None:
    answer = careful.ask("DELETE", f"sessions/{quote(wrong, safe='')}")
    assert (answer.status, answer.body["errcode"]) == (404, "M_NOT_FOUND")


# Apps


def test_an_app_that_said_its_name_is_listed(careful: CarefulPerson, collection: str) -> None:
    for uid in ("one", "other"):
        headers = {"X-Experience": HOSTILE.rstrip("\u202e")}
        careful.ask("PUT", f"rooms/{collection}/tasks/{uid}", TASK, headers).ok()
    found = careful.get("experiences")["experiences"]
    assert found[0]["name"] == HOSTILE.rstrip("\u202e")
    assert found[0]["objects"] == 2
    assert abs(found[0]["last_used"] - careful.get("card")["signed_ts"]) < 60_000
