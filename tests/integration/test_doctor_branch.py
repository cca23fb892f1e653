"""The doctor on rights, clock and limits of a branch whose address and tokens are right."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sync.simulator import NewEntry
from sync.turns import Turns
from sync.wire_branch import RIGHTS
from tests.builders import at
from tests.clinic import ALL_RIGHTS, COMPANY, RIGHTS_OF, SHIFTS, Clinic, bad


def test_every_call_of_the_doctor_waits_for_its_turn(clinic: Clinic) -> None:
    taken: list[None] = []

    class Counted(Turns):
        def __call__(self) -> None:
            taken.append(None)
            super().__call__()

    clinic.found(replace(clinic.patient, turns=Counted(clinic.database, timedelta(milliseconds=1))))

    assert len(taken) == len(clinic.crm.asked) == 4


def test_a_key_that_is_accepted_without_a_right_is_told_which_and_what_fails_without(clinic: Clinic) -> None:
    """«API ключ принимается сервером», and still nothing worked: the last of the troubles."""
    for name, theirs in RIGHTS.items():
        clinic.crm.say(RIGHTS_OF, {"record_form": ALL_RIGHTS["record_form"] | {theirs: False}})

        findings = clinic.found()

        assert bad(findings) == [name]
        assert f"{theirs} is missing: " in findings[name].said
        assert theirs in findings[name].remedy


def test_a_right_the_crm_does_not_mention_is_not_called_good(clinic: Clinic) -> None:
    clinic.crm.say(RIGHTS_OF, {"record_form": {RIGHTS["create"]: True}})

    findings = clinic.found()

    assert (findings["create"].state, findings["delete"].state) == ("good", "not_checked")


def test_rights_that_are_listed_but_not_kept_are_found_by_reading(clinic: Clinic) -> None:
    clinic.crm.say(SHIFTS, "Доступ запрещен.", status=403)
    clinic.crm.say("/api/v1/records/1", "Недостаточно прав", status=403)

    findings = clinic.found()

    assert bad(findings) == ["schedule", "diary"]
    assert findings["diary"].crm_message == "Недостаточно прав"


def test_another_zone_than_the_salon_s_is_found_and_one_that_only_has_another_name_is_not(clinic: Clinic) -> None:
    clinic.crm.say(COMPANY, {"timezone_name": "Asia/Dubai"})
    dubai = clinic.found()
    clinic.crm.say(COMPANY, {"timezone_name": "Europe/Simferopol"})
    simferopol = clinic.found()
    clinic.crm.say(COMPANY, {"timezone_name": "Africa/Nairobi"})
    unknown = clinic.found(replace(clinic.patient, salon_zone=None))

    assert bad(dubai) == ["time_zone"]
    assert "SALON_TIMEZONE=Asia/Dubai" in dubai["time_zone"].remedy
    assert bad(simferopol) == []
    assert bad(unknown) == ["time_zone"]


def test_offsets_that_contradict_the_zone_are_found_in_bookings_and_in_the_branch(clinic: Clinic) -> None:
    start = at("10:00").replace(tzinfo=None)
    clinic.crm.simulator.add_by_hand(NewEntry(5, start, 3600))
    honest = clinic.found()
    record = clinic.crm.simulator.records()[0] | {"datetime": f"{start.isoformat()}+0400"}
    clinic.crm.say("/api/v1/records/1", [record])
    in_bookings = clinic.found()
    clinic.crm.say("/api/v1/records/1", [])
    clinic.crm.say(COMPANY, {"timezone_name": "Europe/Moscow", "timezone": "4"})
    in_the_branch = clinic.found()

    assert bad(honest) == []
    assert honest["clock"].said == "compared with 1 bookings"
    assert bad(in_bookings) == bad(in_the_branch) == ["clock"]
    assert "+04:00" in in_bookings["clock"].said


def test_a_429_is_told_holds_everybody_back_and_ends_the_asking(clinic: Clinic) -> None:
    clinic.crm.say(RIGHTS_OF, "Превышен лимит запросов", status=429, headers={"retry-after": "40"})

    findings = clinic.found()

    assert bad(findings) == ["limits"]
    assert "wait 40 s" in findings["limits"].said
    assert findings["schedule"].state == "not_checked"
    assert len(clinic.crm.asked) == 2
    with clinic.database.transaction() as connection:
        row = connection.execute("SELECT extract(epoch FROM next_at - clock_timestamp()) FROM crm_turns").fetchone()
    assert row is not None
    assert 30 < row[0] <= 41


def test_a_429_at_once_is_no_fault_of_address_or_tokens(clinic: Clinic) -> None:
    clinic.crm.say(COMPANY, "Превышен лимит запросов", status=429)

    assert bad(clinic.found()) == ["limits"]


def test_calls_closer_than_the_vendor_allows_are_found(clinic: Clinic) -> None:
    findings = clinic.found(replace(clinic.patient, spacing=timedelta(seconds=0.2)))

    assert bad(findings) == ["limits"]
    assert findings["limits"].setting == "SYNC_SPACING_SECONDS"


def test_a_zone_the_crm_made_up_is_named(clinic: Clinic) -> None:
    clinic.crm.say(COMPANY, {"timezone_name": "Moscow/Standard"})

    assert "Moscow/Standard" in clinic.found()["time_zone"].said
