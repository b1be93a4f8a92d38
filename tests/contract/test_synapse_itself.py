"""What `engine/synapse.py` takes from Synapse without a promise: each test would break with it.

What the port itself promises is held by the tests beside this one, for the fake as well.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from synapse.config._base import ConfigError

from tests.contract.conftest import RealSide, task
from twin_module.engine.synapse import SynapseHomeserver
from twin_module.rest.openapi import PREFIX
from twin_module.testing.person import CLIENT, Person, eventually, request
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork

pytestmark = pytest.mark.twins

BRIDGE = {
    "id": "bridge",
    "url": None,
    "as_token": "secret-of-the-bridge",
    "hs_token": "secret-of-the-server",
    "sender_localpart": "bridgebot",
    "namespaces": {"users": [{"exclusive": True, "regex": "@_bridge_.*"}]},
}


@pytest.fixture(scope="module")
def network(
    reactor_thread: ReactorThread, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TwinNetwork]:
    """A network of real servers."""
    with TwinNetwork(reactor_thread, tmp_path_factory.mktemp("synapse")) as network:
        yield network


@pytest.fixture(scope="module")
def alice(reactor_thread: ReactorThread, network: TwinNetwork) -> RealSide:
    """Alice's real server."""
    return RealSide(reactor_thread, network.start("alice"))


def test_preflight_requests_allow_all_that_our_api_takes(alice: RealSide) -> None:
    ours = request(alice.twin.url, "OPTIONS", f"{PREFIX}/objects").headers
    assert "PATCH" in ours["access-control-allow-methods"]
    for header in (
        "If-Match",
        "If-None-Match",
        "Last-Event-ID",
        "X-Experience",
        "Idempotency-Key",
        "Authorization",
    ):
        assert header in ours["access-control-allow-headers"]
    assert "ETag" in ours["access-control-expose-headers"]
    assert ours["access-control-allow-origin"] == "*"


def test_the_session_of_an_access_token_ends_with_its_device(alice: RealSide) -> None:
    device_id, other = alice.sign_in("Page"), alice.sign_in("Phone")
    token = alice._tokens[device_id]
    alice.run(alice.port.end_session(token))
    assert not alice.is_signed_in(device_id)
    assert alice.is_signed_in(other)
    assert device_id not in [each.device_id for each in alice.run(alice.port.devices())]
    alice.run(alice.port.end_session(token))  # once more, nothing is wrong with that


def test_other_paths_keep_the_headers_that_synapse_gives_them(alice: RealSide) -> None:
    theirs = request(alice.twin.url, "OPTIONS", f"{CLIENT}/login").headers
    assert "PATCH" not in theirs["access-control-allow-methods"]
    assert "If-Match" not in theirs["access-control-allow-headers"]


def test_the_owner_is_made_where_nobody_else_may_register(
    reactor_thread: ReactorThread, alice: RealSide
) -> None:
    answer = request(
        alice.twin.url,
        "POST",
        f"{CLIENT}/register",
        {"username": "eve", "password": "x" * 20, "auth": {"type": "m.login.dummy"}},
    )
    assert answer.status in (401, 403, 429)
    port = SynapseHomeserver(alice.port._api, "eve")
    assert not reactor_thread.wait(port.has_owner)
    alice.run(port.create_owner("a password of eve", admin=True))
    assert reactor_thread.wait(port.has_owner)
    person = Person(alice.twin.url, port.owner, lambda: "a password of eve")
    assert person.login("another password").status == 403
    assert person.get("/_matrix/client/v3/account/whoami")["user_id"] == port.owner
    profile = person.get(f"{CLIENT}/profile/{port.owner}")
    assert profile["displayname"] == "eve"
    # Every other account is seen, until it can't be used any more.
    assert alice.run(alice.port.other_accounts([])) == [port.owner]
    rows = alice.twin.rows("SELECT admin FROM users WHERE name = ?", port.owner)
    assert [bool(row[0]) for row in rows] == [True]
    alice.twin.execute("UPDATE users SET deactivated = 1 WHERE name = ?", port.owner)
    assert alice.run(alice.port.other_accounts([])) == []


def test_the_owner_has_no_rate_limits(reactor_thread: ReactorThread, network: TwinNetwork) -> None:
    tight = {"per_second": 0.001, "burst_count": 1}
    twin = network.start("bob", rc_message=tight, rc_room_creation=tight)
    bob = RealSide(reactor_thread, twin)
    rooms = [bob.person.create_room(name=f"Room {number}") for number in range(3)]
    for _ in range(5):
        bob.say(rooms[0])
    assert twin.rows("SELECT messages_per_second, burst_count FROM ratelimit_override") == [(0, 0)]
    twin.execute("DELETE FROM ratelimit_override")
    twin.start_again()
    bob = RealSide(reactor_thread, twin)
    for _ in range(5):
        bob.say(rooms[0])
    twin.stop()


