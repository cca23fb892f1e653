"""A dump of a salon's whole schema, as a backup has it, and what somebody who holds it can find of a person."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import SealError
from ledger.master_keys import MasterKeys, associated
from ledger.postgres import Database
from ledger.values import ClientId

Dump = dict[str, bytes]
"""Each table's rows as COPY writes them."""
_SEALED = re.compile(r'\{"sealed":"([^"]+)","for":"([^"]+)"\}')


def dump(database: Database) -> Dump:
    """Every table of the schema, whatever it is called."""
    with database.transaction() as connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (database.schema,)
        ).fetchall()
        found: Dump = {}
        for (table,) in sorted(rows):
            with connection.cursor().copy(f'COPY "{database.schema}"."{table}" TO STDOUT'.encode()) as copy:
                found[table] = b"".join(bytes(part) for part in copy)
    return found


def restore(database: Database, dumped: Dump) -> None:
    """Puts the schema back to what it was, as a backup would; over the triggers, in one transaction."""
    with database.transaction() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for table in dumped:
            connection.execute(f'DELETE FROM "{database.schema}"."{table}"'.encode())
        for table, rows in dumped.items():
            columns = connection.execute(
                """SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
                   WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''""",
                (f'"{database.schema}"."{table}"',),
            ).fetchone()
            assert columns is not None
            with connection.cursor().copy(
                f'COPY "{database.schema}"."{table}" ({columns[0]}) FROM STDIN'.encode()
            ) as copy:
                copy.write(rows)


def forms(text: str) -> Iterator[bytes]:
    """The ways a text may stand in a dump: as it is, escaped, in hex, in base64 at each of its three alignments."""
    raw = text.encode()
    yield raw
    escaped = json.dumps(text)[1:-1]
    yield escaped.encode()
    yield re.sub(r"\\u([0-9a-f]{4})", lambda m: f"\\u{m[1].upper()}", escaped).encode()
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    for shift in range(3):
        # What depends on the bytes around is left out at both ends.
        whole = base64.b64encode(b"\x00" * shift + raw + b"\x00" * 3)
        inner = whole[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
        yield inner
        yield inner.translate(bytes.maketrans(b"+/", b"-_"))


def spellings(phone: str) -> list[str]:
    """A Russian phone in E.164 as people and programs write it."""
    ten = phone[-10:]
    parts = ten[:3], ten[3:6], ten[6:8], ten[8:]
    return [
        ten,
        "-".join(parts),
        " ".join(parts),
        f"{parts[0]} {parts[1]}-{parts[2]}-{parts[3]}",
        f"({parts[0]}) {parts[1]}",
    ]


def found_in(dumped: Dump, texts: Iterable[str]) -> list[tuple[str, str]]:
    """Table and text of everything that stands there in any form; COPY doubles backslashes, which is undone."""
    plain = {table: rows.replace(b"\\\\", b"\\") for table, rows in dumped.items()}
    return sorted(
        (table, text) for text in texts for form in set(forms(text)) for table, rows in plain.items() if form in rows
    )


def opened_by(dumped: Dump, master_keys: str, client_id: ClientId) -> set[str]:
    """All that whoever has the dump and the master keys can read of a client: every blob is tried with every key."""
    keys = list(_keys(dumped, MasterKeys.parse(master_keys)))
    texts: set[str] = set()
    for blob, context in _SEALED.findall(dumped["events"].decode()):
        raw = base64.urlsafe_b64decode(blob)
        for _, key in keys:
            try:
                plain = AESGCM(key).decrypt(raw[1:13], raw[13:], associated(client_id, context))
            except InvalidTag:
                continue
            texts.add(plain.decode())
    return texts


def is_findable(dumped: Dump, master_keys: str, kind: str, handle: str) -> bool:
    """Whether the dump tells whoever has the master keys that this person is a client, and which."""
    house = next(key for client_id, key in _keys(dumped, MasterKeys.parse(master_keys)) if client_id == 0)
    digest = hmac.digest(house, f"{kind}:{handle}".encode(), "sha256").hex().encode()
    return any(digest in rows for rows in dumped.values())


def _keys(dumped: Dump, master: MasterKeys) -> Iterator[tuple[int, bytes]]:
    for line in dumped["client_keys"].decode().splitlines():
        client_id, key_id, wrapped, _ = line.split("\t")
        if (key := master.find(key_id)) is not None:
            try:
                yield int(client_id), key.unwrap(ClientId(int(client_id)), bytes.fromhex(wrapped.removeprefix("\\\\x")))
            except SealError:
                continue
