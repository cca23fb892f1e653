"""A client's part of the log in a file, to lie beside the act."""

from __future__ import annotations

import os
from pathlib import Path

from console.signing_key import signing_key
from console.wiring import House
from ledger.integrity.extract import Extract, write_extract
from ledger.integrity.extract_lines import Scope
from ledger.values import ClientId


def write_client_extract(house: House, client_id: ClientId, path: Path) -> Extract:
    """As `zapisnik audit export --client` does, personal fields sealed; signed if there is a key. Raises OSError."""
    key = signing_key(house.settings)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        extract = write_extract(
            house.recorder, Scope("client", id=client_id), file, signer=key, made_at=house.clock.now()
        )
        file.flush()
        os.fsync(file.fileno())
    return extract
