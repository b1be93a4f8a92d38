"""Prints which modules are imported after the warm-up: at a load, a login, a first sync, an unload."""

import sys
import threading

from twin_module.host.shard.warm_up import warm_up

warm_up()
assert threading.active_count() == 1

from tests.host.shard_world import World, world  # noqa: E402
from twin_module.testing.person import CLIENT, TWIN  # noqa: E402
from twin_module.testing.reactor import ReactorThread  # noqa: E402

before = set(sys.modules)


def live(twins: World) -> None:
    twins.make("alice")
    twins.load("alice")
    twins.do("alice", "POST", f"{TWIN}/collections", {"name": "Groceries"})
    twins.do("alice", "GET", f"{CLIENT}/sync")
    twins.do("alice", "GET", f"{TWIN}/collections")
    twins.ask("alice", "PROPFIND", "/_synapse/client/twin/dav/")
    twins.unload("alice")


with world(ReactorThread()) as twins:
    live(twins)
sys.stdout.write("\n".join(sorted(set(sys.modules) - before)))