def test_application_services_and_their_accounts_are_known(
    reactor_thread: ReactorThread, network: TwinNetwork, tmp_path: Path
) -> None:
    registration = tmp_path / "bridge.yaml"
    registration.write_text(yaml.safe_dump(BRIDGE))
    files = [str(registration)]
    with pytest.raises(ConfigError, match="bridge"):
        network.start("carol", app_service_config_files=files)
    allowed = {"allowed_appservices": ["bridge"]}
    twin = network.start("carol", module=allowed, app_service_config_files=files)
    carol = RealSide(reactor_thread, twin)
    assert carol.port.appservices() == ["bridge"]
    request(
        twin.url,
        "POST",
        f"{CLIENT}/register",
        {"type": "m.login.application_service", "username": "_bridge_dan"},
        {"Authorization": "Bearer secret-of-the-bridge"},
    ).ok()
    dan = f"@_bridge_dan:{twin.server_name}"
    assert carol.run(carol.port.other_accounts(["bridge"])) == []
    assert carol.run(carol.port.other_accounts([])) == [dan]
    twin.stop()


def test_a_server_without_application_services_names_none(alice: RealSide) -> None:
    assert alice.port.appservices() == []


def test_news_come_with_everything_that_is_persisted(alice: RealSide) -> None:
    heard: list[int] = []

    async def listen() -> None:
        alice.port.on_news(lambda: heard.append(alice.twin.homeserver.get_clock().time_msec()))

    room = alice.collection()
    alice.run(listen())
    alice.put(room, task("a"))
    eventually(lambda: heard, what="the write is news")


def test_a_server_of_one_process_does_the_background_work_itself(alice: RealSide) -> None:
    assert alice.port.is_main()


def test_news_come_with_account_data_which_any_client_writes(alice: RealSide) -> None:
    heard: list[int] = []

    async def listen() -> None:
        alice.port.on_news(lambda: heard.append(1))

    alice.run(listen())
    path = f"{CLIENT}/user/{quote(alice.port.owner)}/account_data/org.example.contract"
    alice.person.put(path, {"number": 1})
    eventually(lambda: heard, what="the write is news")


def test_a_function_is_called_again_and_again(alice: RealSide) -> None:
    called: list[int] = []

    async def begin() -> None:
        alice.port.every(0.05, lambda: called.append(1))

    alice.run(begin())
    eventually(lambda: len(called) >= 3, what="it is called three times")


def test_who_is_greeted_no_longer_takes_the_other_server_for_down(
    reactor_thread: ReactorThread, network: TwinNetwork, alice: RealSide
) -> None:
    twin = network.start("bob")
    bob = RealSide(reactor_thread, twin)
    store, name = alice.twin.homeserver.get_datastores().main, twin.server_name

    async def waits() -> bool:
        return bool(await store.get_destination_retry_timings(name))  # type: ignore[call-arg,arg-type,misc]  # mypy takes cached methods for functions

    alice.run(store.set_destination_retry_timings(name, 1, alice.port.now(), 3_600_000))
    assert alice.run(waits())
    assert bob.run(bob.port.greet([alice.port.owner], 1)) == []
    eventually(lambda: not alice.run(waits()), what="bob's server is up again")
    twin.stop()


def test_the_data_lie_beside_the_media(alice: RealSide) -> None:
    assert alice.port.data_folder() == alice.twin.facts.folder


def claimed(alice: RealSide) -> bool:
    """Claim something, give it back, and tell whether that went well."""

    async def work() -> bool:
        claim = await alice.port.claim("shared")
        if claim is None:
            return False
        async with claim:
            return True

    return alice.run(work())


def test_what_another_process_claimed_is_free_two_minutes_after_it_was_killed(
    alice: RealSide,
) -> None:
    now, store = alice.port.now(), alice.twin.homeserver.get_datastores().main
    # Another main process has the same name as this one, and must not be taken for it.
    alice.twin.execute(
        "INSERT INTO worker_read_write_locks"
        " (lock_name, lock_key, write_lock, instance_name, token, last_renewed_ts)"
        " VALUES ('twin', 'shared', ?, ?, 'token', ?)",
        True,
        alice.twin.homeserver.get_instance_name(),
        now,
    )
    assert not claimed(alice)
    alice.twin.execute(
        "UPDATE worker_read_write_locks SET last_renewed_ts = ? WHERE lock_key = 'shared'",
        now - 125_000,
    )

    async def reap() -> None:
        await store._reap_stale_read_write_locks()

    alice.run(reap())
    assert claimed(alice)
    assert alice.twin.rows("SELECT 1 FROM worker_read_write_locks WHERE lock_key = 'shared'") == []


def test_what_the_projector_reads_by_sql_is_in_synapses_tables(alice: RealSide) -> None:
    room = alice.collection()
    revision = alice.put(room, task("a"))
    alice.redact(room, revision)
    current = alice.twin.rows(
        "SELECT event_id FROM current_state_events WHERE room_id = ? AND state_key = 'a'", room
    )
    assert current == [(revision,)]
    redacted = alice.twin.rows(
        "SELECT e.stream_ordering FROM redactions r JOIN events e ON e.event_id = r.event_id"
        " WHERE r.redacts = ?",
        revision,
    )
    assert redacted[0][0] <= alice.run(alice.port.position())
