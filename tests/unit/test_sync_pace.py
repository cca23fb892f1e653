"""The pace of calls to the CRM, against the vendor's limits."""

from __future__ import annotations

import math
from datetime import timedelta

from console.settings import Settings
from sync.simulator import Limits
from sync.turns import SPACING

VENDOR = Limits()
LATE = timedelta(seconds=2)
"""How much later than the next ones a request may arrive before the limit is broken."""


def test_a_minutes_worth_of_requests_keeps_the_limit_even_if_the_first_came_late() -> None:
    # The call number `most + 1` must come a whole minute, or second, after the first.
    assert VENDOR.per_minute * SPACING - LATE >= timedelta(minutes=1)
    assert VENDOR.per_second * SPACING - timedelta(seconds=0.5) >= timedelta(seconds=1)


def test_the_pace_uses_95_percent_of_the_limit() -> None:
    assert timedelta(minutes=1) / SPACING >= 0.95 * VENDOR.per_minute


def test_the_usual_setting_is_that_pace() -> None:
    assert math.isclose(Settings.model_fields["sync_spacing_seconds"].default, SPACING.total_seconds())
