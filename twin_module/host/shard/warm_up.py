"""What the keeper does once before it forks shards: import everything, and work out what all twins share.

What is there before a fork is there for all shards at once, in memory and in time.
"""

import gc
import importlib
import tempfile
from pathlib import Path
from typing import Final

LATE: Final = (
    "encodings.idna",
    "encodings.unicode_escape",
    "synapse.rest.client.media",
    "twin_module.module",
    "twin_module.host.shard.process",
)
"""What a twin needs, and what is imported late: as it is loaded, or at its first requests."""


def warm_up() -> None:
    """Import what a twin needs, and remember from now on what is the same for all.

    Runs no reactor and starts no thread. The process can fork shards from now on.
    """
    for name in LATE:
        importlib.import_module(name)
    # Not at the top of the file: importing this module costs nothing.
    from synapse.crypto.context_factory import RegularPolicyForHTTPS  # noqa: PLC0415

    from twin_module.host.shard.memoised import memoised  # noqa: PLC0415
    from twin_module.host.shard.settings import parse_settings  # noqa: PLC0415
    from twin_module.host.shard.template import OF_NOBODY  # noqa: PLC0415

    # For as long as the process lives.
    memoised()
    module = {"module": "twin_module.TwinModule", "config": {"owner": "nobody"}}
    with tempfile.TemporaryDirectory() as folder:
        parse_settings({**OF_NOBODY, "modules": [module]}, Path(folder), "the sample")
    RegularPolicyForHTTPS()
    # What is here now stays; later collections need not look at it, nor touch its pages.
    gc.collect()
    gc.freeze()
