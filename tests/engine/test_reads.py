"""What calls that read ask of the database: one transaction each, whatever they find."""

from typing import Any

import pytest

from tests.engine.conftest import Home, settle, task
from twin_module.core.effects import remove
from twin_module.core.errors import NotFound
from twin_module.rest.lists import list_objects
from twin_module.rest.objects import read_object
from twin_module.rest.route import Answer, Call, Handler
from twin_module.testing.driver import run


def call(room_id: str | None, **fields: Any) -> Call:
    """Return a call about the task `a`, or a list, of a room."""
    path = {} if room_id is None else {"room_id": room_id, "capability": "tasks", "uid": "a"}
    return Call(path=path, query={}, body=None, **fields)


def asked(alice: Home, monkeypatch: pytest.MonkeyPatch, handler: Handler, each: Call) -> Answer:
    """Answer a call, for which one transaction has to do."""
    began: list[str] = []
    transact = alice.port.transact

    async def answered() -> Answer:
        return await handler(alice.twin, each)

    async def counted(name: str, work: Any) -> Any:
        began.append(name)
        return await transact(name, work)

    with monkeypatch.context() as patch:
        patch.setattr(alice.port, "transact", counted)
        try:
            return run(answered())
        finally:
            assert len(began) == 1, began


def test_a_read_is_one_transaction(alice: Home, room: str, monkeypatch: pytest.MonkeyPatch) -> None:
    alice.write(room, task("a"), task("b"))
    settle(alice)
    found = asked(alice, monkeypatch, read_object, call(room))
    assert '"uid":"a"' in found.body
    for where in (room, None):
        listed = asked(alice, monkeypatch, list_objects, call(where))
        assert listed.body.count('"uid"') == 2
        known = call(where, known=frozenset([listed.tag]))
        assert asked(alice, monkeypatch, list_objects, known).status == 304


def test_a_read_that_finds_nothing_is_one_transaction_too(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.write(room, task("a"))
    alice.write(room, remove(task("a").type, "a"))
    settle(alice)
    with pytest.raises(NotFound, match="no object 'a'"):
        asked(alice, monkeypatch, read_object, call(room))
    for handler in (read_object, list_objects):
        with pytest.raises(NotFound, match="in no room !nowhere"):
            asked(alice, monkeypatch, handler, call("!nowhere"))
