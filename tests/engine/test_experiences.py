"""Which apps wrote for the owner."""

from typing import Any

from tests.engine.conftest import TASK, Home, settle, share, task
from twin_module.core.state import NAMESPACE
from twin_module.engine import store, versions
from twin_module.testing.driver import run


def write(home: Home, room_id: str, uid: str, app: str | None, title: str = "Bread") -> None:
    """Write a task as an app does that says its name, or none, and let a second pass."""
    run(home.twin.writer.write(room_id, [task(uid, title)], experience=app))
    home.network.pass_time(1)


def experiences(home: Home) -> list[tuple[str, int, int]]:
    settle(home)
    found: list[tuple[str, int, int]] = home.read(versions.experiences, home.owner, 10)
    return found


def names(home: Home) -> list[tuple[str, int]]:
    return [(name, objects) for name, _, objects in experiences(home)]


def test_an_app_is_listed_with_what_it_wrote_the_one_used_last_first(
    alice: Home, room: str
) -> None:
    assert experiences(alice) == []
    write(alice, room, "a", "Lists")
    write(alice, room, "b", "Lists")
    write(alice, room, "b", "Lists", "Milk")
    write(alice, room, "c", None)
    write(alice, room, "a", "Garden", "Soil")
    now = alice.network.now
    assert experiences(alice) == [("Garden", now - 1000, 1), ("Lists", now - 3000, 2)]
    assert alice.read(versions.experiences, alice.owner, 1) == [("Garden", now - 1000, 1)]


def test_only_what_the_owner_wrote_counts(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    write(bob, room, "a", "Bob's app")
    assert experiences(alice) == []
    assert names(bob) == [("Bob's app", 1)]


def test_a_name_that_is_none_does_not_count(alice: Home, room: str) -> None:
    for number, said in enumerate([5, "", "a\nb", "x" * 300, {"a": 1}, None]):
        content: Any = {"@type": "Task", "title": "Bread", NAMESPACE: {"experience": said}}
        alice.server.write(room, TASK, f"t{number}", content)
    assert experiences(alice) == []


def test_what_was_redacted_says_nothing_any_more(alice: Home, room: str) -> None:
    write(alice, room, "a", "Lists")
    assert names(alice) == [("Lists", 1)]
    alice.server.redact(room, alice.server.state(room)[TASK, "a"].event_id)
    assert names(alice) == []


def test_a_twin_from_before_finds_the_apps_of_what_is_current(alice: Home, room: str) -> None:
    write(alice, room, "a", "Lists")
    settle(alice)
    assert versions.add_experiences in store.SCHEMA

    def as_before_that_step(cursor: Any) -> None:
        cursor.execute("DROP INDEX twin_versions_experience")
        cursor.execute("ALTER TABLE twin_versions DROP COLUMN experience")
        versions.add_experiences(cursor)
        versions.add_experiences(cursor)

    alice.read(as_before_that_step)
    alice.restart()
    settle(alice)
    assert names(alice) == [("Lists", 1)]
    assert alice.tables() == alice.truth()
