"""A reminder reaches the owner's client, from an account that nobody can use."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from twin_module.core.voice import Said
from twin_module.testing.person import CLIENT, Person, eventually, request
from twin_module.testing.twins import Twin, TwinNetwork, person_at

EVENT = "org.digitaltwin.event"


@pytest.fixture
def twin(own_network: TwinNetwork) -> Twin:
    """A twin of Alice's of one test's own."""
    started = own_network.start("alice")
    person_at(started)
    return started


def dentist(seconds: float) -> dict[str, Any]:
    """Return an event whose alert fires in so many seconds."""
    start = datetime.now(UTC) + timedelta(seconds=seconds, minutes=15)
    return {
        "@type": "Event",
        "title": "Dentist",
        "start": f"{start:%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "locations": {"1": {"@type": "Location", "name": "Praxis Dr. <X>"}},
        "alerts": {"1": {"trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}},
    }


def voice_of(person: Person) -> str:
    return person.owner.replace("@alice", "@twin")


def unread(person: Person) -> dict[str, Any]:
    """Return the rooms of a client's first sync that have notifications."""
    joined = person.get(f"{CLIENT}/sync")["rooms"]["join"]
    return {
        room_id: room
        for room_id, room in joined.items()
        if room["unread_notifications"]["notification_count"]
    }


def remind(person: Person) -> tuple[str, dict[str, Any]]:
    """Make an event with an alert in a moment, and return the room in which it was told."""
    person.put_state(person.collection("Agenda"), EVENT, "dentist", dentist(2)).ok()
    found = eventually(lambda: unread(person), what="the reminder is unread")
    [(room_id, room)] = found.items()
    return room_id, room


def messages(person: Person, room_id: str) -> list[dict[str, Any]]:
    found = person.get(f"{CLIENT}/rooms/{room_id}/messages", dir="b")["chunk"]
    return [each for each in found if each["type"] == "m.room.message"]


def test_an_alert_reaches_a_client_as_an_unread_message_that_speaks_to_the_owner(
    twin: Twin,
) -> None:
    alice = person_at(twin)
    room_id, room = remind(alice)
    assert room["unread_notifications"] == {"notification_count": 1, "highlight_count": 1}
    message, welcome = messages(alice, room_id)
    assert "I am your twin" in welcome["content"]["body"]
    assert message["sender"] == voice_of(alice)
    assert message["content"]["msgtype"] == "m.text"
    assert message["content"]["body"].startswith("Dentist, ")
    assert message["content"]["body"].endswith(" (Praxis Dr. <X>)")
    assert "Praxis Dr. &lt;X&gt;" in message["content"]["formatted_body"]
    account = f"{CLIENT}/user/{alice.owner}/account_data/m.direct"
    assert alice.get(account) == {voice_of(alice): [room_id]}
    [chat] = alice.get("chats")["chats"]
    assert (chat["room_id"], chat["unread"], chat["direct"]) == (room_id, 1, True)
    name = alice.get(f"{CLIENT}/profile/{voice_of(alice)}")["displayname"]
    assert name == "Twin of alice"

    # Nobody else's account is there at the next start, and nothing is said again.
    twin.start_again()
    alice = person_at(twin)
    assert alice.get("status")["voice"] == {"user_id": voice_of(alice), "problem": None}
    eventually(lambda: not twin.rows("SELECT 1 FROM twin_said WHERE content IS NOT NULL"))
    assert list(unread(alice)) == [room_id]
    assert unread(alice)[room_id]["unread_notifications"]["notification_count"] == 1


