"""What a command has to say: a text for people, the same as JSON for programs, and an exit status."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a command."""

    text: str
    data: Mapping[str, Any] = field(default_factory=dict)
    status: int = 0
    """0 when all is well, 1 when something is in the way, 2 for what can't be read."""
