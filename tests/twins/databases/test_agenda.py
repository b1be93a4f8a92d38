"""An invitation from one twin to another, answered and asked again, on every database."""

from typing import Any

from twin_module.core.event_types import RSVP
from twin_module.testing.person import Person, eventually

WINDOW = {"after": "2027-01-01T00:00:00Z", "before": "2027-02-01T00:00:00Z"}


def found(person: Person, room: str) -> Any:
    return person.get("agenda", **WINDOW, room_id=room)["occurrences"]


def waits(person: Person) -> list[str]:
    return [each["uid"] for each in person.get("agenda/invitations")["occurrences"]]


def test_an_invitation_is_answered_and_another_time_asks_again(alice: Person, bob: Person) -> None:
    room = alice.collection("Dates")
    alice.command(
        "agenda",
        "add",
        room_id=room,
        uid="choir",
        title="Choir",
        start="2099-01-04T18:00:00",
        duration="PT1H",
        timeZone="UTC",
        recurrenceRules=[{"frequency": "weekly", "count": 3}],
        invite=[bob.owner],
    )
    alice.command("agenda", "change", room_id=room, uid="choir", start="2027-01-04T18:00:00")
    alice.invite(room, bob.owner).ok()
    bob.accept(room)
    eventually(lambda: waits(bob) == ["choir"], what="Bob is asked")
    assert [each["start"] for each in found(bob, room)] == [
        *("2027-01-04T18:00:00Z", "2027-01-11T18:00:00Z", "2027-01-18T18:00:00Z")
    ]
    # Bob may only read here, but answers for himself.
    bob.command("agenda", "answer", room_id=room, uid="choir", participationStatus="accepted")
    assert waits(bob) == []
    assert {each["answer"] for each in found(bob, room)} == {"accepted"}

    def seen() -> set[str]:
        return {
            each["content"]["participants"][bob.owner]["participationStatus"]
            for each in found(alice, room)
        }

    eventually(lambda: seen() == {"accepted"}, what="Alice sees the answer")
    alice.command("agenda", "change", room_id=room, uid="choir", start="2027-01-05T18:00:00")
    assert seen() == {"needs-action"}
    eventually(lambda: waits(bob) == ["choir"], what="Bob is asked again")
    forged = {"answers": {"choir": {"participationStatus": "accepted", "answered": "x"}}}
    assert alice.put_state(room, RSVP.type, bob.owner, forged).status == 403
