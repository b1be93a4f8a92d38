"""`twin upgrade`: the running host becomes the program that was installed since it started.

No socket is closed meanwhile: who connects waits a moment, and is answered by the new program.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from twin_module.host.backup.make_backup import make_backup
from twin_module.host.backup.settings import SETTINGS, state_folder
from twin_module.host.backup.tables import Tables, misfit
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.running import is_running
from twin_module.host.commands.upgrade_due import is_due, versions_of
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.lock import FolderLock
from twin_module.host.places import Places
from twin_module.host.progress import Progress
from twin_module.host.table import read_table

CHECK_SECONDS: Final = 600.0
GONE_SECONDS: Final = 10.0
"""A host that is not there for so long has ended; systemd would have started it again."""
ROUND_SECONDS: Final = 120.0
"""How long is waited while no twin more has been awake: there may be no room for all at a time."""
LOOK_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How to upgrade."""

    force: bool = False
    """Also to the same versions."""
    backup: bool = True
    only_check: bool = False
    """Say what would be done, and do nothing."""


def upgrade(places: Places, wishes: Wishes, say: Callable[[str], None]) -> Answer:
    """Have the running host become what is installed, and see which twins come up.

    Args:
        places: of the host.
        wishes: how.
        say: tells what is known on the way.

    Raises:
        HostError: it can't be done; what ran goes on, unless the sentence says otherwise.
    """
    lock = FolderLock(places.data / "upgrade.lock")
    if not is_running(places):
        raise HostError(
            f"No host runs in {places.data}; `twin up` begins with what is installed, anyway."
        )
    if not lock.take():
        raise HostError("Another `twin upgrade` is under way; wait until it has ended.")
    with lock:
        before = ask(places, {"do": "status"})
        said = versions_of(before)
        say(_as_table(said))
        if not (wishes.force or is_due(before)):
            raise HostError(
                "Nothing changed: what runs is what is installed. (--force begins it anew.)"
            )
        notes = look_before(places)
        for note in notes:
            say(note)
        data: dict[str, Any] = {"versions": said, "notes": notes, "backups": [], "twins": {}}
        if wishes.only_check:
            return Answer("What is installed can take the place of what runs.", data)
        if wishes.backup:
            data["backups"] = _back_up(places, say)
        ask(places, {"do": "renew"})
        now = _await_host(places, before)
        data["keeper"] = now["keeper"]
        say("The host runs the new program; its twins come up.")
        data["twins"] = _await_twins(places)
        return _report(data)


