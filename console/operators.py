"""Who works at the console, known to the ledger by a random id only."""

from __future__ import annotations

import getpass

from console.wiring import House
from ledger.values import Actor


def at_terminal(house: House) -> Actor:
    """Whoever's account the command runs under."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # a container's user may have no name
        name = "console"
    return Actor("operator", str(house.vault.client_for("operator", name)))


def in_browser(house: House) -> Actor:
    """Whoever knows CONSOLE_PASSWORD: one password, one operator."""
    return Actor("operator", str(house.vault.client_for("operator", "console")))
