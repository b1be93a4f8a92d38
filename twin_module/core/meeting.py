"""Events with guests: who is asked to one, which room is for them alone, and what they are told."""

from collections.abc import Mapping, Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from canonicaljson import encode_canonical_json

from twin_module.core import layout
from twin_module.core.authority import Role, membership_of, was_put_out
from twin_module.core.layout import Kind
from twin_module.core.state import NAMESPACE, StateMap, content_of
from twin_module.core.voice import voice_of

MARK: Final = f"{NAMESPACE}.meetings"
"""The key in a create event that tells a room for guests from other collections, and its guests."""
PRESENT: Final = ("join", "invite")
MAX_TITLE: Final = 120


@dataclass(frozen=True, slots=True)
class Guests:
    """Who is asked to an event, beside its owner."""

    people: frozenset[str]
    """Those who are invited one by one."""
    circle: str | None = None
    """A circle of the owner's that the event is shared with."""
    through: frozenset[str] = frozenset()
    """Those whom the circle reaches."""

    @property
    def everyone(self) -> frozenset[str]:
        """All of them."""
        return self.people | self.through

    @property
    def key(self) -> str:
        """What tells these guests from others, whoever joins the circle or leaves it."""
        said = {"people": sorted(self.people - self.through), "circle": self.circle or ""}
        return sha256(encode_canonical_json(said)).hexdigest()[:32]

    def joined_by(self, people: AbstractSet[str]) -> "Guests":
        """Return these guests with more people."""
        return Guests(self.people | (people - self.through), self.circle, self.through)


def room_for(name: str, guests: Guests) -> dict[str, Any]:
    """Return a collection for events with some guests, who may talk there and answer by a sign."""
    config = layout.collection_room(name, "Events with guests")
    levels = config["power_level_content_override"]
    talk = dict.fromkeys(("m.room.message", "m.reaction"), int(Role.VIEWER))
    return {
        **config,
        "creation_content": {**config["creation_content"], MARK: guests.key},
        "power_level_content_override": {**levels, "events": {**levels["events"], **talk}},
    }


def is_marked(state: StateMap, owner: str) -> bool:
    """Tell whether the owner made a room for events with guests."""
    create = state.get(("m.room.create", ""))
    return create is not None and create.sender == owner and MARK in create.content


def is_room_for(state: StateMap, owner: str, guests: Guests) -> bool:
    """Tell whether a room was made for these guests, and nobody else has got in meanwhile.

    A room that the owner took somebody out of, or took back from the circle, is not for them again:
    they would get to see all the events that are still in there.
    """
    create = content_of(state, "m.room.create")
    if not is_marked(state, owner) or create[MARK] != guests.key:
        return False
    if layout.kind_in(state) is not Kind.COLLECTION or membership_of(state, owner) != "join":
        return False
    shares = {circle: event for (kind, circle), event in state.items() if kind == layout.SHARE}
    if any(circle != guests.circle or not event.content for circle, event in shares.items()):
        return False
    noted = content_of(state, layout.GRANTED).get("members")
    by_circle = set(noted) if isinstance(noted, Mapping) else set()
    strangers = present_in(state) - guests.everyone - by_circle - {owner, voice_of(owner)}
    return not strangers and not any(was_put_out(state, user) for user in guests.people)


def present_in(state: StateMap) -> frozenset[str]:
    """Return who is in a room or invited."""
    return frozenset(
        user
        for kind, user in state
        if kind == "m.room.member" and membership_of(state, user) in PRESENT
    )


def people_in(state: StateMap) -> frozenset[str]:
    """Return who is in a room or invited, without the voices of their twins."""
    present = present_in(state)
    return present - {voice_of(each) for each in present}


def reason(content: Mapping[str, Any]) -> str:
    """Return what an invitation is for, in one line: Choir, 2026-12-24 18:00 (Europe/Berlin)."""
    title, zone = _line(content["title"]), _line(content.get("timeZone") or "")
    day, _, time = str(content["start"]).partition("T")
    when = day
    if content.get("showWithoutTime") is not True:
        when += f" {time[:5]}{f' ({zone})' if zone else ''}"
    if content.get("recurrenceRules"):
        when = f"from {when}"
    return f"{title}, {when}" if title else when


def _line(text: str) -> str:
    visible = "".join(each if each.isprintable() else " " for each in text)
    line = " ".join(visible.split())
    return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1].rstrip()}…"
