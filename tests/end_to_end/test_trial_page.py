"""The page of `zapisnik try`, by its addresses: what it shows, what a visitor may do, who else may not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from console.web.trial import cast
from sync.simulator import MODES
from tests.trial import Json, Trial, at_work, is_settled, open_trial


@pytest.fixture
def still(database_url: str, schema: str) -> Iterator[Trial]:
    with open_trial(database_url, schema) as trial:
        yield trial


@pytest.fixture
def trial(database_url: str, schema: str) -> Iterator[Trial]:
    with open_trial(database_url, schema) as trial, at_work(trial):
        yield trial


def test_a_visitor_finds_the_page_its_words_and_the_salon(still: Trial) -> None:
    page = still.browser.get("/")

    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert still.browser.get("/static/trial/words/en/page.json").status_code == 200
    salon = still.browser.get("/salon").json()
    assert salon["modes"] == list(MODES)
    assert salon["staff"]["101"] == "Анна Власова"


def test_a_tap_in_the_chat_reaches_the_bot_and_a_second_client_has_a_chat_in_their_language(trial: Trial) -> None:
    message = trial.state()["chat"]["messages"][-1]

    data = message["buttons"][0][0]["data"]
    trial.post("/tap", chat_id=cast.MARIA.chat_id, message_id=message["message_id"], data=data)

    after = trial.until(lambda now: now["chat"]["messages"][-1]["text"] != message["text"])
    assert [(tab["name"], tab["part"], tab["language"]) for tab in after["chats"]] == [
        ("Мария", "client", "ru"),
        ("Emma", "client", "en"),
        ("Сотрудники «Липы»", "staff", None),
    ]
    emma = trial.state(chat=cast.EMMA.chat_id)["chat"]["messages"][1]
    assert emma["buttons"][0][0]["text"] == "Book a visit"


def test_the_staff_are_told_and_may_ask_and_decide_in_their_own_chat(trial: Trial) -> None:
    trial.book()
    staff = cast.STAFF_CHAT
    assert "/today" in trial.browser.get("/salon").json()["staff_commands"]

    def says(words: str) -> Callable[[Json], bool]:
        return lambda _: any(words in one["text"] for one in trial.state(chat=staff)["chat"]["messages"])

    trial.until(says("Новая запись"))
    trial.post("/text", chat_id=staff, text="/today")
    trial.until(says("визит"))
    trial.post("/text", chat_id=staff, text="/pause ждём ключи")
    trial.until(lambda state: state["integration"]["state"] == "paused")
    trial.post("/text", chat_id=staff, text="/resume")
    trial.until(says("Возобновить обмен с CRM?"))
    asked = trial.state(chat=staff)["chat"]["messages"][-1]
    trial.post("/tap", chat_id=staff, message_id=asked["message_id"], data=asked["buttons"][0][0]["data"])
    trial.until(lambda state: state["integration"]["state"] == "running")


def test_the_outage_as_a_visitor_plays_it(trial: Trial) -> None:
    trial.book()
    trial.until(is_settled)
    assert trial.blocks() == [("both", "both")]

    trial.post("/crm", mode="auth")
    trial.book(cast.EMMA)
    broken = trial.until(lambda state: state["integration"]["state"] == "paused")
    assert broken["integration"]["kind"] == "auth"
    assert broken["integration"]["message"] == "Не указан идентификатор партнера"
    assert sorted(trial.blocks()) == [("both", "both"), ("waiting", "ours")]

    trial.post("/crm", mode="ok")
    plan = trial.browser.get("/plan").json()
    assert (plan["create"], plan["items"][0]["step"]) == (1, "create")
    trial.post("/resume", past="ask")
    state = trial.until(is_settled)
    assert trial.blocks() == [("both", "both"), ("both", "both")]
    assert set(state["settled"].values()) == {"succeeded"}


def test_the_log_comes_in_pieces_and_holds_no_name(trial: Trial) -> None:
    trial.book()
    trial.until(is_settled)
    state = trial.state()

    positions = [event["position"] for event in state["log"]]
    assert positions == list(range(1, state["head"] + 1))
    assert trial.state(after=positions[-2])["log"] == state["log"][-1:]
    registered = next(event for event in state["log"] if event["type"] == "client_registered")
    assert registered["facts"]["name"].keys() == {"sealed", "for"}
    assert "Мария" not in str(state["log"])


def test_an_event_is_shown_as_it_is_stored_with_its_place_in_the_chain(still: Trial) -> None:
    first, second = (still.browser.get(f"/event/{position}").json() for position in (1, 2))

    assert second["previous_hash"] == first["hash"]
    assert second["data"] == still.house.recorder.page(None, 1, 1)[0][0].data
    assert len(bytes.fromhex(first["previous_hash"])) == 16  # the ledger's random beginning
    assert still.browser.get("/event/999").status_code == 404


def test_a_story_is_told_in_the_pages_language(trial: Trial) -> None:
    trial.book()
    made = next(event for event in trial.state()["log"] if event["type"] == "booking_made")
    address = f"/story/{made['facts']['booking_id']}"

    ru, en = (trial.browser.get(address, params={"language": one}).json() for one in ("ru", "en"))

    assert [line["type"] for line in ru["lines"]][:2] == ["slot_held", "booking_made"]
    assert "Запись сделана" in ru["lines"][1]["line"]
    assert ru["code"] == en["code"]
    assert "Запись сделана" not in str(en["lines"])
    assert trial.browser.get("/story/1").status_code == 404


def test_what_is_done_in_the_crm_by_hand_is_seen_beside_the_log(still: Trial) -> None:
    day = still.state()["days"][3]["day"]

    made = still.post("/crm/records", staff_id=103, day=day, start="12:00:00", minutes=60, who="Звонок")
    assert still.blocks() == [("by_hand", "crm")]

    still.post(f"/crm/records/{made['record_id']}/delete")
    assert still.blocks() == []
    assert still.browser.post(f"/crm/records/{made['record_id']}/delete").status_code == 404


def test_a_tap_delivered_twice_stores_nothing_the_second_time(trial: Trial) -> None:
    assert trial.browser.post("/again", json={"chat_id": cast.MARIA.chat_id}).status_code == 409
    message = trial.state()["chat"]["messages"][-1]
    data = message["buttons"][0][0]["data"]
    trial.post("/tap", chat_id=cast.MARIA.chat_id, message_id=message["message_id"], data=data)

    assert trial.post("/again", chat_id=cast.MARIA.chat_id) == {"stored": 0}


def test_a_forged_event_is_found_and_the_old_text_fits_again(trial: Trial) -> None:
    assert trial.browser.post("/forge").status_code == 409, "there is no booking to forge yet"
    trial.book()
    assert trial.post("/verify")["ok"]

    forged = trial.post("/forge")["position"]
    found = trial.post("/verify")
    assert (found["ok"], found["first_bad_position"]) == (False, forged)
    assert trial.post("/forge")["position"] == forged, "once is enough"
    assert trial.state()["forged"] == forged

    trial.post("/restore")
    assert trial.post("/verify")["ok"]


def test_the_board_stood_otherwise_before(trial: Trial) -> None:
    trial.book()
    state = trial.until(is_settled)
    made = next(event for event in state["log"] if event["type"] == "booking_made")
    day = made["facts"]["slot"]["starts_at"][:10]

    def stood(position: int) -> list[str]:
        board = trial.browser.get("/board", params={"day": day, "position": position}).json()["board"]
        return [block["state"] for block in board["blocks"]]

    assert [stood(made["position"] + offset) for offset in (-4, -1, 0, 2)] == [[], ["held"], ["waiting"], ["both"]]


def test_the_short_outage_plays_by_itself_and_leaves_both_sides_equal(trial: Trial) -> None:
    trial.post("/outage")

    state = trial.state()
    types = [event["type"] for event in state["log"]]
    assert state["outage"] == "done"
    assert [types.count(f"booking_{how}") for how in ("made", "cancelled", "moved")] == [6, 2, 1]
    assert types.count("integration_paused") == 1
    assert types.count("sync_skipped") == 1, "booked and cancelled meanwhile: nothing to tell"
    assert {one for one, _ in trial.blocks()} == {"both"}
    assert len([tab for tab in state["chats"] if tab["part"] == "guest"]) == 6


def test_a_play_ends_in_the_middle_when_the_program_does(trial: Trial) -> None:
    threading.Timer(0.3, trial.page.close).start()

    answer = trial.browser.post("/outage")

    assert (answer.status_code, answer.text) == (409, "the trial ends")
    assert trial.state()["outage"] is None


def test_pausing_and_resuming_by_hand(still: Trial) -> None:
    still.post("/pause")
    assert still.state()["integration"]["kind"] == "operator"

    still.post("/resume", past="skip")
    assert still.state()["integration"]["state"] == "running"


def test_a_page_of_another_origin_may_change_nothing_and_read_nothing(still: Trial) -> None:
    def press(**headers: str) -> int:
        return still.browser.post("/crm", json={"mode": "off"}, headers=headers).status_code

    assert press(Origin="http://evil.example") == 403
    assert press(Origin="null") == 403
    assert press(Origin="http://127.0.0.1:9999") == 403
    assert press(Host="evil.example", Origin="http://evil.example") == 400, "a name rebound to this machine"
    assert still.browser.get("/state", headers={"Host": "evil.example"}).status_code == 400
    assert still.state()["integration"]["mode"] == "ok"
    assert press() == 200
    assert still.state()["integration"]["mode"] == "off"


def test_nonsense_is_answered_in_words(still: Trial) -> None:
    refused = [
        still.browser.post("/crm", json={"mode": "haunted"}),
        still.browser.post("/tap", content=b"{"),
        still.browser.post("/crm/records", json={"staff_id": 1}),
        still.browser.get("/state", params={"day": "yesterday"}),
        still.browser.get("/state", params={"after": "all"}),
    ]
    unknown = [
        still.browser.post("/tap", json={"chat_id": 1, "message_id": 1, "data": "x"}),
        still.browser.post("/text", json={"chat_id": 1, "text": "x"}),
        still.browser.post("/contact", json={"chat_id": 1}),
    ]

    assert {answer.status_code for answer in refused} == {400}
    assert {answer.status_code for answer in unknown} == {404}
    assert all(answer.text for answer in refused + unknown)


def test_the_stream_tells_of_a_change_and_ends_with_the_program(still: Trial) -> None:
    threading.Timer(0.5, still.page.close).start()

    told = still.browser.get("/stream")

    assert told.headers["content-type"].startswith("text/event-stream")
    assert told.text.startswith("data: changed\n\n")
