"""The code of the page on adding a capability, for the tests that carry it out."""

import re
import sys
from collections import defaultdict
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Final

BLOCK: Final = re.compile(r"^```python (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULE: Final = "twin_module/rooms/bookmarks.py"


def files_of(root: Path) -> Mapping[str, str]:
    """Return the files that a reader of the page ends up with."""
    page = (root / "docs/adding-a-capability.md").read_text()
    blocks: dict[str, list[str]] = defaultdict(list)
    for name, code in BLOCK.findall(page):
        blocks[name].append(code)
    return {name: "\n\n".join(codes) for name, codes in blocks.items()}


def written_to(folder: Path, files: Mapping[str, str]) -> Path:
    """Write these files into a folder, and return it."""
    for name, code in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code)
    return folder


def loaded(path: Path, name: str) -> ModuleType:
    """Load a file as a module of that name."""
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
