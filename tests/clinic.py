"""A CRM as a test wants it, and the doctor sent to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ledger.postgres import Database
from sync.doctor import CHECKS, Finding, Patient, examine
from sync.turns import Turns
from sync.wire_branch import RIGHTS
from tests.crm_hosts import ACCESS, MOSCOW, Branch

COMPANY, RIGHTS_OF, SHIFTS = "/api/v1/company/1/", "/api/v1/user/permissions/1", "/api/v1/company/1/staff/schedule"
TODAY = date(2030, 1, 7)
ALL_RIGHTS = {"record_form": dict.fromkeys(RIGHTS.values(), True)}


class Clinic:
    """A CRM, and the doctor sent to it."""

    def __init__(self, database: Database, crm: Branch, url: str) -> None:
        self.database, self.crm, self.url = database, crm, url
        crm.say(RIGHTS_OF, ALL_RIGHTS)
        crm.say(SHIFTS, [{"staff_id": 5, "date": "2030-01-08", "slots": [{"from": "10:00", "to": "20:00"}]}])
        spacing = timedelta(milliseconds=1)
        self.turns = Turns(database, spacing)
        self.patient = Patient(
            url=url,
            access=replace(ACCESS, url=url),
            wrong="",
            salon_zone=MOSCOW,
            today=TODAY,
            turns=self.turns,
            spacing=timedelta(seconds=0.31),
            deadline=timedelta(seconds=3),
        )

    def at(self, url: str) -> Patient:
        """The same, with another address."""
        return replace(self.patient, url=url, access=replace(ACCESS, url=url))

    def found(self, patient: Patient | None = None, **access: Any) -> dict[str, Finding]:  # any of Access' fields
        patient = patient or self.patient
        if access and patient.access:
            patient = replace(patient, access=replace(patient.access, **access))
        findings = list(examine(patient))
        assert tuple(finding.check for finding in findings) == CHECKS
        return {finding.check: finding for finding in findings}


def bad(findings: dict[str, Finding]) -> list[str]:
    return [name for name, finding in findings.items() if finding.state == "bad"]


def waiting_for(findings: dict[str, Finding], culprit: str) -> set[str]:
    return {name for name, finding in findings.items() if finding.said == f"waits for {culprit}"}
