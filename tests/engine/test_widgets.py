"""Widgets over a fake homeserver: offered, withdrawn, and what ends them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.engine.conftest import Home, crash_everywhere, settle, share, task
from twin_module.core.effects import Put, remove
from twin_module.core.errors import Forbidden, NotFound, TwinError
from twin_module.core.link import Link
from twin_module.core.state import frozen
from twin_module.core.widget import PAGE, WIDGET, token_in
from twin_module.engine.links import LINKS, OPENS_NOTHING
from twin_module.engine.widgets import LOOK_AGAIN_MS
from twin_module.testing.driver import run


def offer(home: Home, room_id: str) -> str:
    return run(home.twin.widgets.offer(room_id))


def withdraw(home: Home, room_id: str) -> None:
    run(home.twin.widgets.withdraw(room_id))


def shown(home: Home, room_id: str) -> Any:
    return home.content(room_id, WIDGET, home.owner)


def token(home: Home, room_id: str) -> str | None:
    """Return the token that stands in a room."""
    return token_in(home.server.state(room_id), home.owner)


def offered(home: Home, room_id: str) -> str:
    """Offer a widget and return its token."""
    offer(home, room_id)
    found = token(home, room_id)
    assert found is not None
    return found


def opens(home: Home, found: str) -> bool:
    try:
        run(home.twin.widgets.opened(found))
    except NotFound:
        return False
    return True


def links(home: Home) -> list[Link]:
    return [each.link for each in run(home.twin.links.listed())]


def test_a_widget_is_offered_as_state_that_clients_read_and_opens_its_collection(
    alice: Home, room: str
) -> None:
    alice.write(room, task("bread", "Buy bread"))
    settle(alice)
    url = offer(alice, room)
    content = shown(alice, room)
    assert content["url"] == url
    assert url.startswith(f"https://alice.example{PAGE}#token=")
    assert (content["id"], content["creatorUserId"]) == (alice.owner, alice.owner)
    assert (content["type"], content["name"]) == ("m.custom", "List")
    found = token(alice, room)
    assert found is not None
    opened = run(alice.twin.widgets.opened(found))
    assert opened.room.room_id == room
    page = run(alice.twin.links.page(opened, 10, None))
    assert [each.uid for each in page.records] == ["bread"]


def test_offering_twice_changes_nothing(alice: Home, room: str) -> None:
    url = offer(alice, room)
    event_id = alice.server.rooms[room].current[WIDGET, alice.owner]
    settle(alice)
    assert offer(alice, room) == url
    assert alice.server.rooms[room].current[WIDGET, alice.owner] == event_id
    assert len(links(alice)) == 1


def test_all_reasons_to_open_nothing_look_the_same(alice: Home, room: str) -> None:
    found = offered(alice, room)
    withdraw(alice, room)
    for each in (found, "one.two", "", f"x.{'A' * 86}"):
        with pytest.raises(NotFound) as refused:
            run(alice.twin.widgets.opened(each))
        assert refused.value.message == OPENS_NOTHING
        assert not refused.value.fields


def test_a_token_of_a_widget_opens_nothing_as_a_link_and_that_of_a_link_no_widget(
    alice: Home, room: str
) -> None:
    found = offered(alice, room)
    with pytest.raises(NotFound):
        run(alice.twin.links.opened(found))
    published = run(alice.twin.links.publish(alice.rooms()[room], None, None, None))
    assert not opens(alice, published.link.token)


def test_what_a_widget_opens_can_not_be_changed_by_a_client(alice: Home, room: str) -> None:
    """A record is in the owner's account data, where any app of theirs may write."""
    found = offered(alice, room)
    other = alice.collection("Other")
    settle(alice)
    [link] = links(alice)
    for change in ({"room_id": other}, {"widget": "x"}, {"widget": None}, {"widget": 5}):
        record = {**link.record(), **change}
        run(alice.port.put_account_data(LINKS, {"links": {link.id: record}}))
        assert not opens(alice, found)
    without = {name: value for name, value in link.record().items() if name != "widget"}
    run(alice.port.put_account_data(LINKS, {"links": {link.id: without}}))
    assert not opens(alice, found)
    with pytest.raises(NotFound):
        run(alice.twin.links.opened(found))


# When it ends


def withdrawn(home: Home, room: str) -> None:
    withdraw(home, room)


def taken_back_in_the_list(home: Home, room: str) -> None:
    [link] = links(home)
    run(home.twin.links.revoke(link.id))


def removed_in_a_client(home: Home, room: str) -> None:
    run(home.port.send_state(room, remove(WIDGET, home.owner)))


def replaced_in_a_client(home: Home, room: str) -> None:
    content = {"type": "m.custom", "url": "https://elsewhere.example/"}
    run(home.port.send_state(room, Put(WIDGET, home.owner, frozen(content))))


def left(home: Home, room: str) -> None:
    run(home.port.set_membership(room, home.owner, "leave", ""))


