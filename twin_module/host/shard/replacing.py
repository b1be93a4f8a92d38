"""Replacing a name of another package, for a while or for good."""

from types import TracebackType
from typing import Any


class replaced:  # noqa: N801 - it is used as a function, like those of contextlib
    """Gives a class or module another attribute, which has to be there before.

    From entering to leaving; whoever never leaves may forget it, and the attribute stays.
    """

    def __init__(self, owner: Any, name: str, value: object) -> None:
        self._owner = owner
        self._name = name
        self._value = value
        # Not getattr: a class method read from its class is not what stands there.
        self._before = vars(owner)[name]

    def __enter__(self) -> None:
        """Put the new one there."""
        setattr(self._owner, self._name, self._value)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put the old one back."""
        setattr(self._owner, self._name, self._before)
