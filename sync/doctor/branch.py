"""What the user may do in the branch, whether its clock goes as the salon's, and whether we keep the CRM's limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync.doctor.examination import Examination
from sync.doctor.finding import Finding, bad, good, not_checked, trouble
from sync.errors import SyncError
from sync.wire_branch import RIGHTS, CrmBranch

_WITHOUT: Mapping[str, str] = {
    "create": "no booking reaches the CRM",
    "edit": "no move reaches the CRM, and nothing can be corrected there",
    "move": "a move to another time or master is refused",
    "price": "the CRM may refuse bookings, or keep its own prices instead of those agreed with the client",
    "delete": "cancelled visits stay in the CRM's diary, and the master waits for nobody",
    "hooks": "changes made in the CRM are noticed only by asking now and then",
    "schedule": "the masters' shifts cannot be taken from the CRM",
}
_WHERE = "In Yclients: Settings, Users, this user, Access rights"
# Below this the vendor's limits of 5 a second and 200 a minute are broken.
_CLOSEST = timedelta(seconds=0.3)


def rights(examination: Examination) -> Finding:
    """The CRM lists what the user may do."""
    found = examination.rights
    if isinstance(found, SyncError):
        return trouble(
            found,
            setting="YCLIENTS_USER_TOKEN",
            remedy=f"The list of rights cannot be read, so compare them by hand. {_WHERE}: "
            + ", ".join(sorted(RIGHTS.values())),
        )
    return good("the CRM lists them")


def right(name: str) -> Callable[[Examination], Finding]:
    """The check of one right, by our name for it."""

    def check(examination: Examination) -> Finding:
        found = examination.rights
        held = None if isinstance(found, SyncError) else getattr(found, name)
        if held is None:
            return not_checked(f"the CRM says nothing about {RIGHTS[name]}")
        return good(f"{RIGHTS[name]} is given") if held else _lacking(name)

    return check


def schedule(examination: Examination) -> Finding:
    """The shifts can be read, by right and in deed."""
    listed = examination.rights
    if not isinstance(listed, SyncError) and listed.schedule is False:
        return _lacking("schedule")
    found = examination.shifts
    if isinstance(found, SyncError):
        return trouble(found, remedy=f"{_WHERE}: {RIGHTS['schedule']}; without it {_WITHOUT['schedule']}")
    masters = len({shift.staff_id for shift in found})
    return good(
        f"the week's shifts can be read, {masters} at work" if masters else "the week's shifts can be read: none"
    )


def diary(examination: Examination) -> Finding:
    """The bookings can be read, without which nothing is sent: a lost answer could not be looked up."""
    found = examination.starts
    if isinstance(found, SyncError):
        return trouble(
            found, remedy=f"{_WHERE}: the journal of bookings ({RIGHTS['schedule']}) for all masters and days"
        )
    return good("its bookings can be read")


def time_zone(examination: Examination) -> Finding:
    """The salon and its branch in the CRM live by the same clock, for a year to come."""
    salon, found = examination.patient.salon_zone, examination.branch
    if isinstance(found, SyncError):
        return trouble(found, remedy="")
    remedy = (
        f"Set SALON_TIMEZONE={found.zone_name}, or correct the branch's zone in Yclients (Settings, Basics): whichever "
        "of the two is wrong. Until then every time would stand at another hour there"
    )
    if salon is None:
        return bad(
            f"the CRM says {found.zone_name}; the salon's own is not known here",
            setting="SALON_TIMEZONE",
            remedy=f"{remedy}; or publish the catalogue first: `zapisnik catalog load salon.toml`",
        )
    theirs = _zone(found.zone_name)
    if theirs is None:
        return bad(f"the CRM names a zone that does not exist, {found.zone_name}", remedy=remedy)
    differs_on = _differs_on(examination, salon, theirs)
    if differs_on is None:
        same = "" if salon.key == theirs.key else f", which goes as {salon.key}, the salon's,"
        return good(f"{theirs.key}{same} for a year to come")
    return bad(
        f"the branch's zone is {theirs.key}, the salon's {salon.key}: they differ on {differs_on:%Y-%m-%d}",
        setting="SALON_TIMEZONE",
        remedy=remedy,
    )


def clock(examination: Examination) -> Finding:
    """The offsets the CRM writes are those of its zone."""
    zone, starts, found = examination.patient.salon_zone, examination.starts, examination.branch
    if zone is None or isinstance(starts, SyncError) or isinstance(found, SyncError):
        return not_checked("no clock to compare with")
    for start in starts:
        if start.utcoffset() != start.replace(tzinfo=zone).utcoffset():
            return _wrong_offset(f"a booking of {start:%Y-%m-%d %H:%M} is told with {_hours(start.utcoffset())}", zone)
    now = datetime.now(UTC).astimezone(zone)
    if found.offset is not None and found.offset != now.utcoffset():
        return _wrong_offset(f"the branch's own offset is told as {_hours(found.offset)}", zone)
    return good(_compared(starts, found))


def limits(examination: Examination) -> Finding:
    """We ask no more often than the vendor allows, and are not told to wait."""
    patient, limited = examination.patient, examination.limited
    apart = f"{patient.spacing.total_seconds():g} s apart over all processes"
    if limited is not None:
        wait = f"{limited.retry_after:g} s" if limited.retry_after is not None else "a time it does not name"
        return bad(
            f"call {examination.calls} was answered with 429, wait {wait}; our calls are {apart}",
            setting="SYNC_SPACING_SECONDS",
            remedy="Something else asks Yclients from this address too: the old bot, a second installation, another "
            "integration. Stop it or set a larger spacing here; then run the doctor again after the pause",
            error=limited,
        )
    if patient.spacing < _CLOSEST:
        return bad(
            f"calls are {apart}: more than the 5 a second and 200 a minute the vendor allows an address",
            setting="SYNC_SPACING_SECONDS",
            remedy="Set 0.31 or more",
        )
    return good(f"calls made: {examination.calls}, {apart}; none was refused")


def _lacking(name: str) -> Finding:
    return bad(f"{RIGHTS[name]} is missing: {_WITHOUT[name]}", remedy=f"{_WHERE}: give it {RIGHTS[name]}")


def _wrong_offset(said: str, zone: ZoneInfo) -> Finding:
    return bad(
        f"{said}, and {zone.key} has another one then",
        remedy="Times are read by their digits, so nothing is shifted here; but the CRM may shift what is sent. "
        "Correct the branch's zone in Yclients, or make one booking and compare its hour there",
    )


def _compared(starts: list[datetime], found: CrmBranch) -> str:
    told = [f"{len(starts)} bookings"] if starts else []
    told += ["the branch"] if found.offset is not None else []
    return f"compared with {' and '.join(told)}" if told else "no booking yet to compare with"


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _differs_on(examination: Examination, one: ZoneInfo, other: ZoneInfo) -> datetime | None:
    noon = datetime.combine(examination.patient.today, time(12), one)
    days = (noon + timedelta(days=ahead) for ahead in range(366))
    return next((day for day in days if day.utcoffset() != day.astimezone(other).utcoffset()), None)


def _hours(offset: timedelta | None) -> str:
    minutes = int((offset or timedelta()) / timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
