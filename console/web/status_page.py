"""Is everything well? What `zapisnik status` says, with a sentence for everything that needs somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from console.status import status_json
from console.web.desk import Desk
from console.web.voice import Voice
from ledger.values import booking_code
from projections import backlog

LATE_SECONDS = 60.0
SHOWN_BOOKINGS = 50


@dataclass(frozen=True)
class Lacking:
    """A booking that the CRM does not hold as it should."""

    code: str
    said: str
    status: str


class StatusPage:
    """`/status`."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, request: Request) -> Response:
        voice = self._desk.voice(request)
        shown = status_json(self._desk.house, voice.words.pause_reasons)
        waiting = backlog.open_items(self._desk.house.database, limit=SHOWN_BOOKINGS)
        lacking = [Lacking(booking_code(one.booking_id), voice.slot(one.slot), one.status) for one in waiting]
        return self._desk.draw(
            request, "status.html", voice, shown=shown, lacking=lacking, worries=_worries(shown, voice)
        )


def _worries(shown: dict[str, Any], voice: Voice) -> list[str]:  # Any: the JSON form of the state
    words, integration, lacking = voice.words, shown["integration"], shown["backlog"]
    late = [words.model_names.get(one["name"], one["name"]) for one in shown["projections"] if _is_late(one)]
    found = {
        words.is_paused.format(reason=integration["reason"]): integration["state"] == "paused",
        _brake_words(shown, voice): shown["brake"] is not None,
        words.has_no_diary: not integration["diary_loaded"],
        words.is_parked.format(count=lacking["parked"]): lacking["parked"],
        words.is_unknown.format(count=lacking["unknown"]): lacking["unknown"],
        words.is_behind.format(names=", ".join(late)): late,
        _erasures_words(shown, voice): shown["erasure_requests"],
        words.has_failed_updates.format(count=shown["failed_updates"]): shown["failed_updates"],
    }
    return [sentence for sentence, is_so in found.items() if is_so]


def _erasures_words(shown: dict[str, Any], voice: Voice) -> str:  # Any: the JSON form of the state
    """Every client's number with their own last day."""
    clients = [f"{voice.number(one['client_id'])} ({voice.date(one['due_on'])})" for one in shown["erasure_requests"]]
    return voice.words.has_erasures.format(clients=", ".join(clients))


def _brake_words(shown: dict[str, Any], voice: Voice) -> str:  # Any: the JSON form of the state
    brake = shown["brake"] or {"removed": 0, "moved": 0, "known": 0}
    return voice.words.is_braked.format(removed=brake["removed"], moved=brake["moved"], known=brake["known"])


def _is_late(model: dict[str, Any]) -> bool:  # Any: the JSON form of a read model's lag
    return bool(model["lag_events"] > 0 and model["lag_seconds"] > LATE_SECONDS)
