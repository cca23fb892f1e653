"""What every event is."""

from __future__ import annotations

import msgspec


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fact. Subclasses are named noun first, past participle; their stored names stand in `ledger.codec`."""
