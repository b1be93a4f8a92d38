"""How many may be connected, and who goes for others."""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.host.front_stage import ALICE, LIMITS, Client, staged
from twin_module.host.front.crowd import Crowd, neighbourhood, plain
from twin_module.host.options import Door
from twin_module.testing.person import eventually


async def _wait(crowd: Crowd, *, idle: bool) -> None:
    if idle:
        with crowd.idle():
            await asyncio.Event().wait()
    await asyncio.Event().wait()


def in_loop(story: Callable[[Crowd], Awaitable[None]], **limits: int) -> None:
    """Run a story with a crowd, and let all go in the end."""

    async def told() -> None:
        crowd = Crowd(replace(LIMITS, **limits))
        await story(crowd)
        await crowd.leave(0)
        assert len(crowd) == 0

    asyncio.run(told())


async def join(crowd: Crowd, address: str, *, idle: bool = False) -> asyncio.Task[None]:
    assert crowd.has_room(address)
    task = asyncio.create_task(_wait(crowd, idle=idle))
    crowd.add(address, task)
    await asyncio.sleep(0)
    return task


def test_one_address_has_its_part_of_the_room_only() -> None:
    async def story(crowd: Crowd) -> None:
        first = await join(crowd, "192.0.2.1")
        await join(crowd, "192.0.2.1")
        assert not crowd.has_room("192.0.2.1")
        assert not crowd.has_room("::ffff:192.0.2.1")
        assert crowd.has_room("192.0.2.2")
        assert crowd.refused == 2
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await join(crowd, "192.0.2.1")

    in_loop(story, connections_of_one=2)


def test_the_addresses_of_one_network_at_home_count_as_one() -> None:
    assert neighbourhood("2001:db8:0:1::1") == neighbourhood("2001:db8:0:1:ffff::2")
    assert neighbourhood("2001:db8:0:1::1") != neighbourhood("2001:db8:0:2::1")
    assert neighbourhood("fe80::1%eth0") is not None


def test_addresses_are_told_to_twins_as_everybody_writes_them() -> None:
    assert plain("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain("fe80::1%eth0") == "fe80::1"
    assert plain("192.0.2.1") == "192.0.2.1"


def test_this_machine_is_not_counted_since_a_proxy_may_be_on_it() -> None:
    async def story(crowd: Crowd) -> None:
        for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.1"):
            await join(crowd, address)

    in_loop(story, connections_of_one=1)


def test_when_there_are_too_many_the_longest_idle_one_goes() -> None:
    async def story(crowd: Crowd) -> None:
        busy = await join(crowd, "192.0.2.1")
        longest = await join(crowd, "192.0.2.2", idle=True)
        idle = await join(crowd, "192.0.2.3", idle=True)
        await join(crowd, "192.0.2.4")
        await asyncio.gather(longest, return_exceptions=True)
        assert (longest.cancelled(), idle.done(), busy.done()) == (True, False, False)
        await join(crowd, "192.0.2.5")
        assert not crowd.has_room("192.0.2.6")
        assert not busy.done()

    in_loop(story, connections=3)


def test_when_the_system_has_no_descriptor_left_clients_wait_until_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Full(socket.socket):
        """A socket at which nothing can be taken, the first two times."""

        tries = 0

        def accept(self) -> tuple[socket.socket, Any]:
            self.tries += 1
            if self.tries <= 2:
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        stage.twin()
        listening = Full()
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        stage.open(Door(port=port, tls=False), listening)
        with Client(port) as client:
            assert client.get().status == 200
    assert caplog.text.count("No connection can be taken: Too many open files") == 2


def test_a_newcomer_takes_the_place_of_a_client_that_asks_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path, replace(LIMITS, connections=2)) as stage:
        twin = stage.twin()
        with Client(stage.plain) as first, Client(stage.plain) as second:
            assert first.get().status == 200
            assert second.get().status == 200
            with Client(stage.plain) as third:
                assert third.get(host=ALICE).status == 200
                assert first.rest() == b""
                assert second.get().status == 200
        eventually(lambda: twin.connections == 0)
