"""Rooms of the fake homeserver: Matrix's rules as far as the engine relies on them, pure.

The rules are those of room version 12 (Matrix specification, "Room Version 12"), except how
concurrent events are resolved: here, of the events of one key that no other one replaced, the
latest by `ts` is current. So the state depends on which events are known, not on their order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from canonicaljson import encode_canonical_json
from pyrsistent import PSet, pset
from signedjson.types import SigningKey

from twin_module.core.authority import (
    creators,
    integer,
    may_write,
    membership_of,
    power_of,
)
from twin_module.core.canonical import MAX_INTEGER
from twin_module.core.errors import BadJson, Forbidden, TooLarge, TwinError
from twin_module.core.layout import ROOM_VERSION
from twin_module.core.state import Key, StateEvent, StateMap, content_of, content_problem, frozen

MAX_EVENT_BYTES: Final = 65_536
CONTROL: Final = ("m.room.create", "m.room.power_levels", "m.room.member")
"""What decides who may write; of these only the latest counts here."""
ENVELOPE_BYTES: Final = 500
"""What a whole event has beside its content, about."""
STRIPPED: Final = (
    "m.room.create",
    "m.room.join_rules",
    "m.room.canonical_alias",
    "m.room.avatar",
    "m.room.encryption",
    "m.room.name",
    "m.room.topic",
)
"""What an invitation shows of a room, by Synapse's default `room_prejoin_state`."""
_KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "m.room.member": ("membership", "join_authorised_via_users_server"),
    "m.room.join_rules": ("join_rule", "allow"),
    "m.room.history_visibility": ("history_visibility",),
    "m.room.power_levels": (
        *("ban", "events", "events_default", "invite", "kick", "redact"),
        *("state_default", "users", "users_default"),
    ),
}
"""What a redaction leaves in place; of a create event everything."""

