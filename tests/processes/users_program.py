"""`twin up` with system users that only a test knows: `users_program.py … DATA`.

What stands before DATA is the command that it takes the place of. A real look-up would need a line in
/etc/passwd for each.
"""

import sys
from pathlib import Path

from tests.host.accounts import UNUSED, account
from twin_module.host.commands.up import up
from twin_module.host.errors import HostError
from twin_module.host.places import Places
from twin_module.host.users import Users


def main() -> None:
    users = Users(lambda name: account(name, UNUSED[name]))
    try:
        up(Places(Path(sys.argv[-1])), [], users)
    except HostError as error:
        sys.exit(f"twin: {error}")


if __name__ == "__main__":
    main()
