"""`/sync`, `/pause` and `/resume`: how the CRM stands to the log, and who sends."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from bot import buttons
from bot.screen import Button, Screen, screen
from bot.screens.staff_news import pause_reason
from bot.staff_chat import StaffRequest
from ledger.decisions.integration import PauseIntegration, ResumeIntegration
from ledger.privacy import HOUSE
from ledger.values import BookingId, booking_code
from projections import backlog
from projections.backlog import Lack
from projections.integration import Integration, integration, opened_note

MOST_CODES = 10
LONGEST_REASON = 300


def show(request: StaffRequest, _: str = "") -> Screen:
    """The integration's state, and what the CRM lacks."""
    state = integration(request.services.ledger)
    lines = [_state(request, state)]
    if state.is_connected and not state.is_diary_loaded:
        lines.append(request.words.diary_not_loaded)
    return screen("\n".join([*lines, "", *_lacking(request)]))


def pause(request: StaffRequest, reason: str) -> Screen:
    """Stops sending; the reason is kept sealed, since it may name anybody."""
    services = request.services
    plain = reason.encode("utf-8", "ignore").decode().strip()[:LONGEST_REASON]  # a lone surrogate cannot be sealed
    note = services.vault.seal(HOUSE, plain, "integration_paused.note") if plain else None
    services.ledger.execute(PauseIntegration(request.order("pause"), "operator", note=note))
    return screen(request.words.just_paused)


def ask_resume(request: StaffRequest, _: str = "") -> Screen:
    """What would be sent; and if visits have gone by unsent, what is to become of them."""
    words, state = request.words, integration(request.services.ledger)
    past = backlog.lacking(request.services.database, request.now).get("past", [])
    if state.state == "running" and not (past and state.past == "ask"):
        return screen("\n\n".join([words.runs_already, "\n".join(_lacking(request))]))
    text = [words.ask_resume if state.state == "paused" else words.runs_already, "\n".join(_lacking(request))]
    since = _seconds(state.since)
    if not past:
        return screen("\n\n".join(text), [[Button(words.resume_button, buttons.ResumeSync(past="ask", since=since))]])
    text.append(request.naming.counted(words.ask_past, len(past)))
    rows = [
        [Button(words.resume_send_button, buttons.ResumeSync(past="send", since=since))],
        [Button(words.resume_skip_button, buttons.ResumeSync(past="skip", since=since))],
    ]
    return screen("\n\n".join(text), rows)


def resume(request: StaffRequest, button: buttons.ResumeSync) -> Screen:
    """Goes on sending, unless what the button was drawn for is no longer so."""
    services = request.services
    if _seconds(integration(services.ledger).since) != button.since:
        return ask_resume(request).said(request.words.changed_meanwhile)
    services.ledger.execute(ResumeIntegration(request.order("resume"), button.past))
    lacking = backlog.lacking(services.database, request.now)
    n = backlog.to_send(lacking, with_past=button.past == "send")
    return screen(request.words.just_resumed.format(n=n))


def _state(request: StaffRequest, state: Integration) -> str:
    words = request.words
    if state.since is None:
        return words.sync_never_ran
    since = request.naming.moment(state.since)
    if state.kind is None:
        return words.sync_runs.format(since=since)
    note = opened_note(request.services.vault, state)
    stands = words.sync_stands.format(since=since, reason=pause_reason(request.naming, state.kind, state.message, note))
    return f"{stands}\n{words.answers_again}" if state.answers_since is not None else stands


def _lacking(request: StaffRequest) -> list[str]:
    words, database = request.words, request.services.database
    lacking = backlog.lacking(database, request.now)
    if not lacking:
        return [words.nothing_lacking]
    counted = {lack: len(lacking[lack]) for lack in get_args(Lack) if lack in lacking}
    lines = [words.lacking, *(f"• {words.lacks[lack].format(n=n)}" for lack, n in counted.items())]
    oldest = backlog.counts(database).oldest_seconds
    if oldest is not None:
        lines.append(words.oldest.format(age=request.naming.age(oldest)))
    if parked := lacking.get("parked"):
        lines.append(_codes(request, parked))
    return lines


def _codes(request: StaffRequest, parked: list[BookingId]) -> str:
    codes = ", ".join(booking_code(booking_id) for booking_id in parked[:MOST_CODES])
    more = len(parked) - MOST_CODES
    said = request.words.parked_codes.format(codes=codes)
    return f"{said} {request.naming.counted(request.words.and_more, more)}" if more > 0 else said


def _seconds(since: datetime | None) -> int:
    return int(since.timestamp()) if since else 0
