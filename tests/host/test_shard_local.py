"""Twins of one host reach each other over their sockets; their names lead nowhere."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from twisted.internet.defer import succeed

from tests.host.shard_world import World, server_name_of, short_folder, world
from twin_module.host.places import Places
from twin_module.host.shard.local import LocalAgent, is_here
from twin_module.testing.person import CLIENT, eventually
from twin_module.testing.reactor import ReactorThread

pytestmark = pytest.mark.twins


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    with world(reactor_thread) as made:
        made.make("alice", "bob")
        yield made


def test_two_twins_meet_in_a_room_without_the_network(twins: World) -> None:
    twins.load("alice", "bob")
    room = _common_room(twins)
    sent = twins.do(
        "alice",
        "PUT",
        f"{CLIENT}/rooms/{room}/send/m.room.message/1",
        {"msgtype": "m.text", "body": "Good morning"},
    )["event_id"]
    path = f"{CLIENT}/rooms/{room}/event/{quote(sent)}"
    token = twins.token("bob")
    eventually(lambda: twins.ask("bob", "GET", path, token=token).status == 200, what="bob has it")
    eventually(lambda: twins.why_awake("alice") is None, what="alice's twin owes nothing")
    assert twins.tenants["alice"].queue == 0


def test_a_twin_fetches_media_from_its_neighbour(twins: World) -> None:
    twins.load("alice", "bob")
    token = twins.token("alice")
    with twins.connected("alice") as connection:
        connection.request(
            "POST",
            "/_matrix/media/v3/upload?filename=a.txt",
            b"so small" * 10_000,
            {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"},
        )
        uri = json.loads(connection.getresponse().read())["content_uri"]
    path = f"/_matrix/client/v1/media/download/{uri.removeprefix('mxc://')}"
    assert twins.do("bob", "GET", path) == b"so small" * 10_000


def test_what_a_sleeping_neighbour_is_told_reaches_it_at_its_wake(twins: World) -> None:
    twins.load("alice", "bob")
    room = _common_room(twins)
    eventually(lambda: twins.why_awake("bob") is None, what="bob's twin is quiet")
    twins.unload("bob")
    sent = twins.do(
        "alice",
        "PUT",
        f"{CLIENT}/rooms/{room}/send/m.room.message/1",
        {"msgtype": "m.text", "body": "Are you there?"},
    )["event_id"]
    eventually(lambda: "sends to" in (twins.why_awake("alice") or ""), what="alice's twin sends")
    twins.load("bob")
    token = twins.token("bob")
    path = f"{CLIENT}/rooms/{room}/event/{quote(sent)}"
    eventually(lambda: twins.ask("bob", "GET", path, token=token).status == 200, what="bob has it")


def _common_room(twins: World) -> str:
    # It comes by itself otherwise.
    room = twins.do("alice", "POST", f"{CLIENT}/createRoom", {"preset": "private_chat"})["room_id"]
    twins.do(
        "alice", "POST", f"{CLIENT}/rooms/{quote(room)}/invite", {"user_id": twins.user("bob")}
    )
    twins.do("bob", "POST", f"{CLIENT}/join/{quote(room)}?via={server_name_of('alice')}", {})
    return str(quote(room))


# Who is here


@pytest.fixture
def places() -> Iterator[Places]:
    with short_folder() as data:
        made = Places(data)
        made.run.mkdir()
        yield made


def _listen(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def test_a_server_with_a_socket_is_here(places: Places) -> None:
    _listen(places.socket("alice.twin.test"))
    _listen(places.socket("localhost:8448"))
    assert is_here(places, "alice.twin.test")
    assert is_here(places, "localhost:8448")
    assert not is_here(places, "bob.twin.test")


def test_no_name_of_a_server_leads_to_another_socket(places: Places) -> None:
    _listen(places.control)
    _listen(places.data / "outside.sock")
    places.socket("a-file").touch()
    for name in ("keeper", "../outside", "a-file", "", "a\0b", "x" * 5000):
        assert not is_here(places, name), name


def test_a_socket_that_this_process_may_not_use_is_not_here(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    _listen(places.socket("alice.twin.test"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert not is_here(places, "alice.twin.test")


def test_all_other_requests_go_their_usual_way(
    places: Places, reactor_thread: ReactorThread
) -> None:
    _listen(places.socket("alice.twin.test"))
    asked: list[bytes] = []

    class Remote:
        def request(self, method: bytes, uri: bytes, *_: Any) -> Any:
            asked.append(uri)
            return succeed("an answer")

    agent = LocalAgent(reactor_thread.reactor, places, Remote())  # type: ignore[arg-type] # enough of one
    uris = [
        b"matrix-federation://bob.twin.test/_matrix/key/v2/server",
        # Of the web, where the same name is somebody's who answers there.
        b"https://alice.twin.test/",
    ]
    for uri in uris:
        agent.request(b"GET", uri)
    assert asked == uris
