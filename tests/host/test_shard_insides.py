"""What a shard uses of Synapse and Twisted though they don't promise it: fails when they change it."""

import inspect
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from synapse.app import _base
from synapse.push.emailpusher import EmailPusher
from synapse.push.httppusher import HttpPusher
from synapse.util.duration import Duration
from twisted.internet.unix import Port

from tests.host.shard_world import World, world
from twin_module.host.database import template_path
from twin_module.host.shard import insides
from twin_module.host.shard.tenant_clock import MAY_BE_LATE, TenantClock
from twin_module.testing.person import eventually
from twin_module.testing.reactor import ReactorThread

pytestmark = pytest.mark.twins


@pytest.fixture
def twins(reactor_thread: ReactorThread) -> Iterator[World]:
    with world(reactor_thread) as made:
        made.make("alice")
        made.load("alice")
        made.ready("alice")
        eventually(lambda: made.why_awake("alice") is None, what="it is quiet")
        yield made


def test_a_homeserver_tells_what_it_is_at(twins: World) -> None:
    homeserver = twins.tenants["alice"].homeserver
    assert twins.thread

    def ask() -> list[bool]:
        sender = homeserver.get_federation_sender()
        queue = sender._get_per_destination_queue("somebody.test")  # type: ignore[attr-defined]
        assert insides.queues(homeserver)["somebody.test"] is queue
        return [
            insides.is_handing_out(homeserver),
            insides.receipts_wait(homeserver),
            insides.is_working_at_tasks(homeserver),
            insides.is_joining(homeserver),
            insides.is_behind(queue),
            queue.transmission_loop_running,
        ]

    assert not any(twins.thread.call(ask))
    assert list(insides.pushers(homeserver)) == []


def test_a_pusher_tells_what_it_is_at() -> None:
    for kind in (HttpPusher, EmailPusher):
        assert "self._is_processing = " in inspect.getsource(kind)
        assert "self.timed_call" in inspect.getsource(kind)


def test_a_homeserver_has_the_clock_that_it_was_given(twins: World) -> None:
    assert isinstance(twins.tenants["alice"].homeserver.get_clock(), TenantClock)


def test_a_timer_that_is_asked_for_after_the_end_is_never_run_and_no_error(
    reactor_thread: ReactorThread,
) -> None:
    runs: list[int] = []

    def ask_late() -> bool:
        clock = TenantClock(reactor_thread.reactor, "alice.test")
        clock.shutdown()
        call = clock.looping_call(runs.append, Duration(milliseconds=1), 1)
        return bool(call.running)

    assert reactor_thread.call(ask_late) is False
    assert runs == []


def test_the_names_of_slow_timers_are_those_of_synapse(twins: World) -> None:
    homeserver = twins.tenants["alice"].homeserver
    names = {call.f.__qualname__ for call in list(homeserver.get_clock()._looping_calls)}
    # Made only when previews of links are switched on.
    assert set(MAY_BE_LATE) - names <= {"UrlPreviewer._start_expire_url_cache_data"}


def test_the_pool_of_names_is_made_where_it_is_replaced() -> None:
    assert 'ThreadPool(name="gai_resolver")' in inspect.getsource(_base.start)


def test_a_port_takes_a_socket_that_is_there() -> None:
    source = inspect.getsource(Port)
    assert "skt = self._preexistingSocket" in source
    assert "if _inFilesystemNamespace(self._bindPath)" in source


def test_a_new_twin_begins_with_a_finished_database(twins: World) -> None:
    path = template_path(twins.places.data)
    database = sqlite3.connect(path)
    try:
        assert database.execute("SELECT * FROM background_updates").fetchall() == []
        assert database.execute("SELECT * FROM scheduled_tasks").fetchall() == []
        assert database.execute("SELECT * FROM users").fetchall() == []
    finally:
        database.close()
    assert path.stat().st_mode & 0o077 == 0


def test_all_is_imported_before_a_shard_is_forked() -> None:
    # What is imported later is there once for each shard.
    program = Path(__file__).with_name("shard_imports.py")
    found = subprocess.run(
        [sys.executable, str(program)],
        capture_output=True,
        text=True,
        check=False,
        cwd=program.parents[2],
        env={"PYTHONPATH": str(program.parents[2]), "PATH": ""},
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == []
