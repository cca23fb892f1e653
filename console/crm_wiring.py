"""The side of the house that deals with the CRM: its client, the sender, and what follows the CRM's diary."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from console.errors import UsageError
from console.settings import Settings, require
from console.wiring import House
from ledger.decisions import boundaries
from ledger.errors import MalformedValueError
from sync.access import Access
from sync.catalog_keeper import CatalogKeeper
from sync.forgetting import Forgetting
from sync.inbound.inbox import Inbox
from sync.inbound.reading import DiaryReader
from sync.inbound.steps import Inbound
from sync.pace import Pace, Stopwatch
from sync.projector import SyncProjector
from sync.runner import SyncRunner
from sync.steps import At, pass_by
from sync.turns import StoppedError, Turns
from sync.yclients import Yclients


@contextmanager
def open_crm(house: House, turns: Turns | None = None) -> Iterator[Yclients]:
    """The client of the CRM, under the limit shared by all processes. Raises UsageError without credentials."""
    settings = house.settings
    access = crm_access(settings)
    turns = turns or Turns(house.database, timedelta(seconds=settings.sync_spacing_seconds))
    deadline = timedelta(seconds=settings.sync_request_seconds)
    with Yclients(access, wait_turn=turns, zone=house.zone, deadline=deadline) as crm:
        yield crm


def crm_access(settings: Settings) -> Access:
    """Where the CRM is and what is shown there. Raises UsageError naming each setting that is missing or wrong."""
    if missing := settings.missing_crm():
        raise UsageError(f"{', '.join(missing)} not set: the CRM cannot be reached without; everything else works")
    try:
        return Access(
            settings.yclients_url,
            require(settings.yclients_partner_token, "YCLIENTS_PARTNER_TOKEN", "the partner's token"),
            require(settings.yclients_user_token, "YCLIENTS_USER_TOKEN", "the user's token"),
            settings.yclients_company_id or 0,
            settings.yclients_partner_id,
        )
    except MalformedValueError as error:
        raise UsageError(f"YCLIENTS_{error.thing.upper()}: {error.problem}") from error


def knows_zone(house: House) -> bool:
    """Whether the house's zone is the salon's, and not the UTC of one that has said nothing yet."""
    return house.settings.salon_timezone is not None or bool(house.ledger.history(boundaries.catalog()))


@contextmanager
def open_sync(
    house: House, stopped: threading.Event, *, at: At = pass_by, stopwatch: Stopwatch = time.monotonic
) -> Iterator[SyncRunner]:
    """The sender with its own client of the CRM; `stopped` ends its waits too, `at` is told what steps it takes.

    Raises UsageError before there is a catalogue: without the salon's zone every time would be taken for another.
    """
    settings = house.settings

    def wait(seconds: float) -> None:
        if stopped.wait(seconds):
            raise StoppedError

    if not knows_zone(house):
        raise UsageError("no catalogue yet, so the salon's time zone is not known: run `zapisnik catalog load` first")
    request = timedelta(seconds=settings.sync_request_seconds)
    settle = timedelta(seconds=settings.sync_settle_seconds)
    # One and the same: the sender prepays the turn its client then takes.
    turns = Turns(house.database, timedelta(seconds=settings.sync_spacing_seconds), sleep=wait)
    with open_crm(house, turns) as crm:
        pace = _pace(request, settle, stopwatch)
        projector = SyncProjector(house.ledger, house.vault, crm, turns, house.clock, pace, at)
        keeper = CatalogKeeper(
            house.ledger,
            crm,
            turns,
            house.clock,
            stopwatch,
            Inbox(house.database, settings.yclients_company_id or 0).take_catalog_wish,
        )
        yield SyncRunner(
            house.ledger,
            crm,
            projector,
            _inbound(house, crm, turns, pace),
            house.follower,
            house.clock,
            catalog_keeper=keeper if settings.catalog_source == "yclients" else None,
            forgetting=Forgetting(house.ledger, crm, turns, house.clock, stopwatch),
            company_id=settings.yclients_company_id or 0,
            holder=house.holder,
            # Longer than any step, so that a living sender keeps it; a dead one's successor waits this long.
            lease_lasts=1.5 * request + timedelta(seconds=3),
        )


def _pace(request: timedelta, settle: timedelta, stopwatch: Stopwatch) -> Pace:
    """A CRM that is given less time to answer is asked again sooner, and trusted sooner."""
    usual = Pace(stopwatch=stopwatch)
    share = min(request / usual.request, 1.0)
    ramp = tuple(share * seconds for seconds in usual.ramp)
    return replace(usual, request=request, settle=settle, first_pause=share * usual.first_pause, ramp=ramp)


def _inbound(house: House, crm: Yclients, turns: Turns, pace: Pace) -> Inbound:
    company_id = house.settings.yclients_company_id or 0
    return Inbound(
        house.ledger,
        DiaryReader(house.ledger, house.vault, crm, house.clock, company_id),
        turns,
        house.clock,
        stopwatch=pace.stopwatch,
        poll_seconds=house.settings.sync_poll_seconds,
    )
