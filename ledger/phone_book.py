"""Which clients gave a phone: looked up by its keyed hash, so that nobody's data is opened in the search.

A handle (`ledger.privacy`) says who somebody is, so a phone that was only typed is none. A client who rings up is
looked for by what they gave, proved or not; a phone that two people gave leads to both.
"""

from __future__ import annotations

from collections.abc import Iterator

from eventsourcing.dcb.api import DCBQuery, DCBQueryItem

from ledger import events as e
from ledger.codec import stored_name
from ledger.errors import SealError
from ledger.ledger import recorded
from ledger.postgres import Database
from ledger.privacy import Vault
from ledger.recorder import PostgresRecorder
from ledger.values import ClientId

_PAGE = 1000


def note_phone(database: Database, vault: Vault, client_id: ClientId, phone: str) -> None:
    """Lets a client be looked up by this phone (E.164) as well; noting it again changes nothing."""
    _write(database, [(_digest(vault, phone), client_id)])


def clients_with_phone(database: Database, vault: Vault, phone: str) -> list[ClientId]:
    """Everybody who gave this phone (E.164), whoever proved it to be theirs first."""
    proved = vault.find("phone", phone)
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT client_id FROM client_phones WHERE digest = %s ORDER BY client_id", (_digest(vault, phone),)
        ).fetchall()
    found = [ClientId(row[0]) for row in rows]
    return found if proved is None else list(dict.fromkeys([proved, *found]))


def has_phone(database: Database, client_id: ClientId) -> bool:
    """Whether the client can be looked up by a phone."""
    with database.transaction() as connection:
        row = connection.execute("SELECT 1 FROM client_phones WHERE client_id = %s", (client_id,)).fetchone()
    return row is not None


def note_old_phones(recorder: PostgresRecorder, vault: Vault) -> int:
    """Fills an empty book from the log, in one transaction; gives how many phones were noted.

    A book that was begun is left alone: every registration since has noted its own phone.
    """
    database = recorder.database
    with database.transaction() as connection:
        if connection.execute("SELECT 1 FROM client_phones LIMIT 1").fetchone():
            return 0
    found = list(_phones(recorder, vault))
    _write(database, found)
    return len(found)


def _phones(recorder: PostgresRecorder, vault: Vault) -> Iterator[tuple[str, ClientId]]:
    query = DCBQuery([DCBQueryItem(types=[stored_name(e.ClientRegistered)])])
    after = 0
    while page := recorder.page(query, after, _PAGE)[0]:
        after = page[-1].position
        for stored in page:
            event = recorded(stored).event
            if isinstance(event, e.ClientRegistered) and not event.phone.is_blank:
                try:
                    yield _digest(vault, vault.open(event.client_id, event.phone, "phone")), event.client_id
                except SealError:
                    continue  # erased, so nobody is to be found by it


def _write(database: Database, rows: list[tuple[str, ClientId]]) -> None:
    with database.transaction() as connection:
        connection.cursor().executemany(
            # A key that is destroyed this very moment takes its phones with it.
            """INSERT INTO client_phones (digest, client_id)
               SELECT %s, client_id FROM client_keys WHERE client_id = %s FOR KEY SHARE ON CONFLICT DO NOTHING""",
            rows,
        )


def _digest(vault: Vault, phone: str) -> str:
    return vault.fingerprint(f"phone:{phone}")
