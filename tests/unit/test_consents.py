"""A consent on record can be traced to its very words for ever, so a text that was shown is never changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.texts.consents import CONSENTS, CURRENT, consent_texts, sha256_of, shown_text, text_behind
from bot.texts.languages import WORDS
from tests.builders import catalog

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "consents.json").read_text("utf-8"))
CHECKSUMS = {
    f"{version}.{language}": sha256_of(text) for version, texts in CONSENTS.items() for language, text in texts.items()
}


def test_a_text_that_was_ever_shown_stands_here_letter_for_letter() -> None:
    """When this fails: leave the old version as it was, and add a new one with a new golden checksum."""
    assert {name: CHECKSUMS.get(name) for name in GOLDEN} == GOLDEN


def test_every_version_has_its_checksum_on_file_and_every_language() -> None:
    assert CHECKSUMS.keys() == GOLDEN.keys()
    assert {frozenset(texts) for texts in CONSENTS.values()} == {frozenset(WORDS)}


def test_no_two_versions_are_the_same_words() -> None:
    assert len(set(CHECKSUMS.values())) == len(CHECKSUMS)


def test_clients_are_asked_with_the_newest_version() -> None:
    assert list(CONSENTS)[-1] == CURRENT
    for language, words in WORDS.items():
        assert (words.consent_version, words.consent) == (CURRENT, CONSENTS[CURRENT][language])


@pytest.mark.parametrize("version", CONSENTS)
def test_a_text_names_the_salon_and_its_own_version(version: str) -> None:
    for one in consent_texts(version, catalog()):
        assert "Салон, ул. Лесная, 5" in one.text
        assert "+74951234567" in one.text
        assert one.text.endswith(version)


def test_a_salon_without_address_and_phone_leaves_no_holes() -> None:
    text = shown_text(CONSENTS["2"]["ru"], "2", catalog(address="", phone=""))

    assert "Кто обрабатывает: Салон.\n" in text
    assert "обратившись в салон. Записи" in text


def test_the_text_behind_a_checksum_is_found_in_any_version_language_and_catalogue() -> None:
    moved, renamed = catalog(address="ул. Новая, 1"), catalog(salon="Другой")
    for salon in (moved, renamed):
        for version in CONSENTS:
            for wanted in consent_texts(version, salon):
                found = text_behind(wanted.sha256, [catalog(), moved, renamed])
                assert found == wanted
    assert text_behind(consent_texts("1", moved)[0].sha256, [catalog()]) is None


def test_the_present_text_tells_how_to_take_it_back() -> None:
    for language, words in WORDS.items():
        assert words.my_data_button in CONSENTS[CURRENT][language]
