"""Services and masters under their names, from the present catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from bot.request import Request
from ledger.values import ServiceId, StaffId


def service_title(request: Request, service_id: ServiceId) -> str:
    offer = request.any_catalog.service(service_id) if request.any_catalog else None
    return offer.title if offer else request.words.gone_service


def service_titles(request: Request, service_ids: Sequence[ServiceId]) -> str:
    return ", ".join(service_title(request, service_id) for service_id in service_ids)


def master_name(request: Request, staff_id: StaffId | None) -> str:
    """The master's name; the word for any."""
    if staff_id is None:
        return request.words.any_master
    member = request.any_catalog.member(staff_id) if request.any_catalog else None
    return member.name if member else request.words.gone_master
