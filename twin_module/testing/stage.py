"""A stage for commands without any server: a state goes in, the state after the command comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.core.capability import Capability, Command, Context
from twin_module.core.effects import Effect, Put
from twin_module.core.state import Key, StateEvent, StateMap, plain
from twin_module.testing.strategies import ALICE, ROOM, event_of

NOW: Final = datetime(2026, 12, 24, 12, tzinfo=UTC)
NEW_UID: Final = "new-uid"


@dataclass(frozen=True, slots=True)
class Stage:
    """One room, seen by one capability; `run` returns the stage after a command."""

    capability: Capability
    state: StateMap
    now: datetime = NOW
    room_id: str = ROOM

    def decide(self, name: str, /, **arguments: Any) -> Sequence[Effect]:
        """Return the effects of a command, decided on what the engine would show it."""
        command = self.capability.command(name)
        seen = self.capability.project(self._seen(command, arguments))
        return command.decide(seen, Context(self.room_id, ALICE, self.now, NEW_UID), {**arguments})

    def run(self, name: str, /, **arguments: Any) -> "Stage":
        """Return the stage after a command; effects on other rooms and members are left out."""
        return self.after(self.decide(name, **arguments))

    def after(self, effects: Sequence[Effect]) -> "Stage":
        """Return the stage after effects; effects on other rooms and members are left out."""
        state = dict(self.state)
        for effect in effects:
            if isinstance(effect, Put) and effect.room_id in (None, self.room_id):
                state[effect.type, effect.state_key] = event_of(
                    effect.type, effect.state_key, effect.content, room_id=self.room_id
                )
        return Stage(self.capability, state, self.now, self.room_id)

    def shown(self) -> Mapping[str, Any]:
        """Return the view as JSON."""
        return self.capability.render(self.capability.project(self.state), self.now)

    def content(self, state_key: str, event_type: str | None = None) -> dict[str, Any]:
        """Return what stands in an event, by default one of the capability's objects."""
        event = self.state[event_type or self.capability.event_type.type, state_key]
        content: dict[str, Any] = plain(event.content)
        return content

    def _seen(self, command: Command, arguments: Mapping[str, Any]) -> Mapping[Key, StateEvent]:
        if not command.in_room:
            return {}
        if command.reads_room:
            return self.state
        key = (self.capability.event_type.type, arguments.get("uid", ""))
        return {key: self.state[key]} if key in self.state else {}
