"""The command `twin`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from twin_module.host.errors import HostError
from twin_module.host.reindex import reindex
from twin_module.host.up import up


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; ends with status 1 and one sentence when something is in the way."""
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "up":
            up(parsed.data.absolute(), list(dict.fromkeys(parsed.twins.split(","))))
        else:
            reindex(parsed.config)
            print("The twin reads all its rooms again: now if it runs, else at its next start.")
    except HostError as error:
        print(f"twin: {error}", file=sys.stderr)
        sys.exit(1)


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
    reading = commands.add_parser(
        "reindex",
        help="make a twin read all its rooms again",
        description="Make a twin read all its rooms again and mend what it shows.",
    )
    reading.add_argument(
        "config", type=Path, metavar="HOMESERVER_YAML", help="the twin's homeserver.yaml"
    )
    return parser
