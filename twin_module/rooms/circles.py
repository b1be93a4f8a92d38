"""Circles: the people whom the owner shares with.

A circle is a space of its own, with one event that declares its name, purpose and members. A
*share* in a collection gives a circle a role there. What is declared is not yet so: the duties
below compare it with who is really in the rooms, and return what is still to be done. They are
asked again after every change and every start, so a crash in between loses nothing.

What somebody may do in a collection is the lower of their role in the circle and the circle's
role in the collection, and the highest of these where several circles meet. Who leaves a circle
leaves the collections that they had only through it: `granted` in the collection names them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from twin_module.core.authority import ROLE_NAMES, Role, creators, integer, membership_of
from twin_module.core.capability import (
    Arguments,
    Capability,
    Command,
    Context,
    EventType,
    Merge,
    Objects,
)
from twin_module.core.circle_phrases import SAID
from twin_module.core.effects import CreateRoom, Effect, Put, SetMembership, remove
from twin_module.core.errors import InvalidParam, NotFound
from twin_module.core.layout import (
    CIRCLE as CIRCLE_TYPE,
    GRANTED as GRANTED_TYPE,
    SHARE as SHARE_TYPE,
    circle_room,
)
from twin_module.core.matrix_uri import USER_ID
from twin_module.core.state import Content, StateMap, content_of, frozen, plain

SELF: Final = "circle"
"""The state key of the one circle event in a circle's room."""
PRESENT: Final = ("join", "invite", "knock")

_NAME: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "description": "What the circle is called.",
}
_PURPOSE: Final = {"type": "string", "maxLength": 1000, "description": "What it is for."}
_ROLE: Final = {
    "enum": list(ROLE_NAMES),
    "description": "viewer reads, editor writes, admin also shares and invites.",
}
_ROOM_ID: Final = r"!\S{1,254}"
_ROOM: Final = {"type": "string", "pattern": f"^{_ROOM_ID}$"}

CIRCLE: Final = EventType(
    type=CIRCLE_TYPE,
    summary="A circle of people, in its own space.",
    state_key=f"Always `{SELF}`.",
    key_pattern=SELF,
    governs=True,
    schema={
        "properties": {
            "@type": {"const": "Circle"},
            "name": _NAME,
            "purpose": _PURPOSE,
            "members": {
                "type": "object",
                "maxProperties": 500,
                "propertyNames": {"pattern": USER_ID["pattern"], "maxLength": 255},
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        "role": _ROLE,
                        "since": {
                            "type": "integer",
                            "minimum": 0,
                            "description": "Milliseconds since 1970.",
                        },
                    },
                    "required": ["role", "since"],
                },
                "description": "Who belongs to it, by Matrix ID, beside the owner.",
            },
        },
        "required": ["@type", "name", "members"],
    },
    example={
        "@type": "Circle",
        "name": "Family",
        "purpose": "What we do at home",
        "members": {"@bob:example.org": {"role": "editor", "since": 1_790_000_000_000}},
    },
    title=lambda content: str(content["name"]),
    merge={"members": Merge.MAP},
)

SHARE: Final = EventType(
    type=SHARE_TYPE,
    summary="A circle's role in the collection that this event is in.",
    state_key="The room ID of the circle.",
    key_pattern=_ROOM_ID,
    governs=True,
    schema={"properties": {"role": _ROLE}, "required": ["role"]},
    example={"role": "editor"},
    title=lambda content: str(content["role"]),
)

