"""What every event is."""

from __future__ import annotations

import msgspec


# gc=False here and in what events are made of: frozen facts cannot form a cycle, and the collector would walk them
# all, again and again, while a long log is read.
class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A fact. Subclasses are named noun first, past participle; their stored names stand in `ledger.codec`."""
