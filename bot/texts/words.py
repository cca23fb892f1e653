"""Every sentence of the screens, as one table: a language is one filled-in `Words`, and none can miss a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import errors
from ledger.errors import RefusalError

WITH_PHONE: frozenset[type[RefusalError]] = frozenset(
    {
        errors.TooManyBookingsError,
        errors.TooLateToCancelError,
        errors.TooLateToMoveError,
        errors.DiaryNotLoadedError,
        errors.InvalidCatalogError,
    }
)
"""The refusals after which the salon's phone is the way out."""


@dataclass(frozen=True)
class Words:
    """The screens' words in one language; `{names}` are filled in by `str.format`, dates and money by Babel."""

    locale: str
    language_name: str
    # menu
    welcome: str
    not_open: str
    address_line: str
    phone_line: str
    call_us: str
    only_buttons: str
    what_next: str
    outdated: str
    failed: str
    waiting: str
    choose_language: str
    language_chosen: str
    book_button: str
    my_bookings_button: str
    continue_button: str
    menu_button: str
    back_button: str
    # services and masters
    choose_category: str
    choose_service: str
    service_button: str
    no_services: str
    earlier_button: str
    later_button: str
    choose_master: str
    any_master_button: str
    master_button: str
    # days and times; `heading` is what is being booked or moved
    choose_day: str
    no_days: str
    other_master_button: str
    choose_time: str
    no_times: str
    any_master: str
    other_day_button: str
    # consent
    kept: str
    why_consent: str
    consent: str
    consent_version: str
    consent_given: str
    consent_changed: str
    consent_refused: str
    agree_button: str
    refuse_button: str
    # contact
    ask_contact: str
    share_contact_button: str
    drop_booking_button: str
    bad_phone: str
    foreign_contact: str
    contact_saved: str
    # confirmation
    unfinished: str
    confirm: str
    confirm_button: str
    other_time_button: str
    drop_button: str
    dropped: str
    booked: str
    change_until: str
    # a booking
    service_line: str
    master_line: str
    when_line: str
    price_line: str
    free_of_charge: str
    gone_service: str
    gone_master: str
    code_line: str
    my_bookings: str
    no_bookings: str
    booking_button: str
    waiting_booking_button: str
    waits_for_time: str
    choose_another_time: str
    standing: str
    confirmed_line: str
    under_way: str
    past: str
    cancelled: str
    too_late_here: str
    keep_button: str
    coming: str
    # cancelling
    cancel_button: str
    sure_to_cancel: str
    yes_cancel_button: str
    just_cancelled: str
    # moving
    move_button: str
    moving: str
    place: str
    choose_new_master: str
    sure_to_move: str
    same_price_line: str
    yes_move_button: str
    just_moved: str
    cannot_move: str
    # what is held about the client, and their wishes about it
    my_data_button: str
    my_data: str
    my_name_line: str
    my_phone_line: str
    my_telegram_line: str
    my_language_line: str
    known_since_line: str
    my_visits_line: str
    consent_line: str
    withdrawn_line: str
    no_consent_line: str
    erasure_line: str
    only_telegram: str
    nothing_held: str
    where_it_goes: str
    full_copy: str
    withdraw_button: str
    sure_to_withdraw: str
    yes_withdraw_button: str
    withdrawn: str
    erase_button: str
    sure_to_erase: str
    erased_by: str
    bookings_first: str
    yes_erase_button: str
    erasure_requested: str
    keep_data_button: str
    erasure_called_off: str
    consent_ends_erasure: str
    # every way the salon's rules say no
    refusals: Mapping[type[RefusalError], str]

    def refusal(self, refusal: RefusalError) -> str:
        """The sentence for a refusal; the nearest class that has one."""
        return next(self.refusals[kind] for kind in type(refusal).__mro__ if kind in self.refusals)
