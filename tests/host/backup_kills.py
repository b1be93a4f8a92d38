"""Kills a backup or a restore at a line of its code, again and again: `backup_kills FOLDER backup|restore`.

A program of its own, since it forks: that is safe only where no other thread runs.
"""

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Final

from tests.host.backup_scene import BEGIN, Scene, add_events, digest_of, make_scene
from twin_module.host.backup.check import check_backups
from twin_module.host.backup.restore import restore
from twin_module.host.backup.retention import Keep
from twin_module.host.backup.store import Store

CODE: Final = f"{os.sep}backup{os.sep}"
KILLS: Final = 30


def count_lines(run: Callable[[], object], kill_at: int | None = None) -> int:
    """Run something, and return how many lines of our code that took; kill this process at one of them."""
    lines = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        if CODE not in frame.f_code.co_filename:
            return None
        if event == "line":
            lines += 1
            if lines == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)
    try:
        run()
    finally:
        sys.settrace(None)
    return lines


def killed(run: Callable[[], object], line: int) -> bool:
    """Run something in a process that is killed at a line; False when it ended before."""
    child = os.fork()
    if child == 0:
        try:
            count_lines(run, line)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL), status
    return bool(status)


def change(scene: Scene, number: int) -> None:
    """Write something everywhere in a twin's folder."""
    add_events(scene, 20, seed=number)
    scene.write(f"media/local_content/{number}", random.Random(number).randbytes(300_000))
    (scene.folder / f"media/local_content/{number - 3}").unlink(missing_ok=True)


def kill_backups(scene: Scene) -> int:
    """Kill backups; each time all earlier ones stay whole, and the next run goes on."""
    scene.set_up(keep=Keep(daily=3, weekly=0))
    lines = count_lines(lambda: scene.back_up(0))
    expected = {BEGIN: digest_of(scene.folder)}
    kills = 0
    for number in range(1, KILLS + 1):
        change(scene, number)
        # The first lines and the last ones always, for both are the delicate ones.
        line = number if number < 4 else lines * (number - 3) // (KILLS - 3) - random.randrange(9)
        kills += killed(lambda n=number: scene.back_up(n), line)  # type: ignore[misc]
        for moment in Store(scene.target).times():
            # A backup that was killed after its list was written is one.
            wanted = expected.setdefault(moment, digest_of(scene.folder))
            assert scene.restored("whole", moment=moment) == wanted, moment
            shutil.rmtree(scene.root / "whole")
        lines = count_lines(lambda n=number: scene.back_up(n + 0.1))  # type: ignore[misc]
        expected[BEGIN + timedelta(days=number + 0.1)] = digest_of(scene.folder)
        assert scene.restored("whole") == digest_of(scene.folder)
        shutil.rmtree(scene.root / "whole")
        found = check_backups(scene.target, scene.key)
        assert found.problems == ()
        # Nothing is left over of what was killed.
        assert Store(scene.target).objects().keys() == {
            name
            for moment in Store(scene.target).times()
            for name in Store(scene.target).snapshot(moment).objects
        }
        assert list(scene.target.rglob("*.new")) == []
    return kills


def kill_restores(scene: Scene) -> int:
    """Kill restores; each time there is no folder, or a whole one."""
    scene.back_up()
    wanted, folder = digest_of(scene.folder), scene.root / "restored"

    def run() -> None:
        restore(scene.target, scene.key, folder)

    lines = count_lines(run)
    shutil.rmtree(folder)
    kills = 0
    for number in range(1, KILLS + 1):
        kills += killed(run, lines * number // KILLS - random.randrange(9))
        if folder.exists():
            assert digest_of(folder) == wanted
            shutil.rmtree(folder)
        assert scene.restored() == wanted
        assert not (scene.root / ".restored.restoring").exists()
        shutil.rmtree(folder)
    return kills


if __name__ == "__main__":
    made = make_scene(Path(sys.argv[1]))
    kills = kill_backups(made) if sys.argv[2] == "backup" else kill_restores(made)
    sys.stdout.write(f"{kills}\n")
