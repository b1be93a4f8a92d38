"""Calls from one twin to another."""

from typing import Any

import pytest

from tests.contract.conftest import Side, World
from twin_module.core.errors import BadJson, Forbidden, NotFound, Unreachable
from twin_module.testing.person import eventually


def call(caller: Side, server: str, body: dict[str, Any], path: str = "live") -> Any:
    """Call a twin."""
    return caller.run(caller.port.call(server, path, body))


def about(caller: Side, room_id: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a call that says where a cursor is."""
    port = caller.port
    body = {"room_id": room_id, "type": "org.digitaltwin.doc.awareness", "uid": "doc"}
    once = {"id": port.new_uid(), "ts": port.now(), "sender": port.owner, "awareness": "AA"}
    return {**body, **once, **changes}


@pytest.fixture(autouse=True)
def know_each_other(alice: Side, bob: Side, shared: str) -> None:
    """Wait until both servers know who is in the room; a join tells that a moment later."""
    people = {alice.port.owner, bob.port.owner}
    for side in (alice, bob):
        eventually(
            lambda side=side: {side.membership(shared, each) for each in people} == {"join"},  # type: ignore[misc]  # bound early
            what="everybody is known",
        )


def test_a_call_is_answered(alice: Side, bob: Side, shared: str) -> None:
    assert call(alice, bob.port.server_name, about(alice, shared)) == {}
    assert call(bob, alice.port.server_name, about(bob, shared)) == {}


def test_who_calls_is_known_by_the_signature(alice: Side, bob: Side, shared: str) -> None:
    with pytest.raises(Forbidden, match="is not of"):
        call(bob, alice.port.server_name, about(bob, shared, sender=alice.port.owner))


def test_a_call_is_taken_once(alice: Side, bob: Side, shared: str) -> None:
    body = about(alice, shared)
    assert call(alice, bob.port.server_name, body) == {}
    with pytest.raises(Forbidden, match="before"):
        call(alice, bob.port.server_name, body)


def test_a_room_that_is_not_shared_is_forbidden(alice: Side, bob: Side) -> None:
    with pytest.raises(Forbidden):
        call(bob, alice.port.server_name, about(bob, alice.collection()))


def test_what_is_no_call_is_bad(alice: Side, bob: Side, shared: str) -> None:
    for body in ({"room_id": shared}, about(alice, shared, ts="now")):
        with pytest.raises(BadJson):
            call(alice, bob.port.server_name, body)


def test_another_call_is_not_found(alice: Side, bob: Side, shared: str) -> None:
    with pytest.raises(NotFound):
        call(alice, bob.port.server_name, about(alice, shared), "other")


def test_servers_that_do_not_answer_when_they_are_greeted_are_named(
    world: World, alice: Side, bob: Side, shared: str
) -> None:
    people = [bob.port.owner, f"@nobody:{bob.port.server_name}", "@dave:localhost:1"]
    assert alice.run(alice.port.greet(people, 2)) == ["localhost:1"]
    with world.cut_off("bob"):
        silent = alice.run(alice.port.greet(people[:1], 2))
    assert silent == [bob.port.server_name]


def test_a_server_that_does_not_answer_is_unreachable(
    world: World, alice: Side, bob: Side, shared: str
) -> None:
    with world.cut_off("bob"), pytest.raises(Unreachable):
        call(alice, bob.port.server_name, about(alice, shared))
    with pytest.raises(Unreachable):
        call(alice, "localhost:1", about(alice, shared))
    assert call(alice, bob.port.server_name, about(alice, shared)) == {}
