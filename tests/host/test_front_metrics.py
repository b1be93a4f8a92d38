"""What the host tells those who watch it."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.host.front_stage import ALICE, Client, Stage, staged
from twin_module.host.keeper.numbers import Numbers as KeeperNumbers
from twin_module.host.keeper.pace import Pace
from twin_module.host.keeper.plan import Plan
from twin_module.host.keeper.status import changed_twins, shards_now
from twin_module.host.keeper.written import FILE
from twin_module.host.options import HostOptions


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged(tmp_path) as stage:
        yield stage


def written_by_the_keeper(stage: Stage) -> None:
    """Write the file as the keeper does, with its own functions."""
    plan, numbers = Plan(HostOptions(), Pace()), KeeperNumbers(failed_wakes=3, shard_deaths=1)
    numbers.woke(0.08)
    numbers.woke(90.0)
    for entry in stage.entries:
        plan.up(entry, 1.0)
    plan.decide(1.0, 1000)
    pids = {number: os.getpid() for number in plan.shards}
    told = {
        **numbers.written(),
        "twins": list(changed_twins(plan).values()),
        "shards": shards_now(plan, pids),
        "keeper": {"pid": os.getpid(), "started": 1, "turns": 1},
    }
    (stage.places.run / FILE).write_text(json.dumps(told))


def metrics(stage: Stage, port: int) -> Mapping[str, float]:
    """Return all samples, as Prometheus reads them."""
    with Client(port) as client:
        answer = client.get("/metrics", "localhost")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        sample.name + json.dumps(sample.labels, sort_keys=True): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def test_the_keepers_numbers_are_told(stage: Stage) -> None:
    written_by_the_keeper(stage)
    found = metrics(stage, stage.metrics())
    assert found['twin_host_twins{"state": "asleep"}'] == 1
    assert found['twin_host_twins{"state": "waking"}'] == 2
    assert found["twin_host_shards{}"] == 1
    assert found["twin_host_wakes_total{}"] == 2
    assert found["twin_host_failed_wakes_total{}"] == 3
    assert found["twin_host_shard_deaths_total{}"] == 1
    assert found['twin_host_wake_seconds_bucket{"le": "0.05"}'] == 0
    assert found['twin_host_wake_seconds_bucket{"le": "0.1"}'] == 1
    assert found['twin_host_wake_seconds_bucket{"le": "+Inf"}'] == 2
    assert found["twin_host_wake_seconds_count{}"] == 2
    assert found["twin_host_wake_seconds_sum{}"] == pytest.approx(90.08)
    for kind in ("keeper", "shards", "front"):
        assert found[f'twin_host_memory_bytes{{"process": "{kind}"}}'] > 1_000_000


def test_twins_in_trouble_are_named(stage: Stage) -> None:
    written_by_the_keeper(stage)
    path = stage.places.run / FILE
    told = json.loads(path.read_text())
    states = ["unwell", "failing", "asleep"]
    for line, state in zip(told["twins"], states, strict=True):
        line["state"] = state
    path.write_text(json.dumps(told))
    found = metrics(stage, stage.metrics())
    names = {
        json.loads(name.removeprefix("twin_host_twin_in_trouble"))["twin"]: value
        for name, value in found.items()
        if name.startswith("twin_host_twin_in_trouble")
    }
    assert names == {line["server_name"]: 1 for line in told["twins"][:2]}


def test_the_fronts_own_numbers_are_told(stage: Stage) -> None:
    stage.twin(ALICE)
    port = stage.metrics()
    before = metrics(stage, port)
    with Client(stage.plain) as client:
        client.get()
        client.get()
        client.get("/.well-known/matrix/client", "bob.example.org")
        client.get(host="nobody.example.org")
        found = metrics(stage, port)
    assert found['twin_front_requests_total{"code": "2xx", "twin": "alice.example.org"}'] == 2
    assert found['twin_front_requests_total{"code": "5xx", "twin": "bob.example.org"}'] == 1
    assert sum(value for name, value in found.items() if "requests_total" in name) == 3
    assert found["twin_front_connections{}"] == 2
    assert found["twin_front_connections_taken_total{}"] == 3
    assert found["twin_front_connections_refused_total{}"] == 0
    for direction in ("received", "sent"):
        name = f'twin_front_bytes_total{{"direction": "{direction}"}}'
        assert found[name] > before[name] + 200


def test_before_the_keeper_has_written_there_are_the_fronts_numbers(stage: Stage) -> None:
    port = stage.metrics()
    assert "twin_front_connections{}" in metrics(stage, port)
    (stage.places.run / FILE).write_text("{")
    assert "twin_front_connections{}" in metrics(stage, port)


def test_health_says_that_all_is_well(stage: Stage) -> None:
    port = stage.metrics()
    with Client(port) as client:
        assert client.get("/health").json == {"status": "ok", "twins": {}}
        written_by_the_keeper(stage)
        answer = client.get("/health")
        assert answer.json == {"status": "ok", "twins": {"asleep": 1, "waking": 2}}
        client.write(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer("HEAD").status == 200


def test_the_door_for_metrics_leads_to_no_twin(stage: Stage) -> None:
    twin = stage.twin()
    with Client(stage.metrics()) as client:
        assert client.get("/_matrix/x", ALICE).status == 404
        client.write(b"POST /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.answer().status == 404
    with Client(stage.plain) as client:
        assert client.get("/metrics").status == 404
    assert not twin.seen
