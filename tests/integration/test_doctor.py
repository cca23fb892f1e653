"""The doctor before wrong addresses, tokens and numbers: each is named with its remedy, the salon's old ones first."""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace

import msgspec
import pytest
from starlette.responses import HTMLResponse

from sync.doctor import CHECKS
from tests.clinic import COMPANY, RIGHTS_OF, SHIFTS, Clinic, bad, waiting_for
from tests.crm_hosts import ACCESS


def test_a_branch_that_is_set_up_well_is_good_in_everything_and_only_read(clinic: Clinic) -> None:
    findings = clinic.found()

    assert {name: finding.said for name, finding in findings.items() if finding.state != "good"} == {}
    assert all(call.startswith("GET ") for call in clinic.crm.asked)
    assert findings["limits"].said.startswith(f"calls made: {len(clinic.crm.asked)}, 0.31 s apart")


def test_settings_that_are_missing_are_named_and_the_host_is_looked_at_all_the_same(clinic: Clinic) -> None:
    findings = clinic.found(replace(clinic.patient, access=None, wrong="YCLIENTS_USER_TOKEN not set"))

    assert findings["settings"].said == "YCLIENTS_USER_TOKEN not set"
    assert (findings["host"].state, findings["tls"].state) == ("good", "good")
    assert waiting_for(findings, "settings") == set(CHECKS) - {"settings", "host", "tls"}
    assert clinic.crm.asked == []


def test_the_missing_partner_of_july_2025_is_named_with_both_its_remedies(clinic: Clinic) -> None:
    """«Не указан идентификатор партнера»: the first of the troubles the salon gave up at."""
    clinic.crm.simulator.set_mode("auth")

    findings = clinic.found()

    assert bad(findings) == ["partner_id"]
    found = findings["partner_id"]
    assert found.crm_message == "Не указан идентификатор партнера"
    assert found.setting == "YCLIENTS_PARTNER_ID, YCLIENTS_PARTNER_TOKEN"
    assert "set YCLIENTS_PARTNER_ID" in found.remedy
    assert findings["partner_token"].state == "not_checked"
    assert {"user_token", "company", "rights", "delete", "clock"} <= waiting_for(findings, "partner_id")


def test_a_partner_s_number_that_does_not_help_is_named_itself(clinic: Clinic) -> None:
    clinic.crm.simulator.set_mode("auth")

    found = clinic.found(partner_id="42")["partner_id"]

    assert "42 is sent as X-Partner-Id" in found.said
    assert "try without YCLIENTS_PARTNER_ID" in found.remedy


def test_a_host_that_does_not_exist_is_found_before_anything_is_asked(clinic: Clinic) -> None:
    findings = clinic.found(clinic.at("https://api.youclients.invalid"))

    assert bad(findings) == ["host"]
    assert "api.youclients.invalid" in findings["host"].said
    assert findings["host"].setting == "YCLIENTS_URL"
    assert "https://api.yclients.ru" in findings["host"].remedy


def test_a_port_where_nobody_listens_and_one_without_tls_are_told_apart(clinic: Clinic) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        closed = listener.getsockname()[1]

    nobody = clinic.found(clinic.at(f"https://127.0.0.1:{closed}"))
    plain = clinic.found(clinic.at(clinic.url.replace("http:", "https:")))

    assert bad(nobody) == bad(plain) == ["tls"]
    assert f"nobody answers at port {closed}" in nobody["tls"].said
    assert "no TLS is spoken" in plain["tls"].said


def test_tokens_never_leave_in_clear_for_another_machine(clinic: Clinic) -> None:
    findings = clinic.found(clinic.at(clinic.url.replace("127.0.0.1", "0.0.0.0")))  # noqa: S104 - asked, not bound

    assert bad(findings) == ["tls"]
    assert clinic.crm.asked == []


@pytest.mark.parametrize("status", [200, 404, 401])
def test_a_page_in_place_of_the_crm_s_form_is_another_host(clinic: Clinic, status: int) -> None:
    clinic.crm.show(COMPANY, HTMLResponse("<html>Онлайн-запись</html>", status_code=status))

    findings = clinic.found()

    assert bad(findings) == ["language"]
    assert f"HTTP {status}" in findings["language"].said
    assert findings["language"].setting == "YCLIENTS_URL"


