"""How the simulated CRM stands to whoever uses its API: rights, the branch's licence, and clients it will not have."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Literal, get_args

from sync.simulator.exchange import Refusal

LicenceStatus = Literal[402, 403]
LICENCE_STATUSES: tuple[LicenceStatus, ...] = get_args(LicenceStatus)
"""The vendor documents both for a branch whose licence has run out."""
GROUPS: Mapping[str, str] = {
    "timetable_access": "timetable",
    "timetable_transferring_record_access": "timetable",
    "create_records_access": "record_form",
    "edit_records_access": "record_form",
    "edit_records_attendance_access": "record_form",
    "delete_records_access": "record_form",
    "delete_customer_came_records_access": "record_form",
    "delete_paid_records_access": "record_form",
    "record_edit_full_paid_access": "record_form",
    "records_services_cost_access": "record_form",
    "clients_delete_access": "clients",
    "webhook_read_access": "",
}
"""Every right this simulator knows, by the vendor's name, with the group it is shown in ('' for none)."""
NO_RIGHT = Refusal(403, "Нет прав на управление филиалом")


class Account:
    """The user behind the token, and the branch's standing; everything is granted and paid for at first."""

    def __init__(self, company_id: int) -> None:
        self._company_id = company_id
        self._lock = threading.Lock()
        self._withdrawn: frozenset[str] = frozenset()
        self._blacklist: frozenset[str] = frozenset()
        self._licence: LicenceStatus | None = None

    @property
    def withdrawn(self) -> frozenset[str]:
        """The rights that were taken away."""
        return self._withdrawn

    @property
    def licence(self) -> LicenceStatus | None:
        """The status by which the branch is refused; None while the licence holds."""
        return self._licence

    @property
    def blacklist(self) -> frozenset[str]:
        """The phones, digits only, that may not be booked."""
        return self._blacklist

    def may(self, right: str) -> bool:
        """True while the right is granted."""
        return right not in self._withdrawn

    def withdraw(self, right: str) -> None:
        """Raises ValueError for a right nobody knows."""
        self._check(right)
        with self._lock:
            self._withdrawn |= {right}

    def grant(self, right: str) -> None:
        """Raises ValueError for a right nobody knows."""
        self._check(right)
        with self._lock:
            self._withdrawn -= {right}

    def end_licence(self, status: LicenceStatus = 403) -> None:
        """From now on the branch is refused, by this status. Raises ValueError for one the vendor does not document."""
        if status not in LICENCE_STATUSES:
            raise ValueError(f"a licence runs out with 402 or 403, not {status!r}")
        self._licence = status

    def renew_licence(self) -> None:
        """The branch has paid."""
        self._licence = None

    def refuse_client(self, phone: str) -> None:
        """Puts a phone on the blacklist."""
        with self._lock:
            self._blacklist |= {digits(phone)}

    def forgive_client(self, phone: str) -> None:
        """Takes a phone off the blacklist."""
        with self._lock:
            self._blacklist -= {digits(phone)}

    def refusal(self) -> Refusal | None:
        """Why the whole branch is refused, or None."""
        if self._licence is None:
            return None
        return Refusal(self._licence, f"Необходимо продлить лицензию в филиале с id: {self._company_id}")

    def permissions(self) -> dict[str, object]:
        """As `GET /api/v1/user/permissions/{company_id}` shows them: in groups."""
        shown: dict[str, object] = {}
        groups: dict[str, dict[str, bool]] = {}
        for right, group in GROUPS.items():
            if group:
                groups.setdefault(group, {})[right] = self.may(right)
            else:
                shown[right] = self.may(right)
        return {**groups, **shown}

    def _check(self, right: str) -> None:
        if right not in GROUPS:
            raise ValueError(f"{right!r} is not a right; there are {', '.join(GROUPS)}")


def digits(phone: str) -> str:
    """A phone as the CRM compares it."""
    return "".join(filter(str.isdigit, phone))
