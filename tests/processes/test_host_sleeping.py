"""What a host promises of sleep: nothing is lost, nothing comes twice, and what is due comes in time."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any, Final
from urllib.parse import quote

import pytest

from tests.processes.conftest import Starter
from tests.processes.hosts import PATIENCE, Host, Owner, host, new_chance, stopped_host
from twin_module.host.keeper.client import ask
from twin_module.host.places import Places
from twin_module.host.table import read_table
from twin_module.testing.person import CLIENT, TWIN, eventually, request

pytestmark = pytest.mark.processes

DEEDS: Final = 30
"""What each does while twins sleep and wake."""
MINUTE: Final = timedelta(minutes=1)
"""A twin that has something to do in less stays awake for it."""
LATER: Final = (2 * MINUTE, 6 * MINUTE)
"""When something is due: so late that the twins are asleep by then, on slow machines at a later try."""
FRIENDS: Final = ("alice", "bob", "carol")
MARKER: Final = "org.example.marker"


# Under traffic


class Friend:
    """Somebody who writes, reads and reminds at random, and knows what was acknowledged."""

    def __init__(self, owner: Owner, chance: random.Random) -> None:
        self.owner = owner
        self.said: dict[str, str] = {}
        """The bodies of messages by event ID."""
        self.tasks: set[str] = set()
        self.notes: dict[str, list[str]] = {}
        """What was sent to the devices of others, by their user ID."""
        self.read = ""
        """The last event that a receipt was sent for."""
        self._chance = chance
        self._number = 0
        self._since = self._sync()["next_batch"]

    def do_something(self, room: str, news: str, tasks: str, others: list["Friend"]) -> None:
        """Do one thing, and rest for a moment."""
        self._number += 1
        number = f"{self.owner.name} {self._number}"
        match self._chance.randrange(5):
            case 0 | 1:
                self.said[self.owner.say(room, number, number)] = number
            case 2:
                self._read_news(news)
            case 3:
                self._send_note(self._chance.choice(others).owner.owner, number)
            case 4:
                added = self.owner.command("tasks", "add", room_id=tasks, title=number)
                self.tasks.add(added["objects"][0]["uid"])
        time.sleep(self._chance.choice((0, 0, 0, 0.5, 2)))

    def _read_news(self, room: str) -> None:
        path = f"{CLIENT}/rooms/{quote(room)}"
        [latest] = self.owner.get(f"{path}/messages", dir="b", limit=1)["chunk"]
        if latest["event_id"] != self.read:
            self.read = latest["event_id"]
            self.owner.post(f"{path}/receipt/m.read/{quote(self.read)}")

    def _send_note(self, to: str, number: str) -> None:
        path = f"{CLIENT}/sendToDevice/{MARKER}/{quote(number)}"
        self.owner.put(path, {"messages": {to: {"*": {"note": number}}}})
        self.notes.setdefault(to, []).append(number)

    def new_notes(self) -> list[str]:
        """Return what came to this device since the last time."""
        found = self._sync(since=self._since)
        self._since = found["next_batch"]
        events = found.get("to_device", {}).get("events", ())
        return [each["content"]["note"] for each in events if each["type"] == MARKER]

    def receipts(self, room: str) -> dict[str, str]:
        """Return which event each has read last, by user ID."""
        events = self._sync()["rooms"]["join"][room]["ephemeral"]["events"]
        return {
            user: event_id
            for event in events
            if event["type"] == "m.receipt"
            for event_id, kinds in event["content"].items()
            for user in kinds.get("m.read", {})
        }

    def _sync(self, **query: str) -> Any:
        return self.owner.get(f"{CLIENT}/sync", timeout=0, **query)


def order_about(running: Host, chance: random.Random, over: Event) -> None:
    """Put twins to sleep and wake them at random."""
    while not over.wait(chance.choice((0, 0.05, 0.3))):
        running.ask(chance.choice(("sleep", "sleep", "sleep", "wake")), chance.choice(FRIENDS))


def make_friends(running: Host, chance: random.Random) -> tuple[list[Friend], str, str, str]:
    """Return three with a room, a room for news where the first one writes, and a collection of tasks."""
    alice, *others = friends = [
        Friend(running.owner(name), random.Random(chance.random())) for name in FRIENDS
    ]
    guests = [each.owner.owner for each in others]
    circle = alice.owner.command(
        "circles", "create", name="Friends", members=dict.fromkeys(guests, "editor")
    )["room_id"]
    tasks = alice.owner.collection("Groceries")
    alice.owner.command("circles", "share", room_id=tasks, circle=circle, role="editor")
    rooms = [
        alice.owner.create_room(name=name, preset="private_chat", invite=guests)
        for name in ("Talk", "News")
    ]
    for friend in others:
        friend.owner.accept(circle, tasks)
        for room in rooms:
            friend.owner.join(room, alice.owner.server_name)
    for room in (*rooms, tasks):
        marked = alice.owner.put_state(room, MARKER, "", {"all": "here"}).ok()["event_id"]
        for friend in others:
            eventually(
                lambda f=friend, r=room, m=marked: f.owner.state(r).get((MARKER, "")) == m,  # type: ignore[misc]
                within=PATIENCE,
                what=f"{friend.owner.name} has all of {room}",
            )
    return friends, rooms[0], rooms[1], tasks


def assert_all_have_all(friends: list[Friend], room: str, news: str, tasks: str) -> None:
    """Wait until everybody has everything, and nothing twice."""
    said = {key: body for friend in friends for key, body in friend.said.items()}
    added = sorted(uid for friend in friends for uid in friend.tasks)
    first, *others = friends
    for friend in friends:
        name = friend.owner.name

        def has_messages(friend: Friend = friend) -> bool:
            found = friend.owner.messages(room)
            assert set(found.values()) <= set(said.values())
            assert len(found) == len(set(found.values())), "a message came twice"
            return found == said

        def has_tasks(friend: Friend = friend) -> bool:
            return sorted(friend.owner.uids(tasks)) == added

        eventually(has_messages, within=PATIENCE, what=f"{name} has all messages")
        eventually(has_tasks, within=PATIENCE, what=f"{name} has all tasks")
        wanted = sorted(
            note for other in friends for note in other.notes.get(friend.owner.owner, ())
        )
        notes: list[str] = []

        def has_notes(friend: Friend = friend, notes: list[str] = notes) -> list[str]:
            notes += friend.new_notes()
            return sorted(notes)

        eventually(lambda: len(has_notes()) >= len(wanted), within=PATIENCE, what=f"{name}'s notes")  # noqa: B023 - called at once
        assert has_notes() == wanted
    for place in (room, news, tasks):
        state = first.owner.state(place)
        for friend in others:
            eventually(
                lambda f=friend, p=place, s=state: f.owner.state(p) == s,  # type: ignore[misc]
                within=PATIENCE,
                what=f"{friend.owner.name} has the same state",
            )
    read = {friend.owner.owner: friend.read for friend in others if friend.read}
    eventually(
        lambda: read.items() <= first.receipts(news).items(),
        within=PATIENCE,
        what=f"{first.owner.name} sees what others have read",
    )


# What is due


def leave_reminder(owner: Owner, due: datetime) -> Callable[[], bool]:
    """Write an event of which the twin reminds its owner then; returns whether it has."""
    start, title = due + timedelta(minutes=15), f"Dentist {due:%H:%M:%S}"
    content = {
        "@type": "Event",
        "title": title,
        "start": f"{start:%Y-%m-%dT%H:%M:%S}",
        "timeZone": "Etc/UTC",
        "duration": "PT1H",
        "alerts": {"1": {"trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}}},
    }
    owner.put_state(owner.collection("Agenda"), "org.digitaltwin.event", "a", content).ok()

    def told() -> bool:
        rooms = [chat["room_id"] for chat in owner.get("chats")["chats"]]
        said = [body for room in rooms for body in owner.messages(room).values()]
        found = [body for body in said if body.startswith(title)]
        assert len(found) <= 1
        return bool(found)

    return told


def leave_delayed_message(owner: Owner, due: datetime) -> Callable[[], bool]:
    """Have a message sent then; returns whether it was."""
    room = owner.create_room()
    delay = int((due - datetime.now(UTC)).total_seconds() * 1000)
    path = (
        f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/later?org.matrix.msc4140.delay={delay}"
    )
    owner.put(path, {"msgtype": "m.text", "body": "later"})
    return lambda: list(owner.messages(room).values()) == ["later"]


def leave_message_that_goes(owner: Owner, due: datetime) -> Callable[[], bool]:
    """Send a message that is gone then; returns whether it is."""
    room = owner.create_room()
    path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/gone"
    until = int(due.timestamp() * 1000)
    content = {"msgtype": "m.text", "body": "x", "org.matrix.self_destruct_after": until}
    owner.put(path, content)
    assert len(owner.messages(room)) == 1
    return lambda: owner.messages(room) == {}


DUE: Final = {
    "dave": leave_reminder,
    "erin": leave_delayed_message,
    "frank": leave_message_that_goes,
}


def leave_and_sleep(running: Host) -> tuple[datetime, dict[str, Callable[[], bool]]]:
    """Leave something to be done to twins, and put them to sleep; returns when it is due, and whether it has come."""
    owners = {name: running.owner(name) for name in DUE}
    for owner in owners.values():
        # What is slow comes before the clock runs.
        owner.create_room()
    for later in LATER:
        due = datetime.now(UTC).replace(microsecond=0) + later
        came = {name: leave(owners[name], due) for name, leave in DUE.items()}
        running.sleep(*DUE)
        alarms = {name: running.twin(name)["alarm"] for name in DUE}
        if all(alarm and alarm / 1000 <= due.timestamp() + 1 for alarm in alarms.values()):
            return due, came
        assert datetime.now(UTC) > due - MINUTE, f"they sleep, and are woken at {alarms}"
    raise AssertionError("This machine is too slow to put three twins to sleep.")


def live_and_sleep(running: Host, chance: random.Random) -> None:
    """Let three friends write to each other while their twins sleep and wake at random."""
    friends, room, news, tasks = make_friends(running, chance)
    before = running.status()["numbers"]["sleeps"]
    over = Event()

    def live(friend: Friend) -> None:
        others = [each for each in friends if each is not friend]
        for number in range(DEEDS):
            friend.do_something(room, news, tasks, others)
            if friend is friends[0]:
                friend.owner.say(news, f"news {number}", f"news {number}")

    with ThreadPoolExecutor() as threads:
        ordering = threads.submit(order_about, running, chance, over)
        try:
            for done in [threads.submit(live, friend) for friend in friends]:
                done.result()
        finally:
            over.set()
        ordering.result()
    assert running.status()["numbers"]["sleeps"] - before >= len(friends)
    assert_all_have_all(friends, room, news, tasks)


def test_nothing_is_lost_doubled_or_late_though_twins_sleep_at_random_under_traffic() -> None:
    chance = new_chance()
    with stopped_host(quiet_seconds=1) as running:
        running.make(*FRIENDS)
        running.make(*DUE, max_event_delay_duration="1h", enable_ephemeral_messages=True)
        running.start()
        running.settle()
        due, came = leave_and_sleep(running)
        live_and_sleep(running, chance)

        def woke() -> bool:
            # Nobody asks them for anything meanwhile.
            twins = running.twins()
            return all(twins[name]["since"] >= due.timestamp() - 1 for name in DUE)

        left = max(0.0, (due - datetime.now(UTC)).total_seconds())
        eventually(woke, within=left + PATIENCE, what="their alarms woke them")
        for name, is_so in came.items():
            eventually(is_so, within=PATIENCE, what=f"what {name} left has come")
        numbers = running.status()["numbers"]
        assert (numbers["shard_deaths"], numbers["failed_wakes"]) == (0, 0)


# Who is online


def test_who_waits_for_news_keeps_their_twin_awake_and_gets_them() -> None:
    with host("alice", "bob", quiet_seconds=1) as running, ThreadPoolExecutor() as threads:
        alice, bob = running.owner("alice"), running.owner("bob")
        room = alice.create_room(preset="private_chat", invite=[bob.owner])
        bob.join(room, alice.server_name)
        eventually(
            lambda: bob.owner in alice.get(f"{CLIENT}/rooms/{quote(room)}/joined_members")["joined"]
        )
        running.settle()
        since = alice.get(f"{CLIENT}/sync")["next_batch"]
        poll = threads.submit(alice.get, f"{CLIENT}/sync", timeout=120_000, since=since)
        stays_awake(running, "alice", until=lambda: running.states("bob") == {"asleep"})
        sent = bob.say(room, "Hello", "1")
        found = poll.result()["rooms"]["join"][room]["timeline"]["events"]
        assert sent in [each["event_id"] for each in found]
        eventually(lambda: running.states() == {"asleep"}, within=PATIENCE, what="both sleep")


def test_a_stream_of_changes_keeps_a_twin_awake_until_it_is_closed() -> None:
    with host("alice", quiet_seconds=1) as running:
        alice = running.owner("alice")
        connection = alice.connect()
        try:
            headers = {"Authorization": f"Bearer {alice.token}"}
            connection.request("GET", f"{TWIN}/changes", headers=headers)
            stream = connection.getresponse()
            assert any(line == b"event: ready\n" for line in stream)
            stays_awake(running, "alice", until=lambda: running.twin("alice")["idle"] == 0)
            alice.collection("Groceries")
            assert any(b"Groceries" in line for line in stream)
            stays_awake(running, "alice", until=lambda: running.twin("alice")["idle"] == 0)
        finally:
            connection.close()
        eventually(lambda: running.states() == {"asleep"}, within=PATIENCE, what="it sleeps")


def stays_awake(running: Host, name: str, *, until: Callable[[], bool]) -> None:
    """Order a twin to sleep until something is true, which it does in no case."""

    def ordered() -> bool:
        answer = running.ask("sleep", name)
        assert answer["state"] == "awake", answer
        return "open request" in answer["why"] and until()

    eventually(ordered, within=PATIENCE, what=f"{name} stays awake")


def test_the_first_request_to_the_twins_own_api_wakes_it_and_is_answered() -> None:
    with host("alice") as running:
        alice = running.owner("alice")
        for _ in range(5):
            running.sleep("alice")
            assert alice.bare("GET", f"{TWIN}/card").ok()["owner"] == alice.owner


def test_a_twin_that_sleeps_answers_its_owners_client_through_the_door_with_tls(
    up: Starter,
) -> None:
    running = up("alice,bob").await_ready()
    places, alice = Places(running.data), running.person("alice")
    entry = read_table(running.data)["alice"]
    room = alice.create_room()
    signed = {"Authorization": f"Bearer {alice.token}"}
    eventually(
        lambda: ask(places, {"do": "sleep", "name": "alice"})["state"] == "asleep",
        within=PATIENCE,
        what="alice's twin sleeps",
    )
    found = request(
        f"https://localhost:{entry.federation_port}",
        "GET",
        f"{CLIENT}/joined_rooms",
        headers=signed,
        trust=running.data / "ca.pem",
    )
    assert room in found.ok()["joined_rooms"]
    assert running.stop() == 0