_LEVELS: Final[Mapping[str, Any]] = {
    "ban": 50,
    "kick": 50,
    "redact": 50,
    "state_default": 50,
    "invite": 0,
    "events_default": 0,
    "users_default": 0,
    "events": {},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeEvent:
    """An event as servers pass it on; `state_key` None is one that is no state."""

    room_id: str
    type: str
    state_key: str | None
    content: Mapping[str, Any] = field(hash=False)
    sender: str
    event_id: str
    ts: int
    replaces: frozenset[str] = frozenset()
    """The events of the same key that its sender had seen."""
    redacts: str | None = None
    replaced: str | None = None
    """What was current for its sender."""
    seen: PSet[str] = field(default=pset(), hash=False)
    """All events of the room that its sender's server knew."""
    number: int = 0
    """Higher than that of every event that was written before, anywhere."""
    key: SigningKey | None = field(default=None, hash=False, compare=False)
    """What its sender's server signed it with."""


class FakeRoom:
    """One server's copy of a room."""

    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.events: dict[str, FakeEvent] = {}
        self.seen: PSet[str] = pset()
        self.withheld: set[str] = set()
        """What was there before this server came, and nobody sends it unasked."""
        self.redacted: set[str] = set()
        self._known: dict[Key, dict[str, FakeEvent]] = {}
        self.current: dict[Key, str] = {}
        self._as_read: dict[str, StateEvent] = {}

    def known(self, key: Key) -> frozenset[str]:
        """Return all events of a key."""
        return frozenset(self._known.get(key, ()))

    def add(self, event: FakeEvent) -> set[Key]:
        """Take an event in, and return the keys of which another event is current now, or none."""
        self.events[event.event_id] = event
        self.seen = self.seen.add(event.event_id)
        if event.redacts is not None:
            self.redacted.add(event.redacts)
            self._as_read.pop(event.redacts, None)
        if event.state_key is None:
            return set()
        key = (event.type, event.state_key)
        self._known.setdefault(key, {})[event.event_id] = event
        # Who may write what can change with these, also for what was written meanwhile.
        touched = set(self._known) if event.type in CONTROL else {key}
        ordered = sorted(touched, key=lambda each: (each[0] not in CONTROL, each))
        return {each for each in ordered if self._resolve(each)}

    def _resolve(self, key: Key) -> bool:
        """Find out which event of a key is current, and tell whether that is another one now."""
        of_key = self._known[key]
        valid = [each for each in of_key.values() if not self._is_void(each)]
        replaced = {old for each in valid for old in each.replaces}
        open_ones = [each for each in valid if each.event_id not in replaced]
        before = self.current.pop(key, None)
        if open_ones:
            winner = max(open_ones, key=lambda each: (each.ts, each.event_id))
            self.current[key] = winner.event_id
        return self.current.get(key) != before

    def _is_void(self, event: FakeEvent) -> bool:
        """Tell whether somebody took the right to write this away, without having seen it."""
        if event.type in CONTROL:
            return False
        for key in (("m.room.power_levels", ""), ("m.room.member", event.sender)):
            control = self.events.get(self.current.get(key, ""))
            if control is None or control.event_id in event.seen or event.event_id in control.seen:
                continue
            state = {
                each: self.event(self.current[each]) for each in self.current if each[0] in CONTROL
            }
            try:
                check_write(state, event.sender, (event.type, event.state_key or ""), event.content)
            except TwinError:
                return True
        return False

    def forget(self, key: Key) -> None:
        """Lose all events of a key."""
        self._known.pop(key, None)
        self.current.pop(key, None)

    def event(self, event_id: str) -> StateEvent:
        """Return a state event as it is after redaction."""
        if event_id in self._as_read:
            return self._as_read[event_id]
        event = self.events[event_id]
        content = event.content
        if event_id in self.redacted and event.type != "m.room.create":
            content = {key: content[key] for key in _KEPT.get(event.type, ()) if key in content}
        problem = content_problem(content)
        read = StateEvent(
            event.room_id,
            event.type,
            event.state_key or "",
            frozen({} if problem else content),
            event.sender,
            event_id,
            event.ts,
            problem,
            event.replaced,
        )
        self._as_read[event_id] = read
        return read

    def state(self) -> dict[Key, StateEvent]:
        """Return the current state, whoever may see it."""
        return {key: self.event(event_id) for key, event_id in self.current.items()}

    def membership(self, user_id: str) -> str:
        """Return somebody's membership."""
        event_id = self.current.get(("m.room.member", user_id))
        return str(self.events[event_id].content.get("membership")) if event_id else "leave"


def check_content(content: Mapping[str, Any]) -> None:
    """Refuse content that no Matrix server sends.

    Raises:
        BadJson: it holds a float or a number that canonical JSON does not know.
        TooLarge: the event would be larger than Matrix allows.
    """
    stack: list[Any] = [content]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            raise BadJson("Bad JSON value: float")
        if isinstance(item, int) and not -MAX_INTEGER <= item <= MAX_INTEGER:
            raise BadJson("JSON integer out of range")
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
    if len(encode_canonical_json(content)) + ENVELOPE_BYTES > MAX_EVENT_BYTES:
        raise TooLarge("event too large")


def check_write(state: StateMap, sender: str, key: Key, content: Mapping[str, Any]) -> None:
    """Refuse a state event, other than a membership, that its sender has no right to.

    Raises:
        Forbidden: says why.
        BadJson: it gives power to a creator, who has it all.
    """
    event_type, state_key = key
    if membership_of(state, sender) != "join":
        raise Forbidden(f"User {sender} not in room")
    if state_key.startswith("@") and state_key != sender:
        raise Forbidden("You are not allowed to set others state")
    if not may_write(state, sender, event_type):
        raise Forbidden("You don't have permission to post that to the room.")
    if event_type == "m.room.power_levels" and creators(state) & set(content.get("users", ())):
        raise BadJson("A creator must not appear in the power levels.")


def check_message(state: StateMap, sender: str, event_type: str) -> None:
    """Refuse an event that is no state and that its sender has no right to.

    Raises:
        Forbidden: says why.
    """
    if membership_of(state, sender) != "join":
        raise Forbidden(f"User {sender} not in room")
    levels = content_of(state, "m.room.power_levels")
    by_type = levels.get("events")
    default = integer(levels.get("events_default"), 0)
    needed = integer(by_type.get(event_type), default) if isinstance(by_type, Mapping) else default
    if power_of(state, sender) < needed:
        raise Forbidden(f"You don't have permission to post that to the room: {needed} is needed.")


def check_change(state: StateMap, sender: str, target: str, action: str) -> None:
    """Refuse an invitation or a removal that its sender has no right to.

    Raises:
        Forbidden: says why.
    """
    if membership_of(state, sender) != "join":
        raise Forbidden(f"{sender} is not in the room.")
    power = power_of(state, sender)
    now = membership_of(state, target)
    needed = integer(content_of(state, "m.room.power_levels").get(action), 0)
    if power < needed:
        raise Forbidden(f"You don't have permission to {action} {target}.")
    if action == "invite" and now in ("join", "ban"):
        raise Forbidden(f"{target} can't be invited: they are in the room, or banned.")
    if action == "kick" and now not in ("join", "invite", "knock"):
        raise Forbidden(f"{target} is not in the room.")
    if action == "kick" and power <= power_of(state, target):
        raise Forbidden(f"You cannot kick user {target}.")


def allowed_rooms(state: StateMap) -> Iterable[str]:
    """Return the rooms whose members may join without being invited."""
    rule = content_of(state, "m.room.join_rules")
    if rule.get("join_rule") not in ("restricted", "knock_restricted"):
        return []
    return [each["room_id"] for each in rule.get("allow", ())]


def first_state(
    owner: str, config: Mapping[str, Any]
) -> Iterable[tuple[str, str, Mapping[str, Any]]]:
    """Return the events of a new private room, in order, as Matrix's `createRoom` makes them."""
    creation = {"room_version": ROOM_VERSION, **config.get("creation_content", {})}
    first: dict[Key, Mapping[str, Any]] = {
        ("m.room.create", ""): creation,
        ("m.room.member", owner): {"membership": "join"},
        ("m.room.power_levels", ""): {
            **_LEVELS,
            **config.get("power_level_content_override", {}),
        },
        ("m.room.join_rules", ""): {"join_rule": "invite"},
        ("m.room.history_visibility", ""): {"history_visibility": "shared"},
        ("m.room.guest_access", ""): {"guest_access": "can_join"},
    }
    for event in config.get("initial_state", ()):
        first[event["type"], event.get("state_key", "")] = event["content"]
    for key in ("name", "topic"):
        if config.get(key):
            first[f"m.room.{key}", ""] = {key: config[key]}
    return [(*key, content) for key, content in first.items()]
