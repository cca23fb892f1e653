"""While a refusal of the CRM's stands it is read now and then; its first answer is told once, and starts nothing."""

from __future__ import annotations

import pytest

from ledger import events as e
from ledger.decisions.integration import PauseIntegration
from projections.integration import integration
from sync.simulator import Mode
from tests.builders import slot
from tests.stage import Stage


def refused(stage: Stage) -> None:
    """A booking meets a CRM that does not know us any more."""
    stage.salon.book(slot("10:00"))
    stage.simulator.set_mode("auth")
    stage.step()
    assert integration(stage.salon.ledger).kind == "auth"


def asked_within(stage: Stage, minutes: int) -> list[float]:
    """The minutes at which the CRM was called, the sender being stepped twice a minute."""
    asked: list[float] = []
    for half in range(2 * minutes + 1):
        before = len(stage.simulator.journal())
        stage.step()
        asked += [half / 2] * (len(stage.simulator.journal()) - before)
        stage.salon.advance(seconds=30)
    return asked


def answers(stage: Stage) -> list[str]:
    with stage.salon.database.transaction() as connection:
        rows = connection.execute("SELECT data->'facts'->>'kind' FROM events WHERE type = 'crm_answered'").fetchall()
    return [row[0] for row in rows]


def test_a_crm_that_refuses_is_read_at_growing_intervals(stage: Stage) -> None:
    refused(stage)

    assert asked_within(stage, 62) == [1, 3, 7, 15, 30, 45, 60]
    assert {call.method for call in stage.simulator.journal()[1:]} == {"GET"}
    assert answers(stage) == []


def test_that_it_answers_again_is_written_down_once_and_nothing_is_sent(stage: Stage) -> None:
    refused(stage)
    asked_within(stage, 2)
    stage.simulator.set_mode("ok")

    assert asked_within(stage, 8) != []
    assert answers(stage) == ["auth"]
    assert asked_within(stage, 16) == [], "it is known now"
    assert stage.simulator.records() == []
    state = integration(stage.salon.ledger)
    assert (state.state, state.answers_since is not None) == ("paused", True)
    stage.sender = stage.new_sender()
    assert asked_within(stage, 16) == [], "a sender that was started again knows it too"


@pytest.mark.parametrize("mode", ["off", "redirect", "not_found"])
def test_anything_but_an_answer_is_no_answer(stage: Stage, mode: Mode) -> None:
    refused(stage)
    stage.simulator.set_mode(mode)
    asked_within(stage, 20)

    assert answers(stage) == []


def test_the_next_refusal_is_watched_anew(stage: Stage) -> None:
    refused(stage)
    stage.simulator.set_mode("ok")
    asked_within(stage, 2)
    stage.salon.resume()
    stage.simulator.set_mode("auth")
    stage.step()
    assert asked_within(stage, 2) == [1]
    stage.simulator.set_mode("ok")
    asked_within(stage, 3)

    assert answers(stage) == ["auth", "auth"]


@pytest.mark.parametrize("kind", ["operator", "no_credentials"])
def test_what_the_crm_did_not_refuse_is_not_watched(stage: Stage, kind: e.PauseKind) -> None:
    stage.salon.ledger.execute(PauseIntegration(stage.salon.order(), kind))

    assert asked_within(stage, 20) == []


def test_a_busy_crm_is_left_alone_as_long_as_it_asks_for(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    refused(stage)
    held: list[float] = []
    monkeypatch.setattr(stage.turns, "hold_back", lambda wait: held.append(wait.total_seconds()))
    monkeypatch.setattr(stage.simulator._window, "_windows", ((0, 90.0),))
    monkeypatch.setattr(stage.simulator._window, "_wait", lambda *_: 90.0)
    asked_within(stage, 2)

    assert held == [90.0]
    assert answers(stage) == []
