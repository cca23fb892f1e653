"""How the salon's ledger stands: what `zapisnik status` prints and the console's page of the state shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console.wiring import House, returned_clients
from ledger import events as e
from ledger.integrity.checkpoints import last_checkpoint
from ledger.values import booking_code
from projections import backlog, reminders
from projections.crm_diary import brake_state
from projections.erased import erasures
from projections.erasure_requests import open_erasures
from projections.integration import Integration, integration, opened_note
from projections.projector import lags
from projections.rebuild import Running, running
from projections.sync_failures import last_failures

REASONS: Mapping[e.PauseKind, str] = {
    "operator": "paused by an operator",
    "no_credentials": "no CRM credentials",
    "auth": "the CRM refused our credentials",
    "licence": "the salon's licence with the CRM has run out",
    "rights": "the CRM's user lacks a right",
}


def status_json(house: House, reasons: Mapping[e.PauseKind, str] = REASONS) -> dict[str, Any]:
    """The form the contract promises, and a little more; `reasons` are the words for why the integration is paused."""
    with house.database.transaction() as connection:
        head = connection.execute("SELECT position, hash FROM events ORDER BY position DESC LIMIT 1").fetchone()
        failed = connection.execute("SELECT count(*) FROM failed_updates").fetchone()
    state, counts = integration(house.ledger), backlog.counts(house.database)
    rebuilds = running(house.database)
    return {
        "head": {"position": head[0] if head else 0, "hash": bytes(head[1]).hex() if head else None},
        "projections": [
            {
                "name": lag.name,
                "version": lag.version,
                "position": lag.position,
                "lag_events": lag.events,
                "lag_seconds": lag.seconds,
                "state": "inline" if lag.mode == "inline" else "current" if lag.events == 0 else "behind",
                "rebuild": _rebuild_json(house, rebuilds.get(lag.name)),
            }
            for lag in lags(house.database)
        ],
        "integration": {
            "state": state.state,
            "reason": reason_of(house, state, reasons),
            "since": state.since,
            "answers_since": state.answers_since,
            "diary_loaded": state.is_diary_loaded,
        },
        "brake": _brake_json(house),
        "backlog": {
            "pending": counts.pending,
            "unknown": counts.unknown,
            "parked": counts.parked,
            "oldest_seconds": counts.oldest_seconds,
        },
        "last_errors": _errors_json(house),
        "erased": _erased_json(house),
        "checkpoint": _checkpoint_json(house),
        "failed_updates": failed[0] if failed else 0,
        "erasure_requests": [
            {"client_id": one.client_id, "asked_at": one.asked_at, "due_on": one.due_on}
            for one in open_erasures(house.ledger)
        ],
        "blocked_clients": len(reminders.unreachable_clients(house.database)),
    }


def _checkpoint_json(house: House) -> dict[str, Any] | None:
    """The last one in the log; None before the first."""
    last = last_checkpoint(house.database)
    if last is None or last.checkpoint is None:
        return None
    age = (house.clock.now() - last.checkpoint.signed_at).total_seconds()
    at = last.checkpoint.signed_at.astimezone(house.zone)
    return {"position": last.checkpoint.position, "at": at, "age_seconds": age, "key": last.checkpoint.key}


def _errors_json(house: House) -> list[dict[str, Any]]:
    return [
        {
            "position": failure.position,
            "at": failure.at.astimezone(house.zone),
            "booking_id": failure.booking_id,
            "code": booking_code(failure.booking_id),
            "operation": failure.operation,
            "outcome": failure.outcome,
            "kind": failure.kind,
            "status": failure.status,
        }
        for failure in last_failures(house.database)
    ]


def _erased_json(house: House) -> dict[str, Any]:
    """How many were erased, how many of them the CRM still has, and how many a backup brought back here."""
    found = erasures(house.ledger)
    try:
        returned: int | None = len(returned_clients(house))
    except OSError:  # the register cannot be read, which is said at the start
        returned = None
    return {
        "clients": len(found),
        "waiting_in_crm": sum(one.in_crm == "waiting" for one in found),
        "kept_in_crm": sum(one.in_crm == "kept" for one in found),
        "returned": returned,
    }


def _brake_json(house: House) -> dict[str, Any] | None:
    """The change of the CRM's diary that was too large to be believed; None while nothing waits for a word."""
    state = brake_state(house.ledger)
    if state is None or not state.is_on:
        return None
    since = state.at.astimezone(house.zone)
    return {"removed": state.removed, "moved": state.moved, "known": state.known, "since": since}


def _rebuild_json(house: House, one: Running | None) -> dict[str, Any] | None:
    if one is None:
        return None
    started_at = one.started_at.astimezone(house.zone)
    return {"version": one.version, "position": one.position, "started_at": started_at}


def reason_of(house: House, state: Integration, reasons: Mapping[e.PauseKind, str] = REASONS) -> str:
    """Why the integration is paused, in one line; '' while it runs."""
    if state.kind is None:
        return ""
    said = [reasons[state.kind]]
    if state.message:
        said.append(f"«{state.message}»")
    if note := note_of(house, state):
        said.append(note)
    return ": ".join(said)


def note_of(house: House, state: Integration) -> str:
    """The operator's own words, opened; '' without any."""
    return opened_note(house.vault, state)
