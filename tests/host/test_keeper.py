"""A keeper in its own process, with shards that play: twins wake, sleep, fail and die, and nobody is refused."""

import json
import os
import signal
import socket
import stat
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.host.keeper_stage import Stage, heard, stage
from twin_module.host.commands.running import bring_up
from twin_module.host.commands.status import status
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.testing.person import eventually
from twin_module.testing.processes import runs
from twin_module.testing.twins import free_port

SHORT = {
    "first_pause": 0.2,
    "longest_pause": 0.5,
    "tenancy": 0.1,
    "patience": 0.3,
    "hurry": 0.2,
    "fresh": 0.2,
    "front_first_pause": 0.1,
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def three(data: Path) -> Iterator[Stage]:
    with stage(data, ["alice", "bob", "carol"]) as found:
        yield found


def test_the_first_connection_wakes_a_twin_which_answers_it(three: Stage) -> None:
    three.start_quietly()
    name, shard, _ = three.say("alice")
    assert name == "alice"
    assert three.twin("alice")["state"] == "awake"
    assert three.twin("alice")["shard"] == int(shard)
    assert three.twin("bob")["state"] == "asleep"
    assert three.trace("load") == [["load", "alice", shard, "False"]]


def test_200_connections_at_once_wake_200_twins(data: Path) -> None:
    names = [f"t{n}" for n in range(200)]
    with stage(data, names) as host:
        host.start_quietly({"memory_mb": 5000}, SHORT)
        connections = {name: host.connect(name) for name in names}
        for name, connection in connections.items():
            with connection:
                assert heard(connection)[0] == name
        per_shard = Counter(twin["shard"] for twin in host.twins().values())
        assert sorted(per_shard.values()) == [25] * 8
        assert not host.trace("waits-for-another")


def test_many_connections_to_one_sleeping_twin_are_all_answered_by_one_wake(three: Stage) -> None:
    three.start_quietly()
    connections = [three.connect("alice") for _ in range(300)]
    for connection in connections:
        with connection:
            assert heard(connection)[0] == "alice"
    assert len(three.trace("load")) == 1


def test_an_empty_shard_ends(three: Stage) -> None:
    three.start_quietly()
    shard = int(three.say("alice")[1])
    three.say("bob", "sleep")
    three.say("alice", "sleep")
    eventually(lambda: not runs(shard) and three.asleep(), what="the shard ends")


def test_a_twin_that_falls_asleep_under_connections_loses_none(three: Stage) -> None:
    three.start_quietly()
    for _ in range(20):
        connections = [three.connect("alice", words) for words in ("hello", "sleep", "hello")]
        for connection in connections:
            with connection:
                assert heard(connection)[0] == "alice"
    assert not three.trace("waits-for-another")


def test_twins_of_two_trust_domains_are_never_in_one_process(data: Path) -> None:
    names = [f"t{n}" for n in range(6)]
    with stage(data, names, trusts=("family", "customer")) as host:
        host.start_quietly()
        shards = {name: host.say(name)[1] for name in names}
        assert len({shards[name] for name in names[::2]}) == 1
        assert len({shards[name] for name in names[1::2]}) == 1
        assert shards["t0"] != shards["t1"]


def test_never_are_more_awake_than_fit_and_everybody_is_answered(data: Path) -> None:
    names = [f"t{n}" for n in range(12)]
    with stage(data, names) as host:
        # Room for four.
        host.start_quietly({"memory_mb": 97 + 43 + 4 * 8}, SHORT)
        connections = [host.connect(name) for name in names]
        for name, connection in zip(names, connections, strict=True):
            with connection:
                assert heard(connection)[0] == name
            states = [twin["state"] for twin in host.twins().values()]
            assert sum(state in {"waking", "awake", "going"} for state in states) <= 4


def test_a_busy_twin_has_to_leave_when_somebody_waits_for_long(data: Path) -> None:
    with stage(data, ["busy", "new"]) as host:
        host.start_quietly({"memory_mb": 150}, SHORT)
        host.behave("busy", "busy")
        host.say("busy")
        with host.connect("new") as connection:
            assert heard(connection)[0] == "new"
        assert ["told-to-sleep", "busy", "True"] in host.trace()


def test_a_twin_that_can_not_be_loaded_waits_for_its_next_try_and_harms_nobody(
    three: Stage,
) -> None:
    three.start_quietly(pace={"first_pause": 0.3})
    three.behave("alice", "fail")
    with three.connect("alice") as waiting:
        eventually(lambda: three.twin("alice")["state"] == "failing", what="it is known")
        assert three.twin("alice")["why"] == "Its homeserver.yaml has a fault."
        assert three.say("bob")[0] == "bob"
        tries = len(three.trace("load alice"))
        turns = three.status()["keeper"]["turns"]
        three.behave("alice", "")
        assert heard(waiting)[0] == "alice"
        assert len(three.trace("load alice")) - tries <= 2
        assert three.status()["keeper"]["turns"] - turns < 60, "no loop turns hot meanwhile"
    assert three.trace("load alice")[-1][-1] == "True", "it greets its peers after that"


def test_a_twin_that_waits_for_its_next_try_is_tried_at_once_when_it_is_brought_up(
    three: Stage,
) -> None:
    three.start_quietly(pace={"first_pause": 3600, "longest_pause": 3600})
    three.behave("alice", "fail")
    assert three.ask("wake", "alice")["state"] == "failing"
    tries = len(three.trace("load alice"))
    with three.connect("alice") as waiting:
        with pytest.raises(HostError, match="does not come up: Its homeserver"):
            bring_up(three.places, "alice")
        assert len(three.trace("load alice")) == tries + 1
        assert three.twin("alice")["state"] == "failing"
        three.behave("alice", "")
        assert bring_up(three.places, "alice").status == 0
        assert three.twin("alice")["state"] == "awake"
        assert heard(waiting)[0] == "alice"
    assert three.twin("alice")["why"] is None


def test_a_twin_that_is_well_is_left_alone_when_it_is_brought_up(three: Stage) -> None:
    three.start_quietly()
    bring_up(three.places, "alice")
    assert three.twin("alice")["state"] == "asleep"
    assert not three.trace("load")


def test_a_twin_that_is_awake_and_can_not_write_is_unwell_until_it_can(three: Stage) -> None:
    three.start_quietly(pace={"write": 0.05})
    three.say("alice")
    three.say("bob")
    three.behave("alice", "full")
    (alice, bob, carol) = status(three.places).data["twins"]
    assert (alice["state"], alice["problem"]) == ("unwell", "Its disk is full; make room.")
    assert alice["why"] == alice["problem"]
    assert (bob["state"], bob["problem"]) == ("awake", None)
    assert (carol["state"], carol["problem"]) == ("asleep", None)
    assert "2 of 3 awake" in status(three.places).text

    def written() -> dict[str, str]:
        told = json.loads((three.places.run / "keeper.json").read_text())
        return {each["name"]: each["state"] for each in told["twins"]}

    eventually(lambda: written()["alice"] == "unwell", what="the front knows it")
    assert three.say("alice")[0] == "alice", "it goes on to answer"
    three.behave("alice", "")
    assert three.twin("alice")["state"] == "awake"
    eventually(lambda: written()["alice"] == "awake", what="the front knows it")
    three.behave("alice", "full")
    assert three.twin("alice")["state"] == "unwell"
    three.ask("sleep", "alice")
    assert (three.twin("alice")["state"], three.twin("alice")["problem"]) == ("asleep", None)


def test_a_twin_that_comes_to_its_end_by_itself_comes_up_again(three: Stage) -> None:
    three.start_quietly(pace=SHORT)
    three.say("alice", "end")
    eventually(lambda: three.twin("alice")["state"] == "awake", what="it is awake again")


def test_twins_of_a_killed_shard_answer_again_from_another_one(three: Stage) -> None:
    three.start_quietly()
    shard = int(three.say("alice")[1])
    three.say("bob")
    os.kill(shard, signal.SIGKILL)
    eventually(
        lambda: [three.twin(name)["state"] for name in ("alice", "bob")] == ["awake", "awake"],
        what="they are awake again",
    )
    assert int(three.say("alice")[1]) != shard
    assert three.status()["numbers"]["shard_deaths"] == 1


def test_a_shard_that_is_killed_while_it_loads_does_not_lose_who_waits(three: Stage) -> None:
    three.start_quietly(pace=SHORT)
    three.behave("alice", "slow")
    with three.connect("alice") as waiting:
        (load,) = eventually(lambda: three.trace("load alice"), what="it loads")
        os.kill(int(load[2]), signal.SIGKILL)
        three.behave("alice", "")
        assert heard(waiting)[0] == "alice"


def test_a_shard_that_is_killed_while_a_twin_goes_to_sleep_does_not_lose_it(three: Stage) -> None:
    three.start_quietly(pace=SHORT)
    shard = int(three.say("alice")[1])
    three.behave("alice", "stuck")
    with socket.socket(socket.AF_UNIX) as control:
        control.connect(str(three.places.control))
        control.sendall(b'{"do": "sleep", "name": "alice"}\n')
        eventually(lambda: three.twin("alice")["state"] == "going", what="it goes")
        os.kill(shard, signal.SIGKILL)
        assert json.loads(control.makefile().readline())["state"] == "awake"
    assert int(three.say("alice")[1]) != shard


def test_a_twin_that_kills_its_shard_each_time_is_tried_less_and_less(three: Stage) -> None:
    three.start_quietly(pace={"first_pause": 0.2})
    three.behave("alice", "die")
    bob = three.say("bob")[1]
    with three.connect("alice") as waiting:
        eventually(lambda: len(three.trace("load alice")) >= 4, what="it was tried")
        three.behave("alice", "")
        assert heard(waiting)[0] == "alice"
    # Bob's shard died once, with the first try.
    assert three.say("bob")[1] != bob
    assert len(three.trace("load bob")) == 2


def test_a_shard_that_hangs_is_killed_and_its_twins_answer_again(three: Stage) -> None:
    three.start_quietly(pace={"ask": 0.2, "silence": 0.3, "silence_loading": 0.5, **SHORT})
    three.say("bob")
    three.behave("alice", "hang")
    with three.connect("alice") as waiting:
        eventually(lambda: three.trace("hangs"), what="it hangs")
        three.behave("alice", "")
        assert heard(waiting)[0] == "alice"
    assert three.say("bob")[0] == "bob"


@pytest.mark.parametrize("how", ["babble", "strange"])
def test_a_shard_that_talks_nonsense_is_killed_and_the_keeper_lives(three: Stage, how: str) -> None:
    three.start_quietly(pace=SHORT)
    three.behave("alice", how)
    with three.connect("alice") as waiting:
        eventually(lambda: three.status()["numbers"]["shard_deaths"], what="it is killed")
        three.behave("alice", "")
        assert heard(waiting)[0] == "alice"


def test_an_alarm_wakes_a_twin_that_nobody_asks_for(three: Stage) -> None:
    three.start_quietly()
    three.say("alice", f"sleep {time.time_ns() // 1_000_000 + 300}")
    eventually(lambda: len(three.trace("load alice")) == 2, what="the alarm wakes it")
    assert three.trace("load alice")[1][-1] == "False"


def test_each_twin_is_awake_once_after_the_start(three: Stage) -> None:
    three.start()
    eventually(lambda: len(three.trace("load")) == 3, what="all were woken")
    assert {(line[1], line[3]) for line in three.trace("load")} == {
        ("alice", "True"),
        ("bob", "True"),
        ("carol", "True"),
    }


def test_an_idle_keeper_does_nothing_at_all(three: Stage) -> None:
    # All that it does from time to time, it would do in this test.
    three.start_quietly(pace={**SHORT, "write": 0.05, "ask": 0.05})
    three.ask("wake", "alice")
    three.ask("sleep", "alice")
    eventually(three.asleep, what="all sleep")
    before = [_turns(three) for _ in range(4)]
    time.sleep(1.5)
    after = _turns(three)
    # What a question costs itself.
    assert after - before[3] == before[3] - before[2] <= 3


def _turns(host: Stage) -> int:
    turns = host.status()["keeper"]["turns"]
    # Longer than what is written late takes.
    time.sleep(0.15)
    return int(turns)


def test_children_end_when_the_keeper_is_killed_and_the_next_one_takes_over(three: Stage) -> None:
    port = free_port()
    doors = {"doors": [{"port": port, "tls": False}]}
    three.start_quietly(doors)
    shard = int(three.say("alice")[1])
    children = three.children()
    assert shard in children
    assert len(children) == 2
    three.kill()
    eventually(lambda: not any(runs(pid) for pid in children), what="they end")
    three.start(doors)
    assert three.say("alice")[0] == "alice"
    assert not three.trace("waits-for-another")


@pytest.mark.parametrize("phase", ["slow", "awake", "stuck"])
def test_a_keeper_that_is_killed_in_any_phase_leaves_nothing_that_hinders_the_next(
    three: Stage, phase: str
) -> None:
    three.start_quietly()
    if phase == "slow":
        three.behave("alice", "slow")
        three.connect("alice").close()
        eventually(lambda: three.trace("load alice"), what="it loads")
    else:
        three.say("alice")
        three.behave("alice", phase)
    children = three.children()
    three.kill()
    three.behave("alice", "")
    eventually(lambda: not any(runs(pid) for pid in children), what="they end")
    three.start()
    assert three.say("alice")[0] == "alice"


def test_a_second_keeper_on_a_data_folder_is_refused(three: Stage) -> None:
    three.start_quietly()
    assert three.spawn().wait(timeout=60) == 1
    assert (
        three.output.read_text().strip()
        == f"A host runs in {three.places.data} already; see `twin status`."
    )
    assert three.say("alice")[0] == "alice"


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_polite_end_puts_all_to_sleep_and_leaves_no_socket(three: Stage, kind: int) -> None:
    three.start_quietly({"doors": [{"port": free_port(), "tls": False}]})
    three.say("alice")
    three.say("bob")
    children = three.children()
    assert three.process is not None
    three.process.send_signal(kind)
    assert three.wait() == (0, "")
    assert {line[1] for line in three.trace("asleep")} == {"alice", "bob"}
    assert not any(runs(pid) for pid in children)
    assert list(three.places.run.iterdir()) == []


def test_what_does_not_end_is_killed_at_the_end(three: Stage) -> None:
    three.start_quietly(pace={"stop": 0.3})
    shard = int(three.say("alice")[1])
    (three.places.data / "never-end").touch()
    assert three.ask("stop") == {"stopped": True}
    assert three.wait()[0] == 0
    assert not runs(shard)


def test_the_front_is_started_again_and_its_doors_stay_open(three: Stage) -> None:
    port = free_port()
    three.start_quietly({"doors": [{"port": port, "tls": False}]}, SHORT)
    front = three.status()["front"]["pid"]
    os.kill(front, signal.SIGKILL)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            word, pid = heard(connection)
        assert word == "front"
    assert int(pid) != front
    assert three.status()["numbers"]["front_deaths"] == 1


def test_the_front_reads_certificates_again_when_told(three: Stage) -> None:
    three.start_quietly({"doors": [{"port": free_port(), "tls": False}]})

    def read_again() -> bool:
        three.ask("reload")
        return bool(three.trace("reads-again"))

    eventually(read_again, what="it reads again")


def test_a_new_twin_with_ports_of_its_own_gets_doors_while_the_host_runs(three: Stage) -> None:
    three.start_quietly()
    assert three.status()["front"] is None
    client, federation = free_port(), free_port()
    (three.places.data / "dora").mkdir()
    three.table["dora"] = {
        "server_name": f"localhost:{federation}",
        "client_port": client,
        "federation_port": federation,
    }
    three.write_table()
    assert three.ask("add", "dora")["state"] in {"asleep", "waking", "awake"}
    with socket.create_connection(("127.0.0.1", client), 60) as connection:
        assert heard(connection)[0] == "front"
    assert three.say("dora")[0] == "dora"


def test_a_port_that_is_taken_is_said_in_a_sentence(three: Stage) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        three.process = three.spawn({"doors": [{"port": port}]})
        status, said = three.wait()
    assert status == 1
    assert f"Port {port}" in said
    assert "Traceback" not in said


def test_a_twin_that_is_taken_down_answers_nobody_until_it_is_brought_up(three: Stage) -> None:
    three.start_quietly()
    three.behave("alice", "busy")
    three.say("alice")
    assert three.ask("down", "alice") == {"name": "alice", "state": "down", "why": None}
    assert not three.places.socket("alice.example.org").exists()
    assert ["told-to-sleep", "alice", "True"] in three.trace()
    with pytest.raises(HostError, match="down"):
        three.ask("wake", "alice")
    three.ask("up", "alice")
    assert three.say("alice")[0] == "alice"
    assert three.trace("load alice")[-1][-1] == "True"


def test_a_twin_that_is_taken_down_while_it_loads_goes_when_it_has_come(three: Stage) -> None:
    three.start_quietly()
    three.behave("alice", "slow")
    with three.connect("alice"), socket.socket(socket.AF_UNIX) as control:
        eventually(lambda: three.trace("load alice"), what="it loads")
        control.connect(str(three.places.control))
        control.sendall(b'{"do": "down", "name": "alice"}\n')
        three.behave("alice", "")
        assert json.loads(control.makefile().readline())["state"] == "down"


def test_commands_wake_and_put_to_sleep(three: Stage) -> None:
    three.start_quietly()
    assert three.ask("wake", "alice") == {"name": "alice", "state": "awake", "why": None}
    assert three.ask("sleep", "alice") == {"name": "alice", "state": "asleep", "why": None}
    assert three.ask("sleep", "alice")["state"] == "asleep"
    three.behave("alice", "busy")
    three.ask("wake", "alice")
    assert three.ask("sleep", "alice") == {
        "name": "alice",
        "state": "awake",
        "why": "a client is online",
    }
    three.behave("bob", "fail")
    assert three.ask("wake", "bob")["state"] == "failing"


def test_the_status_says_how_all_are(three: Stage) -> None:
    three.start_quietly()
    three.say("alice")
    status = three.status()
    (shard,) = status["shards"]
    assert shard["twins"] == ["alice"]
    assert shard["pss_kb"] > 0
    alice = next(each for each in status["twins"] if each["name"] == "alice")
    assert alice["shard"] == shard["pid"]
    assert (alice["requests"], alice["queue"], alice["busy"]) == (3, 2, None)
    assert alice["idle"] >= 1
    assert abs(alice["since"] - time.time()) < 600
    assert three.process is not None
    assert status["keeper"]["pid"] == three.process.pid
    assert status["versions"]["twin-module"]


def test_what_is_counted_is_written_for_the_front(three: Stage) -> None:
    three.start_quietly(pace={"write": 0.05})
    three.say("alice")

    def written() -> bool:
        told = json.loads((three.places.run / "keeper.json").read_text())
        states = {each["name"]: each["state"] for each in told["twins"]}
        return states == {"alice": "awake", "bob": "asleep", "carol": "asleep"} and (
            told["wakes"] == told["wake_seconds"]["count"] == 4
        )

    eventually(written, what="it is written")


def test_nothing_is_written_for_the_front_when_nothing_changed_but_how_long_twins_are_idle(
    three: Stage,
) -> None:
    three.start_quietly(pace={"write": 0.01, "ask": 0.02})
    three.say("alice")
    file = three.places.run / "keeper.json"
    eventually(lambda: '"awake"' in file.read_text(), what="it is written")
    before, turns = file.stat().st_mtime_ns, three.status()["keeper"]["turns"]
    eventually(
        lambda: three.status()["keeper"]["turns"] > turns + 20, what="the shard was asked often"
    )
    assert file.stat().st_mtime_ns == before
    three.say("bob")
    eventually(lambda: file.stat().st_mtime_ns != before, what="it is written again")


def test_alarms_of_many_at_the_same_time_are_all_kept_though_few_fit(data: Path) -> None:
    names = [f"t{n}" for n in range(12)]
    with stage(data, [*names, "person"]) as host:
        # Room for four.
        host.start_quietly({"memory_mb": 97 + 43 + 4 * 8}, SHORT)
        alarm = time.time_ns() // 1_000_000 + 3000
        for name in names:
            host.say(name, f"sleep {alarm}")
        most = 0

        def all_were_awake() -> bool:
            nonlocal most
            states = [twin["state"] for twin in host.twins().values()]
            most = max(most, sum(state in {"waking", "awake", "going"} for state in states))
            loads = Counter(line[1] for line in host.trace("load"))
            return all(loads[name] == 2 for name in names)

        assert host.say("person")[0] == "person"
        eventually(all_were_awake, what="all were awake")
        assert most <= 4


def test_twins_with_impossible_names_are_down_and_the_others_are_not(data: Path) -> None:
    names = ["good", "long", "path", "control", "same"]
    with stage(data, names) as host:
        host.table["long"]["server_name"] = "x" * 120
        host.table["path"]["server_name"] = "../path"
        host.table["control"]["server_name"] = "keeper"
        host.table["same"]["server_name"] = "good.example.org"
        host.write_table()
        host.start()
        twins = host.twins()
        assert host.say("good")[0] == "good"
        for name in names[1:]:
            assert twins[name]["state"] == "down"
            assert twins[name]["why"]


def test_a_server_name_of_the_greatest_length_works(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stage(data / ("deep" * 20), ["alice"]) as host:
        host.table["alice"]["server_name"] = "a" * 90
        host.write_table()
        host.start()
        with socket.socket(socket.AF_UNIX) as connection:
            monkeypatch.chdir(host.places.run)
            connection.connect(f"{'a' * 90}.sock")
            connection.sendall(b"hello\n")
            assert heard(connection)[0] == "alice"


def test_sockets_are_for_the_group_and_the_control_socket_for_nobody_else(three: Stage) -> None:
    three.start_quietly()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode) for path in three.places.run.glob("*.sock")
    }
    assert modes.pop("keeper.sock") == 0o600
    assert set(modes.values()) == {0o660}
    assert len(modes) == 3


