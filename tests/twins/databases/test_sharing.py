"""What two people share through their twins."""

from twin_module.testing.person import Person, eventually


def test_a_list_that_is_shared_with_a_circle_is_edited_on_both_twins(
    alice: Person, bob: Person
) -> None:
    eventually(lambda: alice.ask("GET", "status").status == 200, what="alice is ready")
    eventually(lambda: bob.ask("GET", "status").status == 200, what="bob is ready")
    circle = alice.command("circles", "create", name="Family", members={bob.owner: "editor"})[
        "room_id"
    ]
    groceries = alice.post("collections", {"name": "Groceries"})["room_id"]
    alice.command("circles", "share", room_id=groceries, circle=circle)

    def invited() -> set[str]:
        return {each["room_id"] for each in bob.get("invitations")["invitations"]}

    eventually(lambda: {circle, groceries} <= invited(), what="bob is invited")
    bob.post(f"invitations/{circle}/accept")
    bob.post(f"invitations/{groceries}/accept")
    added = alice.command("tasks", "add", room_id=groceries, title="Buy bread")
    uid = added["objects"][0]["uid"]
    eventually(
        lambda: [t["uid"] for t in bob.get(f"rooms/{groceries}/tasks")["tasks"]] == [uid],
        what="bob sees the task",
    )
    bob.command("tasks", "complete", room_id=groceries, uid=uid)
    eventually(
        lambda: alice.get(f"rooms/{groceries}/tasks/{uid}")["content"]["progress"] == "completed",
        what="alice sees that it is done",
    )
