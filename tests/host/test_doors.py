"""Doors: where the front listens, and what is said when it can't."""

import socket

import pytest

from twin_module.host.doors import METRICS, doors_of, opened
from twin_module.host.errors import HostError
from twin_module.host.options import Door, HostOptions
from twin_module.host.table import Entry

TRIED = Entry("alice", "localhost:8448", client_port=8008, federation_port=8448)


def test_a_twin_for_trying_out_has_two_doors_of_its_own_while_it_is_up() -> None:
    assert doors_of(HostOptions(), [TRIED]) == [
        Door(port=8008, tls=False, server_name="localhost:8448"),
        Door(port=8448, server_name="localhost:8448"),
    ]
    down = Entry("alice", "localhost:8448", state="down", client_port=8008, federation_port=8448)
    assert doors_of(HostOptions(), [down]) == []


def test_others_come_in_by_the_doors_of_the_host() -> None:
    options = HostOptions(doors=(Door(port=443),), metrics=Door(port=9100, tls=False))
    assert doors_of(options, [Entry("bob", "bob.example.org")]) == [
        Door(port=443),
        Door(port=9100, tls=False, server_name=METRICS),
    ]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_door_that_is_taken_is_a_sentence_and_one_that_is_free_listens(address: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.bind((address, 0))
        port = probe.getsockname()[1]
    door = Door(port=port, address=address, server_name="localhost:1")
    with opened(door), pytest.raises(HostError, match=f"Port {port} of localhost:1 is taken"):
        opened(door)


def test_an_address_that_is_not_this_machines_is_a_sentence() -> None:
    with pytest.raises(HostError, match="can't be opened at"):
        opened(Door(port=1, address="192.0.2.1"))