@pytest.mark.parametrize(
    "happens",
    [withdrawn, taken_back_in_the_list, removed_in_a_client, replaced_in_a_client, left],
)
def test_a_widget_that_ended_opens_nothing_and_leaves_nothing_behind(
    happens: Callable[[Home, str], None], alice: Home, room: str
) -> None:
    found = offered(alice, room)
    settle(alice)
    assert opens(alice, found)
    happens(alice, room)
    # Before anything was put right.
    if happens is not left:
        assert not opens(alice, found)
    alice.network.now += LOOK_AGAIN_MS
    run(alice.twin.look_again())
    settle(alice)
    assert not opens(alice, found)
    assert links(alice) == []
    if happens is not left:
        assert token(alice, room) is None
    if happens is replaced_in_a_client:
        assert shown(alice, room)["url"] == "https://elsewhere.example/"


def test_a_widget_of_somebody_who_may_no_longer_publish_is_taken_away(
    alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    levels = alice.content(room, "m.room.power_levels")

    def make(power: int) -> None:
        new = {**levels, "users": {bob.owner: power}}
        run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(new))))
        settle(alice, bob)

    with pytest.raises(Forbidden, match="only who made it and its admins"):
        offer(bob, room)
    make(50)
    found = offered(bob, room)
    mine = offered(alice, room)
    settle(alice, bob)
    assert opens(bob, found)
    make(25)
    assert not opens(bob, found)
    assert shown(bob, room) == {}
    assert links(bob) == []
    assert opens(alice, mine), "each twin has a widget of its own"


@pytest.mark.parametrize("how", ["leave", "kick"])
def test_who_left_can_no_longer_read_and_the_others_get_another_address(
    how: str, alice: Home, bob: Home
) -> None:
    room = share(alice, bob)
    before = offered(alice, room)
    settle(alice, bob)
    assert opens(alice, before)
    if how == "kick":
        run(alice.port.set_membership(room, bob.owner, "kick", ""))
        assert not opens(alice, before), "at once, before the twin did anything"
    else:
        run(bob.port.set_membership(room, bob.owner, "leave", ""))
    settle(alice, bob)
    after = token(alice, room)
    assert after is not None
    assert after != before
    assert (opens(alice, before), opens(alice, after)) == (False, True)
    assert [each.token for each in links(alice)] == [after]


def test_who_comes_finds_the_same_address(alice: Home, bob: Home, room: str) -> None:
    found = offered(alice, room)
    run(alice.port.set_membership(room, bob.owner, "invite", ""))
    bob.accept(room)
    settle(alice, bob)
    assert token(alice, room) == found
    assert opens(alice, found)


# What is refused


def test_only_collections_become_widgets(alice: Home, room: str) -> None:
    circle = alice.circle("Family", bob="viewer")
    settle(alice)
    [index] = [each.room_id for each in alice.rooms().values() if each.kind == "index"]
    for room_id in (circle, index):
        with pytest.raises(Forbidden, match="Only a collection"):
            offer(alice, room_id)
    with pytest.raises(NotFound):
        offer(alice, "!nowhere")
    for room_id in (room, circle, "!nowhere"):
        with pytest.raises(NotFound, match="not offered as a widget"):
            withdraw(alice, room_id)
    assert links(alice) == []


def test_where_the_owner_may_not_add_widgets_no_link_is_left(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    levels = alice.content(room, "m.room.power_levels")
    new = {**levels, "users": {bob.owner: 50}, "events": {**levels["events"], WIDGET: 100}}
    run(alice.port.send_state(room, Put("m.room.power_levels", "", frozen(new))))
    settle(alice, bob)
    with pytest.raises(Forbidden, match="may not add widgets"):
        offer(bob, room)
    assert links(bob) == []


def test_nobody_else_can_put_another_address_into_its_place(alice: Home, bob: Home) -> None:
    room = share(alice, bob)
    found = offered(alice, room)
    settle(alice, bob)
    evil = frozen({"type": "m.custom", "url": "https://evil.example/"})
    with pytest.raises(TwinError):
        run(bob.port.send_state(room, Put(WIDGET, alice.owner, evil)))
    settle(alice, bob)
    assert token(alice, room) == found


# Kills


def test_an_offer_that_was_cut_short_leaves_no_link_that_opens_and_can_be_repeated(
    alice: Home, room: str
) -> None:
    def settled(_: str | None) -> None:
        settle(alice)
        url = offer(alice, room)
        settle(alice)
        found = token(alice, room)
        assert found is not None
        assert found in url
        assert [each.token for each in links(alice)] == [found]
        assert opens(alice, found)
        withdraw(alice, room)

    assert crash_everywhere(alice, lambda: offer(alice, room), settled) > 3


def test_a_withdrawal_that_was_cut_short_is_finished_after_the_start(
    alice: Home, room: str
) -> None:
    def act() -> bool:
        offer(alice, room)
        withdraw(alice, room)
        return True

    def settled(done: bool | None) -> None:
        settle(alice)
        found = token(alice, room)
        kept = [each.token for each in links(alice)]
        assert kept == ([] if found is None else [found])
        assert done is None or found is None
        if found is not None:
            withdraw(alice, room)

    assert crash_everywhere(alice, act, settled) > 5
