"""The command `twin`: which words there are, what each may be told, and who does it."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from twin_module.host.commands.answer import Answer
from twin_module.host.errors import HostError
from twin_module.host.places import Places

DATA: Final = "TWIN_DATA"
"""The variable that names the data folder where `--data` does not."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; ends with status 1 and one sentence when something is in the way."""
    parsed = _parser().parse_args(arguments)
    as_json = getattr(parsed, "json", False)
    try:
        answer: Answer | None = parsed.run(parsed)
    except HostError as error:
        if as_json:
            print(json.dumps({"error": str(error)}))
        print(f"twin: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("twin: Cut; run it again, it goes on or begins anew.", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read along has seen enough, as `head` has.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    if answer is not None:
        print(json.dumps(dict(answer.data), indent=2, default=str) if as_json else answer.text)
        sys.exit(answer.status)


# Each command imports what it needs itself: `verify` is to answer at once.


def _places(parsed: argparse.Namespace) -> Places:
    return Places(parsed.data.absolute())


def _up(parsed: argparse.Namespace) -> Answer | None:
    from twin_module.host.commands.running import bring_up  # noqa: PLC0415
    from twin_module.host.commands.up import up  # noqa: PLC0415

    if parsed.name is not None:
        return bring_up(_places(parsed), parsed.name)
    up(_places(parsed), list(dict.fromkeys(parsed.twins.split(","))) if parsed.twins else [])
    return None


def _down(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands.running import end_host, take_down  # noqa: PLC0415

    if parsed.name is not None:
        return take_down(_places(parsed), parsed.name)
    return end_host(_places(parsed))


def _upgrade(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands.upgrade import Wishes, upgrade  # noqa: PLC0415

    wishes = Wishes(force=parsed.force, backup=not parsed.no_backup, only_check=parsed.check)
    # What is said on the way is for people, whoever reads the answer.
    said = sys.stderr if parsed.json else sys.stdout
    return upgrade(_places(parsed), wishes, lambda text: print(text, file=said, flush=True))


def _new(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands.new import new  # noqa: PLC0415

    return new(_places(parsed), parsed.name, parsed.server_name, parsed.trust)


def _status(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands.status import status  # noqa: PLC0415

    return status(_places(parsed))


def _logs(parsed: argparse.Namespace) -> None:
    from twin_module.host.commands.logs import show  # noqa: PLC0415

    show(_places(parsed), parsed.name, parsed.lines, follow_on=parsed.follow)


def _doctor(parsed: argparse.Namespace) -> None:
    from twin_module.host.doctor.command import doctor  # noqa: PLC0415

    sys.exit(
        doctor(
            parsed.data.absolute(),
            parsed.name,
            json=parsed.json,
            thorough=parsed.thorough,
            tester=parsed.tester,
        )
    )


def _password(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands.password import password  # noqa: PLC0415

    return password(_places(parsed), parsed.name, parsed.file, sign_out=parsed.sign_out)


def _backup(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands import backups  # noqa: PLC0415

    places, name = _places(parsed), parsed.name
    if parsed.to or parsed.new_key or parsed.recipient:
        return backups.set_up(
            places,
            name,
            backups.Wanted(parsed.to, parsed.new_key, parsed.recipient, parsed.remote_media),
        )
    if parsed.check:
        return backups.check(places, name, parsed.key)
    return backups.backup(places, name)


def _restore(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands import backups  # noqa: PLC0415

    return backups.restore(
        _places(parsed), parsed.name, parsed.folder.absolute(), parsed.key, parsed.at, parsed.into
    )


def _move(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.commands import move  # noqa: PLC0415

    places, name = _places(parsed), parsed.name
    sends = (parsed.invitation, parsed.to)
    ways = (any(sends), parsed.receive, parsed.finish, parsed.cancel)
    if sum(map(bool, ways)) != 1 or (any(sends) and not all(sends)):
        raise HostError(
            "Say one of: --receive, on the new host; --for INVITATION --to FOLDER, --finish FOLDER or "
            "--cancel, on the old one."
        )
    if parsed.source or parsed.trust or parsed.database:
        if not parsed.receive or not parsed.source:
            raise HostError("--from, --trust and --database go with `--receive --from FOLDER`.")
        return move.receive(places, name, parsed.source.absolute(), parsed.trust, parsed.database)
    if parsed.receive:
        return move.invite(places, name)
    if parsed.cancel:
        return move.cancel(places, name)
    if parsed.finish:
        return move.finish(places, name, parsed.finish.absolute())
    return move.send(places, name, parsed.invitation, parsed.to.absolute())


def _reindex(parsed: argparse.Namespace) -> Answer:
    from twin_module.host.reindex import reindex  # noqa: PLC0415

    reindex(parsed.config)
    return Answer("The twin reads all its rooms again: now if it runs, else at its next start.")


def _verify(parsed: argparse.Namespace) -> None:
    from twin_module.host.verify import verify  # noqa: PLC0415

    sys.exit(verify(parsed.file))


def _export(parsed: argparse.Namespace) -> Answer:
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
    return Answer(
        f"{parsed.archive} holds everything of this twin ({said}). Check it with `twin verify`.",
        counts,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="twin", description="Digital twins on this machine.")
    words = _Words(parser)
    _add_hosting(words)
    _add_backups(words)
    _add_moving(words)
    _add_files(words)
    return parser


class _Words:
    """The commands, each with what all have."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self._commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(
        self,
        word: str,
        run: Callable[[argparse.Namespace], Answer | None],
        says: str,
        *,
        of_a_host: bool = True,
        json: bool = True,
    ) -> argparse.ArgumentParser:
        added = self._commands.add_parser(
            word, help=says, description=says[0].upper() + says[1:] + "."
        )
        if of_a_host:
            added.add_argument(
                "--data",
                type=Path,
                default=Path(os.environ.get(DATA, "var")),
                help=f"where everything of the twins lies (default: what {DATA} says, or var)",
            )
        if json:
            added.add_argument("--json", action="store_true", help="say it as JSON")
        added.set_defaults(run=run)
        return added


def _add_hosting(words: _Words) -> None:
    word = words.add("up", _up, "run the twins of a data folder, or bring up a single one")
    word.add_argument("name", nargs="?", metavar="NAME", help="a twin of the host that runs")
    word.add_argument(
        "--twins",
        help="twins for trying out that are to be there, with commas (default: alice,bob where there are none)",
    )
    word = words.add("down", _down, "end the host, or take down a single twin")
    word.add_argument("name", nargs="?", metavar="NAME", help="a twin of the host that runs")
    word = words.add("upgrade", _upgrade, "have the host become the version that is installed")
    word.add_argument("--check", action="store_true", help="only say what would be")
    word.add_argument("--force", action="store_true", help="also where nothing changed")
    word.add_argument("--no-backup", action="store_true", help="make no backups before")
    word = words.add("new", _new, "make a twin")
    word.add_argument("name", metavar="NAME", help="the first part of its owner's Matrix ID")
    word.add_argument(
        "--server-name",
        help="what it is called for life (default: NAME and the domain in host.yaml; without one, "
        "a name for trying out on this machine)",
    )
    word.add_argument("--trust", help="its trust domain: twins of one share processes")
    words.add("status", _status, "say which twins there are, who is awake, and what it takes")
    word = words.add("logs", _logs, "show what a twin wrote to its log", json=False)
    word.add_argument("name", metavar="NAME")
    word.add_argument("-n", "--lines", type=_count, default=50, help="how many (default: 50)")
    word.add_argument("-f", "--follow", action="store_true", help="go on with what comes")
    word = words.add("doctor", _doctor, "examine a twin, and say how to mend what is wrong")
    word.add_argument("name", metavar="NAME")
    word.add_argument("--thorough", action="store_true", help="check all of the database")
    word.add_argument(
        "--tester", help="a federation tester elsewhere: an https URL with {server_name} in it"
    )
    word = words.add("password", _password, "give the owner of a twin a new password")
    word.add_argument("name", metavar="NAME")
    word.add_argument("--file", type=Path, help="holds the new password (default: one is made up)")
    word.add_argument("--sign-out", action="store_true", help="also end all sessions")


def _add_backups(words: _Words) -> None:
    word = words.add(
        "backup", _backup, "back up a twin, which may run meanwhile; or say where its backups go"
    )
    word.add_argument("name", metavar="NAME")
    word.add_argument("--to", type=Path, metavar="FOLDER", help="from now on into this folder")
    word.add_argument(
        "--new-key", type=Path, metavar="FILE", help="make the owner's key, for `--to`"
    )
    word.add_argument(
        "--for",
        dest="recipient",
        metavar="age1…",
        help="the public part of the owner's key, for `--to`",
    )
    word.add_argument(
        "--remote-media", action="store_true", help="also media of other servers, for `--to`"
    )
    word.add_argument("--check", action="store_true", help="read all backups again instead")
    word.add_argument(
        "--key", type=Path, metavar="FILE", help="the owner's key, to open them all, for `--check`"
    )
    word = words.add("restore", _restore, "make a twin again from its backup")
    word.add_argument("name", metavar="NAME")
    word.add_argument("folder", type=Path, metavar="FOLDER", help="where its backups lie")
    word.add_argument("--key", type=Path, required=True, metavar="FILE", help="the owner's key")
    word.add_argument(
        "--at",
        default="latest",
        metavar="TIME",
        help="as it was then: 2026-12-24T18:00 (default: the newest)",
    )
    word.add_argument(
        "--into",
        type=Path,
        metavar="FOLDER",
        help="into a folder aside, to practise, and not into the host",
    )


def _add_moving(words: _Words) -> None:
    word = words.add("move", _move, "take a twin to another host")
    word.description = (
        "Take a twin to another host: --receive there makes an invitation; --for and --to here seal the twin "
        "for it; --receive --from there takes it in; --finish here removes what is left. All may be "
        "cut and repeated, and at no moment can both hosts run it."
    )
    word.add_argument("name", metavar="NAME")
    word.add_argument(
        "--for",
        dest="invitation",
        metavar="twin-move1…",
        help="on the old host: the invitation of the new one",
    )
    word.add_argument(
        "--to", type=Path, metavar="FOLDER", help="on the old host: a new folder that both reach"
    )
    word.add_argument(
        "--receive", action="store_true", help="on the new host: invite the twin, or take it in"
    )
    word.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FOLDER",
        help="the same folder, for `--receive`",
    )
    word.add_argument("--trust", help="its trust domain on the new host, for `--receive --from`")
    word.add_argument(
        "--database",
        type=Path,
        metavar="FILE",
        help="connection arguments of an empty PostgreSQL database, as YAML, for `--receive --from`",
    )
    word.add_argument(
        "--finish",
        type=Path,
        metavar="FOLDER",
        help="on the old host: remove what is left, by the receipt in the folder",
    )
    word.add_argument(
        "--cancel", action="store_true", help="on the old host: keep it, if it was not released yet"
    )


def _add_files(words: _Words) -> None:
    word = words.add(
        "reindex",
        _reindex,
        "make a twin read all its rooms again and mend what it shows",
        of_a_host=False,
    )
    word.add_argument(
        "config", type=Path, metavar="HOMESERVER_YAML", help="the twin's homeserver.yaml"
    )
    word = words.add(
        "verify", _verify, "say what a signed file proves, offline", of_a_host=False, json=False
    )
    word.description = (
        "Say what a signed file proves and what not, with nothing but the file. "
        "Exit status: 0 proven, 1 not proven, 2 unreadable."
    )
    word.add_argument(
        "file", metavar="FILE", help="a proof, an attestation or an export; - reads standard input"
    )
    word = words.add(
        "export", _export, "write everything of a running twin into one archive", of_a_host=False
    )
    word.description = (
        "Write everything of a running twin into one archive that can be read without "
        "it. What was cut goes on when it is run again."
    )
    word.add_argument(
        "config", type=Path, metavar="HOMESERVER_YAML", help="the twin's homeserver.yaml"
    )
    word.add_argument("archive", type=Path, metavar="ARCHIVE", help="a new zip file")
    word.add_argument(
        "--token-file",
        type=Path,
        help="holds the owner's access token (default: sign in with the owner's password file)",
    )
    word.add_argument(
        "--url", help="where the twin answers (default: the listener in HOMESERVER_YAML)"
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number
