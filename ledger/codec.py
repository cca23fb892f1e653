"""Events to stored names and JSON, and back; the only place that knows both."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Generic, TypeVar, cast

import msgspec

from ledger import events as e
from ledger.errors import MalformedValueError, StoredFormError, UnknownEventError
from ledger.upcasters import UPCASTERS, Old, Steps, shape_of
from ledger.values import Actor

STORED_NAMES: dict[str, type[e.AnyEvent]] = {
    "catalog_published": e.CatalogPublished,
    "shifts_published": e.ShiftsPublished,
    "client_registered": e.ClientRegistered,
    "language_chosen": e.LanguageChosen,
    "consent_given": e.ConsentGiven,
    "consent_withdrawn": e.ConsentWithdrawn,
    "erasure_requested": e.ErasureRequested,
    "erasure_called_off": e.ErasureCalledOff,
    "personal_data_viewed": e.PersonalDataViewed,
    "slot_held": e.SlotHeld,
    "hold_lapsed": e.HoldLapsed,
    "booking_made": e.BookingMade,
    "booking_moved": e.BookingMoved,
    "booking_cancelled": e.BookingCancelled,
    "visit_confirmed": e.VisitConfirmed,
    "reminder_attempted": e.ReminderAttempted,
    "reminder_sent": e.ReminderSent,
    "reminder_failed": e.ReminderFailed,
    "notice_sent": e.NoticeSent,
    "notice_failed": e.NoticeFailed,
    "client_notice_sent": e.ClientNoticeSent,
    "client_notice_failed": e.ClientNoticeFailed,
    "integration_paused": e.IntegrationPaused,
    "integration_resumed": e.IntegrationResumed,
    "crm_answered": e.CrmAnswered,
    "crm_connected": e.CrmConnected,
    "baseline_imported": e.BaselineImported,
    "sync_attempted": e.SyncAttempted,
    "sync_succeeded": e.SyncSucceeded,
    "sync_failed": e.SyncFailed,
    "sync_skipped": e.SyncSkipped,
    "conflict_found": e.ConflictFound,
    "conflict_resolved": e.ConflictResolved,
    "crm_booking_seen": e.CrmBookingSeen,
    "crm_booking_moved": e.CrmBookingMoved,
    "crm_booking_removed": e.CrmBookingRemoved,
    "crm_change_braked": e.CrmChangeBraked,
    "crm_change_accepted": e.CrmChangeAccepted,
    "crm_change_subsided": e.CrmChangeSubsided,
    "client_erased": e.ClientErased,
    "crm_client_removed": e.CrmClientRemoved,
    "crm_client_kept": e.CrmClientKept,
    "checkpoint_signed": e.CheckpointSigned,
}
"""A stored name never changes. A changed shape gets a new name, and `ledger.upcasters` keeps the old one readable."""

_NAMES = {shape: name for name, shape in STORED_NAMES.items()}
_E = TypeVar("_E")
# An escaped NUL: an odd run of backslashes, then u0000. JSON text never holds a bare one.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class Envelope(msgspec.Struct, Generic[_E], frozen=True, gc=False):
    """What is stored as `data`: who did it, when by the salon's clock, what led to it, and the facts."""

    by: Actor
    at: datetime
    cause: str
    facts: _E


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the log."""

    position: int
    recorded_at: datetime
    tags: tuple[str, ...]
    by: Actor
    at: datetime
    cause: str
    event: e.AnyEvent

    @property
    def type(self) -> str:
        """The name that an event like it is stored under today."""
        return stored_name(type(self.event))


class _OldDecoder:
    """Reads what stands under an old name: decoded by the shape of then, told in today's."""

    def __init__(self, shape: type[Old], steps: Steps) -> None:
        self._decoder = msgspec.json.Decoder(Envelope[shape])  # type: ignore[valid-type]  # a generic given at run time
        self._steps = steps

    def decode(self, data: bytes | str) -> Envelope[e.AnyEvent]:
        then = self._decoder.decode(data)
        return Envelope(then.by, then.at, then.cause, self._steps.today(then.facts, then.by))


_encoder = msgspec.json.Encoder()
_steps = Steps(UPCASTERS)
_decoders: dict[str, msgspec.json.Decoder[Envelope[e.AnyEvent]] | _OldDecoder] = {
    **{name: _OldDecoder(shape_of(step), _steps) for name, step in UPCASTERS.items()},
    # msgspec builds a decoder for a generic given at run time, which a type checker cannot follow.
    **{
        name: cast("msgspec.json.Decoder[Envelope[e.AnyEvent]]", msgspec.json.Decoder(Envelope[shape]))  # type: ignore[valid-type]
        for name, shape in STORED_NAMES.items()
    },
}


def stored_name(shape: type[e.AnyEvent]) -> str:
    """The name an event of this class is stored under."""
    return _NAMES[shape]


def stored_names(shape: type[e.AnyEvent]) -> tuple[str, ...]:
    """Every name such an event may stand under: today's, then the old ones. Whoever looks for events asks for these."""
    return (_NAMES[shape], *_steps.names_of(shape))


def names_meant(name: str) -> tuple[str, ...]:
    """The stored names to look for when a person asks for this one: an old one means itself alone; none is unknown."""
    if name in UPCASTERS:
        return (name,)
    return stored_names(STORED_NAMES[name]) if name in STORED_NAMES else ()


def encode(event: e.AnyEvent, *, by: Actor, at: datetime, cause: str) -> bytes:
    """The JSON text of the envelope. Raises StoredFormError for text PostgreSQL's JSON cannot give back."""
    try:
        data = _encoder.encode(Envelope(by=by, at=at, cause=cause, facts=event))
    except UnicodeEncodeError as error:
        raise StoredFormError(f"{stored_name(type(event))}: a lone surrogate is not text") from error
    if b"\\u0000" in data and _NUL.search(data):
        raise StoredFormError(f"{stored_name(type(event))}: a NUL character cannot be stored")
    return data


def decode(name: str, data: bytes | str) -> Envelope[e.AnyEvent]:
    """The envelope of a stored text. Raises UnknownEventError, or StoredFormError naming what does not fit."""
    decoder = _decoders.get(name)
    if decoder is None:
        raise UnknownEventError(f"an event of type {name!r} was written by a newer program; upgrade this one")
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, MalformedValueError) as error:
        raise StoredFormError(f"a stored {name} cannot be read: {error}") from error
