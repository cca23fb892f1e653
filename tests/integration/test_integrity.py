"""The chain: PostgreSQL and Python compute the same hashes, and whatever was tampered with is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from ledger.integrity import chain_hash, event_digest, verify_chain
from tests.builders import BOOKING, OTHER_BOOKING, slot
from tests.store import Salon

AT = datetime(2030, 1, 7, 7, 0, 0, 123456, tzinfo=UTC)
GENESIS = bytes(range(16))


def sized(field: bytes) -> bytes:
    return len(field).to_bytes(4, "big") + field


def test_the_hash_layout_is_the_one_written_down() -> None:
    """By hand, from the document: version, then each field after its length in four bytes."""
    tag_block = bytes.fromhex("00000002000000016100000002d191")  # two tags: a, ё
    digest = sha256(b"\x01" + sized(b"booking_made") + sized(tag_block) + sized(b"{}")).digest()
    place = sized((1).to_bytes(8, "big")) + sized((1893999600123456).to_bytes(8, "big"))
    hash_ = sha256(b"\x01" + sized(GENESIS) + place + sized(digest)).digest()

    assert event_digest("booking_made", ["a", "ё"], "{}") == digest
    assert chain_hash(GENESIS, 1, AT, digest) == hash_


@pytest.mark.parametrize(
    ("type_", "tags", "data", "expected"),
    [
        ("booking_made", ["a", "ё"], "{}", "4a2d256ae622cd68e927054be272a74cddd51c430850ca3229e91be49014fcdd"),
        ("", [], "", "d412611b08f82d074d565766e265448880106fdd5b8277e360b5766c913796b0"),
    ],
)
def test_a_digest_never_changes(type_: str, tags: list[str], data: str, expected: str) -> None:
    assert event_digest(type_, tags, data).hex() == expected


def test_a_hash_never_changes() -> None:
    digest = event_digest("booking_made", ["a", "ё"], "{}")

    assert (
        chain_hash(GENESIS, 1, AT, digest).hex() == "9f1f50b7782933b638257bd8bd36229aab50a10d7a8feafb5e842950b6f4ecb2"
    )
    before_1970 = datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (
        chain_hash(GENESIS, 2**40, before_1970, digest).hex()
        == "bd3f150e5fbf1dff7e08af75cbe9b9fe614f0a45068f2cc2c660c4a82e8f5816"
    )


TRICKY = [
    ("a", [], "{}"),
    ("a", [""], "{}"),
    ("a", ["", ""], "{}"),
    ("a", ["ab", "c"], "{}"),
    ("a", ["a", "bc"], "{}"),
    ("тип", ["клиент:Ёлка", "🙂"], '{"имя": "Ёж"}'),
    ("a", ["NULL", "{}", '"', "\\", ",", "a,b"], '{ "spaced" :  1 }'),
    ("a", ["b", "a", "b"], '{"a":"\\u0001\\\\"}'),
]


@pytest.mark.parametrize(("type_", "tags", "data"), TRICKY)
def test_postgresql_computes_the_same_digest_and_hash(salon: Salon, type_: str, tags: list[str], data: str) -> None:
    [(digest, hash_)] = salon.rows(
        """SELECT event_digest(%s, %s::text[], %s),
                  chain_step(NULL, %s, 5::bigint, %s, event_digest(%s, %s::text[], %s))""",
        *(type_, tags, data, GENESIS, AT, type_, tags, data),
    )

    assert bytes(digest) == event_digest(type_, tags, data)
    assert bytes(hash_) == chain_hash(GENESIS, 5, AT, bytes(digest))


def test_no_two_tricky_events_share_a_digest() -> None:
    assert len({event_digest(*one) for one in TRICKY}) == len(TRICKY)


@pytest.mark.parametrize("moment", ["0001-01-01", "1969-12-31 23:59:59.999999", "2038-01-19 03:14:07.000001"])
def test_postgresql_reads_any_instant_to_the_microsecond_as_python_does(salon: Salon, moment: str) -> None:
    instant = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    [(hash_,)] = salon.rows("SELECT chain_step(NULL, %s, 1::bigint, %s, 'x'::bytea)", GENESIS, instant)

    assert bytes(hash_) == chain_hash(GENESIS, 1, instant, b"x")


@pytest.fixture
def sound(salon: Salon) -> Salon:
    """A salon with a verified chain of ten events."""
    salon.book()
    salon.book(slot("12:00"), OTHER_BOOKING)
    assert verify_chain(salon.recorder).ok
    assert verify_chain(salon.recorder).events == salon.recorder.head() == 9
    return salon


def test_a_sound_chain_ends_with_the_heads_hash(sound: Salon) -> None:
    [(head,)] = sound.rows("SELECT hash FROM events ORDER BY position DESC LIMIT 1")

    assert verify_chain(sound.recorder).head_hash == bytes(head)


COLUMNS = "recorded_at, type, tags, data, digest, hash"
TAMPERED = {
    "changed data": (["UPDATE events SET data = '{}' WHERE position = 5"], 5, "content"),
    "one more space": (["UPDATE events SET data = (data::text || ' ')::json WHERE position = 5"], 5, "content"),
    "a changed type": (["UPDATE events SET type = 'hold_lapsed' WHERE position = 6"], 6, "content"),
    "a changed tag": (["UPDATE events SET tags = tags || 'more'::text WHERE position = 4"], 4, "content"),
    "tags in another order": (["UPDATE events SET tags = ARRAY[tags[2], tags[1]] WHERE position = 4"], 4, "content"),
    "tags counted from nought": (
        ["UPDATE events SET tags = ('[0:1]=' || tags::text)::text[] WHERE position = 4"], 4, "content",
    ),
    "tags in a square": (["UPDATE events SET tags = ARRAY[tags] WHERE position = 4"], 4, "content"),
    "a hash cut short": (["UPDATE events SET hash = substr(hash, 1, 31) WHERE position = 4"], 4, ""),
    "no digest": (
        ["ALTER TABLE events ALTER digest DROP NOT NULL", "UPDATE events SET digest = NULL WHERE position = 4"],
        4, "content",
    ),
    "no time, no data": (
        ["ALTER TABLE events ALTER recorded_at DROP NOT NULL, ALTER data DROP NOT NULL",
         "UPDATE events SET recorded_at = NULL, data = NULL WHERE position = 4"], 4, "content",
    ),
    "an event that stands there twice": (
        ["ALTER TABLE events DROP CONSTRAINT events_pkey",
         "INSERT INTO events SELECT * FROM events WHERE position = 5"], 5, "twice",
    ),
    "a lost tag": (["UPDATE events SET tags = ARRAY[NULL] WHERE position = 4"], 4, "content"),
    "a changed time": (
        ["UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE position = 7"], 7, "hash",
    ),
    "an endless time": (["UPDATE events SET recorded_at = 'infinity' WHERE position = 7"], 7, "hash"),
    "an ancient time": (["UPDATE events SET recorded_at = '4000-01-01 BC' WHERE position = 7"], 7, "hash"),
    "a changed hash": (["UPDATE events SET hash = sha256('x') WHERE position = 3"], 3, "hash"),
    "a content with its digest": (
        ["UPDATE events SET data = '{}', digest = event_digest(type, tags, '{}') WHERE position = 5"], 5, "hash",
    ),
    "a deleted first event": (["DELETE FROM events WHERE position = 1"], 1, "missing"),
    "a deleted event": (["DELETE FROM events WHERE position = 5"], 5, "missing"),
    "a deleted event, the gap closed": (
        ["DELETE FROM events WHERE position = 5", *(
            f"UPDATE events SET position = {n - 1} WHERE position = {n}" for n in range(6, 10)
        )], 5, "hash",
    ),
    "an event inserted before the first": (
        [f"INSERT INTO events SELECT 0, {COLUMNS} FROM events WHERE position = 1"], 0, "before position 1",
    ),
    "an inserted event": (
        [*(f"UPDATE events SET position = {n + 1} WHERE position = {n}" for n in range(9, 4, -1)),
         f"INSERT INTO events SELECT 5, {COLUMNS} FROM events WHERE position = 4"], 5, "hash",
    ),
    "an appended event": ([f"INSERT INTO events SELECT 10, {COLUMNS} FROM events WHERE position = 9"], 10, "hash"),
    "two swapped events": (
        ["UPDATE events SET position = CASE position WHEN 5 THEN -6 ELSE -5 END WHERE position IN (5, 6)",
         "UPDATE events SET position = -position WHERE position < 0"], 5, "hash",
    ),
    "a missing tag row": (["DELETE FROM event_tags WHERE position = 6 AND tag LIKE 'day:%'"], 6, "tag row is missing"),
    "an extra tag row": (["INSERT INTO event_tags VALUES ('client:1', 6)"], 6, "tag row points"),
    "a moved tag row": (["UPDATE event_tags SET tag = 'x' WHERE position = 6 AND tag LIKE 'day:%'"], 6, "tag row"),
    "a tag row of a future event": (["INSERT INTO event_tags VALUES ('client:1', 10)"], 10, "tag row points"),
    "a tail cut off without its tags": (["DELETE FROM events WHERE position >= 8"], 8, "tag row points"),
    "another genesis": (["UPDATE ledger SET genesis = '0123456789abcdef'"], 1, "hash"),
    "no genesis": (["DELETE FROM ledger"], 0, "genesis row is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_whatever_was_tampered_with_is_found_and_named(sound: Salon, name: str) -> None:
    statements, position, words = TAMPERED[name]
    sound.tamper(*statements)

    found = verify_chain(sound.recorder)

    assert (found.ok, found.first_bad_position) == (False, position), found.reason
    assert words in (found.reason or "")


def test_times_in_the_wrong_order_are_found_even_under_recomputed_hashes(sound: Salon) -> None:
    [(previous, at, digest)] = sound.rows(
        "SELECT (SELECT hash FROM events WHERE position = 8), recorded_at, digest FROM events WHERE position = 9"
    )
    earlier = at - timedelta(days=1)
    forged = chain_hash(bytes(previous), 9, earlier, bytes(digest)).hex()
    sound.tamper(f"UPDATE events SET recorded_at = '{earlier.isoformat()}', hash = '\\x{forged}' WHERE position = 9")

    found = verify_chain(sound.recorder)

    assert (found.first_bad_position, found.reason) == (9, "recorded before the event in front of it")


def test_a_chain_of_many_pages_is_walked_to_its_end(salon: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.integrity.walk.PAGE", 3)
    salon.book(booking_id=BOOKING)
    salon.hold(slot("12:00"), OTHER_BOOKING)
    events = salon.recorder.head()

    assert verify_chain(salon.recorder).events == events
    salon.tamper(f"UPDATE events SET data = '{{}}' WHERE position = {events}")
    assert verify_chain(salon.recorder).first_bad_position == events


def test_an_empty_log_is_sound_until_only_its_tags_are_left(salon: Salon) -> None:
    salon.tamper("TRUNCATE events, event_tags")
    assert verify_chain(salon.recorder).ok

    salon.tamper("INSERT INTO event_tags VALUES ('client:1', 1)")
    assert not verify_chain(salon.recorder).ok
