"""The command `twin`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from twin_module.host.errors import HostError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; ends with status 1 and one sentence when something is in the way."""
    parsed = _parser().parse_args(arguments)
    try:
        parsed.run(parsed)
    except HostError as error:
        print(f"twin: {error}", file=sys.stderr)
        sys.exit(1)


# Each command imports what it needs itself: `verify` is to answer at once.


def _up(parsed: argparse.Namespace) -> None:
    from twin_module.host.up import up  # noqa: PLC0415

    up(parsed.data.absolute(), list(dict.fromkeys(parsed.twins.split(","))))


def _reindex(parsed: argparse.Namespace) -> None:
    from twin_module.host.reindex import reindex  # noqa: PLC0415

    reindex(parsed.config)
    print("The twin reads all its rooms again: now if it runs, else at its next start.")


def _verify(parsed: argparse.Namespace) -> None:
    from twin_module.host.verify import verify  # noqa: PLC0415

    sys.exit(verify(parsed.file))


def _export(parsed: argparse.Namespace) -> None:
    from twin_module.host.client import TwinClient, read_facts  # noqa: PLC0415
    from twin_module.host.export import make_export  # noqa: PLC0415
    from twin_module.host.progress import Progress  # noqa: PLC0415

    client = TwinClient(read_facts(parsed.config, parsed.url))
    if parsed.token_file:
        client.use_token(parsed.token_file)
    else:
        client.sign_in()
    try:
        with Progress() as progress:
            counts = make_export(client, parsed.archive.absolute(), progress)
    except KeyboardInterrupt:
        raise HostError("The export was cut. Run it again, it goes on where it was.") from None
    finally:
        client.sign_out()
    said = ", ".join(f"{name}: {number}" for name, number in sorted(counts.items()))
    print(f"{parsed.archive} holds everything of this twin ({said}). Check it with `twin verify`.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="twin", description="Digital twins on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser(
        "up", help="bring up twins for trying out", description="Bring up twins for trying out."
    )
    starting.add_argument(
        "--data",
        type=Path,
        default=Path("var"),
        help="where everything of them lies (default: var)",
    )
    starting.add_argument(
        "--twins", default="alice,bob", help="whose twins, with commas (default: alice,bob)"
    )
    starting.set_defaults(run=_up)
    reading = commands.add_parser(
        "reindex",
        help="make a twin read all its rooms again",
        description="Make a twin read all its rooms again and mend what it shows.",
    )
    reading.add_argument(
        "config", type=Path, metavar="HOMESERVER_YAML", help="the twin's homeserver.yaml"
    )
    reading.set_defaults(run=_reindex)
    verifying = commands.add_parser(
        "verify",
        help="say what a signed file proves, offline",
        description="Say what a signed file proves and what not, with nothing but the file. "
        "Exit status: 0 proven, 1 not proven, 2 unreadable.",
    )
    verifying.add_argument(
        "file", metavar="FILE", help="a proof, an attestation or an export; - reads standard input"
    )
    verifying.set_defaults(run=_verify)
    exporting = commands.add_parser(
        "export",
        help="write everything of a running twin into one archive",
        description="Write everything of a running twin into one archive that can be read without "
        "it. What was cut goes on when it is run again.",
    )
    exporting.add_argument(
        "config", type=Path, metavar="HOMESERVER_YAML", help="the twin's homeserver.yaml"
    )
    exporting.add_argument("archive", type=Path, metavar="ARCHIVE", help="a new zip file")
    exporting.add_argument(
        "--token-file",
        type=Path,
        help="holds the owner's access token (default: sign in with the owner's password file)",
    )
    exporting.add_argument(
        "--url", help="where the twin answers (default: the listener in HOMESERVER_YAML)"
    )
    exporting.set_defaults(run=_export)
    return parser
