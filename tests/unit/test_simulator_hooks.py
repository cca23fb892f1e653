"""Webhooks of the simulator: who is told of what, once, four times, never, or out of order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import pytest

from sync.simulator import Faults, HookSettings, NewEntry, Rule
from tests.simulated import BOOKING, SimulatedCrm, always

URL = "http://here/hooks/secret"


class Inbox:
    """Keeps what arrives: the URL's last word, the status and the record's number."""

    def __init__(self) -> None:
        self.notices: list[Mapping[str, object]] = []
        self.urls: list[str] = []

    def take(self, url: str, notice: Mapping[str, object]) -> None:
        self.urls.append(url)
        self.notices.append(notice)

    def told(self) -> list[tuple[object, object]]:
        return [(notice["status"], notice["resource_id"]) for notice in self.notices]


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def listening(inbox: Inbox, faults: Faults | None = None, *flags: str) -> SimulatedCrm:
    crm = SimulatedCrm(faults, carry_hook=inbox.take)
    crm.simulator.hooks.settings = HookSettings((URL,), flags=frozenset({"record", *flags}))
    return crm


def mark(crm: SimulatedCrm, hour: int) -> int:
    """What staff write in by hand; the record's number."""
    crm.simulator.add_by_hand(NewEntry(101, datetime(2026, 12, 1, hour), 1800))  # noqa: DTZ001 - a wall clock
    return crm.simulator.entries()[-1].record_id


def test_every_change_by_hand_is_told_with_the_record_as_it_is_read(inbox: Inbox) -> None:
    crm = listening(inbox)
    record_id = mark(crm, 10)
    crm.simulator.move_by_hand(record_id, datetime(2026, 12, 1, 12), 102)  # noqa: DTZ001 - a wall clock
    crm.simulator.comment_by_hand(record_id, "у окна")
    crm.simulator.attend_by_hand(record_id, 1)
    crm.simulator.remove_by_hand(record_id)

    assert [status for status, _ in inbox.told()] == ["create", "update", "update", "update", "delete"]
    last = inbox.notices[-1]
    assert set(last) == {"company_id", "resource", "resource_id", "status", "data"}
    assert (last["company_id"], last["resource"], last["resource_id"]) == (1, "record", record_id)
    assert last["data"] == crm.data(f"record/1/{record_id}")
    assert set(inbox.urls) == {URL}


def test_an_api_caller_s_own_changes_are_told_only_with_self_sending(inbox: Inbox) -> None:
    silent = listening(inbox)
    silent.booked()
    assert inbox.told() == []

    crm = listening(inbox, None, "self_sending")
    record_id = crm.booked()
    crm.move(record_id, "2026-12-01 15:00:00")
    crm.answer("DELETE", f"record/1/{record_id}")

    assert inbox.told() == [("create", record_id), ("update", record_id), ("delete", record_id)]


def test_what_did_not_change_is_not_told(inbox: Inbox) -> None:
    crm = listening(inbox, None, "self_sending")
    crm.booked()
    crm.book()
    crm.simulator.remove_by_hand(77)

    assert len(inbox.told()) == 1


def test_the_answer_may_be_lost_and_the_change_is_told_all_the_same(inbox: Inbox) -> None:
    crm = listening(inbox, always("dropped_after"), "self_sending")

    assert crm.book() is None
    assert [status for status, _ in inbox.told()] == ["create"]


@pytest.mark.parametrize(
    "deaf",
    [
        HookSettings(),
        HookSettings((URL,), active=False),
        HookSettings((URL,), flags=frozenset({"client"})),
    ],
)
def test_nobody_is_told_who_does_not_listen(inbox: Inbox, deaf: HookSettings) -> None:
    crm = listening(inbox)
    crm.simulator.hooks.settings = deaf
    mark(crm, 10)

    assert inbox.told() == []


def test_settings_are_read_back_as_they_were_posted_one_set_of_flags_for_all(inbox: Inbox) -> None:
    crm = SimulatedCrm(carry_hook=inbox.take)
    assert crm.data("hooks_settings/1")["urls"] == []

    posted = crm.answer("POST", "hooks_settings/1", {"urls": [URL, f"{URL}2"], "active": 1, "record": 1, "master": "1"})

    assert posted.status_code == 201
    settings = crm.data("hooks_settings/1")
    assert posted.json()["data"] == settings
    assert (settings["urls"], settings["active"], settings["record"]) == ([URL, f"{URL}2"], 1, 1)
    assert (settings["master"], settings["client"], settings["self_sending"]) == (1, 0, 0)
    mark(crm, 10)
    assert inbox.urls == [URL, f"{URL}2"]


@pytest.mark.parametrize("wrong", [{}, {"urls": "x"}, {"urls": [1]}, {"urls": [URL] * 11}, []])
def test_settings_without_addresses_are_refused(wrong: object) -> None:
    crm = SimulatedCrm()

    assert crm.answer("POST", "hooks_settings/1", wrong).status_code == 422
    assert crm.simulator.hooks.settings == HookSettings()


def test_a_notice_can_be_lost(inbox: Inbox) -> None:
    crm = listening(inbox, Faults(rules=[Rule("hook_lost", times=1)]))
    mark(crm, 10)
    second = mark(crm, 11)

    assert inbox.told() == [("create", second)]
    assert crm.simulator.faults.counts() == {"hook_lost": 1}


def test_a_notice_can_come_four_times(inbox: Inbox) -> None:
    crm = listening(inbox, Faults(rules=[Rule("hook_repeated", times=1)]))
    first, second = mark(crm, 10), mark(crm, 11)

    assert inbox.told() == [("create", first)] * 4 + [("create", second)]


def test_a_notice_can_be_overtaken_by_the_next(inbox: Inbox) -> None:
    crm = listening(inbox, Faults(rules=[Rule("hook_overtaken", times=1)]))
    first = mark(crm, 10)
    assert inbox.told() == []
    crm.simulator.remove_by_hand(first)

    assert inbox.told() == [("delete", first), ("create", first)]


def test_what_nothing_overtakes_can_be_sent_on(inbox: Inbox) -> None:
    crm = listening(inbox, always("hook_overtaken"))
    first = mark(crm, 10)

    crm.simulator.hooks.flush()
    crm.simulator.hooks.flush()

    assert inbox.told() == [("create", first)]


def test_the_same_seed_loses_the_same_notices() -> None:
    def heard(seed: int) -> list[tuple[object, object]]:
        inbox = Inbox()
        crm = listening(inbox, Faults(seed, {"hook_lost": 0.3, "hook_repeated": 0.3, "hook_overtaken": 0.3}))
        for hour in range(24):
            mark(crm, hour)
        return inbox.told()

    assert heard(5) == heard(5)
    assert heard(5) != heard(6)


def test_a_receiver_may_ask_back_at_once() -> None:
    """As ours does: a notice is a mere signal, and the record is read."""
    read: list[object] = []

    def ask_back(_: str, notice: Mapping[str, object]) -> None:
        read.append(crm.data(f"record/1/{notice['resource_id']}")["api_id"])

    crm = SimulatedCrm(carry_hook=ask_back)
    crm.simulator.hooks.settings = HookSettings((URL,), flags=frozenset({"record", "self_sending"}))
    crm.booked()

    assert read == [BOOKING["api_id"]]
