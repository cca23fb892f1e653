"""What is said about bookings that wait for a person: every reason and effect in both languages, and told in full."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import fields
from typing import get_args

import pytest

from bot.texts.questions import QUESTION_WORDS, QuestionTeller
from ledger import events as e
from ledger.questions import answers_to
from ledger.sync_state import SyncState
from projections.catalog import Catalog
from projections.clients import Contact
from projections.questions import TELLS_CLIENT, Effect, OpenedQuestion, Question, Reason, effect_of
from tests.builders import MOSCOW, NOW, catalog, failed
from tests.questions import QUESTIONS, asked, state_of

LONGEST_BUTTON = 44
LANGUAGES: list[e.Language] = ["ru", "en"]
EFFECTS: dict[tuple[str, e.Answer], Effect] = {
    ("refused", "ours"): "force",
    ("refused", "theirs"): "cancel_here",
    ("busy", "offer"): "ask_client",
    ("busy move", "ours"): "force",
    ("busy move", "theirs"): "cancel_both",
    ("overlap", "ours"): "stand_beside",
    ("overlap", "theirs"): "cancel_both",
    ("overlap open", "theirs"): "cancel_both",
    ("overlap unsent", "theirs"): "cancel_here",
    ("twin", "ours"): "keep_first",
    ("twin", "theirs"): "keep_other",
    ("dragged", "ours"): "bring_back_found",
    ("dragged", "theirs"): "follow_found",
    ("dragged", "retry"): "not_it",
    ("moved", "ours"): "bring_back",
    ("moved", "theirs"): "follow",
    ("moved", "retry"): "look_again",
    ("removed", "ours"): "create_anew",
    ("removed", "theirs"): "call_off",
    ("blacklisted", "ours"): "send_again",
    ("unremovable", "retry"): "cancel_again",
    ("second unremovable", "theirs"): "leave_second",
    ("second unremovable", "retry"): "remove_again",
}


def teller(language: e.Language) -> QuestionTeller:
    return QuestionTeller(QUESTION_WORDS[language], Catalog(catalog(), NOW), MOSCOW)


def opened(state: SyncState, *, can_tell: bool = True, failure: e.SyncFailed | None = None) -> OpenedQuestion:
    contact = Contact("Мария", "+79161234567", "111" if can_tell else "")
    return OpenedQuestion(Question(state, NOW, failure), contact, "нельзя", can_tell)


def texts(language: e.Language) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in fields(QUESTION_WORDS[language]):
        value = getattr(QUESTION_WORDS[language], field.name)
        inner = value if isinstance(value, Mapping) else {"": value}
        found |= {f"{field.name}.{key}": text for key, text in inner.items()}
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_reason_and_effect_has_its_words_in_both_languages_with_the_same_names() -> None:
    assert set(QUESTION_WORDS) == set(get_args(e.Language))
    for words in QUESTION_WORDS.values():
        assert set(words.reasons) == set(get_args(Reason))
        assert set(words.buttons) == set(words.effects) == set(get_args(Effect))
    russian, english = texts("ru"), texts("en")
    for name in russian.keys() & english.keys():
        assert placeholders(russian[name]) == placeholders(english[name]), name
    assert not [name for name, text in english.items() if re.search("[А-Яа-яЁё]", text)]
    assert not [name for name, text in {**russian, **english}.items() if not text.strip()]


@pytest.mark.parametrize(("question", "answer"), EFFECTS)
def test_an_answer_is_told_by_what_it_does(question: str, answer: e.Answer) -> None:
    assert effect_of(state_of(asked(question)), answer) == EFFECTS[question, answer]


def test_every_effect_is_some_answers() -> None:
    assert set(EFFECTS.values()) == set(get_args(Effect))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_to_every_question_is_told_without_a_gap(question: str, language: e.Language) -> None:
    state = state_of(asked(question))
    one = opened(state)
    for answer in answers_to(state):
        label, effect = teller(language).button(one.question, answer), teller(language).effect(one, answer)
        assert 0 < len(label) <= LONGEST_BUTTON
        for said in (label, effect):
            assert not re.search(r"[{}]|«»|“”|  |: \.|\s$", said), said
        tells = QUESTION_WORDS[language].tells_client in effect
        assert tells == (effect_of(state, answer) in TELLS_CLIENT)
    assert all(teller(language).lines(one))


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_two_answers_worth_choosing_between_do_the_same(question: str) -> None:
    state = state_of(asked(question))
    effects = [effect_of(state, answer) for answer in Question(state, NOW, None).answers]
    assert len(effects) == len(set(effects)) > 0


def test_a_client_the_bot_cannot_write_to_has_to_be_called() -> None:
    state = state_of(asked("busy"))
    assert "позвоните ему" in teller("ru").effect(opened(state, can_tell=False), "theirs")


def test_what_was_sent_and_never_arrived_is_told_from_what_was_refused() -> None:
    state = state_of(asked("refused"))
    assert opened(state, failure=failed(parked=True)).question.reason == "refused"
    assert opened(state, failure=failed(outcome="absent", parked=True)).question.reason == "lost"
    assert opened(state_of(asked("unremovable"))).question.reason == "not_removed"
