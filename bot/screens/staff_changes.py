"""What staff are told of the CRM's own changes: one too large to be believed, and clients who have to be rung up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.naming import Naming
from bot.screens.staff_news import client_words
from bot.texts.change_words import ChangeWords
from ledger.values import BookingId, booking_code
from projections.client_notices import ClientNews
from projections.clients import Contact
from projections.crm_diary import BrakeState

MOST_CALLS = 10


@dataclass(frozen=True)
class Uninformed:
    """A client who does not know what became of their booking."""

    booking_id: BookingId
    news: ClientNews
    client: Contact | None


def braked(words: ChangeWords, state: BrakeState) -> str:
    """That the brake is on, over what, and both ways to take it off."""
    return words.braked.format(removed=state.removed, moved=state.moved, known=state.known)


def uninformed(naming: Naming, words: ChangeWords, calls: Sequence[Uninformed]) -> str:
    """Who has to be rung up, and what to tell them."""
    lines = [naming.counted(words.uninformed, len(calls))]
    for one in calls[:MOST_CALLS]:
        when = f"{naming.short_day(one.news.slot.starts_at)}, {naming.clock(one.news.slot.starts_at)}"
        what = words.uninformed_what[one.news.kind]
        client = client_words(naming, one.client)
        lines.append(
            words.uninformed_line.format(client=client, code=booking_code(one.booking_id), when=when, what=what)
        )
    if len(calls) > MOST_CALLS:
        lines.append(naming.counted(naming.words.and_more, len(calls) - MOST_CALLS))
    return "\n".join([*lines, words.uninformed_remedy])
