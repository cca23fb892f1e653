"""Large and odd events: stored whole or refused with one clear error, never half, and the ledger goes on."""

from __future__ import annotations

import random
import string

import pytest
from eventsourcing.dcb.api import DCBEvent
from eventsourcing.persistence import ProgrammingError

from ledger import events as e
from ledger.codec import encode
from ledger.decisions.integration import PauseIntegration
from ledger.errors import StoredFormError
from ledger.integrity import verify_chain
from ledger.ledger import Ledger
from ledger.recorder import BoundaryItem
from tests.builders import NOW, SYSTEM, order
from tests.store import Salon

DICE = random.Random(5)
STORED = {
    "100 kB": "я" * 50_000,
    "1 MB": "".join(DICE.choices(string.printable, k=1 << 20)),
    "right to left": "\u202eשלום \u061c عليكم\u2069",
    "U+FFFF and astral": "\uffff\ufffe\U0010ffff\U0001f487",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\u2028",
    "what only looks like a NUL": "\\u0000 \\\\u0000",
}
REFUSED = {"NUL": "a\x00b", "lone surrogate": "a\ud800", "surrogates the wrong way round": "\udc00\ud800"}
INCOMPRESSIBLE = "".join(DICE.choices(string.ascii_letters + string.digits, k=8000))
"""PostgreSQL compresses what it indexes: only such a text meets the limit of 2,704 bytes."""


def works_afterwards(salon: Salon, stored: int) -> None:
    """Exactly so many events are there, the chain verifies, and the next append is the next position."""
    assert salon.recorder.head() == stored
    assert salon.rows("SELECT count(*), max(position) FROM events") == [(stored, stored)]
    assert salon.ledger.execute(PauseIntegration(order(), "operator")).position == stored + 1
    assert verify_chain(salon.recorder).ok


@pytest.mark.parametrize("text", STORED.values(), ids=STORED)
def test_a_text_is_stored_whole(salon: Salon, text: str) -> None:
    head = salon.recorder.head()

    done = salon.ledger.execute(PauseIntegration(order("size:1"), "auth", text))

    (item,) = salon.ledger.history(BoundaryItem(tags=["command:size:1"]))
    assert isinstance(item.event, e.IntegrationPaused)
    assert item.event.message == done.answer.message == text
    works_afterwards(salon, head + 1)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("where", ["fact", "command"])
def test_what_postgresql_could_not_give_back_is_refused(salon: Salon, text: str, where: str) -> None:
    head = salon.recorder.head()
    wish = PauseIntegration(order("size:1"), "auth", text) if where == "fact" else PauseIntegration(order(text), "auth")

    with pytest.raises(StoredFormError):
        salon.ledger.execute(wish)

    works_afterwards(salon, head)


def test_a_command_id_too_long_for_the_index_is_refused_at_once(salon: Salon) -> None:
    """It is the database's own limit, an OperationalError by its class; trying again would not help."""
    head, waited = salon.recorder.head(), list[float]()
    ledger = Ledger(salon.recorder, salon.ledger._inline, sleep=waited.append)

    with pytest.raises(StoredFormError, match="index row"):
        ledger.execute(PauseIntegration(order(INCOMPRESSIBLE), "operator"))

    assert waited == []
    works_afterwards(salon, head)


def event(tags: list[str]) -> DCBEvent:
    data = encode(e.IntegrationPaused("operator"), by=SYSTEM, at=NOW, cause="c")
    return DCBEvent(type="integration_paused", data=data, tags=tags)


TAGS = {
    "200 tags": [f"size:{n}" for n in range(200)],
    "a tag of 2,000 characters": [INCOMPRESSIBLE[:2000], "size:1"],
    "an empty tag": ["", "size:1"],
    "a tag twice": ["size:1", "size:1"],
    "a tag with quotes and braces": ['size:"{}\\,', "size:1"],
}


@pytest.mark.parametrize("tags", TAGS.values(), ids=TAGS)
def test_tags_are_stored_whole_and_each_finds_the_event(salon: Salon, tags: list[str]) -> None:
    head = salon.recorder.head()

    position = salon.recorder.append([event(tags)])

    assert salon.rows("SELECT tags FROM events WHERE position = %s", position) == [(tags,)]
    for tag in set(tags):
        assert [one.position for one in salon.ledger.history(BoundaryItem(tags=[tag]))][-1] == position
    works_afterwards(salon, head + 1)


def test_a_batch_with_one_event_that_cannot_be_stored_stores_none(salon: Salon) -> None:
    head = salon.recorder.head()

    with pytest.raises(Exception, match="index row"):
        salon.recorder.append([event(["size:1"]), event([INCOMPRESSIBLE]), event(["size:3"])])

    assert salon.rows("SELECT 1 FROM event_tags WHERE tag LIKE 'size:%%'") == []
    works_afterwards(salon, head)


def test_nothing_at_all_is_no_append(salon: Salon) -> None:
    head = salon.recorder.head()

    with pytest.raises(ProgrammingError):
        salon.recorder.append([])

    works_afterwards(salon, head)
