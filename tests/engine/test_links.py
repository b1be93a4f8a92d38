"""Published links over a fake homeserver: who may publish, what is opened, and when no longer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import DOC, TASK, Home, settle, share, task
from twin_module.core.effects import Put, remove
from twin_module.core.errors import Forbidden, InvalidParam, NotFound, NotProvable
from twin_module.core.proof import verify
from twin_module.core.state import frozen
from twin_module.engine import links
from twin_module.engine.links import LINKS, OPENS_NOTHING, Listed
from twin_module.engine.proofs import Proofs
from twin_module.testing.driver import run


@pytest.fixture
def bread(alice: Home, room: str) -> str:
    """A task in the collection."""
    alice.write(room, task("bread", "Buy bread"))
    settle(alice)
    return "bread"


def publish(home: Home, room_id: str, uid: str | None = None, expires: int | None = None) -> Listed:
    room = run(home.twin.joined_room(room_id))
    name = None if uid is None else "tasks"
    return run(home.twin.links.publish(room, name, uid, expires))


def title(home: Home, token: str, *named: str) -> str | None:
    opened = run(home.twin.links.opened(token))
    return run(home.twin.links.object(opened, *named)).title


def opens_nothing(home: Home, token: str, *named: str) -> bool:
    with pytest.raises(NotFound) as refused:
        title(home, token, *named)
    assert refused.value.message == OPENS_NOTHING
    assert not refused.value.fields
    return True


def listed(home: Home) -> list[tuple[str, str | None]]:
    return [(each.title, each.note) for each in run(home.twin.links.listed())]


def test_a_published_object_is_opened_as_it_is_now(alice: Home, room: str, bread: str) -> None:
    token = publish(alice, room, bread).link.token
    assert title(alice, token) == "Buy bread"
    alice.write(room, task(bread, "Buy butter"))
    settle(alice)
    assert title(alice, token) == title(alice, token, "tasks", bread) == "Buy butter"
    assert listed(alice) == [("Buy butter", None)]


def test_a_link_to_an_object_opens_nothing_beside_it(alice: Home, room: str, bread: str) -> None:
    alice.write(room, task("milk", "Buy milk"))
    settle(alice)
    token = publish(alice, room, bread).link.token
    for named in (("tasks", "milk"), ("docs", bread), ("circles", "self"), ("nothing", bread)):
        assert opens_nothing(alice, token, *named)


def test_a_published_collection_opens_its_objects_and_no_others(alice: Home, room: str) -> None:
    other = alice.collection("Other")
    for where, uid in ((room, "one"), (room, "two"), (other, "secret")):
        alice.write(where, task(uid, uid))
    alice.write(room, Put(DOC, "doc", frozen({"@type": "Document", "title": "A text"})))
    circle = alice.circle("Family", bob="viewer")
    alice.command("circles", "share", room_id=room, circle=circle, role="viewer")
    settle(alice)
    token = publish(alice, room).link.token
    assert title(alice, token, "tasks", "one") == "one"
    for named in ((), ("tasks", "secret"), ("circles", circle), ("tasks", "a\x00"), ("tasks", "")):
        assert opens_nothing(alice, token, *named)
    opened = run(alice.twin.links.opened(token))
    found, after = [], None
    while True:
        page = run(alice.twin.links.page(opened, 1, after))
        found += [each.uid for each in page.records]
        after = page.next
        if after is None:
            break
        assert room not in json.dumps(after)
    assert sorted(found) == ["doc", "one", "two"]


@pytest.mark.parametrize("after", ["", "x", "W10", "WyJhIiwiYiIsImMiXQ", "WzksImEiLCJiIl0", "\x00"])
def test_a_page_token_of_ones_own_making_is_refused_or_reaches_no_other_room(
    after: str, alice: Home, room: str, bread: str
) -> None:
    other = alice.collection("Other")
    alice.write(other, task("secret", "secret"))
    settle(alice)
    opened = run(alice.twin.links.opened(publish(alice, room).link.token))
    try:
        page = run(alice.twin.links.page(opened, 10, after))
    except InvalidParam:
        return
    assert {each.room_id for each in page.records} <= {room}


# When a link opens nothing any more


def removed(home: Home, room: str, link: Listed) -> None:
    home.write(room, remove(TASK, "bread"))


def redacted(home: Home, room: str, link: Listed) -> None:
    home.server.redact(room, home.server.rooms[room].current[TASK, "bread"])


def left(home: Home, room: str, link: Listed) -> None:
    run(home.port.set_membership(room, home.owner, "leave", ""))


def taken_back(home: Home, room: str, link: Listed) -> None:
    run(home.twin.links.revoke(link.link.id))


def over(home: Home, room: str, link: Listed) -> None:
    home.network.now += 60_000


def lost_its_key(home: Home, room: str, link: Listed) -> None:
    home.server.keys.rotate(home.network.now)
    home.server.keys.old.clear()


def changed_by_a_client(home: Home, room: str, link: Listed) -> None:
    record = {**link.link.record(), "made": link.link.made + 1}
    run(home.port.put_account_data(LINKS, {"links": {link.link.id: record}}))


@pytest.mark.parametrize(
    ("happens", "note"),
    [
        (removed, "The object was removed."),
        (redacted, "The object was removed."),
        (left, "This twin is no longer in the room."),
        (taken_back, None),
        (over, "It is over."),
        (lost_its_key, "It is not signed"),
        (changed_by_a_client, "It is not signed"),
    ],
)
def test_what_is_no_longer_to_be_shown_looks_like_what_never_was(
    happens: Callable[[Home, str, Listed], None],
    note: str | None,
    alice: Home,
    room: str,
    bread: str,
) -> None:
    link = publish(alice, room, bread, alice.network.now + 60_000)
    assert title(alice, link.link.token) == "Buy bread"
    happens(alice, room, link)
    settle(alice)
    assert opens_nothing(alice, link.link.token)
    if note is None:
        assert listed(alice) == []
    else:
        [(name, said)] = listed(alice)
        assert name == "Buy bread"
        assert said is not None
        assert said.startswith(note)


def test_links_outlive_another_key_a_restart_and_a_reindex(
    alice: Home, room: str, bread: str
) -> None:
    token = publish(alice, room, bread).link.token
    alice.network.now += 1000
    alice.server.keys.rotate(alice.network.now)
    alice.restart()
    run(alice.twin.projector.rebuild())
    settle(alice)
    assert title(alice, token) == "Buy bread"


def test_a_link_of_another_twin_opens_nothing(alice: Home, bob: Home, room: str) -> None:
    alice.write(room, task("bread", "Buy bread"))
    theirs = bob.collection()
    bob.write(theirs, task("bread", "Buy bread"))
    settle(alice, bob)
    link = publish(bob, theirs, "bread").link
    assert opens_nothing(alice, link.token)
    record = {**link.record(), "room_id": room}
    run(alice.port.put_account_data(LINKS, {"links": {link.id: record}}))
    assert opens_nothing(alice, link.token)


# Who may publish


def test_only_who_made_a_room_and_its_admins_may_publish_what_is_in_it(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    alice.write(room, task("bread", "Buy bread"))
    settle(alice, bob)
    with pytest.raises(Forbidden, match="only who made it and its admins may publish it"):
        publish(bob, room, "bread")
    levels = alice.content(room, "m.room.power_levels")

    def make(power: int) -> None:
        new = {**levels, "users": {bob.owner: power}}
        run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(new))))
        settle(alice, bob)

    make(50)
    token = publish(bob, room, "bread").link.token
    assert title(bob, token) == "Buy bread"
    make(25)
    assert opens_nothing(bob, token)
    [(_, note)] = listed(bob)
    assert note is not None
    assert "you are editor there" in note


def test_circles_and_the_index_are_never_published(alice: Home, room: str) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice)
    [index] = [each.room_id for each in alice.rooms().values() if each.kind == "index"]
    for room_id in (circle, index):
        with pytest.raises(Forbidden, match="can't be published"):
            publish(alice, room_id)
    with pytest.raises(Forbidden, match="Of circles, nothing can be published"):
        run(alice.twin.links.publish(alice.rooms()[room], "circles", "self", None))


@pytest.mark.parametrize("uid", ["none", "", "a\x00b", "@alice:alice.example"])
def test_what_is_not_there_is_not_published(uid: str, alice: Home, room: str) -> None:
    with pytest.raises(NotFound):
        publish(alice, room, uid)


def test_a_time_that_is_over_is_refused(alice: Home, room: str) -> None:
    for expires in (alice.network.now, 0):
        with pytest.raises(InvalidParam):
            publish(alice, room, None, expires)


def test_links_have_a_limit_and_those_that_are_over_make_place(
    alice: Home, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MOST", 2)
    publish(alice, room, None, alice.network.now + 10)
    kept = publish(alice, room)
    with pytest.raises(InvalidParam, match="take some back"):
        publish(alice, room)
    alice.network.now += 10
    newest = publish(alice, room)
    found = [each.link for each in run(alice.twin.links.listed())]
    assert found == [newest.link, kept.link]
    with pytest.raises(InvalidParam):
        publish(alice, room)


def test_a_link_that_is_not_there_can_not_be_taken_back(alice: Home) -> None:
    with pytest.raises(NotFound, match="no link"):
        run(alice.twin.links.revoke("none"))


@pytest.mark.parametrize(
    "content", [{"links": []}, {"links": None}, {"links": {"a": None, "": {}}}, {"links": "x"}, {}]
)
def test_what_a_client_wrote_in_a_wrong_shape_is_no_link(
    content: Any, alice: Home, room: str
) -> None:
    run(alice.port.put_account_data(LINKS, {**content, "mine": 1}))
    assert listed(alice) == []
    token = publish(alice, room).link.token
    run(alice.twin.links.opened(token))
    assert alice.server.account_data[LINKS]["mine"] == 1


# What a stranger does not make the twin do


def test_no_other_server_is_asked_for_a_text_or_for_keys(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    text = "x" * 40_000
    bob.command("docs", "create", room_id=room, uid="long", title="Long", text=text)
    settle(alice, bob)
    listed = run(alice.twin.links.publish(alice.rooms()[room], "docs", "long", None))
    opened = run(alice.twin.links.opened(listed.link.token))
    record = run(alice.twin.links.object(opened))
    alice.server.fetched.clear()
    alice.server.known_keys.clear()
    with pytest.raises(NotFound):
        run(alice.twin.writer.text(record.event(), ask=False))
    strict = Proofs(alice.port, ask="never")
    key = (room, DOC, "long", record.event_id)
    with pytest.raises(NotProvable):
        run(strict.bundle(*key))
    assert run(alice.twin.writer.text(record.event()))[0] == text
    assert verify(run(Proofs(alice.port).bundle(*key))).proven
    assert run(alice.twin.writer.text(record.event(), ask=False))[0] == text
    assert verify(run(strict.bundle(*key))).proven


def test_what_no_longer_fits_is_shown_as_it_last_did(alice: Home) -> None:
    room = alice.collection()
    alice.write(room, task("bread", "Buy bread"))
    settle(alice)
    token = publish(alice, room, "bread").link.token
    before = run(alice.twin.links.object(run(alice.twin.links.opened(token)))).event()
    alice.server.write(room, TASK, "bread", {"title": 5})
    settle(alice)
    assert run(alice.twin.links.object(run(alice.twin.links.opened(token)))).event() == before
