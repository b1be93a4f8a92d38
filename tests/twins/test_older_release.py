"""A real twin on the database of a newer release than its own."""

from pathlib import Path

from twin_module.engine.twin import STARTING
from twin_module.testing.person import eventually
from twin_module.testing.reactor import ReactorThread
from twin_module.testing.twins import TwinNetwork, person_at


def test_it_serves_nobody_and_says_why_until_the_newer_release_is_back(
    reactor_thread: ReactorThread, tmp_path: Path
) -> None:
    with TwinNetwork(reactor_thread, tmp_path, ("dora",)) as network:
        twin = network.start("dora")
        dora = person_at(twin)
        eventually(lambda: dora.ask("GET", "status").status == 200, what="the twin is ready")
        twin.execute("UPDATE twin_schema SET version = version + 1")
        twin.start_again()
        eventually(lambda: twin.module.twin.not_ready != STARTING, what="the start has ended")
        refused = dora.ask("GET", "card")
        assert refused.status == 503
        assert "Install the newer one again" in refused.body["error"]
        twin.execute("UPDATE twin_schema SET version = version - 1")
        twin.start_again()
        eventually(lambda: dora.ask("GET", "card").status == 200, what="the twin is ready again")
