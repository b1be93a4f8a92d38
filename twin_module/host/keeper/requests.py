"""What the command `twin` may ask the keeper for, and when the answer is known."""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from twin_module.host.errors import HostError
from twin_module.host.keeper.control import Reply
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.status import pss_kb, shards_now, twins_now, with_memory
from twin_module.host.keeper.twins import State

SETTLED: Final = frozenset({State.ASLEEP, State.AWAKE, State.DOWN})


class Host(Protocol):
    """The rest of the keeper, as far as requests need it."""

    plan: Plan
    pace: Pace
    started: int
    """Seconds since 1970."""
    versions: Mapping[str, str]
    """Of the packages that are loaded."""
    packages: str
    """A digest of the versions of all that were installed at the start."""
    turns: int
    """How often its loop has turned."""

    renewals: int
    """How often the program of this process was another one."""

    @property
    def pids(self) -> Mapping[int, int]:
        """The process of each shard."""
        ...

    @property
    def front_pid(self) -> int | None:
        """The process of the front."""
        ...

    @property
    def over(self) -> bool:
        """Whether all has ended."""
        ...

    def now(self) -> float:
        """Return the time as the plan has it."""
        ...

    def wall(self) -> int:
        """Return the time of day, in milliseconds since 1970."""
        ...

    def look_up(self, name: str, *, up: bool) -> None:
        """Read a twin's line in the table again; HostError says what is wrong with it."""
        ...

    def read_again(self) -> None:
        """Have certificates read again."""
        ...

    def stop(self) -> None:
        """Begin to end."""
        ...

    def renew(self) -> None:
        """Begin to become another program; HostError says why that can't be."""
        ...


class Requests:
    """Obeys requests; what is known only later is answered then."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: Mapping[str, Callable[[str], Reply]] = {
            "status": self._status,
            "up": lambda name: self._look_up(name, up=True),
            "add": lambda name: self._look_up(name, up=False),
            "down": self._down,
            "wake": self._wake,
            "sleep": self._sleep,
            "reload": self._reload,
            "renew": self._renew,
            "stop": self._stop,
        }

    def handle(self, request: dict[str, Any]) -> Reply:
        """Do what is asked for."""
        do, name = request.get("do"), request.get("name", "")
        if not isinstance(do, str) or do not in self._known or not isinstance(name, str):
            return _at_once({"error": f"The host can be asked to {', '.join(self._known)}."})
        if do in {"down", "wake", "sleep"} and name not in self._host.plan.twins:
            return _at_once({"error": f"The host knows no twin {name!r}."})
        try:
            return self._known[do](name)
        except HostError as error:
            return _at_once({"error": str(error)})

    def _status(self, _: str) -> Reply:
        host, asked = self._host, self._host.now()
        host.plan.ask(asked)

        def reply(now: float) -> dict[str, Any] | None:
            shards = host.plan.shards.values()
            if now - asked < host.pace.hurry and any(
                shard.reported < asked and not shard.ending for shard in shards
            ):
                return None
            pids = host.pids
            front = host.front_pid
            return {
                "twins": twins_now(host.plan, pids, now, host.wall()),
                "shards": [with_memory(line) for line in shards_now(host.plan, pids)],
                "front": with_memory({"pid": front}) if front else None,
                "keeper": {
                    "pid": os.getpid(),
                    "pss_kb": pss_kb(),
                    "turns": host.turns,
                    "started": host.started,
                    "renewals": host.renewals,
                },
                "numbers": host.plan.numbers.written(),
                "versions": dict(host.versions),
                "packages": host.packages,
            }

        return reply

    def _look_up(self, name: str, *, up: bool) -> Reply:
        self._host.look_up(name, up=up)
        plan = self._host.plan
        if up and name in plan.twins and plan.try_again(name, self._host.now()):
            return self._when(SETTLED, name)
        return _at_once(self._said_of(name))

    def _down(self, name: str) -> Reply:
        self._host.plan.down(name, self._host.now())
        return self._when({State.DOWN}, name)

    def _wake(self, name: str) -> Reply:
        plan = self._host.plan
        if plan.twins[name].state is State.DOWN:
            raise HostError(f"{name}'s twin is down; bring it up with `twin up {name}`.")
        plan.wake(name, self._host.now())
        return self._when(SETTLED, name)

    def _sleep(self, name: str) -> Reply:
        self._host.plan.put_to_sleep(name, self._host.now())
        going = self._host.plan.twins[name].state is State.GOING
        return self._when(SETTLED if going else set(State), name)

    def _reload(self, _: str) -> Reply:
        self._host.read_again()
        return _at_once({"front": self._host.front_pid})

    def _stop(self, _: str) -> Reply:
        self._host.stop()
        return lambda _: {"stopped": True} if self._host.over else None

    def _renew(self, _: str) -> Reply:
        self._host.renew()
        return lambda _: {"renews": True} if self._host.over else None

    def _when(self, states: set[State] | frozenset[State], name: str) -> Reply:
        """Answer as soon as a twin is in one of these states."""

        def reply(_: float) -> dict[str, Any] | None:
            twin = self._host.plan.twins.get(name)
            return self._said_of(name) if twin is None or twin.state in states else None

        return reply

    def _said_of(self, name: str) -> dict[str, Any]:
        twin = self._host.plan.twins.get(name)
        if twin is None:
            return {"name": name, "state": None, "why": None}
        return {"name": name, "state": twin.shown, "why": twin.why or twin.problem or twin.busy}


def _at_once(answer: dict[str, Any]) -> Reply:
    return lambda _: answer
