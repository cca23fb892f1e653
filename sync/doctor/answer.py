"""What the first answers say about the address, the tokens and the branch's number."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from sync.doctor.examination import Examination
from sync.doctor.finding import Finding, bad, good, not_checked, trouble
from sync.errors import AuthError, GoneError, LicenceError, RateLimitedError, RightsError, SyncError
from sync.failures import FOREIGN

_API_HOSTS = ("api.yclients.ru", "api.yclients.com", "api.alteg.io")
_VENDOR = "https://api.yclients.ru"


def answer(examination: Examination) -> Finding:
    """A request is answered in time, and not by an error of the server's."""
    found = examination.branch
    if isinstance(found, SyncError) and (found.status is None or found.status >= 500):
        return trouble(
            found,
            remedy="Yclients, or the way to it, is out of order. Bookings are kept meanwhile and sent by themselves "
            "later; if it lasts for hours, ask Yclients' support",
        )
    return good(f"HTTP {found.status if isinstance(found, SyncError) else 200}")


def redirect(examination: Examination) -> Finding:
    """The answer comes from where it was asked for."""
    found = examination.branch
    if not isinstance(found, SyncError) or not found.redirect:
        return good("none")
    to = httpx.URL(found.redirect).host if "://" in found.redirect else ""
    # Tokens go to the vendor's own hosts and not wherever somebody points.
    remedy = (
        f"Set YCLIENTS_URL={found.redirect}"
        if to in _API_HOSTS and to != examination.url.host
        else f"Set YCLIENTS_URL={_VENDOR}; api.yclients.com has moved there in 2026. Never set an address that is not "
        "the vendor's: it would be given the tokens"
    )
    return bad(
        f"the address sends us on to {found.redirect}; that is never followed", setting="YCLIENTS_URL", remedy=remedy
    )


def language(examination: Examination) -> Finding:
    """Whoever answers is the CRM: its form, and not a 404 to everything."""
    found = examination.branch
    if isinstance(found, RateLimitedError):
        return trouble(found, remedy="")
    path = examination.url.path.strip("/")
    remedy = f"YCLIENTS_URL is to be the API's host alone: {_VENDOR}" + (f", without /{path}" if path else "")
    if isinstance(found, SyncError) and found.detail == FOREIGN:
        return trouble(found, setting="YCLIENTS_URL", remedy=remedy)
    if isinstance(found, GoneError) and _is_nowhere(examination.branches):
        return bad(
            "HTTP 404 to every path: the API is not at this address",
            setting="YCLIENTS_URL",
            remedy=remedy,
            error=found,
        )
    return good("the answer has the CRM's own form")


def partner_token(examination: Examination) -> Finding:
    """The CRM knows the partner's token."""
    found = examination.branch
    if not isinstance(found, AuthError) or found.reason == "user":
        return good("accepted")
    if found.reason == "partner":
        return not_checked("it arrived; the next line says what the CRM misses")
    arrived = "no token arrived" if found.reason == "no_token" else "one of the tokens is refused"
    return bad(
        arrived,
        setting="YCLIENTS_PARTNER_TOKEN, YCLIENTS_USER_TOKEN",
        remedy="Copy the partner's token anew from the marketplace account's settings, and the user's from its "
        "sign-in. A proxy on the way may take the header Authorization away",
        error=found,
    )


def partner_id(examination: Examination) -> Finding:
    """The CRM does not ask who the partner is."""
    number = examination.access.partner_id
    found = examination.branch
    if not isinstance(found, AuthError) or found.reason != "partner":
        return good(f"{number} is sent" if number else "not set, and not asked for")
    active = "Check that YCLIENTS_PARTNER_TOKEN is the key of an application that is active in the marketplace"
    remedy = (
        f"{active}, and that the number belongs to it; try without YCLIENTS_PARTNER_ID; then ask support@yclients.ru"
        if number
        else f"{active}. If it is, ask support@yclients.ru for the partner's number and set YCLIENTS_PARTNER_ID to it"
    )
    return bad(
        "the CRM does not see which partner asks" + (f", though {number} is sent as X-Partner-Id" if number else ""),
        setting="YCLIENTS_PARTNER_ID, YCLIENTS_PARTNER_TOKEN",
        remedy=remedy,
        error=found,
    )


def user_token(examination: Examination) -> Finding:
    """The CRM knows the user: some calls are answered without one, so one that is not has to tell."""
    for found in _of_the_user(examination):
        if isinstance(found, AuthError):
            return bad(
                "the CRM does not know the user",
                setting="YCLIENTS_USER_TOKEN",
                remedy="Sign in anew and set the token it gives: it changes whenever the user's password does. The "
                "user must belong to this branch",
                error=found,
            )
        if not isinstance(found, SyncError):
            return good("accepted")
        if isinstance(found, RightsError | LicenceError) and not isinstance(examination.branch, SyncError):
            return good("accepted, though not for everything")
    return not_checked("nothing was answered that only a user is told")


def company(examination: Examination) -> Finding:
    """There is such a branch, and the user has a hand in it."""
    number, found = examination.access.company_id, examination.branch
    match found:
        case LicenceError():
            return bad(
                f"the licence of branch {number} has run out",
                remedy="Renew it in Yclients, then `zapisnik sync resume`",
                error=found,
            )
        case RightsError() | GoneError():
            return bad(
                f"branch {number} is not this user's to see",
                setting="YCLIENTS_COMPANY_ID, YCLIENTS_USER_TOKEN",
                remedy=_other_branches(examination.branches),
                error=found,
            )
        case AuthError():
            return not_checked("waits for user_token")
        case SyncError():
            return trouble(found, setting="YCLIENTS_COMPANY_ID", remedy="Compare the branch's number in Yclients")
    return good(f"branch {number}" + (f", {found.title}" if found.title else ""))


def _of_the_user(examination: Examination) -> Iterator[object]:
    """Answers to a user, one after the other, until one of them tells."""
    if not isinstance(examination.branch, SyncError):
        yield examination.rights
        yield examination.starts
    elif isinstance(examination.branch, RightsError | GoneError):
        yield examination.branches
    else:
        yield examination.branch


def _is_nowhere(found: object) -> bool:
    return isinstance(found, GoneError) or (isinstance(found, SyncError) and found.detail == FOREIGN)


def _other_branches(found: tuple[int, ...] | SyncError) -> str:
    if isinstance(found, SyncError) or not found:
        return (
            "Set the number that stands in the address of the branch's pages; if it is right, the token is another "
            "user's, or the user has to be added to the branch"
        )
    numbers = ", ".join(map(str, found[:10]))
    return f"The user has a hand in: {numbers}. Set one of them, or add the user to the branch"
