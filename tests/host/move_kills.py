"""Kills each command of a move at each of its steps: `move_kills FOLDER leave|arrive|finish|cancel [lines]`.

A step is what changes a file: between two of them a kill finds the same on the disk. With `lines` each line
of the code of moves and of the table is one as well, which takes minutes. A program of its own, since it
forks: that is safe only where no other thread runs.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tests.host.move_scene import Scene, make_scene, twin_of
from twin_module.host.errors import HostError

CODE: Final = (f"{os.sep}moving{os.sep}", f"{os.sep}host{os.sep}table.py")
CHANGES: Final = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.truncate"}
WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Steps:
    """Counts steps, and kills this process at one of them."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.count = 0
        self._kill_at = kill_at

    def __call__(self) -> None:
        self.count += 1
        if self.count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not any(part in frame.f_code.co_filename for part in CODE):
            return None
        if event == "line":
            self()
        return self.trace

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and (arguments[2] or 0) & WRITING):
            self()


def in_a_process(
    run: Callable[[], object], kill_at: int | None = None, *, lines: bool = False
) -> int | None:
    """Run something in a process that is killed at a step; returns how many it took, None when it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            steps = Steps(kill_at)
            sys.addaudithook(steps.hear)
            if lines:
                sys.settrace(steps.trace)
            try:
                run()
            finally:
                sys.settrace(None)
            os.write(writing, str(steps.count).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as said:
        count = said.read()
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return int(count) if status == 0 else None


def tried(run: Callable[[], object]) -> bool:
    """Run something that may be refused in one sentence."""
    try:
        run()
    except HostError:
        return False
    return True


class Kills:
    """One command, killed at each of its steps in turn, each time in a world of its own."""

    def __init__(self, root: Path, what: str, *, lines: bool = False) -> None:
        self._root = root
        self._what = what
        self._lines = lines
        self._number = 0
        self.killed = 0

    def run(self) -> None:
        scene, invitation = self._world()
        steps = in_a_process(self._command(scene, invitation), lines=self._lines)
        assert steps is not None
        shutil.rmtree(scene.root)
        for step in range(1, steps + 1):
            for then in (self._keep_then_arrive, self._arrive_then_keep, self._go_on):
                scene, invitation = self._world()
                before = self._twin(scene)
                command = self._command(scene, invitation)
                self.killed += in_a_process(command, step, lines=self._lines) is None
                try:
                    then(scene, invitation, before)
                except BaseException:
                    sys.stderr.write(f"killed at step {step} of {steps}, then {then.__name__}\n")
                    raise
                shutil.rmtree(scene.root)

    def _world(self) -> tuple[Scene, str]:
        """Return a world in which the command is the next."""
        self._number += 1
        scene = make_scene(self._root / str(self._number), rows=3)
        invitation = scene.invite()
        if self._what in {"arrive", "finish"}:
            scene.leave(invitation)
        if self._what == "finish":
            scene.arrive()
        if self._what == "cancel":
            # As after a kill in the pause, since nothing else leaves it so.
            in_the_pause(scene, invitation)
        return scene, invitation

    def _command(self, scene: Scene, invitation: str) -> Callable[[], object]:
        commands: dict[str, Callable[[], object]] = {
            "leave": lambda: scene.leave(invitation),
            "arrive": scene.arrive,
            "finish": scene.finish,
            "cancel": scene.cancel,
        }
        return commands[self._what]

    def _twin(self, scene: Scene) -> dict[str, str]:
        homes = (scene.old.folder, scene.old.moves.gone, scene.new.folder)
        return twin_of(next(each for each in homes if each.exists()))

    # What may be said to the hosts next

    def _keep_then_arrive(self, scene: Scene, _: str, before: dict[str, str]) -> None:
        tried(scene.cancel)
        old = scene.old.can_serve()
        tried(scene.arrive)
        assert not (old and scene.new.can_serve())
        assert scene.old.can_serve() is old
        if old:
            assert twin_of(scene.old.folder) == before

    def _arrive_then_keep(self, scene: Scene, _: str, before: dict[str, str]) -> None:
        tried(scene.arrive)
        new = scene.new.can_serve()
        tried(scene.cancel)
        assert not (new and scene.old.can_serve())
        assert scene.new.can_serve() is new
        if new:
            assert twin_of(scene.new.folder) == before

    def _go_on(self, scene: Scene, invitation: str, before: dict[str, str]) -> None:
        if not scene.new.can_serve():
            scene.leave(invitation)
            assert scene.old.state == "moved"
            scene.arrive()
        scene.arrive()
        scene.finish()
        scene.finish()
        assert (scene.old.can_serve(), scene.new.can_serve()) == (False, True)
        assert twin_of(scene.new.folder) == before
        assert not scene.old.folder.exists()
        assert not scene.old.moves.gone.exists()
        assert not scene.new.moves.key.exists()


def in_the_pause(scene: Scene, invitation: str) -> None:
    """Have a move killed while the twin is down and not released."""

    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    scene.old.in_the_pause = kill
    with suppress(Killed):
        scene.leave(invitation)
    scene.old.in_the_pause = None
    assert scene.old.state == "moving"


if __name__ == "__main__":
    kills = Kills(Path(sys.argv[1]), sys.argv[2], lines="lines" in sys.argv)
    kills.run()
    sys.stdout.write(f"{kills.killed}\n")