def test_an_address_with_a_path_is_told_to_leave_it_out(clinic: Clinic, undocumented: list[str]) -> None:
    findings = clinic.found(clinic.at(f"{clinic.url}/api/v1"))
    undocumented.clear()  # the wrong path is what this test is about

    assert bad(findings) == ["language"]
    assert "without /api/v1" in findings["language"].remedy


def test_a_redirect_is_named_and_nobody_is_told_to_send_tokens_to_strangers(clinic: Clinic) -> None:
    """«API перенаправляет на yclients.com»: the second of the troubles."""
    clinic.crm.simulator.set_mode("redirect")

    findings = clinic.found()

    assert bad(findings) == ["redirect"]
    assert "http://127.0.0.1:9" in findings["redirect"].said
    assert "Set YCLIENTS_URL=https://api.yclients.ru;" in findings["redirect"].remedy


def test_a_redirect_to_the_vendor_s_other_host_is_the_remedy(clinic: Clinic) -> None:
    clinic.crm.say(COMPANY, {}, status=301, headers={"location": "https://api.yclients.ru/api/v1/company/1/"})

    assert clinic.found()["redirect"].remedy == "Set YCLIENTS_URL=https://api.yclients.ru"


def test_a_404_to_every_path_is_the_address_s_and_a_404_to_the_branch_the_number_s(clinic: Clinic) -> None:
    """«Все запросы возвращают 401 или 404»: the third of the troubles."""
    clinic.crm.simulator.set_mode("not_found")
    nowhere = clinic.found()
    clinic.crm.simulator.set_mode("ok")
    clinic.crm.say(COMPANY, "Не найдено", status=404)
    clinic.crm.say("/api/v1/companies", [{"id": 12}, {"id": 34}])
    elsewhere = clinic.found()

    assert bad(nowhere) == ["language"]
    assert "404 to every path" in nowhere["language"].said
    assert bad(elsewhere) == ["company"]
    assert "12, 34" in elsewhere["company"].remedy
    assert elsewhere["company"].crm_message == "Не найдено"


def test_a_user_whom_the_crm_does_not_know_is_told_apart_from_the_partner(clinic: Clinic) -> None:
    at_once = clinic.found(user_token="")
    clinic.crm.say(RIGHTS_OF, "Необходима авторизация", status=401)
    only_later = clinic.found()

    for findings in (at_once, only_later):
        assert bad(findings) == ["user_token"]
        assert findings["partner_token"].state == "good"
        assert findings["user_token"].crm_message == "Необходима авторизация"


def test_a_branch_of_somebody_else_s_is_told_with_those_that_are_ours(clinic: Clinic) -> None:
    clinic.crm.say("/api/v1/companies", [{"id": 1, "title": "Липа"}])

    findings = clinic.found(company_id=2)

    assert bad(findings) == ["company"]
    assert findings["company"].crm_message == "Нет прав на управление филиалом 2"
    assert "The user has a hand in: 1" in findings["company"].remedy
    assert findings["user_token"].state == "good"


def test_a_user_is_not_called_known_when_nothing_has_shown_it(clinic: Clinic) -> None:
    findings = clinic.found(user_token="another")

    assert bad(findings) == ["company"]
    assert findings["user_token"].state == "not_checked"
    assert "YCLIENTS_USER_TOKEN" in findings["company"].setting


def test_a_licence_that_has_run_out_is_not_a_setting(clinic: Clinic) -> None:
    clinic.crm.say(COMPANY, "Необходимо продлить лицензию в филиале с id: 1", status=403)

    findings = clinic.found()

    assert bad(findings) == ["company"]
    assert findings["company"].setting == ""
    assert "Renew" in findings["company"].remedy


@pytest.mark.parametrize("status", [500, 503])
def test_a_host_that_is_out_of_order_is_no_fault_of_the_settings(clinic: Clinic, status: int) -> None:
    clinic.crm.say(COMPANY, "Сбой", status=status)
    broken = clinic.found()
    clinic.crm.simulator.set_mode("off")
    away = clinic.found()

    assert bad(broken) == bad(away) == ["answer"]
    assert broken["answer"].setting == away["answer"].setting == ""


def test_no_token_is_in_any_finding_even_when_the_crm_repeats_it(clinic: Clinic) -> None:
    for path in (COMPANY, RIGHTS_OF, SHIFTS):
        clinic.crm.say(path, f"{ACCESS.partner_token} {ACCESS.user_token}", status=403)
        printed = msgspec.json.encode(list(clinic.found().values())).decode()
        assert ACCESS.partner_token not in printed
        assert ACCESS.user_token not in printed
