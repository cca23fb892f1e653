"""Everything that can happen in a salon's booking ledger, as immutable facts; one file a subject."""

from __future__ import annotations

from ledger.events.base import Event as Event
from ledger.events.booking import (
    Awaits as Awaits,
    BookingCancelled as BookingCancelled,
    BookingMade as BookingMade,
    BookingMoved as BookingMoved,
    HoldLapsed as HoldLapsed,
    LapseReason as LapseReason,
    SlotHeld as SlotHeld,
    VisitConfirmed as VisitConfirmed,
)
from ledger.events.catalog import (
    CatalogPublished as CatalogPublished,
    Interval as Interval,
    Policy as Policy,
    ServiceOffer as ServiceOffer,
    ShiftsPublished as ShiftsPublished,
    StaffMember as StaffMember,
    Weekday as Weekday,
)
from ledger.events.client import (
    ClientRegistered as ClientRegistered,
    ConsentGiven as ConsentGiven,
    ConsentWithdrawn as ConsentWithdrawn,
    ErasureCalledOff as ErasureCalledOff,
    ErasureRequested as ErasureRequested,
    Language as Language,
    LanguageChosen as LanguageChosen,
    Personal as Personal,
    PersonalDataViewed as PersonalDataViewed,
)
from ledger.events.erasure import (
    Basis as Basis,
    ClientErased as ClientErased,
    CrmClientKept as CrmClientKept,
    CrmClientRemoved as CrmClientRemoved,
    KeptReason as KeptReason,
)
from ledger.events.integration import (
    REFUSALS as REFUSALS,
    BaselineImported as BaselineImported,
    CrmAnswered as CrmAnswered,
    CrmConnected as CrmConnected,
    IntegrationPaused as IntegrationPaused,
    IntegrationResumed as IntegrationResumed,
    PauseKind as PauseKind,
)
from ledger.events.integrity import CheckpointSigned as CheckpointSigned
from ledger.events.messages import (
    ClientNoticeFailed as ClientNoticeFailed,
    ClientNoticeSent as ClientNoticeSent,
    NoticeFailed as NoticeFailed,
    NoticeKind as NoticeKind,
    NoticeSent as NoticeSent,
    ReminderAttempted as ReminderAttempted,
    ReminderFailed as ReminderFailed,
    ReminderKind as ReminderKind,
    ReminderSent as ReminderSent,
    UndeliveredReason as UndeliveredReason,
    UntoldReason as UntoldReason,
)
from ledger.events.sync_in import (
    CrmBookingMoved as CrmBookingMoved,
    CrmBookingRemoved as CrmBookingRemoved,
    CrmBookingSeen as CrmBookingSeen,
    CrmChangeAccepted as CrmChangeAccepted,
    CrmChangeBraked as CrmChangeBraked,
    CrmChangeSubsided as CrmChangeSubsided,
)
from ledger.events.sync_out import (
    Answer as Answer,
    ConflictFound as ConflictFound,
    ConflictKind as ConflictKind,
    ConflictResolved as ConflictResolved,
    Operation as Operation,
    SkipReason as SkipReason,
    SyncAttempted as SyncAttempted,
    SyncFailed as SyncFailed,
    SyncSkipped as SyncSkipped,
    SyncSucceeded as SyncSucceeded,
)

CrmBookingEvent = CrmBookingSeen | CrmBookingMoved | CrmBookingRemoved
BookingEvent = SlotHeld | HoldLapsed | BookingMade | BookingMoved | BookingCancelled | CrmBookingEvent
VisitEvent = VisitConfirmed
CatalogEvent = CatalogPublished | ShiftsPublished
ErasureEvent = ErasureRequested | ErasureCalledOff
ClientEvent = ClientRegistered | LanguageChosen | ConsentGiven | ConsentWithdrawn | ErasureEvent | PersonalDataViewed
ForgettingEvent = ClientErased | CrmClientRemoved | CrmClientKept
ReminderEvent = ReminderAttempted | ReminderSent | ReminderFailed
NoticeEvent = NoticeSent | NoticeFailed
ClientNoticeEvent = ClientNoticeSent | ClientNoticeFailed
CrmChangeEvent = CrmChangeBraked | CrmChangeAccepted | CrmChangeSubsided
IntegrationEvent = (
    IntegrationPaused | IntegrationResumed | CrmAnswered | CrmConnected | BaselineImported | CrmChangeEvent
)
SyncEvent = SyncAttempted | SyncSucceeded | SyncFailed | SyncSkipped | ConflictFound | ConflictResolved
AnyEvent = (
    BookingEvent
    | VisitEvent
    | CatalogEvent
    | ClientEvent
    | ForgettingEvent
    | ReminderEvent
    | NoticeEvent
    | ClientNoticeEvent
    | IntegrationEvent
    | SyncEvent
    | CheckpointSigned
)
