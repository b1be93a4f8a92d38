"""What may happen to twins whatever they do: they are cut off, hear late, are killed, forget."""

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.engine.conftest import Home, settle
from twin_module.core.errors import TwinError
from twin_module.testing.driver import run
from twin_module.testing.fake import Crash
from twin_module.testing.fake_network import FakeNetwork

WHO = st.runner().flatmap(lambda weather: st.sampled_from(sorted(weather.homes)))


class Weather(RuleBasedStateMachine):
    """People with twins on a network on which nothing goes well."""

    network: FakeNetwork
    homes: Mapping[str, Home]
    """By the names of their owners."""
    room: str

    def attempt(self, who: str, act: Callable[[Home], Any]) -> None:
        """Do something that the weather may forbid."""
        home = self.homes[who]
        try:
            act(home)
        except TwinError:
            pass
        except Crash:
            home.restart()

    @rule(who=WHO)
    def cut_off(self, who: str) -> None:
        self.network.cut(f"{who}.example")

    @rule()
    def heal(self) -> None:
        self.network.heal()

    @rule(late=st.booleans())
    def be_late(self, late: bool) -> None:
        self.network.late = late

    @rule(backwards=st.booleans())
    def deliver(self, backwards: bool) -> None:
        self.network.deliver(order=lambda events: events[::-1] if backwards else list(events))

    @rule(seconds=st.sampled_from([0.001, 1, 20, 4000]))
    def pass_time(self, seconds: float) -> None:
        self.network.pass_time(seconds)

    @rule(who=WHO)
    def work(self, who: str) -> None:
        self.attempt(who, lambda home: home.work())

    @rule(who=WHO, step=st.integers(1, 15))
    def crash_soon(self, who: str, step: int) -> None:
        self.homes[who].port.crash_in = step

    @rule(who=WHO)
    def forget_where_one_was(self, who: str) -> None:
        self.homes[who].server.database.execute("UPDATE twin_position SET stream_id = NULL")
        self.homes[who].server.database.commit()
        self.attempt(who, lambda home: run(home.twin.look_again()))

    def clear_up(self) -> None:
        """End all trouble, and let everybody start again and come to rest."""
        self.network.late = False
        self.network.heal()
        for home in self.homes.values():
            home.port.crash_in = None
            home.restart()
        settle(*self.homes.values())

    def seen(self, home: Home) -> Any:
        """Return what a twin's tables hold of the room."""
        objects = home.tables()["objects"]
        return {key: row for key, row in objects.items() if key[0] == self.room}
