"""What clients and staff were told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ledger.events.base import Event
from ledger.values import BookingId, ClientId

ReminderKind = Literal["day_before", "hours_before"]
NoticeKind = Literal["booking", "integration", "client", "checkpoint"]
UndeliveredReason = Literal["blocked", "refused", "unknown"]
UntoldReason = Literal["blocked", "refused", "unknown", "no_chat"]
"""`no_chat`: the client has no chat with the bot, or it cannot be found any more."""


class ReminderAttempted(Event, frozen=True):
    """A reminder is about to leave; whatever becomes of it, it is not sent again for this start."""

    booking_id: BookingId
    client_id: ClientId
    kind: ReminderKind
    starts_at: datetime


class ReminderSent(Event, frozen=True):
    """Telegram took the reminder."""

    booking_id: BookingId
    client_id: ClientId
    kind: ReminderKind
    starts_at: datetime


class ReminderFailed(Event, frozen=True):
    """The reminder did not reach the client, or nobody knows (`unknown`: the answer was lost)."""

    booking_id: BookingId
    client_id: ClientId
    kind: ReminderKind
    starts_at: datetime
    reason: UndeliveredReason


class NoticeSent(Event, frozen=True):
    """The staff chat was told; `covers` are the positions of the events it was about."""

    kind: NoticeKind
    covers: tuple[int, ...]


class NoticeFailed(Event, frozen=True):
    """The staff chat could not be told, and it will not be tried again."""

    kind: NoticeKind
    covers: tuple[int, ...]
    reason: UndeliveredReason


class ClientNoticeSent(Event, frozen=True):
    """A client was told what the salon did with their booking; `covers` are the positions of what it was about."""

    booking_id: BookingId
    client_id: ClientId
    covers: tuple[int, ...]


class ClientNoticeFailed(Event, frozen=True):
    """A client could not be told what the salon did with their booking; somebody has to ring them up."""

    booking_id: BookingId
    client_id: ClientId
    covers: tuple[int, ...]
    reason: UntoldReason
