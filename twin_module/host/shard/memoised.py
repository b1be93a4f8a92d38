"""What is the same for all twins of a host is worked out once: schemas, templates, address ranges, TLS.

Synapse works it all out anew for each homeserver, which is most of the time that one takes to
load, and half of the memory that it takes.
"""

import functools
import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any, Final

import jinja2
from jinja2.bccache import Bucket
from jsonschema import (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
from netaddr import IPSet  # type: ignore[import-untyped]  # Synapse's own, without types
from synapse.config import repository, server
from synapse.crypto import context_factory
from twisted.internet.ssl import platformTrust

from twin_module.host.shard.replacing import replaced

KINDS: Final[tuple[Any, ...]] = (
    Draft3Validator,
    Draft4Validator,
    Draft6Validator,
    Draft7Validator,
    Draft201909Validator,
    Draft202012Validator,
)
MOST_SCHEMAS: Final = 500
"""Synapse has about twenty of its own, the twin has a hundred."""


def memoised() -> ExitStack:
    """Work out once, from now until the stack is closed, what is the same for all twins."""
    stack = ExitStack()
    for each in (_schemas(), _templates(), _address_ranges(), _tls()):
        for change in each:
            stack.enter_context(change)
    return stack


def _schemas() -> Iterable[replaced]:
    """Check a JSON schema against its meta-schema once; the same text is right or wrong for ever."""
    return [replaced(kind, "check_schema", staticmethod(_checked_once(kind))) for kind in KINDS]


def _checked_once(kind: Any) -> Callable[..., None]:
    known: set[str] = set()
    check = kind.check_schema

    def check_schema(schema: Any, *arguments: Any, **options: Any) -> None:
        if arguments or options:
            check(schema, *arguments, **options)
            return
        try:
            text = json.dumps(schema, sort_keys=True)
        except (TypeError, ValueError):
            check(schema)
            return
        if text not in known:
            check(schema)
            if len(known) < MOST_SCHEMAS:
                known.add(text)

    return check_schema


class _InMemory(jinja2.BytecodeCache):
    """Compiled templates; each bucket's checksum is that of the template's text."""

    def __init__(self) -> None:
        self._compiled: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._compiled.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key, bucket.checksum] = bucket.code


def _templates() -> Iterable[replaced]:
    cache = _InMemory()
    make = jinja2.Environment.__init__

    @functools.wraps(make)
    def make_with_cache(self: jinja2.Environment, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        if self.bytecode_cache is None:
            self.bytecode_cache = cache

    return [replaced(jinja2.Environment, "__init__", make_with_cache)]


def _address_ranges() -> Iterable[replaced]:
    make = server.generate_ip_set
    made: Callable[..., IPSet] = functools.lru_cache(maxsize=50)(make)

    def generate_ip_set(
        addresses: Iterable[str] | None,
        extra: Iterable[str] | None = None,
        config_path: Any = None,
    ) -> IPSet:
        key = [None if each is None else tuple(map(str, each)) for each in (addresses, extra)]
        # A copy, since a set may be changed.
        return made(*key, tuple(config_path) if config_path else None).copy()

    return [replaced(module, "generate_ip_set", generate_ip_set) for module in (server, repository)]


def _tls() -> Iterable[replaced]:
    """Read the system's authorities once: each reading takes 0.8 MB."""
    make: Any = vars(context_factory)["CertificateOptions"]
    system = type(platformTrust())
    made: dict[Any, Any] = {}

    def options(trustRoot: Any = None, **others: Any) -> Any:  # noqa: N803 - Twisted's name
        if trustRoot is not None and not isinstance(trustRoot, system):
            return make(trustRoot=trustRoot, **others)
        key = trustRoot is None, tuple(sorted(others.items(), key=lambda item: item[0]))
        if key not in made:
            made[key] = make(trustRoot=trustRoot, **others)
        return made[key]

    return [replaced(context_factory, "CertificateOptions", options)]