def test_a_stale_socket_of_a_twin_that_is_gone_is_removed(three: Stage) -> None:
    three.places.run.mkdir()
    stale = three.places.socket("gone.example.org")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(stale))
    three.start()
    assert not stale.exists()


def test_without_a_host_the_command_says_so(three: Stage) -> None:
    sentence = f"The host in {three.places.data} is not running; start it with `twin up`."
    with pytest.raises(HostError) as error:
        ask(three.places, {"do": "status"})
    assert str(error.value) == sentence
    three.start()
    three.kill()
    with pytest.raises(HostError) as error:
        ask(three.places, {"do": "status"})
    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        ({"do": "dance"}, "The host can be asked to status"),
        ({"do": ["status"]}, "The host can be asked to status"),
        ({"do": "down", "name": 7}, "The host can be asked to status"),
        ({"do": "wake", "name": "nobody"}, "knows no twin 'nobody'"),
        ({"do": "up", "name": "nobody"}, "There is no twin nobody"),
        ({}, "The host can be asked to status"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_with_a_sentence(
    three: Stage, request_: dict[str, object], sentence: str
) -> None:
    three.start()
    with pytest.raises(HostError, match=sentence):
        ask(three.places, request_)


def test_hostile_clients_of_the_control_socket_are_dropped_and_hold_nobody_up(
    three: Stage,
) -> None:
    three.start_quietly()
    silent = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    try:
        for client in silent:
            client.connect(str(three.places.control))
            client.settimeout(60)
        silent[0].sendall(b"x" * 5000)
        assert _ends(silent[0])
        silent[1].sendall(b"[" * 4000 + b"\n")
        assert "error" in json.loads(silent[1].makefile().readline())
        silent[2].sendall(b"[1]\n")
        assert "error" in json.loads(silent[2].makefile().readline())
        assert three.say("alice")[0] == "alice"
        assert _ends(silent[3]), "it said nothing for long"
        assert three.status()["twins"]
    finally:
        for client in silent:
            client.close()


def _ends(client: socket.socket) -> bool:
    try:
        return client.recv(100) == b""
    except ConnectionResetError:
        return True
