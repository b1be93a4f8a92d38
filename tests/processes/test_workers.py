"""A twin whose Synapse runs with a worker, on PostgreSQL and Redis."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from twin_module.host.certificates import ensure_ca, ensure_leaf
from twin_module.host.configuration import TwinFacts, homeserver_config
from twin_module.host.folder import log_config, prepare
from twin_module.testing.person import Person, eventually
from twin_module.testing.postgres import fresh_database
from twin_module.testing.twins import free_port

pytestmark = pytest.mark.processes


@contextmanager
def running(*command: str, output: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the end of the block."""
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def answers(process: subprocess.Popen[bytes], output: Path, person: Person, path: str) -> bool:
    """Tell whether a server answers; ends the test when its process has ended."""
    if process.poll() is not None:
        pytest.fail(output.read_text())
    try:
        return person.ask("GET", path).status == 200
    except (OSError, AssertionError):
        return False


@pytest.fixture
def people(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Person, Person]]:
    """Alice at her main process, and at the worker beside it."""
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("no Redis: install it (on Debian: apt install redis-server)")
    ports = {name: free_port() for name in ("client", "federation", "worker", "inner", "redis")}
    certificate, key = ensure_leaf(
        tmp_path, ensure_ca(tmp_path, datetime.now(UTC)), datetime.now(UTC)
    )
    with ExitStack() as stack:
        facts = TwinFacts(
            owner="alice",
            server_name=f"localhost:{ports['federation']}",
            folder=tmp_path,
            client_port=ports["client"],
            federation_port=ports["federation"],
            tls_certificate=certificate,
            tls_key=key,
            ca_file=tmp_path / "ca.pem",
            postgres=stack.enter_context(fresh_database(postgres_url)),
            module={"max_objects_per_room": 10},
        )
        main, worker = configurations(facts, ports)
        command = (redis, "--port", str(ports["redis"]), "--save", "", "--bind", "127.0.0.1")
        stack.enter_context(running(*command, output=tmp_path / "redis.out"))
        password = tmp_path / "owner.password"
        at_main, at_worker = (
            Person(
                f"http://127.0.0.1:{ports[name]}",
                "@alice:" + facts.server_name,
                lambda: password.read_text().strip(),
            )
            for name in ("client", "worker")
        )
        for app, configs, person, path in (
            ("homeserver", [main], at_main, "status"),
            ("generic_worker", [main, worker], at_worker, "/_matrix/client/v3/account/whoami"),
        ):
            options = [part for config in configs for part in ("--config-path", str(config))]
            output = tmp_path / f"{app}.out"
            process = stack.enter_context(
                running(sys.executable, "-m", f"synapse.app.{app}", *options, output=output)
            )
            eventually(lambda: answers(process, output, person, path), within=120, what=app)  # noqa: B023 - called in this round
            at_worker._token = at_main.token  # the worker of this test answers no logins
        yield at_main, at_worker


def configurations(facts: TwinFacts, ports: dict[str, int]) -> tuple[Path, Path]:
    """Write the configuration of the main process and that of the worker."""
    prepare(facts)
    config = homeserver_config(facts)
    config["redis"] = {"enabled": True, "host": "127.0.0.1", "port": ports["redis"]}
    config["instance_map"] = {"main": {"host": "127.0.0.1", "port": ports["inner"]}}
    config["listeners"].append(listener(ports["inner"], "replication"))
    worker = {
        "worker_app": "synapse.app.generic_worker",
        "worker_name": "worker1",
        "worker_listeners": [listener(ports["worker"], "client")],
        "worker_log_config": str(facts.folder / "worker.yaml"),
    }
    (facts.folder / "worker.yaml").write_text(
        yaml.safe_dump(log_config(facts.folder / "worker.log"))
    )
    paths = facts.folder / "homeserver.yaml", facts.folder / "worker1.yaml"
    for path, content in zip(paths, (config, worker), strict=True):
        path.write_text(yaml.safe_dump(content))
    return paths


def listener(port: int, resource: str) -> dict[str, Any]:
    """Return a listener on loopback."""
    return {
        "type": "http",
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "resources": [{"names": [resource]}],
    }


def test_the_main_process_projects_and_the_worker_checks_what_it_takes(
    people: tuple[Person, Person], tmp_path: Path
) -> None:
    at_main, at_worker = people
    room = at_main.post("collections", {"name": "Groceries"})["room_id"]

    def write(state_key: str, content: dict[str, Any]) -> Any:
        return at_worker.put_state(room, "org.digitaltwin.task", state_key, content)

    written = write("one", {"@type": "Task", "title": "Buy bread"}).ok()
    found = eventually(
        lambda: at_main.get(f"rooms/{room}/objects")["objects"], what="the main process shows it"
    )
    assert [(each["uid"], each["etag"]) for each in found] == [("one", written["event_id"])]

    refused = write("two", {"@type": "Task"})
    assert (refused.status, refused.body["errcode"]) == (403, "M_BAD_JSON")
    for number in range(9):
        write(f"more-{number}", {"@type": "Task", "title": "Buy more"}).ok()

    def full() -> bool:
        return len(at_main.get(f"rooms/{room}/objects")["objects"]) == 10

    eventually(full, what="the main process has seen ten")
    refused = write("too-much", {"@type": "Task", "title": "Buy all"})
    assert (refused.status, refused.body["errcode"]) == (403, "ORG.DIGITALTWIN.ROOM_FULL")

    # The API and the projection are the main process's alone.
    assert at_worker.ask("GET", f"rooms/{quote(room)}/objects").status == 404
    assert "The twin of @alice" in (tmp_path / "homeserver.log").read_text()
    assert "The twin of @alice" not in (tmp_path / "worker.log").read_text()
