"""A digital twin: a Synapse module that makes a homeserver one person's own place."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin_module.module import TwinModule

__all__ = ["TwinModule"]


def __getattr__(name: str) -> Any:
    """Import the module on first use, so that the pure parts load without Synapse (PEP 562)."""
    if name == "TwinModule":
        from twin_module.module import TwinModule  # noqa: PLC0415 - the point of this function

        return TwinModule
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
