"""Two hosts that are told anything, in any order, and killed anywhere: `move_model FOLDER [EXAMPLES]`.

It prints how often the twin arrived somewhere in each example. A program of its own, since it forks: that is safe only where no other thread runs.
"""

import shutil
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.host.move_kills import in_a_process, tried
from tests.host.move_scene import Side, make_scene, say, silent, twin_of
from twin_module.host.moving import arriving, finishing, leaving
from twin_module.host.moving.invitation import Invitation, read_line
from twin_module.host.moving.notes import Leaving, read_note
from twin_module.host.table import set_state

SIDES = st.sampled_from([0, 1])
FOLDERS = st.sampled_from(["stick", "disk"])
KILLS = st.none() | st.none() | st.integers(1, 70)
ROOT = Path(sys.argv[1])
NUMBERS = count()


class TwoHosts(RuleBasedStateMachine):
    """The twin of alice begins on the first one."""

    def __init__(self) -> None:
        super().__init__()
        scene = make_scene(ROOT / str(next(NUMBERS)), rows=3)
        self.root = scene.root
        self.sides = (scene.old, scene.new)
        self.invitations: dict[int, str] = {}
        self.said = twin_of(scene.old.folder)
        self.at = scene.old
        self.arrivals = 0

    def serving(self) -> list[Side]:
        """Return the hosts that would run the twin if they were started now."""
        return [
            side
            for side in self.sides
            if side.entry is not None
            and side.entry.at_home
            and (side.folder / "homeserver.yaml").exists()
            and (side.folder / "signing.key").exists()
        ]

    def run(self, command: Callable[[], object], kill_at: int | None = None) -> None:
        in_a_process(lambda: tried(command), kill_at)

    @rule(number=SIDES, kill_at=KILLS)
    def invite(self, number: int, kill_at: int | None) -> None:
        side = self.sides[number]
        self.run(lambda: arriving.invite(side.moves, side), kill_at)
        if side.moves.key.exists() and tried(lambda: arriving.invite(side.moves, side)):
            self.invitations[number] = arriving.invite(side.moves, side)

    @precondition(lambda self: self.invitations)
    @rule(number=SIDES, other=SIDES, folder=FOLDERS, kill_at=KILLS)
    def leave(self, number: int, other: int, folder: str, kill_at: int | None) -> None:
        if other in self.invitations:
            side, invited = self.sides[number], read_line(self.invitations[other])
            self.run(
                lambda: leaving.leave(side.moves, side, invited, self.root / folder, silent),
                kill_at,
            )

    @rule(number=SIDES, folder=FOLDERS, kill_at=KILLS)
    def arrive(self, number: int, folder: str, kill_at: int | None) -> None:
        self.run(self.arriving(self.sides[number], self.root / folder), kill_at)

    def arriving(self, side: Side, folder: Path) -> Callable[[], object]:
        return lambda: arriving.arrive(side.moves, side, folder, "home", None, silent)

    @rule(number=SIDES, kill_at=KILLS)
    def cancel(self, number: int, kill_at: int | None) -> None:
        side = self.sides[number]
        self.run(lambda: leaving.cancel(side.moves, side), kill_at)

    @rule(number=SIDES, folder=FOLDERS, kill_at=KILLS)
    def finish(self, number: int, folder: str, kill_at: int | None) -> None:
        side = self.sides[number]
        self.run(lambda: finishing.finish(side.moves, self.root / folder), kill_at)

    @rule(number=SIDES, up=st.booleans())
    def up_or_down(self, number: int, up: bool) -> None:
        side = self.sides[number]
        self.run(lambda: set_state(side.data, "alice", "up" if up else "down"))

    @rule(folder=FOLDERS)
    def lose_a_folder(self, folder: str) -> None:
        shutil.rmtree(self.root / folder, ignore_errors=True)

    @rule(folder=FOLDERS, kill_at=KILLS)
    def take_the_next_step(self, folder: str, kill_at: int | None) -> None:
        """Do what somebody would who knows what they do."""
        here, there = (0, 1) if self.sides[0].state != "moved" else (1, 0)
        if self.sides[here].state in {None, "arriving"}:
            self.arrive(here, folder, kill_at)
        elif self.sides[there].moves.leaving.exists():
            self.finish(there, folder, kill_at)
        elif not self.sides[there].moves.key.exists():
            self.invite(there, kill_at)
        else:
            self.leave(here, there, folder, kill_at)

    @rule(word=st.text(max_size=5))
    def say_something(self, word: str) -> None:
        for side in self.serving():
            say(side, word)
            self.said = twin_of(side.folder)

    @invariant()
    def never_both(self) -> None:
        serving = self.serving()
        assert len(serving) <= 1
        for side in serving:
            self.arrivals += side is not self.at
            self.at = side

    @invariant()
    def it_is_the_same_twin(self) -> None:
        for side in self.serving():
            assert twin_of(side.folder) == self.said

    def teardown(self) -> None:
        """Whatever happened, the same commands once more end with one twin on one host."""
        for here, there in (self.sides, self.sides[::-1]):
            if here.state == "moving":
                leaving.cancel(here.moves, here)
            note = read_note(here.moves.leaving, Leaving)
            if here.state == "moved" and note is not None and not note.received:
                target = self.root / "last"
                invited = Invitation(note.invitation, there.knows())
                leaving.leave(here.moves, here, invited, target, silent)
                self.arriving(there, target)()
                finishing.finish(here.moves, target)
        [side] = self.serving()
        assert twin_of(side.folder) == self.said
        sys.stdout.write(f"{self.arrivals}\n")
        shutil.rmtree(self.root)


if __name__ == "__main__":
    run_state_machine_as_test(
        TwoHosts,
        settings=settings(
            max_examples=int(sys.argv[2]) if len(sys.argv) > 2 else 30,
            stateful_step_count=50,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
