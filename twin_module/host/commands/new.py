"""`twin new NAME`: makes a twin, ready to be woken."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from twin_module.host.certificates import ensure_ca, ensure_leaf, write_atomically
from twin_module.host.commands.answer import Answer
from twin_module.host.commands.running import told
from twin_module.host.configuration import HostedTwin, TwinFacts
from twin_module.host.errors import HostError
from twin_module.host.folder import prepare
from twin_module.host.options import HostOptions, read_options
from twin_module.host.places import Places
from twin_module.host.table import Entry, add_entry, ensure_entries, read_table
from twin_module.host.users import FOR_PASSING, Users, give, lay_out, let_front_read


def new(
    places: Places,
    name: str,
    server_name: str | None,
    trust: str | None,
    users: Users | None = None,
) -> Answer:
    """Make a twin, and let a running host know it."""
    users = users or Users()
    ensure_data_folder(places.data)
    options = read_options(places.options)
    domains = {trust or options.trust, *(each.trust for each in read_table(places.data).values())}
    # A folder of somebody else is a host of theirs, whom root only helps.
    if places.data.stat().st_uid == 0 and users.any_of(domains):
        lay_out(places, users)
    entry, is_new = make_twin(places, options, name, server_name, trust, users)
    let_front_read(places.well_known(entry.server_name), users)
    runs = told(places, {"do": "add", "name": name})
    if is_new and entry.client_port:
        _introduce(places, entry, users)
    begins = f"{name}'s twin is" if is_new else f"{name}'s twin was there already,"
    lines = [
        f"{begins} {entry.server_name}, and its owner @{name}:{entry.server_name}.",
        f"The owner's password will be in {places.folder(name) / 'owner.password'}, once it was awake.",
        "It answers." if runs else "It answers as soon as the host runs: `twin up`.",
    ]
    return Answer("\n".join(lines), {**asdict(entry), "new": is_new, "host_runs": runs})


def write_well_known(places: Places, entry: Entry) -> None:
    """Write what is said of a twin at `/.well-known/matrix/`, so that nobody has to wake it for that.

    One for trying out has its ports in its name, so nobody asks for it.
    """
    if entry.client_port is None:
        places.run.mkdir(mode=FOR_PASSING, exist_ok=True)
        said = {
            "client": {"m.homeserver": {"base_url": f"https://{entry.server_name}"}},
            "server": {"m.server": f"{entry.server_name}:443"},
        }
        path, body = places.well_known(entry.server_name), json.dumps(said).encode()
        if not path.exists() or path.read_bytes() != body:
            write_atomically(path, body)


def _introduce(places: Places, newcomer: Entry, users: Users) -> None:
    """Let the others for trying out know one more, who speak with each other only."""
    for each in read_table(places.data).values():
        if each.client_port and each != newcomer and each.state == "up":
            make_folder(places, each, users)
            if told(places, {"do": "down", "name": each.name}):
                told(places, {"do": "up", "name": each.name})


def ensure_data_folder(data: Path) -> None:
    """Make the data folder, unless it is there.

    Raises:
        HostError: it can't be written.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise HostError(
            f"The data folder {data} can't be written: {error.strerror}. Choose another with --data."
        ) from None


def make_twin(
    places: Places,
    options: HostOptions,
    name: str,
    server_name: str | None,
    trust: str | None,
    users: Users | None = None,
) -> tuple[Entry, bool]:
    """Make a twin, or what is missing of it; returns its line in the table, and whether it is new.

    Without a server name and without a domain in the host's options it is one for trying out, on
    ports of this machine.

    Raises:
        HostError: a name can't be, or is taken.
    """
    wanted = server_name or (f"{name}.{options.domain}" if options.domain else None)
    domain, users = trust or options.trust, users or Users()
    if wanted is None:
        check_for_trying_out(domain, users)
        is_new = name not in read_table(places.data)
        [entry] = ensure_entries(places.data, [name], domain)
    else:
        entry = Entry(name, wanted, domain)
        is_new = add_entry(places.data, entry)
    make_folder(places, entry, users)
    write_well_known(places, entry)
    return entry, is_new


def check_for_trying_out(trust: str, users: Users) -> None:
    """Refuse twins for trying out in a trust domain with a user of its own, who can't read what they share.

    Raises:
        HostError: says what else can be done.
    """
    if users.of_domain(trust) is not None:
        raise HostError(
            f"Twins of the trust domain {trust} run as the user twin-{trust}, and those for trying out "
            "don't: say --server-name, or a `domain` in host.yaml."
        )


def make_folder(places: Places, entry: Entry, users: Users) -> None:
    """Make a twin's folder complete, the user's of its trust domain; may be called again at any time."""
    folder, account = places.folder(entry.name), users.of_domain(entry.trust)
    if entry.client_port is None or entry.federation_port is None:
        folder.mkdir(mode=0o700, exist_ok=True)
        give(folder, account)
        twin = HostedTwin(owner=entry.name, server_name=entry.server_name, folder=folder)
        users.do_as(account, lambda: str(prepare(twin)))
        return
    check_for_trying_out(entry.trust, users)
    now = datetime.now(UTC)
    ca = ensure_ca(places.data, now)
    folder.mkdir(mode=0o700, exist_ok=True)
    certificate, key = ensure_leaf(folder, ca, now)
    peers = tuple(each.server_name for each in read_table(places.data).values())
    prepare(
        TwinFacts(
            owner=entry.name,
            server_name=entry.server_name,
            folder=folder,
            client_port=entry.client_port,
            federation_port=entry.federation_port,
            tls_certificate=certificate,
            tls_key=key,
            ca_file=ca[0],
            peers=peers,
        )
    )
