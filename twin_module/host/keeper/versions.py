"""Which versions a process has loaded; what is installed may be newer after a while."""

import hashlib
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Final

PACKAGES: Final = ("twin-module", "matrix-synapse", "twisted")
PYTHON: Final = "python"


def installed_versions() -> Mapping[str, str]:
    """Return the versions that are worth telling, by package."""
    found = {PYTHON: platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest_of_packages() -> str:
    """Return what is another one when any package is installed in another version."""
    names = sorted({f"{each.name} {each.version}" for each in distributions()})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