def look_before(places: Places) -> list[str]:
    """Try out what is installed, and return what somebody should know before it runs.

    Raises:
        HostError: it would not run, or twins would not that may run now.
    """
    command = [sys.executable, "-m", "twin_module.host.commands.upgrade_check", str(places.data)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise HostError(
            f"What is installed can't be tried out within {CHECK_SECONDS:.0f} s; nothing was changed."
        ) from None
    try:
        found = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["it said nothing"]
        raise HostError(
            f"What is installed does not start ({lines[-1]}). Nothing was changed: install it whole, "
            "or what was there before."
        ) from None
    if "refused" in found:
        raise HostError(
            f"What is installed would not start: {found['refused']} Nothing was changed."
        )
    return _notes(found)


def _notes(found: Mapping[str, Any]) -> list[str]:
    notes = []
    for name, twin in sorted(found["twins"].items()):
        if "fault" in twin:
            notes.append(f"{name}'s twin would not come up: {twin['fault']}")
            continue
        schema, own = twin["schema"], twin["twin_schema"]
        needs = Tables(synapse=twin["compatible"] or schema or 0, twin=own or 0)
        knows = Tables(synapse=found["schema"], twin=found["twin_schema"])
        if why := misfit(needs, knows, "that of what is installed"):
            raise HostError(
                f"{name}'s twin {why}; nothing was changed. Install what runs, or something newer."
            )
        if schema is not None and schema < found["schema"]:
            back = (
                "the Synapse that runs now can still read that"
                if found["compatible"] <= schema
                else "there is no way back to the Synapse that runs now but a backup"
            )
            notes.append(
                f"{name}'s database goes from version {schema} to {found['schema']}: {back}."
            )
        if own is not None and own < found["twin_schema"]:
            notes.append(
                f"The twin's own tables of {name} go from version {own} to {found['twin_schema']}: there is "
                "no way back to the module that runs now but a backup."
            )
    return notes


def _as_table(versions: Mapping[str, Mapping[str, str | None]]) -> str:
    rows = [("", "RUNS", "INSTALLED")]
    rows += [
        (name, each["runs"] or "-", each["installed"] or "-") for name, each in versions.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    return "\n".join(f"{a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows)


def _back_up(places: Places, say: Callable[[str], None]) -> list[str]:
    """Back up all that can be, and return who was."""
    names = [each.name for each in read_table(places.data).values() if each.at_home]
    with_backups = [n for n in names if (state_folder(places.data, n) / SETTINGS).exists()]
    for name in with_backups:
        try:
            with Progress() as progress:
                make_backup(places.data, name, datetime.now(UTC), progress.say)
        except HostError as error:
            raise HostError(
                f"{name}'s twin could not be backed up, so the host stays what it is (--no-backup does "
                f"without): {error}"
            ) from None
    if with_backups:
        say(f"Backed up: {', '.join(with_backups)}.")
    if without := [name for name in names if name not in with_backups]:
        say(f"No backups are set up for {', '.join(without)}.")
    return with_backups


def _await_host(places: Places, before: Mapping[str, Any]) -> dict[str, Any]:
    """Wait until the host answers as the next program, and return what it says."""
    seen = time.monotonic()
    while time.monotonic() - seen < GONE_SECONDS:
        try:
            now = ask(places, {"do": "status"})
        except HostError:
            if is_running(places):
                seen = time.monotonic()
            time.sleep(LOOK_SECONDS)
            continue
        if _is_another(before["keeper"], now["keeper"]):
            return now
        raise HostError(
            f"The system could not start the new program, and the host goes on as it was; {places.log} "
            "says why."
        )
    old = " ".join(f"'{name}=={version}'" for name, version in _packages(before["versions"]))
    raise HostError(
        "The new program ended at its start, so the host does not run, and nobody is answered. What "
        f"`twin up` printed says why (`journalctl -u twin-host`), or {places.log}. Mend that, or go back: `pip "
        f"install {old}`; then `twin up`, or `systemctl restart twin-host`."
    )


def _is_another(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    # systemd may have started it again, as another process.
    return any(before.get(mark) != now.get(mark) for mark in ("pid", "renewals"))


def _packages(versions: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, each) for name, each in versions.items() if name != "python")


def _await_twins(places: Places) -> dict[str, dict[str, str | None]]:
    """Wait until each twin was awake once or failed, and return how each is."""
    most, since = -1, time.monotonic()
    while True:
        twins = [each for each in ask(places, {"do": "status"})["twins"] if _is_wanted(each)]
        found = {each["name"]: _outcome(each) for each in twins}
        settled = sum(each["state"] != "waits" for each in found.values())
        if settled > most:
            most, since = settled, time.monotonic()
        if settled == len(found) or time.monotonic() - since > ROUND_SECONDS:
            return found
        time.sleep(LOOK_SECONDS)


def _is_wanted(twin: Mapping[str, Any]) -> bool:
    # One that is down for a reason is one that should be up.
    return twin["state"] != "down" or twin["why"] is not None


def _outcome(twin: Mapping[str, Any]) -> dict[str, str | None]:
    if twin["state"] in {"failing", "down"}:
        return {"state": "failed", "why": twin["why"]}
    return {"state": "up" if twin["was_awake"] else "waits", "why": None}


def _report(data: Mapping[str, Any]) -> Answer:
    twins: Mapping[str, Mapping[str, str | None]] = data["twins"]
    failed = {name: each["why"] for name, each in twins.items() if each["state"] == "failed"}
    waiting = [name for name, each in twins.items() if each["state"] == "waits"]
    lines = [f"{len(twins) - len(failed) - len(waiting)} of {len(twins)} twins came up."]
    lines += [f"{name} did not, and is tried again: {why}" for name, why in failed.items()]
    if waiting:
        lines.append(
            f"There was no room yet for {_few(waiting)}: they wake when somebody asks for them."
        )
    return Answer("\n".join(lines), data, 1 if failed else 0)


def _few(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"  # noqa: PLR2004 - a line
