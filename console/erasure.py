"""Forgetting a client as a salon has to do it: what will be done, the deed itself, and the papers about it.

The act names the person, whom nobody can name after the deed. So what it says is put into a draft beside it before,
and a command that was killed in between finds it there when it is run again.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from bot.texts.act import ActFacts, Destroyed, act
from console.errors import FoundError, UsageError
from console.log_extract import write_client_extract
from console.viewing import note_viewing
from console.wiring import House
from ledger import events as e
from ledger.erasing import Eraser, Erasure, Outlook, scour
from ledger.errors import AttemptOpenError
from ledger.ledger import recorded
from ledger.values import Actor, ClientId, booking_code
from projections.catalog import current_catalog
from projections.clients import Contact

_NOBODY = Contact("", "", "")


@dataclass(frozen=True)
class Papers:
    """Where act and extract go. The draft of the act, which names the person, is beside it and removed at the end."""

    act: Path
    extract: Path

    @property
    def draft(self) -> Path:
        return self.act.with_name(f".{self.act.name}.draft")


@dataclass(frozen=True)
class Forgotten:
    """What was done; `is_scoured`: the database's own files hold the key no more."""

    erasure: Erasure
    is_scoured: bool


def eraser_of(house: House) -> Eraser:
    return Eraser(house.ledger, house.vault, house.register, house.clock)


def person_of(house: House, client_id: ClientId) -> Contact:
    """Whom the act will name, which is written down as a viewing; blank for one who left no contact, or has no key."""
    return (
        note_viewing(house, [client_id], ("name", "phone", "telegram"), "cli:client erase").contact(client_id)
        or _NOBODY
    )


def forget(
    house: House,
    outlook: Outlook,
    person: Contact,
    basis: e.Basis,
    by: str,
    papers: Papers,
    *,
    backups_until: date | None = None,
    anyway: bool = False,
) -> Forgotten:
    """All of it; `person` is for the act.

    Raises UsageError when a paper cannot be written, FoundError when it has to wait for the CRM.
    """
    if papers.act.exists() and outlook.has_key:
        raise UsageError(f"--act: {papers.act} exists: an act is not written over, name another file")
    keep_draft(papers, _facts(house, outlook.client_id, person, by, backups_until))
    actor = Actor("operator", str(house.vault.client_for("operator", by)))
    try:
        erasure = eraser_of(house).erase(outlook.client_id, basis, actor, anyway=anyway)
    except AttemptOpenError:
        papers.draft.unlink()
        codes = ", ".join(map(booking_code, outlook.in_flight)) or "one of the bookings"
        raise FoundError(
            f"a request about {codes} may be on its way to the CRM with the client's name in it: let the sender settle "
            "it (`zapisnik status`), or use --anyway; what is open was called off, nothing is erased yet"
        ) from None
    except OSError as error:
        papers.draft.unlink()
        raise UsageError(
            f"the register {house.register.path} cannot be written ({error.strerror}): nothing is erased; set "
            "ZAPISNIK_ERASED_FILE"
        ) from error
    is_scoured = scour(house.database)
    write_papers(house, outlook.client_id, papers)
    return Forgotten(erasure, is_scoured)


def write_papers(house: House, client_id: ClientId, papers: Papers) -> bool:
    """The extract, then the act from its draft; False when there is no draft, so that nobody can be named."""
    try:
        facts = msgspec.json.decode(papers.draft.read_bytes(), type=ActFacts)
    except FileNotFoundError:
        return False
    except msgspec.DecodeError as error:
        raise UsageError(f"{papers.draft} cannot be read: it was altered") from error
    if facts.client_id != client_id:
        raise UsageError(f"{papers.draft} is about client {facts.client_id}: name another file with --act")
    try:
        write_client_extract(house, client_id, papers.extract)
        _write(papers.act, act(facts, _destroyed(house, client_id, papers)))
    except OSError as error:
        raise UsageError(
            f"erased, but the papers cannot be written ({error.strerror}: {error.filename}): mend that and run it again"
        ) from error
    papers.draft.unlink()
    return True


def keep_draft(papers: Papers, facts: ActFacts) -> None:
    """Raises UsageError when it cannot be written: then nothing must be destroyed."""
    try:
        _write(papers.draft, msgspec.json.encode(facts).decode())
    except OSError as error:
        raise UsageError(f"--act: {papers.act} cannot be written: {error.strerror}") from error
    if not os.access(papers.extract.parent, os.W_OK):
        papers.draft.unlink()
        raise UsageError(f"--extract: {papers.extract.parent} cannot be written to")


def _facts(house: House, client_id: ClientId, person: Contact, by: str, backups_until: date | None) -> ActFacts:
    catalog = current_catalog(house.database)
    return ActFacts(
        salon=catalog.facts.salon if catalog else "",
        address=catalog.facts.address if catalog else "",
        ledger=house.register.ledger,
        schema=house.database.schema,
        client_id=client_id,
        name=person.name,
        phone=person.phone,
        telegram=person.telegram,
        by=by,
        backups_until=backups_until,
    )


def _destroyed(house: House, client_id: ClientId, papers: Papers) -> Destroyed:
    erased = eraser_of(house).outlook(client_id).erased
    if erased is None or not isinstance(erased.event, e.ClientErased):
        raise UsageError(f"client {client_id} is not erased: without --act FILE of this person")
    stored, _ = house.recorder.page(None, erased.position - 1, 1)
    event = recorded(stored[0])
    return Destroyed(
        position=erased.position,
        hash=stored[0].hash.hex(),
        at=event.at.astimezone(house.zone),
        basis=erased.event.basis,
        categories=erased.event.categories,
        crm=erased.event.crm,
        extract=papers.extract.name,
    )


def _write(path: Path, text: str) -> None:
    """For its owner alone, and whole or not at all."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
