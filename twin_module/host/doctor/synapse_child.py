"""A process that says what Synapse thinks of a homeserver.yaml: `synapse_child HOMESERVER_YAML`.

A process of its own, since reading a configuration changes what all homeservers of a process share, and
may print. The last line of its output is JSON with the fields of `SynapseSays`.
"""

import json
import sys
import tempfile
from pathlib import Path

from synapse.config._base import read_config_files
from synapse.config.homeserver import HomeServerConfig
from synapse.module_api.errors import ConfigError
from synapse.storage.schema import SCHEMA_COMPAT_VERSION, SCHEMA_VERSION

from twin_module.engine.store import SCHEMA


def refusal(path: Path) -> str | None:
    """Return why Synapse does not take a configuration, None when it does."""
    try:
        found = read_config_files([str(path)])
        # Synapse makes this folder when it is not there, and the doctor makes nothing.
        found["media_store_path"] = tempfile.gettempdir()
        HomeServerConfig([str(path)]).parse_config_dict(found, str(path.parent), str(path.parent))
    except ConfigError as error:
        return f"{'.'.join(map(str, error.path or ()))}: {error.msg}".removeprefix(": ")
    except Exception as error:  # noqa: BLE001 - whatever a start would end with is the answer
        return f"{type(error).__name__}: {error}"
    return None


def main() -> None:
    """Say it."""
    said = {
        "refuses": refusal(Path(sys.argv[1])),
        "newest_schema": SCHEMA_VERSION,
        "compatible_schema": SCHEMA_COMPAT_VERSION,
        "twin_schema": len(SCHEMA),
    }
    print(f"\n{json.dumps(said)}")


if __name__ == "__main__":
    main()
