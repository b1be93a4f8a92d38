"""The table of twins: a line for each, whole at any moment, and no name twice."""

import json
import threading
from pathlib import Path

import pytest

from twin_module.host.errors import HostError
from twin_module.host.table import (
    Entry,
    State,
    add_entry,
    changing_table,
    ensure_entries,
    find_entry,
    read_table,
    set_state,
)

ALICE = Entry("alice", "alice.example.org")


def test_where_nobody_wrote_there_is_no_twin(tmp_path: Path) -> None:
    assert read_table(tmp_path) == {}


def test_a_line_that_only_has_ports_is_a_twin_for_trying_out(tmp_path: Path) -> None:
    (tmp_path / "twins.json").write_text(
        '{"alice": {"client_port": 8008, "federation_port": 8448}}'
    )
    assert read_table(tmp_path) == {
        "alice": Entry("alice", "localhost:8448", client_port=8008, federation_port=8448)
    }


@pytest.mark.parametrize("text", ["", "[]", '{"alice": 1}', '{"alice": {}}', "\0", '{"alice":'])
def test_a_table_that_nobody_of_us_wrote_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "twins.json").write_text(text)
    with pytest.raises(HostError, match="from a backup"):
        read_table(tmp_path)


def test_what_is_added_is_there_and_adding_it_again_changes_nothing(tmp_path: Path) -> None:
    assert add_entry(tmp_path, ALICE)
    before = (tmp_path / "twins.json").read_bytes()
    assert not add_entry(tmp_path, ALICE)
    assert read_table(tmp_path) == {"alice": ALICE}
    assert (tmp_path / "twins.json").read_bytes() == before


def test_a_server_name_stays_for_life_and_is_one_twins_alone(tmp_path: Path) -> None:
    add_entry(tmp_path, ALICE)
    with pytest.raises(HostError, match="stays for life"):
        add_entry(tmp_path, Entry("alice", "other.example.org"))
    with pytest.raises(HostError, match="alice's twin"):
        add_entry(tmp_path, Entry("bob", "alice.example.org"))
    assert read_table(tmp_path) == {"alice": ALICE}


@pytest.mark.parametrize(
    "name", ["", "Alice", "../bob", "a/b", "-a", "run", "host.log", "twins.json", "a" * 65, "a\n"]
)
def test_a_name_that_can_not_be_a_folders_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HostError, match="can't be the name"):
        add_entry(tmp_path, Entry(name, "alice.example.org"))


@pytest.mark.parametrize(
    "server_name",
    [
        "",
        "alice",
        "Alice.example.org",
        "alice.example.org:8448",
        "alice..org",
        "../x.org",
        "a/b.org",
        "1.2.3.4",
        ".org",
        "a" * 90 + ".org",
        "alice.example.org\n",
    ],
)
def test_a_server_name_that_is_no_host_name_is_refused(tmp_path: Path, server_name: str) -> None:
    with pytest.raises(HostError, match="can't be a server name"):
        add_entry(tmp_path, Entry("alice", server_name))


def test_twins_for_trying_out_get_ports_of_their_own_and_keep_them(tmp_path: Path) -> None:
    first = ensure_entries(tmp_path, ["alice", "bob"])
    ports = [port for each in first for port in (each.client_port, each.federation_port)]
    assert len(set(ports)) == 4
    again = ensure_entries(tmp_path, ["bob", "alice", "carol"])
    assert again[:2] == first[::-1]
    assert list(read_table(tmp_path)) == ["alice", "bob", "carol"]


def test_up_and_down_is_noted(tmp_path: Path) -> None:
    add_entry(tmp_path, ALICE)
    assert set_state(tmp_path, "alice", "down").state == "down"
    assert find_entry(tmp_path, "alice").state == "down"
    with pytest.raises(HostError, match="There is no twin bob"):
        set_state(tmp_path, "bob", "up")


@pytest.mark.parametrize("state", ["moving", "moved", "arriving"])
def test_who_is_not_at_home_is_found_by_no_command_and_stays_in_the_table(
    tmp_path: Path, state: State
) -> None:
    add_entry(tmp_path, ALICE)
    set_state(tmp_path, "alice", state)
    for each in (
        lambda: find_entry(tmp_path, "alice"),
        lambda: set_state(tmp_path, "alice", "up"),
        lambda: add_entry(tmp_path, ALICE),
        lambda: ensure_entries(tmp_path, ["alice"]),
    ):
        with pytest.raises(HostError, match=r"alice's twin (is on its way|lives on another host)"):
            each()
    assert read_table(tmp_path)["alice"].state == state
    assert not read_table(tmp_path)["alice"].at_home
    assert set_state(tmp_path, "alice", "up", among={state}).at_home


def test_a_state_that_a_newer_program_wrote_is_not_taken_for_another(tmp_path: Path) -> None:
    add_entry(tmp_path, ALICE)
    table = tmp_path / "twins.json"
    table.write_text(table.read_text().replace('"up"', '"flying"'))
    with pytest.raises(HostError, match="does not say which twins there are"):
        read_table(tmp_path)


def test_what_fails_half_way_changes_nothing(tmp_path: Path) -> None:
    add_entry(tmp_path, ALICE)
    with pytest.raises(RuntimeError), changing_table(tmp_path) as known:
        known["bob"] = Entry("bob", "bob.example.org")
        raise RuntimeError
    assert list(read_table(tmp_path)) == ["alice"]


def test_of_commands_at_one_time_none_undoes_another(tmp_path: Path) -> None:
    def add(number: int) -> None:
        add_entry(tmp_path, Entry(f"t{number}", f"t{number}.example.org"))

    commands = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for each in commands:
        each.start()
    for each in commands:
        each.join()
    assert len(read_table(tmp_path)) == 20


def test_the_file_is_json_for_people_too(tmp_path: Path) -> None:
    add_entry(tmp_path, ALICE)
    assert json.loads((tmp_path / "twins.json").read_text()) == {
        "alice": {"server_name": "alice.example.org", "trust": "home", "state": "up"}
    }
