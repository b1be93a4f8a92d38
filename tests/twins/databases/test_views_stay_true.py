"""Whatever happens, a twin's tables become equal to what is current in its rooms."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

import pytest

from twin_module.testing.digest import differences, digest
from twin_module.testing.person import CLIENT, Person, eventually
from twin_module.testing.twins import Twin, TwinNetwork, person_at

TASK_TYPE: Final = "org.digitaltwin.task"


def task(title: str, **more: Any) -> dict[str, Any]:
    return {"@type": "Task", "title": title, **more}


def true(*twins: Twin) -> None:
    """Wait until the tables of twins are what their rooms say."""
    for twin in twins:
        eventually(lambda twin=twin: _no(differences(twin)), what=f"the view of {twin.owner}")  # type: ignore[misc]


def _no(found: list[str]) -> bool:
    assert not found, found[:5]
    return True


def same(room: str, *twins: Twin) -> None:
    """Wait until twins hold the same objects of a room, and all of it is true."""

    def of(twin: Twin) -> dict[Any, Any]:
        return {key: value for key, value in digest(twin).items() if key[0] == room}

    first, *others = twins
    eventually(lambda: of(first) and all(of(other) == of(first) for other in others))
    true(*twins)


@pytest.fixture
def shared(alice: Person, bob: Person) -> str:
    """A populated collection of Alice's in which Bob writes as well."""
    room = alice.collection("Shared")
    alice.post(
        f"rooms/{room}/objects",
        {
            "objects": [
                {
                    "capability": "tasks",
                    "uid": f"t{number:02}",
                    "content": task(f"Task {number}", keywords={"a": True, "b": True}),
                }
                for number in range(20)
            ]
        },
    )
    circle = alice.command("circles", "create", name="Two", members={bob.owner: "editor"})
    alice.command("circles", "share", room_id=room, circle=circle["room_id"])
    bob.accept(room)
    eventually(lambda: bob.get(f"collections/{room}")["role"] == "editor", what="Bob may write")
    return room


