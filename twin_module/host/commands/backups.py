"""`twin backup` and `twin restore`."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from twin_module.host.backup.check import check_backups
from twin_module.host.backup.make_backup import make_backup
from twin_module.host.backup.opening import moment_of
from twin_module.host.backup.owner_key import new_key
from twin_module.host.backup.restore import restore as restore_folder
from twin_module.host.backup.settings import BackupSettings, read_settings, set_up as note_settings
from twin_module.host.backup.tables import known_here
from twin_module.host.backup.twin_files import read_config
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.new import ensure_data_folder
from twin_module.host.commands.running import told
from twin_module.host.errors import HostError
from twin_module.host.options import read_options
from twin_module.host.places import Places
from twin_module.host.progress import Progress
from twin_module.host.table import Entry, add_entry, find_entry, read_table
from twin_module.host.users import Users, give

MB: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a twin is to be backed up."""

    to: Path | None
    new_key: Path | None
    """A new file for a key that is made."""
    recipient: str | None
    """The public part of one that the owner has."""
    remote_media: bool


def set_up(places: Places, name: str, wanted: Wanted) -> Answer:
    """Note where backups of a twin go and for which key, which is made here if it is to be."""
    find_entry(places.data, name)
    if wanted.to is None or (wanted.new_key is None) == (wanted.recipient is None):
        raise HostError(
            "Say where to and for whom: --to FOLDER, and either --new-key FILE or --for age1…."
        )
    public = wanted.recipient or ""
    lines = []
    if wanted.new_key is not None:
        public = new_key(wanted.new_key, datetime.now(UTC))
        lines.append(
            f"{wanted.new_key} opens the backups of {name}, and nothing else does: give it to the "
            "owner, keep a copy where this host is not, and delete it here."
        )
    target = wanted.to.absolute()
    settings = BackupSettings(target=target, public=public, remote_media=wanted.remote_media)
    note_settings(places.data, name, settings)
    lines.append(f"`twin backup {name}` writes to {target} from now on.")
    return Answer("\n".join(lines), {"name": name, "target": str(target), "public": public})


def backup(places: Places, name: str) -> Answer:
    """Back up a twin."""
    find_entry(places.data, name)
    with Progress() as progress:
        result = make_backup(places.data, name, datetime.now(UTC), progress.say)
    said = (
        f"Backed up {name}: {result.files} files, {result.size / MB:.1f} MB, of which "
        f"{result.written / MB:.1f} MB were new; {result.backups} backups in {result.target}."
    )
    return Answer("\n".join([said, *result.warnings]), asdict(result))


def check(places: Places, name: str, key: Path | None) -> Answer:
    """Read the backups of a twin again."""
    target = read_settings(places.data, name).settings.target
    with Progress() as progress:
        result = check_backups(target, key, progress.say)
    whole = f"All {result.backups} backups in {target} are whole."
    if not result.opened:
        whole += " Only the owner's key (--key) can tell whether they open as well."
    return Answer("\n".join(result.problems) or whole, asdict(result), 1 if result.problems else 0)


def restore(
    places: Places,
    name: str,
    folder: Path,
    key: Path,
    at: str,
    into: Path | None,
    users: Users | None = None,
) -> Answer:
    """Make a twin again, and let a running host know it; or only its folder, somewhere aside.

    Args:
        places: of the host.
        name: the twin's.
        folder: where its backups lie.
        key: the file with the owner's key.
        at: `latest`, or a time in ISO 8601.
        into: a new folder aside.
        users: of the host; the twin's folder is the one's of its trust domain.
    """
    moment = moment_of(at)
    if into is None:
        ensure_data_folder(places.data)
        if name in read_table(places.data):
            find_entry(places.data, name)
    with Progress() as progress:
        result = restore_folder(
            folder,
            key,
            into or places.folder(name),
            moment=moment,
            known=known_here() if into is None else None,
            progress=progress.say,
        )
    begins = f"{name}'s twin, {result.server_name}, is as it was at {result.time}"
    if into is not None:
        return Answer(f"{begins}, in {into}.", asdict(result))
    known = read_table(places.data).get(name)
    trust = known.trust if known else read_options(places.options).trust
    entry = _entry(places, name, trust)
    give(places.folder(name), (users or Users()).of_domain(trust))
    add_entry(places.data, entry)
    told(places, {"do": "add", "name": name})
    return Answer(
        f"{begins}. Never run it in two places: other servers would not know which one to believe.",
        asdict(result),
    )


def _entry(places: Places, name: str, trust: str) -> Entry:
    """Return the line of a twin that was restored, by its own configuration."""
    config = read_config(places.folder(name) / "homeserver.yaml")
    server_name = str(config["server_name"])
    ports = [each.get("port") for each in config.get("listeners", ())]
    if server_name == f"localhost:{ports[-1] if ports else None}":
        return Entry(name, server_name, trust, client_port=ports[0], federation_port=ports[-1])
    return Entry(name, server_name, trust)
