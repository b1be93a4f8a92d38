"""Who may do what in a room: roles as power levels.

Follows the authorization rules of room version 12: who created the room has unlimited power and
never stands in the power levels' `users`.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from pyrsistent import PVector

from twin_module.core.state import StateMap, content_of

CREATOR_POWER: Final = 2**53
"""Above every power level that can be written."""


class Role(IntEnum):
    """What somebody may do in a collection or a circle, as a power level."""

    VIEWER = 0
    EDITOR = 25
    ADMIN = 50

    @classmethod
    def named(cls, name: str) -> "Role":
        """Return the role that stands as `name` in content."""
        return cls[name.upper()]


ROLE_NAMES: Final = tuple(role.name.lower() for role in Role)


def integer(value: Any, default: int) -> int:
    """Return a power level as the number that it is, or a default for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def creators(state: StateMap) -> frozenset[str]:
    """Return who created the room, with the additional creators of room version 12."""
    create = state.get(("m.room.create", ""))
    if create is None:
        return frozenset()
    more = create.content.get("additional_creators")
    names = more if isinstance(more, PVector | list) else []
    return frozenset([create.sender, *(name for name in names if isinstance(name, str))])


def power_of(state: StateMap, user_id: str) -> int:
    """Return somebody's power level in a room."""
    if user_id in creators(state):
        return CREATOR_POWER
    levels = content_of(state, "m.room.power_levels")
    users = levels.get("users")
    default = integer(levels.get("users_default"), 0)
    return integer(users.get(user_id), default) if isinstance(users, Mapping) else default


def may_write(state: StateMap, user_id: str, event_type: str) -> bool:
    """Tell whether somebody's power is enough for a state event of a type."""
    levels = content_of(state, "m.room.power_levels")
    by_type = levels.get("events")
    default = integer(levels.get("state_default"), 50)
    needed = integer(by_type.get(event_type), default) if isinstance(by_type, Mapping) else default
    return power_of(state, user_id) >= needed


def role_of(state: StateMap, user_id: str) -> str:
    """Return somebody's role in a room, by name: owner, admin, editor or viewer."""
    power = power_of(state, user_id)
    if power == CREATOR_POWER:
        return "owner"
    return next(
        role.name.lower() for role in sorted(Role, reverse=True) if power >= role or role == 0
    )


def membership_of(state: StateMap, user_id: str) -> str:
    """Return somebody's membership: join, invite, knock, leave, ban; leave when there is none."""
    membership = content_of(state, "m.room.member", user_id).get("membership")
    return membership if isinstance(membership, str) else "leave"


def was_put_out(state: StateMap, user_id: str) -> bool:
    """Tell whether somebody was banned, or taken out of a room by somebody else."""
    event = state.get(("m.room.member", user_id))
    membership = membership_of(state, user_id)
    return membership == "ban" or (
        membership == "leave" and event is not None and event.sender != user_id
    )
