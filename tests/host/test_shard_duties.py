"""When a twin has to be awake again, and what it goes on with then."""

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from synapse.util.duration import Duration

from tests.host.shard_world import World, server_name_of, world
from twin_module.host.shard.duties import next_duty
from twin_module.testing.person import CLIENT, eventually
from twin_module.testing.reactor import ReactorThread

pytestmark = pytest.mark.twins

HOUR = 3_600_000


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    with world(reactor_thread) as made:
        made.make("alice", "bob", federation={"max_short_retries": 0, "max_long_retries": 0})
        made.load("alice")
        made.ready("alice")
        eventually(lambda: made.why_awake("alice") is None, what="alice's twin is quiet")
        _forget_tasks(made)
        yield made


def _execute(twins: World, sql: str, *values: object) -> None:
    store = twins.tenants["alice"].homeserver.get_datastores().main

    async def work() -> None:
        await store.db_pool.runInteraction("test", lambda cursor: cursor.execute(sql, values))

    assert twins.thread
    twins.thread.wait(work)


def _next_duty(twins: World) -> int | None:
    assert twins.thread
    return twins.thread.wait(next_duty, twins.tenants["alice"].homeserver)


def _forget_tasks(twins: World) -> None:
    """Leave out what Synapse plans by itself."""
    _execute(twins, "DELETE FROM scheduled_tasks")


def test_a_twin_that_owes_nothing_may_sleep_until_somebody_wants_something(twins: World) -> None:
    assert _next_duty(twins) is None


def test_the_module_has_a_say_in_when_a_twin_wakes(
    twins: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (module,) = twins.tenants["alice"]._modules
    soon = int(time.time() * 1000) + 1000

    async def next_alarm() -> int:
        return soon

    monkeypatch.setattr(module, "next_alarm", next_alarm)
    monkeypatch.setattr(module, "busy", lambda: "thinks")
    assert twins.next_alarm("alice") == soon
    assert twins.why_awake("alice") == "thinks"


def test_a_lock_that_a_killed_process_held_is_free_at_once(twins: World) -> None:
    for table in ("worker_locks", "worker_read_write_locks"):
        more = (", write_lock", ", TRUE") if "write" in table else ("", "")
        _execute(
            twins,
            f"INSERT INTO {table} (lock_name, lock_key, instance_name, token, last_renewed_ts{more[0]})"
            f" VALUES ('twin', 'a', 'another', 'b', ?{more[1]})",
            int(time.time() * 1000),
        )
    twins.unload("alice")
    twins.load("alice")
    store = twins.tenants["alice"].homeserver.get_datastores().main
    assert twins.thread
    assert twins.thread.wait(store.try_acquire_lock, "twin", "a") is not None
    assert twins.thread.wait(store.try_acquire_read_write_lock, "twin", "a", True) is not None


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO event_expiry (event_id, expiry_ts) VALUES ('$a', ?)",
        "INSERT INTO scheduled_tasks (id, action, status, timestamp) VALUES ('a', 'b', 'scheduled', ?)",
        (
            "INSERT INTO delayed_events (delay_id, user_localpart, delay, send_ts, room_id,"
            " event_type, origin_server_ts, content) VALUES ('a', 'alice', 1, ?, '!r', 't', 1, '{}')"
        ),
        (
            "INSERT INTO federation_inbound_events_staging (origin, room_id, event_id,"
            " received_ts, event_json, internal_metadata) VALUES ('a', '!r', '$a', ?, '{}', '{}')"
        ),
    ],
    ids=["an event that expires", "a task", "a delayed event", "an event not looked at"],
)
def test_the_alarm_is_when_the_next_thing_is_due(twins: World, sql: str) -> None:
    due = int(time.time() * 1000) + HOUR
    _execute(twins, sql, due)
    assert _next_duty(twins) == due


