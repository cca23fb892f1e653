"""A client's part of the log in a file, to lie beside the act: events as stored, with their places in the chain."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from console.wiring import House
from ledger.recorder import BATCH, StoredEvent
from ledger.tags import client_tag
from ledger.values import ClientId


def write_client_extract(house: House, client_id: ClientId, path: Path) -> int:
    """One JSON object a line; gives how many. Personal fields are sealed in it. Raises OSError."""
    query = DCBQuery(items=[DCBQueryItem(tags=[client_tag(client_id)])])
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    count = after = 0
    with os.fdopen(descriptor, "wb") as file:
        while page := house.recorder.page(query, after, BATCH)[0]:
            file.writelines(_line(stored) for stored in page)
            count, after = count + len(page), page[-1].position
        file.flush()
        os.fsync(file.fileno())
    return count


def _line(stored: StoredEvent) -> bytes:
    shown = {
        "position": stored.position,
        "recorded_at": stored.recorded_at,
        "type": stored.type,
        "tags": stored.tags,
        "data": stored.data,
        "digest": stored.digest.hex(),
        "hash": stored.hash.hex(),
    }
    return msgspec.json.encode(shown) + b"\n"