def test_after_a_join_of_a_populated_room(
    alices_twin: Twin, bobs_twin: Twin, bob: Person, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    assert len(bob.uids(shared)) == 20


def test_after_writes_of_both(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    for number in range(5):
        alice.put(f"rooms/{shared}/tasks/a{number}", task("Alice's", priority=number))
        bob.put(f"rooms/{shared}/tasks/b{number}", task("Bob's", keywords={"bob": True}))
        alice.command("tasks", "complete", room_id=shared, uid=f"t{number:02}")
        bob.command("tasks", "remove", room_id=shared, uid=f"t{number + 5:02}")
    same(shared, alices_twin, bobs_twin)
    assert len(alice.uids(shared)) == 25


@pytest.mark.parametrize("away", ["alice", "bob"])
def test_after_conflicting_writes_on_both_sides_of_a_cut(
    away: str, network: TwinNetwork, alice: Person, bob: Person, shared: str
) -> None:
    twins = (network.twins["alice"], network.twins["bob"])
    same(shared, *twins)
    with network.cut_off(away):
        for number in range(6):
            alice.put(f"rooms/{shared}/tasks/t{number:02}", task(f"Alice's {number}"))
            bob.put(f"rooms/{shared}/tasks/t{number + 3:02}", task(f"Bob's {number}"))
        alice.put(f"rooms/{shared}/tasks/new", task("Alice's new one"))
        bob.put(f"rooms/{shared}/tasks/new", task("Bob's new one"))
        bob.command("tasks", "remove", room_id=shared, uid="t00")
        true(*twins)
    # Something said on each side after the cut tells the other what it has not heard of.
    alice.put(f"rooms/{shared}/tasks/after", task("After"))
    bob.put(f"rooms/{shared}/tasks/later", task("Later"))
    same(shared, *twins)
    assert {"after", "later", "new"} <= set(alice.uids(shared))
    assert alice.get(f"rooms/{shared}/tasks") == bob.get(f"rooms/{shared}/tasks")


def test_after_leaving_and_coming_back(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    bob.post(f"collections/{shared}/leave")
    true(bobs_twin)
    assert bob.ask("GET", f"rooms/{shared}/objects").status == 404
    assert not [key for key in digest(bobs_twin) if key[0] == shared]
    alice.put(f"rooms/{shared}/tasks/meanwhile", task("Meanwhile"))
    eventually(
        lambda: alice.invite(shared, bob.owner).ok() == {},
        what="Alice's server knows that Bob left",
    )
    bob.accept(shared)
    same(shared, alices_twin, bobs_twin)
    assert "meanwhile" in bob.uids(shared)


def test_after_a_kick(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    alice.post(f"{CLIENT}/rooms/{quote(shared)}/kick", {"user_id": bob.owner})
    eventually(
        lambda: bob.ask("GET", f"rooms/{shared}/objects").status == 404, what="Bob's twin knows"
    )
    true(alices_twin, bobs_twin)


def redact(person: Person, room: str, event_id: str) -> None:
    path = f"{CLIENT}/rooms/{quote(room)}/redact/{quote(event_id)}/{event_id[1:9]}"
    person.put(path, {"reason": "a test"})


def test_after_a_redaction_of_what_is_current(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    redact(alice, shared, alice.get(f"rooms/{shared}/tasks/t03")["etag"])
    for person, twin in ((alice, alices_twin), (bob, bobs_twin)):
        eventually(lambda person=person: "t03" not in person.uids(shared))  # type: ignore[misc]
        true(twin)
    same(shared, alices_twin, bobs_twin)


def test_after_a_redaction_of_what_is_no_longer_current(
    alice: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    old = alice.get(f"rooms/{shared}/tasks/t04")["etag"]
    alice.put(f"rooms/{shared}/tasks/t04", task("Newer"))
    redact(alice, shared, old)
    alice.put(f"rooms/{shared}/tasks/marker", task("After the redaction"))
    same(shared, alices_twin, bobs_twin)
    assert alice.get(f"rooms/{shared}/tasks/t04")["title"] == "Newer"


def test_after_a_purge_of_history(
    alice: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    alice.put(f"rooms/{shared}/tasks/t05", task("Newer"))
    same(shared, alices_twin, bobs_twin)
    before = digest(alices_twin)

    message = alice.put(
        f"{CLIENT}/rooms/{quote(shared)}/send/m.room.message/purge",
        {"msgtype": "m.text", "body": "the last one"},
    )["event_id"]

    async def purge_before() -> None:
        hs = alices_twin.homeserver
        store = hs.get_datastores().main
        token = await store.get_topological_token_for_event(message)
        await hs.get_storage_controllers().purge_events.purge_history(
            shared, await token.to_string(store), delete_local_events=True
        )

    alices_twin.thread.wait(purge_before)
    true(alices_twin)
    assert digest(alices_twin) == before
    alice.post("reindex")
    assert digest(alices_twin) == before
    assert differences(alices_twin) == []


def test_after_a_room_was_deleted_by_the_host(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    hs = bobs_twin.homeserver

    async def leave() -> None:
        await hs.get_room_shutdown_handler().shutdown_room(
            shared,
            {
                "requester_user_id": bob.owner,
                "new_room_user_id": None,
                "new_room_name": None,
                "message": None,
                "block": False,
                "purge": True,
                "force_purge": True,
            },
        )

    async def delete() -> bool:
        try:
            await hs.get_pagination_handler().purge_room(shared, force=True)
        except hs.get_datastores().main.database_engine.module.IntegrityError:
            # Synapse goes through all rooms of a new database, and lets none be deleted meanwhile.
            return False
        return True

    bobs_twin.thread.wait(leave)
    eventually(lambda: bobs_twin.thread.wait(delete), what="the room is gone", within=120)
    eventually(
        lambda: bob.ask("GET", f"rooms/{shared}/objects").status == 404, what="Bob's twin knows"
    )
    true(alices_twin, bobs_twin)


def test_after_a_restart(
    alice: Person, bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    bobs_twin.stop()
    alice.put(f"rooms/{shared}/tasks/away", task("While Bob was away"))
    alice.command("tasks", "remove", room_id=shared, uid="t06")
    bobs_twin.start()
    person_at(bobs_twin)
    alices_twin.try_again([bobs_twin])
    same(shared, alices_twin, bobs_twin)
    assert "away" in bob.uids(shared)


def failing_once(twin: Twin, name: str) -> Callable[[], int]:
    """Make the next transaction of a name fail at its very end; returns how often it was tried."""
    homeserver = twin.module.twin.homeserver
    original = homeserver.transact
    tries: list[str] = []

    async def transact(called: str, work: Any) -> Any:
        if called != name:
            return await original(called, work)
        tries.append(called)
        if len(tries) > 1:
            return await original(called, work)

        def broken(cursor: Any) -> Any:
            work(cursor)
            raise RuntimeError("the disk is full, in this test")

        return await original(called, broken)

    homeserver.transact = transact
    return lambda: len(tries)


def test_after_a_transaction_that_failed(
    bob: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    tries = failing_once(alices_twin, "twin_project")
    bob.put(f"rooms/{shared}/tasks/unlucky", task("Unlucky"))
    eventually(lambda: tries() > 1, what="the transaction was tried again")
    same(shared, alices_twin, bobs_twin)
    del alices_twin.module.twin.homeserver.transact


def test_after_rows_were_damaged_by_hand(
    alice: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    where = "WHERE room_id = ? AND uid = ?"
    alices_twin.execute(f"DELETE FROM twin_objects {where}", shared, "t00")
    alices_twin.execute(f"DELETE FROM twin_index {where}", shared, "t01")
    alices_twin.execute(f"UPDATE twin_objects SET title = 'x', removed = 1 {where}", shared, "t02")
    alices_twin.execute(f"UPDATE twin_objects SET content = '{{}}' {where}", shared, "t03")
    alices_twin.execute(
        "INSERT INTO twin_objects (room_id, type, uid, event_id, sender, ts, removed, content,"
        " title, seq) VALUES (?, ?, 'invented', '$x', 'x', 1, 0, '{}', 'x', 1)",
        shared,
        TASK_TYPE,
    )
    alices_twin.execute("UPDATE twin_rooms SET name = 'damaged' WHERE room_id = ?", shared)
    assert len(differences(alices_twin)) >= 5
    alice.post("reindex")
    assert differences(alices_twin) == []
    same(shared, alices_twin, bobs_twin)


def test_after_the_tables_were_dropped(
    alice: Person, alices_twin: Twin, bobs_twin: Twin, shared: str
) -> None:
    same(shared, alices_twin, bobs_twin)
    before = digest(alices_twin)
    for table in ("twin_objects", "twin_index", "twin_rooms", "twin_position", "twin_schema"):
        alices_twin.execute(f"DROP TABLE {table}")
    alices_twin.start_again()
    person_at(alices_twin)
    true(alices_twin)
    assert digest(alices_twin) == before
    assert len(alice.uids(shared)) == 20
