"""Every word of the console's pages, as one table: a language is one filled-in `Words`, and none can miss a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import events as e


@dataclass(frozen=True)
class EventWords:
    """What events, their fields and their values are called: by stored name, by field, by `field.value`."""

    titles: Mapping[str, str]
    fields: Mapping[str, str]
    values: Mapping[str, str]


@dataclass(frozen=True)
class Words:
    """The pages' words in one language; `{names}` are filled in by `str.format`."""

    language: e.Language
    events: EventWords
    # every page
    product: str
    skip: str
    pages: str
    log_link: str
    status_link: str
    conflicts_link: str
    other_language: e.Language
    other_language_name: str
    sign_out_button: str
    back_to_log: str
    page_ways: str
    yes: str
    no: str
    none: str
    # signing in
    sign_in_title: str
    sign_in_lead: str
    sign_in_field: str
    sign_in_button: str
    sign_in_refused: str
    too_many_guesses: str
    not_a_form: str
    # the log and its filters
    log_title: str
    log_lead: str
    filters: str
    narrowed: str
    booking: str
    booking_hint: str
    client: str
    client_hint: str
    staff: str
    anybody: str
    tag: str
    tag_hint: str
    since: str
    until: str
    clock_hint: str
    types: str
    chosen: str
    groups: Mapping[str, str]
    show_button: str
    reset: str
    newer: str
    older: str
    newest: str
    search_on: str
    cut: str
    nothing_found: str
    nothing_yet: str
    came: str
    story_of: str
    # input that cannot be understood
    look_again: str
    bad_booking: str
    bad_number: str
    bad_tag: str
    bad_time: str
    bad_order: str
    bad_type: str
    bad_place: str
    # one event
    event_title: str
    event_gone: str
    envelope: str
    position: str
    recorded_at: str
    said_at: str
    who: str
    cause: str
    stored_name: str
    to_crm: str
    attempt: str
    facts: str
    no_facts: str
    tags: str
    tags_lead: str
    chain: str
    chain_lead: str
    digest: str
    hash: str
    previous_hash: str
    beginning: str
    sound: str
    broken: str
    earlier_event: str
    later_event: str
    sealed: str
    unreadable: str
    # one booking
    booking_title: str
    booking_gone: str
    not_a_booking: str
    now: str
    story: str
    all_its_events: str
    visit_time: str
    services: str
    price: str
    state: str
    version: str
    booking_version: str
    sync: str
    record: str
    let_go: str
    made_in_crm: str
    booking_states: Mapping[str, str]
    booking_syncs: Mapping[str, str]
    # what waits for a person
    conflicts_title: str
    conflicts_lead: str
    no_conflicts: str
    conflicts_cut: str
    conflict_title: str
    conflict_client: str
    conflict_visit: str
    our_side: str
    crm_side: str
    conflict_answered: str
    conflict_changed: str
    conflict_yes: str
    conflict_no: str
    back_to_conflicts: str
    # the state of everything
    status_title: str
    all_is_well: str
    look_at: str
    log_facts: str
    events_count: str
    head_hash: str
    checkpoint: str
    checkpoint_of: str
    integration: str
    integration_since: str
    integration_states: Mapping[str, str]
    because: str
    pause_reasons: Mapping[e.PauseKind, str]
    crm: str
    crm_answers: str
    diary: str
    diary_loaded: str
    diary_missing: str
    lacking: str
    pending: str
    unknown: str
    parked: str
    oldest: str
    lacking_bookings: str
    read_models: str
    read_models_lead: str
    model: str
    model_names: Mapping[str, str]
    model_states: Mapping[str, str]
    lag: str
    lag_of: str
    inline_lag: str
    rebuilding: str
    last_errors: str
    no_errors: str
    failed_updates: str
    blocked_clients: str
    # what needs somebody
    is_paused: str
    is_braked: str
    is_parked: str
    is_unknown: str
    is_behind: str
    has_failed_updates: str
    has_no_diary: str
    has_erasures: str
    # when it goes wrong
    page_missing: str
    page_missing_lead: str
    not_allowed: str
    database_away: str
    database_away_lead: str
    not_migrated: str
    not_migrated_lead: str
    newer_event: str
    newer_event_lead: str
    crashed: str
    crashed_lead: str
    reload: str
    # facts in a line
    actors: Mapping[str, str]
    syncs: Mapping[str, str]
    gone_master: str
    gone_service: str
    number: str
    record_number: str
    was: str
    offers_count: str
    records_count: str
    company: str
    attempt_number: str
    text_version: str
    no_later_than: str
    covers_count: str
    waits_for_a_person: str
    next_attempt: str
    sealed_note: str
    overlap: str

    def title(self, stored_name: str) -> str:
        """An event's title; its stored name when a newer program wrote it."""
        return self.events.titles.get(stored_name, stored_name)

    def field(self, name: str) -> str:
        return self.events.fields.get(name, name)

    def value(self, field: str, value: str) -> str:
        """What a word of an event's field means; the word itself when a newer program wrote it."""
        return self.events.values.get(f"{field}.{value}", value)

    def why(self, reason: str) -> str:
        """Why a booking event was skipped or is parked: a skip's reason, a conflict's kind, or a refusal."""
        known = (self.events.values.get(f"{field}.{reason}") for field in ("reason", "kind", "outcome"))
        return next((word for word in known if word), reason)
