"""What a twin can do: one module here is one capability, and the tuple names them all."""

from typing import Final

from twin_module.core.capability import Capability
from twin_module.rooms.agenda import AGENDA
from twin_module.rooms.attestations import ATTESTATIONS
from twin_module.rooms.circles import CIRCLES
from twin_module.rooms.contacts import CONTACTS
from twin_module.rooms.docs import DOCS
from twin_module.rooms.tasks import TASKS

CAPABILITIES: Final[tuple[Capability, ...]] = (TASKS, AGENDA, DOCS, CIRCLES, ATTESTATIONS, CONTACTS)
