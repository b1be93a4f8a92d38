"""Bob is invited to something, and answers with a sign in his terminal."""

from datetime import timedelta

import pytest

from tests.clients.conftest import share
from tests.clients.js_client import JsClient
from tests.clients.nio_client import NioClient
from tests.clients.stories import check_plain, pinged, today
from tests.names import Names
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.twins


def answer_of(person: Person, room_id: str, guest: Person) -> str | None:
    """Return what a guest answered, as somebody's agenda shows it."""
    [event] = person.get(f"rooms/{room_id}/agenda")["events"]
    said: str | None = event["participants"][guest.owner].get("participationStatus")
    return said


@pytest.mark.parametrize(("key", "answer"), [("✅", "accepted"), ("❌", "declined")])
def test_an_invitation_is_answered_by_a_reaction(
    terminal: NioClient,
    alice: Person,
    bob: Person,
    voice: str,
    names: Names,
    key: str,
    answer: str,
) -> None:
    room_id = alice.collection(names.next("Choir"))
    share(alice, room_id, bob)
    guest = {
        "@type": "Participant",
        "roles": {"attendee": True},
        "participationStatus": "needs-action",
        "expectReply": True,
    }
    rehearsal = {
        "@type": "Event",
        "title": "Rehearsal",
        "start": f"{today() + timedelta(days=3)}T19:00:00",
        "duration": "PT2H",
        "timeZone": "Europe/Berlin",
        "participants": {bob.owner: guest},
    }
    alice.put(f"rooms/{room_id}/agenda/rehearsal", rehearsal)
    ping = pinged(terminal, room_id, voice, bob.owner, "Rehearsal")
    check_plain(ping)
    assert ping.msgtype == "m.text"
    eventually(lambda: "rehearsal" in bob.uids(room_id), what="bob has the event")
    terminal.react(room_id, ping.event_id, key)
    eventually(lambda: answer_of(alice, room_id, bob) == answer, what="alice sees the answer")
    assert answer_of(bob, room_id, bob) == answer


def test_an_event_that_is_typed_on_a_phone_stands_in_the_agenda(
    phone: JsClient, alice: Person, voice: str, names: Names
) -> None:
    room_id = alice.collection(names.next("Appointments"))
    typed = phone.send(room_id, "!agenda tomorrow 10-11 physio")
    phone.reads(room_id, "physio", by=voice, after=typed)
    after, before = f"{today()}T00:00:00", f"{today() + timedelta(days=3)}T00:00:00"
    found = alice.get("agenda", after=after, before=before)["occurrences"]
    [shown] = [each for each in found if each["room_id"] == room_id]
    assert (shown["local_start"][11:16], shown["local_end"][11:16]) == ("10:00", "11:00")