GRANTED: Final = EventType(
    type=GRANTED_TYPE,
    summary="Who is in this collection only through circles; written by the owner's twin.",
    state_key="Empty.",
    key_pattern="",
    governs=True,
    schema={
        "properties": {
            "members": {
                "type": "object",
                "maxProperties": 1000,
                "propertyNames": {"maxLength": 255},
                "additionalProperties": _ROLE,
            },
            "raised": {
                "type": "object",
                "maxProperties": 1000,
                "propertyNames": {"maxLength": 255},
                "additionalProperties": {"type": "integer"},
                "description": "Power levels before a circle raised who is here in their own right.",
            },
        },
        "required": ["members"],
    },
    example={"members": {"@bob:example.org": "editor"}, "raised": {"@carol:example.org": 0}},
    title=lambda content: f"{len(content['members'])} people",
)


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle as its readers see it."""

    name: str
    purpose: str
    members: Mapping[str, str]
    """Role names by Matrix ID."""
    content: Content


def view(objects: Objects) -> Circle | None:
    """Return the circle of a room, None where there is none."""
    event = objects.get((CIRCLE.type, SELF))
    if event is None:
        return None
    content = event.content
    members = {user: member["role"] for user, member in content["members"].items()}
    return Circle(content["name"], content.get("purpose", ""), members, content)


def render(circle: Circle | None, now: datetime) -> Mapping[str, Any]:
    """Return the circle with its members by Matrix ID."""
    if circle is None:
        return {}
    return {
        "name": circle.name,
        "purpose": circle.purpose,
        "members": [
            {"user_id": user, "role": circle.members[user]} for user in sorted(circle.members)
        ],
    }


# Commands


def _milliseconds(now: datetime) -> int:
    return round(now.timestamp() * 1000)


def _circle(circle: Circle | None) -> Circle:
    if circle is None:
        raise NotFound("This room is not a circle.")
    return circle


def create(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Make a circle; its members are invited as soon as it is there."""
    name, purpose = arguments["name"], arguments.get("purpose", "")
    since = _milliseconds(context.now)
    content = {
        "@type": "Circle",
        "name": name,
        **({"purpose": purpose} if purpose else {}),
        "members": {
            user: {"role": role, "since": since}
            for user, role in arguments.get("members", {}).items()
            if user != context.me
        },
    }
    CIRCLE.check(content)
    objects = [{"type": CIRCLE.type, "state_key": SELF, "content": content}]
    return [CreateRoom(circle_room(name, purpose, objects))]