def test_nobody_can_use_the_account_of_the_voice(twin: Twin) -> None:
    alice = person_at(twin)
    remind(alice)
    voice = voice_of(alice)
    user = twin.rows(
        "SELECT password_hash, admin, is_guest, appservice_id FROM users WHERE name = ?", voice
    )
    assert user == [(None, 0, 0, None)]
    for table in ("access_tokens", "refresh_tokens", "devices", "user_threepids"):
        assert twin.rows(f"SELECT 1 FROM {table} WHERE user_id = ?", voice) == []

    identifier = {"type": "m.id.user", "user": voice}
    for password in ("", "twin", twin.password):
        body = {"type": "m.login.password", "identifier": identifier, "password": password}
        assert request(twin.url, "POST", f"{CLIENT}/login", body).status in (400, 403, 429)
    # Not even who gets a token for it from within the server is let in.
    token = twin.thread.wait(twin.module._api.create_login_token, voice, 60_000)
    body = {"type": "m.login.token", "token": token}
    answer = request(twin.url, "POST", f"{CLIENT}/login", body)
    assert (answer.status, answer.body["errcode"]) == (403, "M_FORBIDDEN")
    register = {"username": "twin", "password": "long enough to be one"}
    assert request(twin.url, "POST", f"{CLIENT}/register", register).status in (400, 401, 403)
    assert twin.rows("SELECT 1 FROM devices WHERE user_id = ?", voice) == []


def make_account(twin: Twin, **fields: Any) -> str:
    """Make an account that has the voice's name, as somebody did before there was a module."""

    async def register() -> str:
        handler = twin.homeserver.get_registration_handler()
        user_id: str = await handler.register_user(localpart="twin", **fields)
        return user_id

    return twin.thread.wait(register)


def test_an_account_of_that_name_that_somebody_uses_is_a_second_one(
    own_network: TwinNetwork,
) -> None:
    vanilla = own_network.start("alice", vanilla=True)
    user_id = make_account(vanilla, password_hash="x")
    vanilla.stop()
    twin = own_network.start("alice")
    alice = Person(twin.url, twin.owner, lambda: "vanilla")

    def said() -> str:
        error: str = alice.ask("GET", "status").body["error"]
        return error if "other accounts" in error else ""

    assert user_id in eventually(said, what="the twin says why it does not serve")


def test_a_twin_whose_voice_is_taken_says_so_and_serves(
    own_network: TwinNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    vanilla = own_network.start("alice", vanilla=True)
    user_id = make_account(vanilla)
    vanilla.execute("UPDATE users SET deactivated = 1 WHERE name = ?", user_id)
    vanilla.stop()
    with caplog.at_level(logging.WARNING):
        twin = own_network.start("alice")
        person_at(twin)
    alice = Person(twin.url, twin.owner, lambda: "vanilla")
    assert user_id in alice.get("status")["voice"]["problem"]
    assert "has no voice" in caplog.text
    alice.put_state(alice.collection("Agenda"), EVENT, "dentist", dentist(-1)).ok()
    eventually(
        lambda: (
            twin.rows("SELECT 1 FROM twin_reminded")
            or twin.rows("SELECT 1 FROM twin_position WHERE name = 'reminders' AND stream_id > 0")
        ),
        what="reminders were looked for",
    )
    assert twin.rows("SELECT 1 FROM twin_said") == []
    assert unread(alice) == {}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE users SET password_hash = 'x' WHERE name = ?",
        "UPDATE users SET admin = 1 WHERE name = ?",
        "INSERT INTO devices (user_id, device_id, hidden) VALUES (?, 'D', FALSE)",
        "INSERT INTO access_tokens (id, user_id, token) VALUES (999, ?, 'token')",
        "INSERT INTO user_external_ids (auth_provider, external_id, user_id) VALUES ('p', 'e', ?)",
    ],
)
def test_a_voice_that_somebody_took_over_is_silent_at_once(twin: Twin, change: str) -> None:
    alice = person_at(twin)
    remind(alice)
    port = twin.module._homeserver
    assert twin.thread.wait(port.voice_state) == "ours"
    assert twin.thread.wait(port.other_accounts, []) == []
    twin.execute(change, voice_of(alice))
    assert twin.thread.wait(port.voice_state) == "taken"
    assert list(twin.thread.wait(port.other_accounts, [])) == [voice_of(alice)]
    before = twin.rows("SELECT COUNT(*) FROM twin_said")
    twin.thread.wait(twin.module.twin.voice.say, Said(body="hello"), "key")
    assert twin.rows("SELECT COUNT(*) FROM twin_said") == before
    assert voice_of(alice) in alice.get("status")["voice"]["problem"]