def test_a_twin_wakes_to_try_a_server_again_that_could_not_be_reached(twins: World) -> None:
    now = int(time.time() * 1000)
    _execute(
        twins,
        "INSERT INTO destinations (destination, retry_last_ts, retry_interval, failure_ts,"
        " last_successful_stream_ordering) VALUES ('gone.test', ?, ?, 1, 1)",
        now,
        HOUR,
    )
    # Nothing waits for it.
    assert _next_duty(twins) is None
    _execute(
        twins,
        "INSERT INTO device_federation_outbox (destination, stream_id, queued_ts, messages_json)"
        " VALUES ('gone.test', 1, 1, '{}')",
    )
    assert _next_duty(twins) == now + HOUR


def test_what_could_not_be_sent_keeps_a_twin_awake_then_sets_its_alarm(twins: World) -> None:
    twins.load("bob")
    room = twins.do("alice", "POST", f"{CLIENT}/createRoom", {})["room_id"]
    invite = f"{CLIENT}/rooms/{quote(room)}/invite"
    twins.do("alice", "POST", invite, {"user_id": twins.user("bob")})
    twins.do("bob", "POST", f"{CLIENT}/join/{quote(room)}?via={server_name_of('alice')}", {})
    eventually(lambda: twins.why_awake("bob") is None, what="bob's twin is quiet")
    twins.unload("bob")
    # Nobody listens there any more.
    twins.places.socket(server_name_of("bob")).unlink()
    path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/1"
    twins.do("alice", "PUT", path, {"msgtype": "m.text", "body": "Hello?"})
    eventually(lambda: twins.why_awake("alice") is None, what="it has given up for now")
    assert twins.tenants["alice"].queue == 1
    _forget_tasks(twins)
    alarm = _next_duty(twins)
    assert alarm is not None
    assert alarm > time.time() * 1000


def test_what_was_not_handed_out_yet_is_handed_out_at_the_next_wake(
    twins: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins.load("bob")
    room = twins.do("alice", "POST", f"{CLIENT}/createRoom", {})["room_id"]
    invite = f"{CLIENT}/rooms/{quote(room)}/invite"
    twins.do("alice", "POST", invite, {"user_id": twins.user("bob")})
    twins.do("bob", "POST", f"{CLIENT}/join/{quote(room)}?via={server_name_of('alice')}", {})
    eventually(lambda: twins.why_awake("alice") is None, what="it is quiet")
    # As if it had been killed between writing and handing out.
    sender = twins.tenants["alice"].homeserver.get_federation_sender()
    monkeypatch.setattr(sender, "notify_new_events", lambda *_: None)
    path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/1"
    sent = twins.do("alice", "PUT", path, {"msgtype": "m.text", "body": "Hello"})["event_id"]
    _forget_tasks(twins)
    alarm = _next_duty(twins)
    assert alarm is not None
    assert alarm <= time.time() * 1000
    twins.unload("alice")
    twins.load("alice")
    token = twins.token("bob")
    event = f"{CLIENT}/rooms/{quote(room)}/event/{quote(sent)}"
    eventually(lambda: twins.ask("bob", "GET", event, token=token).status == 200, what="it came")


def test_only_timers_that_may_be_late_are_slower(
    twins: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    homeserver = twins.tenants["alice"].homeserver
    intervals = {
        call.f.__qualname__: call.interval for call in list(homeserver.get_clock()._looping_calls)
    }
    assert intervals["Ratelimiter._prune_message_counts"] == 60
    assert intervals["ClientIpWorkerStore._update_client_ips_batch"] == 60
    assert intervals["FollowerTypingHandler._handle_timeouts"] == 5

    found: list[float | None] = []

    async def lock() -> None:
        store = homeserver.get_datastores().main
        held = await store.try_acquire_lock("a", "b")
        assert held is not None
        async with held:
            await homeserver.get_clock().sleep(Duration(milliseconds=10))
            assert held._looping_call is not None
            found.append(held._looping_call.interval)

    assert twins.thread
    twins.thread.wait(lock)
    assert found == [30]
