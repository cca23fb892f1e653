"""Everything said about a booking that waits for a person, in the staff chat, on the console and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from projections.questions import Effect, Reason


@dataclass(frozen=True)
class QuestionWords:
    """The words in one language; `{names}` are filled in by `str.format`, dates by Babel."""

    locale: str
    place: str
    gone_master: str
    gone_service: str
    record: str
    unknown_client: str
    erased_client: str
    # the question
    head: str
    line: str
    reasons: Mapping[Reason, str]
    ours: str
    theirs: str
    cancelled: str
    removed: str
    busy: str
    several: str
    missing: str
    records: str
    said: str
    since: str
    is_offered: str
    # the answers
    buttons: Mapping[Effect, str]
    effects: Mapping[Effect, str]
    """`{ours}` and `{theirs}` are times and masters, `{kept}` and `{others}` records."""
    tells_client: str
    call_client: str
    # asking and answering
    confirm: str
    yes_button: str
    back_button: str
    answered: str
    is_settled: str
    has_changed: str
    none_waiting: str
    how_many: Mapping[str, str]
    and_more: Mapping[str, str]
    open_button: str
