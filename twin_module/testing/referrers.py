"""Who keeps something in memory that should be gone."""

import gc
from collections.abc import Iterator
from types import FrameType, ModuleType
from typing import Any, Final, NamedTuple
from weakref import ref

FARTHEST: Final = 12
MOST: Final = 200_000
"""So many objects are looked at."""


class _Link(NamedTuple):
    held: Any
    before: "_Link | None"


class Gone:
    """Whether all of some objects are gone; in words it says what holds the first that is not."""

    def __init__(self, *objects: Any) -> None:
        """Take objects that support weak references, without holding them."""
        self._left = [ref(each) for each in objects]

    def __bool__(self) -> bool:
        """Collect what nobody refers to, and tell whether they were among that."""
        gc.collect()
        return all(each() is None for each in self._left)

    def __repr__(self) -> str:
        """Return the shortest way from a module to what is still there."""
        still = next((found for each in self._left if (found := each()) is not None), None)
        return "all are gone" if still is None else " holds ".join(_way_out(still))


def _way_out(held: Any) -> Iterator[str]:
    seen, level = {id(held)}, [_Link(held, None)]
    for _ in range(FARTHEST):
        further: list[_Link] = []
        ours = {id(level), id(further), id(seen), *map(id, level)}
        for link in level:
            for each in gc.get_referrers(link.held):
                if id(each) in seen or id(each) in ours or _is_of_this_file(each):
                    continue
                seen.add(id(each))
                further.append(_Link(each, link))
                if isinstance(each, ModuleType):
                    return _names(further[-1])
        if not further or len(seen) > MOST:
            break
        level = further
    return _names(level[0])


def _is_of_this_file(each: Any) -> bool:
    return isinstance(each, FrameType) and each.f_code.co_filename == __file__


def _names(link: _Link | None) -> Iterator[str]:
    while link is not None:
        yield _name(link.held)
        link = link.before


def _name(held: Any) -> str:
    kind = f"{type(held).__module__}.{type(held).__qualname__}"
    if isinstance(held, FrameType):
        return f"{kind} of {held.f_code.co_qualname}"
    if isinstance(held, dict):
        return f"{kind} with {sorted(map(str, held))[:5]}"
    return f"{kind} {getattr(held, '__qualname__', getattr(held, '__name__', ''))}".strip()
