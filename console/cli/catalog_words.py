"""What reading the CRM's catalogue came to, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ledger import events as e
from sync.catalog_changes import Changes, Loss, ServiceChange
from sync.catalog_offer import LeftOut
from sync.catalog_pull import LastReading, Pull

_REASONS = {
    "nobody_does_it": "none of the masters offered online does it",
    "no_length": "it has no length",
    "too_long": "it is longer than 12 hours",
    "no_title": "it has no title",
    "negative_price": "its price is below zero",
}


def change_lines(changes: Changes, currency: str) -> Iterator[str]:
    """One line for each thing that a client would see otherwise."""
    for offer in changes.services_new:
        yield f"new service      {offer.title}: {_price(offer.price, currency)}, {offer.minutes} min"
    for offer in changes.services_gone:
        yield f"service gone     {offer.title}"
    for service in changes.services_changed:
        yield f"service changed  {service.before.title}: {'; '.join(_service_words(service, currency))}"
    for member in changes.staff_new:
        yield f"new master       {member.name}"
    for member in changes.staff_gone:
        yield f"master gone      {member.name}"
    for staff in changes.staff_changed:
        yield f"master changed   {staff.before.name}: now {staff.after.name}, {staff.after.title or 'without a title'}"
    for shift in changes.shifts:
        hours = f"{shift.first_on:%Y-%m-%d} {hours_words(shift.after)} instead of {hours_words(shift.before)}"
        which = "on that day" if shift.days == 1 else f"and {shift.days - 1} days more"
        yield f"other shifts     {shift.name}: {hours}, {which}"


def left_out_lines(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """One line for each service the CRM has and a catalogue of ours cannot hold."""
    for one in left_out:
        yield f"left out         {one.title or one.service_id}: {_REASONS[one.reason]}"


def loss_words(losses: Sequence[Loss]) -> str:
    """How much would be gone, in numbers."""
    return ", ".join(f"{loss.gone} of {loss.known} {loss.of}" for loss in losses)


def pull_json(pull: Pull, published: int, *, dry_run: bool) -> dict[str, Any]:  # any JSON-able value
    """The form docs/commands.md promises."""
    changes = pull.changes
    return {
        "outcome": pull.outcome,
        "published": published,
        "dry_run": dry_run,
        "services": {
            "new": msgspec.to_builtins(changes.services_new),
            "gone": msgspec.to_builtins(changes.services_gone),
            "changed": msgspec.to_builtins(changes.services_changed),
        },
        "staff": {
            "new": msgspec.to_builtins(changes.staff_new),
            "gone": msgspec.to_builtins(changes.staff_gone),
            "changed": msgspec.to_builtins(changes.staff_changed),
        },
        "shifts": msgspec.to_builtins(changes.shifts),
        "losses": msgspec.to_builtins(pull.losses),
        "left_out": msgspec.to_builtins(pull.left_out),
    }


def source_words(source: str, since: datetime, last: LastReading | None, now: datetime) -> str:
    """Where the catalogue in force comes from, how old it is, and what the CRM's newest reading came to."""
    if source == "yclients":
        fresh = last.read_at if last is not None and last.outcome in {"published", "unchanged"} else since
        words = f"from Yclients, {age_words(now - max(fresh, since))}"
        if last is not None and last.outcome == "braked":
            words += (
                f"; it was read {age_words(now - last.read_at)} and not taken, since too much would be gone "
                "(zapisnik catalog pull says what)"
            )
        return words
    words = f"from salon.toml, {age_words(now - since)}"
    if last is None:
        return words
    read = age_words(now - last.read_at)
    if last.read_at < since:
        return f"{words}; the CRM's was last read {read}, before the file was loaded"
    meant = {"overruled": "it had not changed, so the file counts", "braked": "too much would have been gone"}
    return f"{words}; the CRM's was last read {read}: {meant.get(last.outcome, 'it was the same')}"


def age_words(age: timedelta) -> str:
    """`12 minutes ago`; a moment ahead, by another machine's clock, is just now."""
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(age.total_seconds() // seconds)
        if count > 0:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def hours_words(hours: Sequence[e.Interval]) -> str:
    """`10:00-14:00, 15:00-20:00`."""
    return ", ".join(f"{one.opens:%H:%M}-{one.closes:%H:%M}" for one in hours) or "off"


def _service_words(service: ServiceChange, currency: str) -> Iterator[str]:
    before, after = service.before, service.after
    if before.title != after.title:
        yield f"now called {after.title}"
    if before.price != after.price:
        yield f"{_price(before.price, currency)} becomes {_price(after.price, currency)}"
    if before.minutes != after.minutes:
        yield f"{before.minutes} min becomes {after.minutes} min"
    if before.category != after.category:
        yield f"now under {after.category or 'no category'}"
    if before.staff_ids != after.staff_ids:
        yield f"masters {_ids(before.staff_ids)} become {_ids(after.staff_ids)}"


def _price(kopecks: int, currency: str) -> str:
    roubles, rest = divmod(kopecks, 100)
    return f"{roubles}.{rest:02} {currency}" if rest else f"{roubles} {currency}"


def _ids(staff_ids: Sequence[int]) -> str:
    return ", ".join(map(str, staff_ids))
