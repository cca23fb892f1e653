"""What is said unasked, reminders to clients, and everything in the staff chat: a language is one `NoticeWords`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import events as e
from ledger.decisions.untold import What
from ledger.values import Actor
from projections.backlog import Lack

Plural = Mapping[str, str]
"""A sentence by CLDR plural category (`one`, `few`, `many`, `other`), with `{n}` in it."""


@dataclass(frozen=True)
class NoticeWords:
    """The words in one language; `{names}` are filled in by `str.format`, dates, money and ages by Babel."""

    locale: str
    # a visit, wherever it is told of
    visit_line: str
    when_line: str
    gone_service: str
    gone_master: str
    free_of_charge: str
    # reminders to clients
    greeting: str
    greeting_nameless: str
    day_before: str
    hours_before: str
    today: str
    tomorrow: str
    place_line: str
    ask_coming: str
    is_coming: str
    change_by_phone: str
    coming_button: str
    move_button: str
    cancel_button: str
    # what the salon did with a client's booking, to the client
    salon_moved: str
    salon_changed_master: str
    salon_removed: str
    salon_cannot: str
    now_line: str
    if_unsuitable: str
    if_unsuitable_call: str
    sorry: str
    choose_other: str
    choose_by_phone: str
    salon_phone: str
    my_bookings_button: str
    book_again_button: str
    choose_other_button: str
    # cards of bookings in the staff chat
    made: str
    moved: str
    cancelled: str
    was_line: str
    client_line: str
    nameless_client: str
    erased_client: str
    code_line: str
    not_told: Mapping[What, str]
    ring_up: str
    not_told_reasons: Mapping[e.UntoldReason, str]
    not_in_crm: str
    rolled_up: Plural
    news_line: str
    and_more: Plural
    actors: Mapping[str, str]
    # what clients wish to become of their data
    client_number: str
    asks_erasure: str
    erasure_due: str
    erase_so: str
    keeps_data: str
    took_consent_back: str
    erase_when_over: str
    open_bookings: str
    no_open_bookings: str
    # alerts in the staff chat
    paused: str
    reason_said: str
    reason_noted: str
    resumed: str
    braked: str
    brake_accepted: str
    brake_subsided: str
    checkpoint: str
    answers_again: str
    kept_in_crm: str
    kept_reasons: Mapping[e.KeptReason, str]
    pause_reasons: Mapping[e.PauseKind, str]
    remedies: Mapping[e.PauseKind, str]
    # /today
    today_title: str
    visits: Plural
    still_left: Plural
    none_left: str
    no_visits: str
    visit_entry: str
    from_crm: str
    is_confirmed: str
    is_over: str
    is_unreachable: str
    today_legend: str
    no_catalog: str
    # /sync, /pause, /resume
    sync_runs: str
    sync_stands: str
    sync_never_ran: str
    diary_not_loaded: str
    nothing_lacking: str
    lacking: str
    lacks: Mapping[Lack, str]
    oldest: str
    parked_codes: str
    just_paused: str
    ask_resume: str
    ask_past: Plural
    resume_button: str
    resume_send_button: str
    resume_skip_button: str
    just_resumed: str
    runs_already: str
    changed_meanwhile: str
    only_administrators: str

    def actor(self, by: Actor) -> str:
        """Who did it, as a kind of person."""
        return self.actors[by.kind]
