"""Every text a client was ever asked to agree to, by version and language; none is ever changed or taken out.

A consent on record names a version and the SHA-256 of the text that was shown. Whoever has to prove what it was finds
the text here. So a change of a single letter is a new version: `tests/golden/consents.json` holds their checksums.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.events import CatalogPublished, Language

CONSENTS: Mapping[str, Mapping[Language, str]] = {
    "1": {
        "ru": """Согласие на обработку персональных данных

Я разрешаю обрабатывать мои персональные данные: имя, номер телефона и идентификатор в Telegram.

Кто обрабатывает: {salon}{address}.

Цель: запись на услуги салона, связь со мной по поводу записи, её перенос и отмена.

Действия: сбор, запись, хранение, уточнение, использование, передача в систему учёта записей салона, удаление. \
Обработка ведётся с использованием средств автоматизации. Рекламу по этому согласию не присылают.

Срок: до достижения цели или до отзыва согласия. Отозвать его можно в любой момент, обратившись в салон{phone}.

Версия текста: {version}""",
        "en": """Consent to the processing of personal data

I allow my personal data to be processed: my name, my phone number and my Telegram identifier.

Who processes them: {salon}{address}.

Purpose: booking the salon's services, contacting me about a booking, moving and cancelling it.

Actions: collecting, recording, storing, correcting, using, passing on to the salon's booking system, deleting. \
The processing is done by automated means. No advertising is sent on the strength of this consent.

Term: until the purpose is fulfilled or the consent is withdrawn. It can be withdrawn at any time by contacting the \
salon{phone}.

Version of the text: {version}""",
    },
    "2": {
        "ru": """Согласие на обработку персональных данных

Я разрешаю обрабатывать мои персональные данные: имя, номер телефона и идентификатор в Telegram.

Кто обрабатывает: {salon}{address}.

Цель: запись на услуги салона, связь со мной по поводу записи, её перенос и отмена.

Действия: сбор, запись, хранение, уточнение, использование, передача в систему учёта записей салона, удаление. \
Обработка ведётся с использованием средств автоматизации. Рекламу по этому согласию не присылают.

Срок: до достижения цели или до отзыва согласия. Отозвать его можно в любой момент: в этом боте, в разделе \
«Мои данные», или обратившись в салон{phone}. Записи, которые уже сделаны, от этого не отменяются.

Версия текста: {version}""",
        "en": """Consent to the processing of personal data

I allow my personal data to be processed: my name, my phone number and my Telegram identifier.

Who processes them: {salon}{address}.

Purpose: booking the salon's services, contacting me about a booking, moving and cancelling it.

Actions: collecting, recording, storing, correcting, using, passing on to the salon's booking system, deleting. \
The processing is done by automated means. No advertising is sent on the strength of this consent.

Term: until the purpose is fulfilled or the consent is withdrawn. It can be withdrawn at any time: in this bot, under \
“My data”, or by contacting the salon{phone}. Bookings already made are not cancelled by that.

Version of the text: {version}""",
    },
}
CURRENT = "2"


@dataclass(frozen=True)
class ConsentText:
    """A text with the salon's name in it, as it was, or is, shown to clients."""

    version: str
    language: Language
    text: str

    @property
    def sha256(self) -> str:
        """In hex, as it is on record."""
        return sha256_of(self.text)


def shown_text(template: str, version: str, salon: CatalogPublished) -> str:
    """The exact text a client agrees to: the template with the salon's name, address and phone."""
    return template.format(
        salon=salon.salon,
        address=f", {salon.address}" if salon.address else "",
        phone=f": {salon.phone}" if salon.phone else "",
        version=version,
    )


def consent_texts(version: str, salon: CatalogPublished) -> list[ConsentText]:
    """A version in every language. Raises KeyError for one that never was."""
    return [
        ConsentText(version, language, shown_text(template, version, salon))
        for language, template in CONSENTS[version].items()
    ]


def text_behind(sha256: str, salons: Iterable[CatalogPublished]) -> ConsentText | None:
    """The text with this checksum, of all that could have been shown by a salon with these catalogues."""
    possible = (text for salon in salons for version in CONSENTS for text in consent_texts(version, salon))
    return next((text for text in possible if text.sha256 == sha256), None)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
