"""Twins of a running host brought up, taken down, put to sleep; and the host itself ended."""

import time
from collections.abc import Mapping
from typing import Any, Final

from twin_module.host.commands.answer import Answer
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.lock import FolderLock
from twin_module.host.places import Places
from twin_module.host.table import set_state

END_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.1


def is_running(places: Places) -> bool:
    """Tell whether a host runs on a data folder."""
    return FolderLock(places.lock).is_held()


def told(places: Places, request: Mapping[str, Any]) -> bool:
    """Tell the host something, if one runs; returns whether it does."""
    if not is_running(places):
        return False
    ask(places, request)
    return True


def bring_up(places: Places, name: str) -> Answer:
    """Let a twin answer again; one that failed is tried at once.

    Raises:
        HostError: it still fails.
    """
    entry = set_state(places.data, name, "up")
    runs = told(places, {"do": "add", "name": name})
    said = ask(places, {"do": "up", "name": name}) if runs else {}
    if said.get("state") == "failing":
        raise HostError(
            f"{name}'s twin was tried just now and does not come up: {said['why']} "
            "It is tried again from time to time."
        )
    text = (
        f"{name}'s twin answers as {entry.server_name}."
        if runs
        else f"{name}'s twin comes up with the host, which is not running."
    )
    return Answer(text, {"name": name, "state": "up", "host_runs": runs})


def take_down(places: Places, name: str) -> Answer:
    """Let a twin answer nobody until it is brought up again."""
    # Noted first: a host that starts just now has to see it.
    set_state(places.data, name, "down")
    runs = told(places, {"do": "down", "name": name})
    return Answer(f"{name}'s twin is down.", {"name": name, "state": "down", "host_runs": runs})


def end_host(places: Places) -> Answer:
    """End the host, with all its twins asleep."""
    if not told(places, {"do": "stop"}):
        return Answer(f"No host runs in {places.data}.", {"host_runs": False})
    until = time.monotonic() + END_SECONDS
    while is_running(places):
        if time.monotonic() > until:
            raise HostError(f"The host in {places.data} does not end; {places.log} may say why.")
        time.sleep(LOOK_SECONDS)
    return Answer("The host has ended; all twins sleep.", {"host_runs": False})
