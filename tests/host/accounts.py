"""System users that only a test knows: numbers that nobody on the machine has."""

import pwd

UNUSED = {"twin": 61000, "twin-a": 61001, "twin-b": 61002, "twin-front": 61003}
"""Users, and groups of the same numbers."""


def account(name: str, number: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", number, number, "", "/nonexistent", "/usr/sbin/nologin"))
