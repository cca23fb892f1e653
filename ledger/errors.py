"""Everything the ledger can say no with.

LedgerError
├── MalformedValueError        a value that can never be right (an id, a phone, a slot)
├── StoredFormError            an event cannot be written or read as stored JSON
│   └── UnknownEventError      a stored name this version does not know
├── RefusalError               the rules say no; a person can do something about it
│   ├── SlotTakenError         SlotInPastError         TooSoonError         TooFarAheadError
│   ├── OutsideShiftError      ServiceNotOfferedError  TooManyBookingsError NotInCatalogError
│   ├── HoldExpiredError       ContactMissingError     ConsentMissingError
│   ├── TooLateToCancelError   TooLateToMoveError
│   ├── UnknownBookingError    ForeignBookingError     StaleVersionError
│   ├── DiaryNotLoadedError    IntegrationPausedError  NothingToSyncError   AttemptOpenError
│   ├── NothingToResolveError  NoSuchAnswerError       NotBrakedError       NotRefusedError
│   └── ErasedClientError      InvalidCatalogError
├── ContentionError            five decisions in a row lost their race
├── BrokenLogError             the log is not what it was: nothing may be vouched for from there on
├── AlteredExtractError        an extract is not what was written
├── LeaseLostError             another process is the leader now
├── SchemaVersionError         the database is older or newer than this program
├── SealError                  personal text cannot be opened: no key, another key, or altered
└── StoreUnavailableError      the database did not answer, after bounded retries
"""

from __future__ import annotations


class LedgerError(Exception):
    """The base of all errors of the ledger."""


class MalformedValueError(LedgerError):
    """`thing` was given as something it can never be; the offending text is left out on purpose."""

    def __init__(self, thing: str, problem: str) -> None:
        super().__init__(f"{thing}: {problem}")
        self.thing, self.problem = thing, problem


class StoredFormError(LedgerError):
    """An event cannot be written as JSON text, or a stored text cannot be read back."""


class UnknownEventError(StoredFormError):
    """A stored name that this version of the program does not know."""


class RefusalError(LedgerError):
    """A rule of the salon says no. Subclasses carry values; the words are the screens' affair."""


class SlotTakenError(RefusalError):
    """Another booking or a live hold stands in that time."""


class SlotInPastError(RefusalError):
    """The slot starts before now."""


class TooSoonError(RefusalError):
    """The slot starts sooner than the salon's minimum notice allows."""


class TooFarAheadError(RefusalError):
    """The slot lies beyond the salon's horizon."""


class OutsideShiftError(RefusalError):
    """The master does not work then."""


class ServiceNotOfferedError(RefusalError):
    """That master does not offer that service."""


class NotInCatalogError(RefusalError):
    """The master or service is not in the present catalogue."""


class TooManyBookingsError(RefusalError):
    """The client already has as many open bookings as the salon allows."""


class HoldExpiredError(RefusalError):
    """The slot was kept for the client, but no longer."""


class ContactMissingError(RefusalError):
    """A booking needs a contact first."""


class ConsentMissingError(RefusalError):
    """A contact needs a consent first."""


class TooLateToCancelError(RefusalError):
    """The visit is nearer than the salon's limit for cancelling."""


class TooLateToMoveError(RefusalError):
    """The visit is nearer than the salon's limit for moving."""


class UnknownBookingError(RefusalError):
    """No such booking."""


class ForeignBookingError(RefusalError):
    """The booking belongs to somebody else."""


class StaleVersionError(RefusalError):
    """The booking has changed since the button was drawn."""


class DiaryNotLoadedError(RefusalError):
    """The CRM's own diary has not been imported yet, so no day can be offered safely."""


class IntegrationPausedError(RefusalError):
    """Nothing may be sent to the CRM now."""


class NotRefusedError(RefusalError):
    """Sending is not paused by a refusal of the CRM's."""


class NothingToSyncError(RefusalError):
    """The CRM already holds what it should for this booking, or an attempt is open."""


class AttemptOpenError(RefusalError):
    """A request about this booking may be on its way to the CRM: nothing can be concluded about it now."""


class NothingToResolveError(RefusalError):
    """The booking does not wait for a person."""


class NoSuchAnswerError(RefusalError):
    """The question a booking waits with cannot be answered like this."""


class NotBrakedError(RefusalError):
    """No change of the CRM's diary waits for anybody's word."""


class ErasedClientError(RefusalError):
    """The client was erased: under this number nothing is kept any more. They may come anew, as somebody new."""


class InvalidCatalogError(RefusalError):
    """A catalogue that contradicts itself; the message says where."""


class ContentionError(LedgerError):
    """A decision lost its race too many times in a row."""


class BrokenLogError(LedgerError):
    """From this position on the log is not what it was."""

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"the log is broken at position {position}: {reason}")
        self.position, self.reason = position, reason


class AlteredExtractError(LedgerError):
    """An extract is not what was written, or not signed by whom it should be; `line` counts from 1, 0 for the whole."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}" if line else reason)
        self.line, self.reason = line, reason


class LeaseLostError(LedgerError):
    """Another process holds this lease now; what was being done must not be committed."""


class SchemaVersionError(LedgerError):
    """The database schema is not the one this program was written for."""


class SealError(LedgerError):
    """Personal text cannot be opened: its key is gone, is another one, or the text was altered."""


class StoreUnavailableError(LedgerError):
    """The database did not answer within the bound."""
