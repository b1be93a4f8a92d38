"""Files of YAML that people write."""

from pathlib import Path
from typing import Any

import yaml

from twin_module.host.errors import HostError


def read_yaml(path: Path) -> Any:
    """Return what stands in a file; None when nothing does.

    Raises:
        HostError: it can't be read, or is not YAML.
    """
    try:
        return yaml.safe_load(path.read_text())
    except OSError as error:
        raise HostError(f"{path} can't be read: {error.strerror}.") from None
    except (yaml.YAMLError, ValueError):
        raise HostError(f"{path} is not YAML.") from None
