"""A program that does what a keeper does for one shard: warm up, fork it, and hold the other end.

`shard_keeper.py DATA SHARD_END KEEPER_END QUIET_SECONDS`: the ends of a channel, by their numbers.
It prints the shard's process ID, and ends with the shard's exit status.
"""

import os
import socket
import sys
import threading
from pathlib import Path

from twin_module.host.channel import Channel
from twin_module.host.keeper.children import fork
from twin_module.host.shard.warm_up import warm_up


def main() -> None:
    data, shard_end, keeper_end = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    warm_up()
    assert threading.active_count() == 1
    assert len(list(Path("/proc/self/task").iterdir())) == 1
    held = socket.socket(fileno=keeper_end)
    of_another = socket.socket(socket.AF_UNIX)
    of_another.bind(str(data / "another.sock"))
    of_another.listen()

    def be_shard() -> None:
        from twin_module.host.shard.process import run_shard  # noqa: PLC0415 - after the warm-up

        run_shard(Channel(socket.socket(fileno=shard_end)), data, float(sys.argv[4]))

    child = fork(be_shard, {shard_end})
    os.close(shard_end)
    os.write(1, f"{child}\n".encode())
    _, status = os.waitpid(child, 0)
    held.close()
    of_another.close()
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
