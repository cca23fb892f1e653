"""Where the CRM is, and what a caller has to show there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ledger.errors import MalformedValueError


@dataclass(frozen=True)
class Access:
    """Where the CRM is and who asks. A dataclass, because its fields can be kept out of every printed form."""

    url: str
    partner_token: str = field(repr=False)
    user_token: str = field(repr=False)
    company_id: int
    partner_id: str = ""

    def __post_init__(self) -> None:
        # A bad header is otherwise refused by the HTTP library with the whole header in the message.
        for thing in ("partner_token", "user_token", "partner_id"):
            if not re.fullmatch(r"[!-~]*", getattr(self, thing)):
                raise MalformedValueError(thing, "a space or a character that cannot stand in an HTTP header")
        if not self.partner_token:
            raise MalformedValueError("partner_token", "empty")

    def headers(self) -> dict[str, str]:
        """As the vendor's OpenAPI asks: its own media type, and both tokens in one header, comma and space between.

        `X-Partner-Id` is undocumented; one outside team was let in again in July 2025 by adding it.
        """
        user = f", User {self.user_token}" if self.user_token else ""
        headers = {
            "Accept": "application/vnd.yclients.v2+json",
            "Accept-Encoding": "identity",
            "Authorization": f"Bearer {self.partner_token}{user}",
            "Connection": "close",
            "Content-Type": "application/json",
            "User-Agent": "zapisnik",
        }
        return headers | ({"X-Partner-Id": self.partner_id} if self.partner_id else {})
