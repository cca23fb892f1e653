"""Every sentence of a booking's story, as one table a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger import events as e


@dataclass(frozen=True)
class StoryWords:
    """The story's words in one language; `{names}` are filled in by `str.format`, dates and money by Babel."""

    locale: str
    held: str
    made: str
    imported: str
    made_overlap: str
    moved: str
    confirmed: str
    cancelled: str
    seen: str
    seen_overlap: str
    moved_in_crm: str
    removed_in_crm: str
    attempted: str
    succeeded: str
    skipped: str
    retry: str
    parked: str
    records: str
    record: str
    gone_master: str
    gone_service: str
    reminding: str
    reminded: str
    not_reminded: str
    client_told: str
    client_not_told: str
    awaits: Mapping[e.Awaits, str]
    lapses: Mapping[e.LapseReason, str]
    attempts: Mapping[e.Operation, str]
    successes: Mapping[e.Operation, str]
    found: Mapping[e.Operation, str]
    """How the CRM's record became known, when not by its answer."""
    reminders: Mapping[e.ReminderKind, str]
    undelivered: Mapping[e.UndeliveredReason, str]
    untold: Mapping[e.UntoldReason, str]
    failures: Mapping[str, str]
    """By the outcome of an attempt."""
    kinds: Mapping[str, str]
    """Why an attempt failed; a kind of tomorrow is told by its own name."""
    skips: Mapping[e.SkipReason, str]
    conflicts: Mapping[e.ConflictKind, str]
    answers: Mapping[e.Answer, str]
    special_answers: Mapping[str, str]
    """By the conflict's kind and the answer, where it means something of its own there."""
    who: Mapping[str, str]
    events: Mapping[str, str]
    """By CLDR's plural category of `{n}`."""
