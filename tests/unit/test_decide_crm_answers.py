"""Noting that a CRM which had refused us answers again."""

from __future__ import annotations

import pytest

from ledger import errors, events as e
from ledger.decisions.integration import NoteCrmAnswered
from ledger.ledger import Already
from tests.builders import given, order

ON = e.IntegrationResumed()
PAUSED, ANSWERED = e.IntegrationPaused("licence", "no"), e.CrmAnswered("licence")


def test_it_is_noted_once_a_refusal_with_what_was_refused() -> None:
    assert given(ON, PAUSED).new(NoteCrmAnswered(order())) == [ANSWERED]
    assert given(ON, PAUSED, ANSWERED).decide(NoteCrmAnswered(order())) == Already(ANSWERED)
    assert given(PAUSED, ANSWERED, ON, PAUSED).new(NoteCrmAnswered(order())) == [ANSWERED]
    assert NoteCrmAnswered(order()).answer([ANSWERED]) == ANSWERED


@pytest.mark.parametrize(
    "switch",
    [(), (ON,), (PAUSED, ON), (PAUSED, e.IntegrationPaused("operator")), (e.IntegrationPaused("no_credentials"),)],
)
def test_where_the_crm_refuses_nothing_there_is_nothing_to_note(switch: tuple[e.AnyEvent, ...]) -> None:
    with pytest.raises(errors.NotRefusedError):
        given(*switch).decide(NoteCrmAnswered(order()))
