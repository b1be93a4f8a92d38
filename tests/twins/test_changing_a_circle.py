"""Commands on a circle that is there already."""

from twin_module.testing.person import Person, eventually


def test_a_circle_is_filled_renamed_emptied_and_dissolved(alice: Person, bob: Person) -> None:
    circle = alice.command("circles", "create", name="Choir")["room_id"]

    alice.command("circles", "add", room_id=circle, user_id=bob.owner, role="viewer")
    view = alice.get(f"rooms/{circle}/circles")
    assert view["members"] == [{"user_id": bob.owner, "role": "viewer"}]

    def invited() -> bool:
        return circle in {each["room_id"] for each in bob.get("invitations")["invitations"]}

    eventually(invited, what="bob is invited")
    alice.command("circles", "change", room_id=circle, name="Quartet")
    assert alice.get(f"rooms/{circle}/circles")["name"] == "Quartet"

    alice.command("circles", "remove", room_id=circle, user_id=bob.owner)
    eventually(lambda: not invited(), what="the invitation is taken back")

    alice.command("circles", "dissolve", room_id=circle)
    assert "members" not in alice.get(f"rooms/{circle}/circles")


def test_what_is_not_a_circle_can_not_be_filled(alice: Person, bob: Person) -> None:
    collection = alice.post("collections", {"name": "Not a circle"})["room_id"]
    answer = alice.ask(
        "POST", "commands/circles/add", {"room_id": collection, "user_id": bob.owner}
    )
    assert answer.status == 404
    assert answer.body["errcode"] == "M_NOT_FOUND"
