"""Whether the host that runs is what is installed; an upgrade of packages changes nothing in what has begun."""

from collections.abc import Mapping
from typing import Any, Final

from twin_module.host.commands.running import is_running
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.keeper.versions import digest_of_packages, installed_versions
from twin_module.host.places import Places

READ_DATABASES: Final = ("matrix-synapse", "twin-module")
"""The packages that have tables in a twin's database."""


def versions_of(running: Mapping[str, Any]) -> dict[str, dict[str, str | None]]:
    """Return by package what runs, by the host's `status`, and what is installed."""
    have, runs = installed_versions(), running["versions"]
    return {
        name: {"runs": runs.get(name), "installed": have.get(name)}
        for name in dict.fromkeys([*runs, *have])
    }


def is_due(running: Mapping[str, Any]) -> bool:
    """Tell whether anything was installed since the host began, by its `status`."""
    return running.get("packages") != digest_of_packages() or any(
        each["runs"] != each["installed"] for each in versions_of(running).values()
    )


def check_current(places: Places) -> None:
    """Refuse while a host runs that may know other tables than what is installed.

    Raises:
        HostError: it does.
    """
    if not is_running(places):
        return
    found = versions_of(ask(places, {"do": "status"}))
    for name in READ_DATABASES:
        versions = found.get(name, {})
        if versions.get("runs") != versions.get("installed"):
            raise HostError(
                f"The host runs {name} {versions['runs']}, and {versions['installed']} is installed. Run `twin "
                "upgrade` first, then this again."
            )
