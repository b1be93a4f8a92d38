"""A twin is loaded into a process that it shares, and unloaded without a trace."""

import gc
import http.client
import json
import logging
import select
import socket
import stat
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from synapse.server import HomeServer

from tests.host.shard_world import World, change_settings, left_behind, server_name_of, world
from twin_module.host.errors import HostError
from twin_module.host.lock import FolderLock
from twin_module.testing.person import CLIENT, TWIN, eventually
from twin_module.testing.reactor import ReactorThread

pytestmark = pytest.mark.twins


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    with world(reactor_thread) as made:
        made.make("alice", "bob")
        yield made


@pytest.fixture
def no_logs() -> Iterator[None]:
    """pytest keeps all that is logged, and with it what tracebacks hold."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_a_twin_that_is_unloaded_and_loaded_again_knows_everything(twins: World) -> None:
    twins.load("alice")
    room = twins.do("alice", "POST", f"{TWIN}/collections", {"name": "Groceries"})["room_id"]
    twins.unload("alice")
    twins.load("alice")
    twins.ready("alice")
    # Also who is signed in.
    found = twins.do("alice", "GET", f"{TWIN}/collections")["collections"]
    assert [(each["room_id"], each["name"]) for each in found] == [(room, "Groceries")]


def test_a_connection_that_comes_while_a_twin_sleeps_is_answered_after_its_wake(
    twins: World,
) -> None:
    twins.load("alice")
    twins.unload("alice")
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(twins.ask("alice", "GET", "/_matrix/client/versions").status)
    )
    asking.start()
    eventually(lambda: _waits(twins.held("alice")), what="the connection waits")
    twins.load("alice")
    asking.join(60)
    assert answers == [200]


def _waits(listening: socket.socket) -> bool:
    with listening:
        return bool(select.select([listening], [], [], 0)[0])


def test_the_socket_stays_as_the_keeper_made_it(twins: World) -> None:
    path = twins.places.socket(server_name_of("alice"))
    twins.load("alice")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    twins.unload("alice")
    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.with_name(f"{path.name}.lock").is_symlink()


def test_two_twins_of_a_process_share_nothing(twins: World) -> None:
    twins.load("alice", "bob")
    twins.do("alice", "POST", f"{TWIN}/collections", {"name": "Hers"})
    assert twins.do("bob", "GET", f"{TWIN}/collections")["collections"] == []
    assert twins.ask("bob", "GET", f"{TWIN}/collections", token=twins.token("alice")).status == 401
    card = twins.ask("bob", "GET", f"{TWIN}/card").ok()
    assert card["owner"] == twins.user("bob")
    logs = {
        name: (twins.places.folder(name) / "homeserver.log").read_text() for name in twins.tenants
    }
    assert twins.user("bob") not in logs["alice"]
    assert twins.user("alice") in logs["alice"]


def test_a_twin_goes_on_when_another_one_is_unloaded_under_it(twins: World) -> None:
    twins.load("alice", "bob")
    with LongPoll(twins, "alice") as answer:
        twins.unload("bob")
        twins.do("alice", "POST", f"{CLIENT}/createRoom", {})
        assert answer()["rooms"]["join"]


class LongPoll:
    """An open /sync that nothing answers yet."""

    def __init__(self, twins: World, name: str, timeout: int = 50_000) -> None:
        self._twins, self._name, self._timeout = twins, name, timeout

    def __enter__(self) -> Callable[[], Any]:
        token = self._twins.token(self._name)
        # What the twin does first would end the poll.
        eventually(lambda: self._twins.why_awake(self._name) is None, what="it is quiet")
        since = self._twins.do(self._name, "GET", f"{CLIENT}/sync")["next_batch"]
        self._connected = self._twins.connected(self._name)
        connection = self._connected.__enter__()
        connection.request(
            "GET",
            f"{CLIENT}/sync?since={since}&timeout={self._timeout}",
            headers={"Authorization": f"Bearer {token}"},
        )

        def answer() -> Any:
            return json.loads(connection.getresponse().read())

        return answer

    def __exit__(self, *_: object) -> None:
        self._connected.__exit__(None, None, None)


def test_a_long_poll_keeps_a_twin_awake_until_it_is_answered(twins: World) -> None:
    twins.load("alice")
    with LongPoll(twins, "alice"):
        eventually(lambda: twins.why_awake("alice") == "1 open request", what="the poll is open")
        assert twins.tenants["alice"].idle == 0
    eventually(lambda: twins.why_awake("alice") is None, what="it may sleep")
    assert twins.tenants["alice"].idle < 60


def test_a_stream_of_changes_keeps_a_twin_awake(twins: World) -> None:
    twins.load("alice")
    token = twins.token("alice")
    with twins.connected("alice") as connection:
        connection.request("GET", f"{TWIN}/changes", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200
        eventually(lambda: twins.why_awake("alice") == "1 open request", what="it is open")
    eventually(lambda: twins.why_awake("alice") is None, what="it may sleep")


def test_an_unload_cuts_what_is_open(
    twins: World, reactor_thread: ReactorThread, no_logs: None
) -> None:
    twins.load("alice")
    homeserver = weakref.ref(twins.tenants["alice"].homeserver)
    with LongPoll(twins, "alice") as answer:
        eventually(lambda: twins.why_awake("alice") == "1 open request", what="it is open")
        twins.unload("alice")
        with pytest.raises((http.client.HTTPException, OSError)):
            answer()
    reactor_thread.call(gc.collect)
    assert homeserver() is None


def test_only_whether_it_is_well_is_asked_without_using_it(twins: World) -> None:
    twins.load("alice")
    assert twins.ask("alice", "GET", "/health").status == 200
    assert twins.tenants["alice"].requests == 0
    twins.ask("alice", "GET", "/_matrix/client/versions").ok()
    assert twins.tenants["alice"].requests == 1


# What goes wrong


def _break_yaml(twins: World) -> None:
    (twins.places.folder("alice") / "homeserver.yaml").write_text("server_name: [")


def _lose_yaml(twins: World) -> None:
    (twins.places.folder("alice") / "homeserver.yaml").unlink()


def _rename(twins: World) -> None:
    change_settings(twins.places.folder("alice") / "homeserver.yaml", server_name="eve.test")


def _misspell_an_option(twins: World) -> None:
    change_settings(twins.places.folder("alice") / "homeserver.yaml", presence=["a", "list"])


def _misspell_a_module_option(twins: World) -> None:
    module = {"module": "twin_module.TwinModule", "config": {"ownr": "alice"}}
    change_settings(twins.places.folder("alice") / "homeserver.yaml", modules=[module])


def _break_the_module(twins: World) -> None:
    module = {"module": "tests.host.shard_world.BrokenModule", "config": {}}
    change_settings(twins.places.folder("alice") / "homeserver.yaml", modules=[module])


def _break_the_database(twins: World) -> None:
    (twins.places.folder("alice") / "homeserver.db").write_bytes(b"not a database" * 1000)


def _take_the_key_away(twins: World) -> None:
    (twins.places.folder("alice") / "signing.key").write_text("nonsense")


def _lose_the_folder(twins: World) -> None:
    twins.places.folder("alice").rename(twins.places.folder("alice").with_name("elsewhere"))


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (_break_yaml, "is not YAML"),
        (_lose_yaml, "is missing"),
        (_rename, "is of eve.test"),
        (_misspell_an_option, "option that Synapse can't read"),
        (_misspell_a_module_option, "ownr"),
        (_break_the_module, "it never works"),
        (_break_the_database, "database of alice's twin can't be read"),
        (_take_the_key_away, "signing"),
        (_lose_the_folder, "is missing"),
    ],
)
def test_a_twin_that_can_not_be_loaded_says_why_and_leaves_nothing_behind(
    twins: World,
    reactor_thread: ReactorThread,
    capfd: pytest.CaptureFixture[str],
    no_logs: None,
    break_it: Callable[[World], None],
    said: str,
) -> None:
    twins.load("bob")
    twins.ready("bob")
    eventually(lambda: twins.why_awake("bob") is None, what="bob's twin is quiet")
    break_it(twins)
    before = left_behind(reactor_thread)
    with pytest.raises(HostError, match=said) as refused:
        twins.load("alice")
    assert "\n" not in str(refused.value)
    # Its traceback holds what it left.
    del refused
    reactor_thread.call(gc.collect)
    eventually(lambda: _no_more(left_behind(reactor_thread), before), what="nothing is left behind")
    assert "Traceback" not in "".join(capfd.readouterr())
    assert twins.ask("bob", "GET", f"{TWIN}/card").status == 200


def _no_more(now: dict[str, int], before: dict[str, int]) -> bool:
    # What the neighbour does meanwhile comes and goes.
    assert now["threads"] <= before["threads"], now
    assert now["descriptors"] <= before["descriptors"], (now, before)
    assert now["triggers"] <= before["triggers"], (now, before)
    assert now["connections"] <= before["connections"], (now, before)
    return now["timers"] <= before["timers"] + 2


def test_a_twin_that_another_process_has_is_not_loaded(
    twins: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("twin_module.host.shard.tenant.EARLIER_SECONDS", 0.2)
    with FolderLock(twins.places.folder("alice") / "running.lock") as lock:
        assert lock.take()
        with pytest.raises(HostError, match="Another process runs the twin"):
            twins.load("alice")
    twins.load("alice")
    twins.ready("alice")


def test_nothing_grows_with_each_load_and_unload(
    twins: World, reactor_thread: ReactorThread, no_logs: None
) -> None:
    counts: list[dict[str, int]] = []
    gone: list[weakref.ref[HomeServer]] = []
    for _ in range(8):
        twins.load("alice")
        twins.ready("alice")
        twins.do("alice", "GET", f"{CLIENT}/sync")
        gone.append(weakref.ref(twins.tenants["alice"].homeserver))
        twins.unload("alice")
        reactor_thread.call(gc.collect)
        counts.append(left_behind(reactor_thread))

    def is_as_before() -> bool:
        reactor_thread.call(gc.collect)
        # What is made once is there after the second round; one thing a round would be six. What
        # other servers of this process do meanwhile comes and goes.
        for what, number in left_behind(reactor_thread).items():
            assert number <= counts[1][what] + 2, (what, number, counts)
        return all(each() is None for each in gone)

    eventually(is_as_before, what="nothing has grown")
