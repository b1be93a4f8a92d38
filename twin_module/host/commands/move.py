"""`twin move`: takes a twin to another host, by the same word on both."""

from dataclasses import asdict
from pathlib import Path
from typing import Final

from twin_module.host.backup.tables import Tables, known_here
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.new import ensure_data_folder, make_folder, write_well_known
from twin_module.host.commands.running import is_running, told
from twin_module.host.commands.upgrade_due import check_current
from twin_module.host.errors import HostError
from twin_module.host.keeper.client import ask
from twin_module.host.moving import arriving, finishing, leaving
from twin_module.host.moving.invitation import read_line
from twin_module.host.moving.move_places import MovePlaces
from twin_module.host.options import read_options
from twin_module.host.places import Places
from twin_module.host.progress import Progress
from twin_module.host.table import Entry
from twin_module.host.users import Users
from twin_module.host.yaml_file import read_yaml

MB: Final = 1_000_000


class Running:
    """The host of a data folder, if one runs."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def knows(self) -> Tables:
        """See `RunningHost`."""
        check_current(self._places)
        return known_here()

    def take_down(self, name: str) -> None:
        """See `RunningHost`."""
        if is_running(self._places):
            known = ask(self._places, {"do": "status"})["twins"]
            if any(each["name"] == name for each in known):
                ask(self._places, {"do": "down", "name": name})

    def bring_up(self, name: str) -> bool:
        """See `RunningHost`."""
        return told(self._places, {"do": "add", "name": name})

    def configure(self, entry: Entry) -> None:
        """See `RunningHost`."""
        make_folder(self._places, entry, Users())
        write_well_known(self._places, entry)

    def wake(self, name: str) -> None:
        """See `RunningHost`."""
        said = ask(self._places, {"do": "wake", "name": name})
        if said["state"] not in {"awake", "asleep"}:
            why = str(said["why"] or said["state"]).rstrip(".")
            raise HostError(
                f"{name}'s twin is here, all of it, but does not come up: {why}. Mend that, and run this "
                "again; the old host keeps what it has until then."
            )


def invite(places: Places, name: str) -> Answer:
    """Invite a twin to this host."""
    ensure_data_folder(places.data)
    line = arriving.invite(MovePlaces(places, name), Running(places))
    text = f"""\
The invitation of {name}'s twin to this host, which is no secret:

  {line}

On its old host: twin move {name} --for {line} --to FOLDER
Then here:       twin move {name} --receive --from FOLDER

FOLDER is a new one that both reach; or copy it, when the first of the two commands has ended."""
    return Answer(text, {"name": name, "invitation": line})


def receive(
    places: Places, name: str, folder: Path, trust: str | None, database: Path | None
) -> Answer:
    """Take in a twin that the old host has released."""
    ensure_data_folder(places.data)
    trust = trust or read_options(places.options).trust
    arguments = read_database(database) if database else None
    with Progress() as progress:
        came = arriving.arrive(
            MovePlaces(places, name), Running(places), folder, trust, arguments, progress.say
        )
    said = (
        f"{name}'s twin runs here, as {came.server_name}. Let its name lead here, and see with `twin doctor "
        f"{name}` what is missing; on the old host, `twin move {name} --finish FOLDER` removes what it has "
        "left. Backups are to be set up anew: `twin backup`."
        if came.runs
        else f"{name}'s twin, {came.server_name}, is here, all of it. It comes up with the host, which is not "
        "running: `twin up`. Then run this again, for the receipt that the old host waits for."
    )
    lines = [said]
    if came.settings:
        lines.append(
            f"Its old host's own settings are in {came.settings}, and not in use: they can have the host run "
            "anything. What you want of them goes into extra.yaml beside it."
        )
    return Answer("\n".join(lines), asdict(came))


def send(places: Places, name: str, invitation: str, folder: Path) -> Answer:
    """Seal a twin for another host, and release it."""
    invited = read_line(invitation)
    with Progress() as progress:
        left = leaving.leave(
            MovePlaces(places, name), Running(places), invited, folder, progress.say
        )
    if left.received:
        text = f"{name}'s twin runs on its new host. `twin move {name} --finish {folder}` removes what is left here."
        return Answer(text, asdict(left))
    took = (
        ""
        if left.seconds is None
        else f" It answered nobody for {left.seconds:.1f} s, while the last "
        f"{left.written / MB:.1f} MB were sealed."
    )
    text = (
        f"{name}'s twin is released, and will never run here again.{took} On the new host: "
        f"`twin move {name} --receive --from FOLDER`. Then here: `twin move {name} --finish {folder}`."
    )
    return Answer(text, asdict(left))


def cancel(places: Places, name: str) -> Answer:
    """Keep a twin that was on its way to another host."""
    entry, runs = leaving.cancel(MovePlaces(places, name), Running(places))
    if entry.state == "down":
        text = f"{name}'s twin stays here; it is down, as it was."
    elif runs:
        text = f"{name}'s twin stays here, and answers."
    else:
        text = f"{name}'s twin stays here, and comes up with the host, which is not running."
    return Answer(text, {"name": name, "state": entry.state, "host_runs": runs})


def finish(places: Places, name: str, folder: Path) -> Answer:
    """Remove what is left of a twin that has arrived elsewhere."""
    finished = finishing.finish(MovePlaces(places, name), folder)
    lines = [f"Nothing is left here of {name}'s twin but a line that says where it is not."]
    if finished.postgres:
        lines.append("Its PostgreSQL database is still there: drop it.")
    lines.append(f"Nobody can open what lies in {folder} any more: delete it.")
    return Answer("\n".join(lines), asdict(finished))


def read_database(path: Path) -> dict[str, str | int]:
    """Return connection arguments of psycopg2 from a file.

    Raises:
        HostError: it is no map of them.
    """
    found = read_yaml(path)
    if (
        not isinstance(found, dict)
        or not found
        or not all(
            isinstance(key, str) and isinstance(each, str | int) for key, each in found.items()
        )
    ):
        raise HostError(
            f"{path} has to be a map of connection arguments, as user, password, host and dbname."
        )
    return found
