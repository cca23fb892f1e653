"""The doctor: why the CRM does not answer as it should, one thing a line, and what to do about it; it only reads.

`way` looks at what lies before the first request, `answer` at what the first answers say about the address and the
tokens, `branch` at what the user may do in the branch and how its clock goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sync.doctor import answer, branch, way
from sync.doctor.examination import Examination, Patient
from sync.doctor.finding import Finding, not_checked

__all__ = ["CHECKS", "Finding", "Patient", "examine"]

Check = Callable[[Examination], Finding]
_NEEDS: Mapping[str, tuple[Check, tuple[str, ...]]] = {
    "settings": (way.settings, ()),
    "host": (way.host, ()),
    "tls": (way.tls, ("host",)),
    "answer": (answer.answer, ("settings", "tls")),
    "redirect": (answer.redirect, ("answer",)),
    "language": (answer.language, ("redirect",)),
    "partner_token": (answer.partner_token, ("language",)),
    "partner_id": (answer.partner_id, ("language",)),
    "user_token": (answer.user_token, ("partner_token", "partner_id")),
    "company": (answer.company, ("partner_token", "partner_id")),
    "rights": (branch.rights, ("user_token", "company")),
    "create": (branch.right("create"), ("rights",)),
    "edit": (branch.right("edit"), ("rights",)),
    "move": (branch.right("move"), ("rights",)),
    "price": (branch.right("price"), ("rights",)),
    "delete": (branch.right("delete"), ("rights",)),
    "hooks": (branch.right("hooks"), ("rights",)),
    "schedule": (branch.schedule, ("user_token", "company")),
    "diary": (branch.diary, ("user_token", "company")),
    "time_zone": (branch.time_zone, ("company",)),
    "clock": (branch.clock, ("time_zone", "diary")),
    "limits": (branch.limits, ("answer",)),
}
CHECKS = tuple(_NEEDS)
"""The checks in their order; each is made only when those it needs were good."""


def examine(patient: Patient) -> Iterator[Finding]:
    """Makes one check after the other and gives what each found, as soon as it is known.

    Raises what the turns raise, and nothing that the CRM or the way to it could say.
    """
    blamed: dict[str, str] = {}
    bad: set[str] = set()
    with Examination(patient) as examination:
        for name, (check, needs) in _NEEDS.items():
            culprits = [blamed[need] for need in needs if need in blamed]
            culprit = next((one for one in culprits if one in bad), culprits[0]) if culprits else None
            finding = not_checked(f"waits for {culprit}") if culprit else check(examination)
            if finding.state != "good":
                blamed[name] = culprit or name
            if finding.state == "bad":
                bad.add(name)
            yield finding.of(name)
