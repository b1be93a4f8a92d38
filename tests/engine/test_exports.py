"""What an export reads of a twin."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.engine.conftest import TASK, Home, task
from twin_module.core.effects import remove
from twin_module.core.errors import InvalidParam
from twin_module.core.proof import FORMAT, Keys, verify_among
from twin_module.engine import exports
from twin_module.engine.exports import Exports
from twin_module.testing.driver import run
from twin_module.testing.fake_network import FakeNetwork


@pytest.fixture
def alice() -> Iterator[Home]:
    home = Home(FakeNetwork(), "alice").start()
    yield home
    home.server.close()


def pages(home: Home) -> list[list[Mapping[str, Any]]]:
    found, token = [], None
    while True:
        page = run(Exports(home.port).objects(token))
        found.append(list(page["objects"]))
        token = page.get("next_batch")
        if token is None:
            return found


def tasks(home: Home) -> list[Mapping[str, Any]]:
    return [each for page in pages(home) for each in page if each["type"] == TASK]


def fill(home: Home, *uids: str, title: str = "Bread") -> str:
    room = home.collection()
    for uid in uids:
        home.write(room, task(uid, title))
    run(home.twin.projector.catch_up())
    return room


def test_every_object_comes_once_in_order_with_its_signed_event(alice: Home) -> None:
    uids = [f"t{number:03}" for number in range(exports.STEP * 2)]
    rooms = [fill(alice, *uids), fill(alice, "a", "b")]
    found = tasks(alice)
    keys = [(each["room_id"], each["uid"]) for each in found]
    assert keys == sorted([(rooms[0], uid) for uid in uids] + [(rooms[1], "a"), (rooms[1], "b")])
    documents = run(alice.port.key_documents(alice.server.name))
    among = Keys({alice.server.name: list(documents)})
    for each in found:
        verdict, _ = verify_among({**each, "format": FORMAT}, among)
        assert verdict.proven, verdict.problems
        assert each["event"]["state_key"] == each["uid"]


def test_pages_end_by_count_and_by_bytes(alice: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(alice, *(f"t{number:03}" for number in range(exports.STEP * 4)))
    whole = tasks(alice)
    monkeypatch.setattr(exports, "PAGE", exports.STEP * 2)
    counted = pages(alice)
    assert max(map(len, counted)) == exports.STEP * 2
    monkeypatch.setattr(exports, "PAGE_BYTES", 1)
    cut = pages(alice)
    assert max(map(len, cut)) == exports.STEP
    for several in (counted, cut):
        assert [each for page in several for each in page if each["type"] == TASK] == whole


def test_removed_objects_and_rooms_that_were_left_are_not_there(alice: Home) -> None:
    room = fill(alice, "a", "b")
    other = fill(alice, "c")
    alice.write(room, remove(TASK, "a"))
    run(alice.port.set_membership(other, alice.owner, "leave", ""))
    run(alice.twin.projector.catch_up())
    assert [(each["room_id"], each["uid"]) for each in tasks(alice)] == [(room, "b")]


def test_the_last_version_that_fits_comes_with_what_is_wrong_with_the_newest(alice: Home) -> None:
    room = fill(alice, "a")
    [good] = tasks(alice)
    alice.server.write(room, TASK, "a", {"title": 7}, sender=alice.owner)
    run(alice.twin.projector.catch_up())
    [found] = tasks(alice)
    assert found["event_id"] == good["event_id"]
    assert "problem" in found
    assert "problem" not in good


@pytest.mark.parametrize(
    "token", ["x", "W10", "WzEsMiwzXQ", "WyJhIiwiYiJd", "é", "WyJcdWQ4MDAiLCIiLCIiXQ"]
)
def test_a_token_of_somebody_else_is_refused(token: str, alice: Home) -> None:
    with pytest.raises(InvalidParam):
        run(Exports(alice.port).objects(token))
