"""A Matrix client that nobody here wrote (matrix-nio), at two twins."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest
from nio import (
    AsyncClient,
    JoinResponse,
    LoginResponse,
    RoomCreateResponse,
    RoomGetStateEventResponse,
    RoomMessageText,
    RoomPutStateError,
    RoomPutStateResponse,
    RoomSendResponse,
    SyncResponse,
)

from tests.processes.conftest import Starter
from twin_module.testing.person import Person, eventually

pytestmark = pytest.mark.processes

T = TypeVar("T")
TASK = "org.digitaltwin.task"


def answered(kind: type[T], answer: object) -> T:
    """Return an answer that is of the kind it has to be."""
    assert isinstance(answer, kind), answer
    return answer


async def until(look: Callable[[], Awaitable[T | None]]) -> T:
    """Look again until there is something; each look waits for a sync."""
    async with asyncio.timeout(60):
        while not (found := await look()):
            pass
    return found


@asynccontextmanager
async def signed_in(person: Person, password: str) -> AsyncIterator[AsyncClient]:
    """Sign in as an ordinary client does."""
    client = AsyncClient(person.url, person.owner)
    try:
        answered(LoginResponse, await client.login(password, device_name="a real client"))
        answered(SyncResponse, await client.sync())
        yield client
    finally:
        await client.close()


async def invited(client: AsyncClient) -> str | None:
    """Return a room that the client is invited to."""
    await client.sync(timeout=1000)
    return next(iter(client.invited_rooms), None)


async def hears(client: AsyncClient, room_id: str, text: str) -> bool:
    """Tell whether a message came with the next sync."""
    synced = answered(SyncResponse, await client.sync(timeout=1000))
    room = synced.rooms.join.get(room_id)
    events = room.timeline.events if room else []
    return any(isinstance(event, RoomMessageText) and event.body == text for event in events)


async def say(client: AsyncClient, room_id: str, text: str) -> None:
    """Send a message."""
    content = {"msgtype": "m.text", "body": text}
    answered(RoomSendResponse, await client.room_send(room_id, "m.room.message", content))


async def chat(alice: AsyncClient, bob: AsyncClient) -> None:
    """Let alice and bob exchange a word in a new room."""
    made = await alice.room_create(is_direct=True, invite=[bob.user_id])
    room_id = answered(RoomCreateResponse, made).room_id
    assert await until(lambda: invited(bob)) == room_id
    answered(JoinResponse, await bob.join(room_id))
    await alice.sync(timeout=1000)
    await say(alice, room_id, "Hello Bob")
    await until(lambda: hears(bob, room_id, "Hello Bob"))
    await say(bob, room_id, "Hello Alice")
    await until(lambda: hears(alice, room_id, "Hello Alice"))


async def tasks(alice: AsyncClient, bob: AsyncClient, room_id: str) -> None:
    """Let bob read and write the tasks of a room as plain state."""
    content: dict[str, Any] = {"@type": "Task", "title": "Buy milk"}
    answered(
        RoomPutStateResponse,
        await bob.room_put_state(room_id, TASK, content, state_key="milk"),
    )

    async def arrived() -> dict[str, Any] | None:
        await alice.sync(timeout=1000)
        answer = await alice.room_get_state_event(room_id, TASK, "milk")
        return answer.content if isinstance(answer, RoomGetStateEventResponse) else None

    assert await until(arrived) == content
    refused = await bob.room_put_state(room_id, TASK, {"@type": "Task"}, state_key="nothing")
    assert answered(RoomPutStateError, refused).status_code == "M_BAD_JSON"
    assert "'title' is a required property" in refused.message


def test_people_chat_and_share_tasks_with_a_client_that_knows_nothing_of_twins(
    up: Starter,
) -> None:
    running = up("alice,bob").await_ready()
    alice, bob = running.person("alice"), running.person("bob")
    room_id = alice.post("collections", {"name": "Groceries"})["room_id"]
    circle = alice.command("circles", "create", name="Family", members={bob.owner: "editor"})
    bob.put("settings", {"accept_from": [alice.owner]})
    alice.command("circles", "share", room_id=room_id, circle=circle["room_id"])

    def joined() -> bool:
        rooms = bob.get("collections")["collections"]
        return [(room["room_id"], room["role"]) for room in rooms] == [(room_id, "editor")]

    eventually(joined, what="bob may write to the list")

    async def story() -> None:
        async with (
            signed_in(alice, running.password("alice")) as alices,
            signed_in(bob, running.password("bob")) as bobs,
        ):
            await chat(alices, bobs)
            await tasks(alices, bobs, room_id)

    asyncio.run(story())

    def seen() -> bool:
        return [t["title"] for t in alice.get(f"rooms/{room_id}/tasks")["tasks"]] == ["Buy milk"]

    eventually(seen, what="alice's twin shows what bob's client wrote")