def change(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Give a circle another name or purpose."""
    content = _circle(circle).content
    effects: list[Effect] = []
    if "name" in arguments:
        content = content.set("name", arguments["name"])
        effects.append(Put("m.room.name", "", frozen({"name": arguments["name"]})))
    if "purpose" in arguments:
        content = content.set("purpose", arguments["purpose"])
        effects.append(Put("m.room.topic", "", frozen({"topic": arguments["purpose"]})))
    return [Put(CIRCLE.type, SELF, content), *effects]


def add(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Add somebody, or give a member another role; who had left is asked again."""
    content, user = _circle(circle).content, arguments["user_id"]
    if user == context.me:
        raise InvalidParam("user_id: the circle is yours; you need not be a member.")
    member = frozen({"role": arguments.get("role", "editor"), "since": _milliseconds(context.now)})
    return [Put(CIRCLE.type, SELF, content.set("members", content["members"].set(user, member)))]


def remove_member(
    circle: Circle | None, context: Context, arguments: Arguments
) -> Sequence[Effect]:
    """Take somebody out of a circle, and so out of what was shared with them only through it."""
    content, user = _circle(circle).content, arguments["user_id"]
    if user not in content["members"]:
        raise NotFound(f"{user} is not in this circle.")
    return [Put(CIRCLE.type, SELF, content.set("members", content["members"].remove(user)))]


def dissolve(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """End a circle: everyone leaves it, and what they had only through it."""
    _circle(circle)
    return [remove(CIRCLE.type, SELF)]


def share(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Give a circle a role in a collection."""
    return [Put(SHARE.type, arguments["circle"], frozen({"role": arguments.get("role", "editor")}))]


def unshare(circle: Circle | None, context: Context, arguments: Arguments) -> Sequence[Effect]:
    """Take a collection back from a circle."""
    return [remove(SHARE.type, arguments["circle"])]


# Duties


def owned_circle(state: StateMap) -> Circle | None:
    """Return the circle that a room's state declares, if it does."""
    circle: Circle | None = CIRCLES.project(state)
    return circle


def shares(state: StateMap) -> Mapping[str, Role]:
    """Return which circles a collection is shared with, by room ID, and as what."""
    found = {}
    for (event_type, circle), event in state.items():
        if event_type == SHARE.type and event.content and not SHARE.problems(event.content):
            found[circle] = Role.named(event.content["role"])
    return found


def entitled(circle: StateMap) -> Mapping[str, tuple[Role, int]]:
    """Return who a circle's shares reach: role and since when, without those who left it themselves."""
    declared = owned_circle(circle)
    if declared is None:
        return {}
    owners = creators(circle)
    reached = {}
    for user, member in declared.content["members"].items():
        if user not in owners and not _keeps_out(circle, user, member["since"]):
            reached[user] = (Role.named(member["role"]), member["since"])
    return reached


def _keeps_out(state: StateMap, user: str, since: int) -> bool:
    """Tell whether somebody is banned, or left of their own will after they were last asked."""
    membership = membership_of(state, user)
    if membership == "ban":
        return True
    event = state.get(("m.room.member", user))
    return (
        membership == "leave"
        and event is not None
        and event.sender == user
        and event.origin_server_ts >= since
    )


def circle_duties(state: StateMap, collections: Mapping[str, bool], via: str) -> Sequence[Effect]:
    """Return what makes a circle's space equal to what it declares.

    Args:
        state: of the circle's room.
        collections: the room IDs of those that are (True) or were (False) shared with it; other
            children of the space were hung there by hand and stay.
        via: the server by which they can be joined.
    """
    members = entitled(state)
    effects: list[Effect] = []
    for user in sorted(members):
        if membership_of(state, user) == "leave":
            effects.append(
                SetMembership(_room(state), user, "invite", "You were added to this circle")
            )
    declared = owned_circle(state)
    for user in _people(state):
        if declared is None or user not in declared.members:
            effects.append(
                SetMembership(_room(state), user, "kick", "You are no longer in this circle")
            )
    effects.extend(
        _levels(
            state,
            {user: role for user, (role, _) in members.items()},
            dict.fromkeys(_levels_now(state), 0),
        )
    )
    wanted = {room for room, is_shared in collections.items() if is_shared and declared}
    children = {
        key
        for (kind, key), event in state.items()
        if kind == "m.space.child" and event.content.get("via")
    }
    for room in sorted(wanted - children):
        effects.append(Put("m.space.child", room, frozen({"via": [via]}), _room(state)))
    for room in sorted(children & collections.keys() - wanted):
        effects.append(remove("m.space.child", room, _room(state)))
    return effects


def collection_duties(state: StateMap, circles: Mapping[str, StateMap]) -> Sequence[Effect]:
    """Return what makes a collection's members, rights and join rule equal to its shares.

    Args:
        state: of the collection's room.
        circles: the states of the owner's own circles, by room ID.
    """
    room_id = _room(state)
    sharing = {circle: role for circle, role in shares(state).items() if circle in circles}
    wanted, since = _reached(state, sharing, circles)
    granted, raised_before = _noted(state)
    through = {
        user: role
        for user, role in wanted.items()
        if user in granted or not _in_own_right(state, user)
    }
    gone = {user: role for user, role in granted.items() if user not in wanted}
    leaving = [user for user in gone if membership_of(state, user) in PRESENT]
    # Who goes stays noted until they are out and without a level, wherever a crash comes between.
    users = _levels_now(state)
    staying = {user: role for user, role in gone.items() if user in leaving or user in users}
    noted = {**through, **staying}
    in_own_right = {user: role for user, role in wanted.items() if user not in noted}
    before = {user: level for user, level in raised_before.items() if user not in noted}
    raised = _to_note(_levels_now(state), before, in_own_right)
    effects: list[Effect] = [
        SetMembership(room_id, user, "kick", "This is no longer shared with you")
        for user in sorted(leaving)
    ]
    if (noted, raised) != (granted, raised_before):
        names = {user: role.name.lower() for user, role in noted.items()}
        note = {"members": names, **({"raised": raised} if raised else {})}
        effects.append(Put(GRANTED.type, "", frozen(note), room_id))
    effects.extend(_levels(state, wanted, {**raised, **dict.fromkeys(granted, 0)}))
    effects.extend(_join_rule(state, sharing))
    for user in sorted(wanted):
        if membership_of(state, user) == "leave" and not _keeps_out(state, user, since[user]):
            effects.append(
                SetMembership(room_id, user, "invite", "This was shared with a circle of yours")
            )
    return effects


def _reached(
    state: StateMap, sharing: Mapping[str, Role], circles: Mapping[str, StateMap]
) -> tuple[dict[str, Role], dict[str, int]]:
    owners = creators(state)
    wanted: dict[str, Role] = {}
    since: dict[str, int] = {}
    for circle, role in sharing.items():
        for user, (own_role, asked) in entitled(circles[circle]).items():
            if user not in owners:
                wanted[user] = max(wanted.get(user, Role.VIEWER), min(role, own_role))
                since[user] = max(since.get(user, 0), asked)
    return wanted, since


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is in a room: `creator`, `invited`, or through a circle."""

    kind: str
    circle: str = ""
    """The room ID of the circle."""
    name: str | None = None
    """What the circle is called, where its declaration can be seen."""

    def as_json(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        if self.kind == "circle":
            return {"circle": self.circle, "name": self.name}
        return {self.kind: True}


MADE_IT: Final = Reason("creator")
INVITED: Final = Reason("invited")


def reasons(state: StateMap, circles: Mapping[str, StateMap]) -> Mapping[str, Sequence[Reason]]:
    """Return why everybody is in a room who is in it or invited, as its state has them.

    Who came through circles whose declarations can't be seen gets all of those, without names.

    Args:
        state: of a collection, a circle or any other room.
        circles: the states of the circles that can be seen, by room ID.
    """
    owners, (noted, _) = creators(state), _noted(state)
    sharing = shares(state)
    reaching = {each: circles[each] for each in sorted(sharing) if each in circles}
    unseen = [Reason("circle", each) for each in sorted(sharing) if each not in circles]
    # A room that is a circle itself lets in whom it declares.
    create = state.get(("m.room.create", ""))
    own = {create.room_id: state} if create and owned_circle(state) is not None else {}
    through = _through(state, own or reaching)
    found: dict[str, Sequence[Reason]] = {}
    for event_type, user in state:
        if event_type != "m.room.member" or membership_of(state, user) not in ("join", "invite"):
            continue
        if user in owners:
            found[user] = [MADE_IT]
            continue
        why = through.get(user, [])
        if user in noted:
            why = why or unseen
        elif _in_own_right(state, user) and not (own and why):
            why = [*why, INVITED]
        found[user] = why
    return found


def _through(state: StateMap, circles: Mapping[str, StateMap]) -> dict[str, list[Reason]]:
    """Return whom circles reach here; only circles of who made the room do."""
    here = state.get(("m.room.create", ""))
    found: dict[str, list[Reason]] = {}
    for room_id, circle in circles.items():
        there, declared = circle.get(("m.room.create", "")), owned_circle(circle)
        if not here or not there or here.sender != there.sender or declared is None:
            continue
        for user in entitled(circle):
            found.setdefault(user, []).append(Reason("circle", room_id, declared.name))
    return found


def _in_own_right(state: StateMap, user: str) -> bool:
    """Tell whether somebody is here for another reason than that a circle reached them."""
    came = content_of(state, "m.room.member", user)
    return membership_of(state, user) in PRESENT and "join_authorised_via_users_server" not in came


def _noted(state: StateMap) -> tuple[dict[str, Role], dict[str, int]]:
    """Return who is noted as here through circles, and the own levels of whom circles raised."""
    content = content_of(state, GRANTED.type)
    if not content or GRANTED.problems(content):
        return {}, {}
    granted = {user: Role.named(role) for user, role in content["members"].items()}
    return granted, dict(content.get("raised", {}))


def _to_note(
    levels: Mapping[str, int], raised: Mapping[str, int], wanted: Mapping[str, Role]
) -> dict[str, int]:
    """Return the own levels of those whom circles raise, or who have still to be lowered again.

    Args:
        levels: as they are now.
        raised: what is noted.
        wanted: the roles that circles give to who is here in their own right.
    """
    noted = {}
    for user in raised.keys() | wanted.keys():
        now = levels.get(user, 0)
        own = min(raised.get(user, now), now)  # lowered by hand meanwhile, it stays low
        if max(own, wanted.get(user, Role.VIEWER)) != own or now != own:
            noted[user] = own
    return noted


def _room(state: StateMap) -> str:
    return state["m.room.create", ""].room_id


def _people(state: StateMap) -> Sequence[str]:
    owners = creators(state)
    return sorted(
        user
        for (event_type, user) in state
        if event_type == "m.room.member"
        and user not in owners
        and membership_of(state, user) in PRESENT
    )


def _levels_now(state: StateMap) -> dict[str, int]:
    users = content_of(state, "m.room.power_levels").get("users")
    if not isinstance(users, Mapping):
        return {}
    return {user: integer(level, 0) for user, level in plain(users).items()}


def _levels(
    state: StateMap, wanted: Mapping[str, Role], own: Mapping[str, int]
) -> Sequence[Effect]:
    """Return the change of power levels.

    Args:
        state: of the room.
        wanted: the roles that circles give.
        own: the levels that people have without circles; who is not named is never lowered.
    """
    levels, before = content_of(state, "m.room.power_levels"), _levels_now(state)
    after = dict(before)
    for user in own.keys() | wanted.keys():
        level = max(own.get(user, before.get(user, 0)), wanted.get(user, Role.VIEWER))
        if level > Role.VIEWER:
            after[user] = int(level)
        else:
            after.pop(user, None)
    if after == before:
        return []
    return [Put("m.room.power_levels", "", levels.set("users", frozen(after)), _room(state))]


def _join_rule(state: StateMap, sharing: Mapping[str, Role]) -> Sequence[Effect]:
    now = content_of(state, "m.room.join_rules")
    if now.get("join_rule") not in ("invite", "restricted"):
        return []  # the owner chose something else, by hand
    allow = [{"type": "m.room_membership", "room_id": circle} for circle in sorted(sharing)]
    wanted = frozen(
        {"join_rule": "restricted", "allow": allow} if allow else {"join_rule": "invite"}
    )
    return [] if wanted == now else [Put("m.room.join_rules", "", wanted, _room(state))]


_MEMBER: Final = {"user_id": {**USER_ID, "description": "Who."}}
_CIRCLE: Final = {"circle": {**_ROOM, "description": "The room ID of the circle."}}

CIRCLES: Final = Capability(
    name="circles",
    summary="The people whom you share with",
    events=(CIRCLE, SHARE, GRANTED),
    view=view,
    render=render,
    called={"en": ("circle",), "de": ("kreis", "kreise")},
    commands={
        "create": Command(
            summary="Make a circle and invite its members",
            decide=create,
            arguments={
                "name": _NAME,
                "purpose": _PURPOSE,
                "members": {
                    "type": "object",
                    "maxProperties": 500,
                    "propertyNames": USER_ID,
                    "additionalProperties": _ROLE,
                    "description": "Roles by Matrix ID.",
                },
            },
            required=("name",),
            in_room=False,
            phrases=SAID["create"],
        ),
        "change": Command(
            summary="Give a circle another name or purpose",
            decide=change,
            arguments={"name": _NAME, "purpose": _PURPOSE},
            reads_room=True,
            phrases=SAID["change"],
        ),
        "add": Command(
            summary="Add somebody, or give a member another role",
            decide=add,
            arguments={**_MEMBER, "role": _ROLE},
            required=("user_id",),
            reads_room=True,
            phrases=SAID["add"],
        ),
        "remove": Command(
            summary="Take somebody out of a circle",
            decide=remove_member,
            arguments=_MEMBER,
            required=("user_id",),
            reads_room=True,
            phrases=SAID["remove"],
        ),
        "dissolve": Command(
            summary="End a circle; everyone leaves",
            decide=dissolve,
            reads_room=True,
            phrases=SAID["dissolve"],
        ),
        "share": Command(
            summary="Give a circle a role in a collection",
            is_common=True,
            decide=share,
            arguments={**_CIRCLE, "role": _ROLE},
            required=("circle",),
            phrases=SAID["share"],
        ),
        "unshare": Command(
            summary="Take a collection back from a circle",
            decide=unshare,
            arguments=_CIRCLE,
            required=("circle",),
            phrases=SAID["unshare"],
        ),
    },
)
