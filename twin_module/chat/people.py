"""What people are called in what the companion says. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from twin_module.core.one_line import one_line
from twin_module.core.room_name import called

MAX_NAME: Final = 40
MAX_ID: Final = 100


def names(people: Sequence[tuple[str, str | None]]) -> Mapping[str, str]:
    """Return what people are called, by Matrix ID; nobody passes for another one."""
    lines = [(user, one_line(name or "", MAX_NAME)) for user, name in people]
    # A name that looks like somebody's Matrix ID would be believed.
    shown = called([(user, None if name.startswith("@") else name) for user, name in lines])
    return {user: one_line(name, MAX_NAME + MAX_ID) for user, name in shown.items()}
