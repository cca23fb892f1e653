"""The log, newest first, narrowed by booking, client, master, kind, tag and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from console.web.desk import Desk
from console.web.filters import Filters, read_filters
from console.web.rows import rows
from console.web.voice import Voice
from ledger import browsing, events as e
from ledger.codec import stored_name

GROUPS: Mapping[str, object] = {
    "booking": e.BookingEvent | e.VisitEvent,
    "sync": e.SyncEvent,
    "client": e.ClientEvent | e.ForgettingEvent,
    "message": e.ReminderEvent | e.NoticeEvent | e.ClientNoticeEvent,
    "integration": e.IntegrationEvent,
    "catalog": e.CatalogEvent,
    "log": e.CheckpointSigned,
}
"""The kinds of events as the filter offers them, by subject."""


class LogPage:
    """`/`: a page of the log. Its links keep the filters; what cannot be understood is said by the field."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def answer(self, request: Request) -> Response:
        voice = self._desk.voice(request)
        filters = read_filters(request.query_params, voice.words, voice.zone)
        shown: dict[str, Any] = {"filters": filters, "groups": _groups(voice), "masters": _masters(voice)}
        shown["chosen"] = _chosen(filters, voice)
        if filters.problems:
            return self._desk.draw(request, "log.html", voice, 400, leaf=None, rows=[], **shown)
        database = self._desk.house.database
        leaf = browsing.leaf(database, filters.wanted, before=filters.before, after=filters.after)
        return self._desk.draw(request, "log.html", voice, leaf=leaf, rows=rows(database, leaf.events, voice), **shown)


def _chosen(filters: Filters, voice: Voice) -> list[tuple[str, str]]:
    """What the log is narrowed to, in words: the form itself stays folded, so that a phone shows the log at once."""
    words, given = voice.words, filters.given
    labels = {
        "booking": words.booking, "client": words.client, "staff": words.staff, "tag": words.tag,
        "since": words.since, "until": words.until,
    }  # fmt: skip
    masters = dict(_masters(voice))
    said = {name: given[name].replace("T", " ") if name in ("since", "until") else given[name] for name in given}
    said["staff"] = masters.get(given["staff"], given["staff"])
    chosen = [(labels[name], said[name]) for name in labels if given[name]]
    kinds = ", ".join(words.title(name) for name in filters.types)
    return [*chosen, (words.types, kinds)] if kinds else chosen


def _groups(voice: Voice) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each subject's title with its kinds of events, as stored name and title."""
    return [
        (
            voice.words.groups[group],
            [(name, voice.words.title(name)) for name in map(stored_name, get_args(union) or (union,))],
        )
        for group, union in GROUPS.items()
    ]


def _masters(voice: Voice) -> list[tuple[str, str]]:
    """Number and name of the masters of the present catalogue."""
    return [(str(member.staff_id), member.name) for member in voice.catalog.facts.staff] if voice.catalog else []
