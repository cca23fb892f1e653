"""A Yclients that runs on this machine, over real HTTP or without a socket, with outages and seeded faults.

It keeps a diary, checks tokens, limits calls and refuses what the real one is known to refuse; where the vendor
documents nothing, it does what outside teams have seen. It speaks the CRM's words, being the other side of `sync.wire`.
Under `/simulator` it can be watched and switched from other processes, under `/simulator/page` by people;
`zapisnik simulator` or `python -m sync.simulator` runs it alone.
"""

from __future__ import annotations

from sync.simulator.account import Account
from sync.simulator.catalog import Catalog, Master, Service, example_catalog
from sync.simulator.crm import Simulator
from sync.simulator.diary import NoSuchRecordError
from sync.simulator.entries import NewEntry
from sync.simulator.faults import FAULTS, Fault, Faults, Rule
from sync.simulator.gate import MODES, PARTNER_TOKEN, USER_TOKEN, Limits, Mode
from sync.simulator.hooks import HookSettings
from sync.simulator.journal import Call, Counts
from sync.simulator.line import simulator_line
from sync.simulator.server import running, serve

__all__ = [
    "FAULTS",
    "MODES",
    "PARTNER_TOKEN",
    "USER_TOKEN",
    "Account",
    "Call",
    "Catalog",
    "Counts",
    "Fault",
    "Faults",
    "HookSettings",
    "Limits",
    "Master",
    "Mode",
    "NewEntry",
    "NoSuchRecordError",
    "Rule",
    "Service",
    "Simulator",
    "example_catalog",
    "running",
    "serve",
    "simulator_line",
]
