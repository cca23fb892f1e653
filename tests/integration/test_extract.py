"""A signed extract of the log: what is in it, that it proves it without a database, and that no byte may differ."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from hashlib import sha256

import msgspec
import pytest

from ledger import events as e
from ledger.errors import AlteredExtractError, BrokenLogError, MalformedValueError
from ledger.integrity.extract import Annex, Extract, write_extract
from ledger.integrity.extract_check import CheckedExtract, check_extract
from ledger.integrity.extract_lines import Footer, Scope, encoded, signed_text
from ledger.integrity.signing import SigningKey, new_signing_key
from ledger.recorder import BoundaryItem
from ledger.tags import booking_tag
from ledger.values import BookingId, ClientId
from tests.builders import BOOKING, DARIA, MARIA, NOW, OTHER_BOOKING, slot
from tests.salon import Salon as WholeSalon, open_test_salon
from tests.store import Salon
from tests.tampering import checkpoint
from tests.test_architecture import EVENTS, fields_of, is_sealed

KEY = new_signing_key()


@pytest.fixture
def told(salon: Salon) -> Salon:
    """Maria's visit (events 4 to 7), Daria's (8 to 11), a checkpoint (12, about 11) and another booking's hold (13)."""
    salon.book()
    salon.book(slot("12:00"), OTHER_BOOKING, DARIA)
    checkpoint(salon, KEY)
    salon.hold(slot("16:00"), BookingId(3))
    return salon


def extract(salon: Salon, scope: Scope, key: SigningKey | None = KEY) -> tuple[bytes, Extract]:
    out = io.BytesIO()
    done = write_extract(salon.recorder, scope, out, signer=key, made_at=NOW)
    return out.getvalue(), done


def checked(data: bytes, *keys: SigningKey) -> CheckedExtract:
    return check_extract(io.BytesIO(data), [key.public for key in keys or (KEY,)])


def altered(data: bytes, *keys: SigningKey) -> AlteredExtractError:
    with pytest.raises(AlteredExtractError) as found:
        checked(data, *keys)
    return found.value


def shown(data: bytes) -> list[int]:
    lines = [json.loads(line) for line in data.splitlines()]
    return [line["position"] for line in lines if isinstance(line, dict) and "position" in line]


def test_the_whole_log_is_all_of_it_in_full(told: Salon) -> None:
    data, done = extract(told, Scope("log"))

    found = checked(data)
    assert (done.first, done.last, done.full) == (1, 13, 13)
    assert (found.full, found.others, found.is_proved) == (13, 0, True)
    assert [one.position for one in found.checkpoints] == [11]
    [(head,)] = told.rows("SELECT hash FROM events WHERE position = 13")
    assert found.head_hash == bytes(head)
    stored = told.rows("SELECT data::text FROM events ORDER BY position")
    assert [json.loads(line)["data"] for line in data.splitlines()[1:-1]] == [text for (text,) in stored]


def test_a_bookings_extract_shows_its_own_events_and_goes_to_the_next_checkpoint(told: Salon) -> None:
    data, done = extract(told, Scope("booking", id=BOOKING))

    assert (done.first, done.last) == (6, 12)
    assert shown(data) == [6, 7, 12]
    found = checked(data)
    assert (found.full, found.others) == (3, 4)
    assert [one.position for one in found.checkpoints] == [11]
    for other in (str(OTHER_BOOKING), str(DARIA)):
        assert f'"{other}'.encode() not in data
        assert f":{other}".encode() not in data


def test_without_a_later_checkpoint_it_goes_to_the_head(told: Salon) -> None:
    assert extract(told, Scope("booking", id=3))[1].last == 13


def test_a_clients_extract_has_what_is_tagged_with_a_booking_of_theirs_as_well(told: Salon) -> None:
    with told.database.transaction() as connection:
        told.append_past_the_rules(connection, e.SyncSkipped(BOOKING, (7,), "superseded"))

    data, _ = extract(told, Scope("client", id=MARIA))

    assert shown(data) == [4, 5, 6, 7, 12, 13, 14]


def test_a_period_is_what_was_recorded_in_it(told: Salon) -> None:
    [(since,)] = told.rows("SELECT recorded_at FROM events WHERE position = 8")
    [(until,)] = told.rows("SELECT recorded_at FROM events WHERE position = 10")

    data, _ = extract(told, Scope("period", since=since.isoformat(), until=until.isoformat()))

    assert shown(data) == [8, 9, 12]
    assert checked(data).header.scope.of == "period"


NOTHING = [Scope("booking", id=77), Scope("client", id=77), Scope("period", since="2099-01-01T00:00:00+00:00")]


@pytest.mark.parametrize("scope", NOTHING)
def test_of_what_the_log_does_not_know_there_is_no_extract(told: Salon, scope: Scope) -> None:
    with pytest.raises(MalformedValueError):
        extract(told, scope)


def test_nobody_signs_an_extract_of_a_log_that_was_altered(told: Salon) -> None:
    told.tamper("UPDATE events SET data = '{}' WHERE position = 9")

    with pytest.raises(BrokenLogError) as found:
        extract(told, Scope("booking", id=BOOKING))

    assert found.value.position == 9


# --- altering ---


def test_every_byte_of_it_counts(told: Salon) -> None:
    """Each byte with one bit of it changed, with another, and left out."""
    data, _ = extract(told, Scope("booking", id=BOOKING))

    for place in range(len(data)):
        for byte in (bytes([data[place] ^ 1]), bytes([data[place] ^ 0x20]), b""):
            altered(data[:place] + byte + data[place + 1 :])


def test_it_may_not_end_anywhere_else(told: Salon) -> None:
    data, _ = extract(told, Scope("booking", id=BOOKING))

    for end in range(len(data)):
        altered(data[:end])
    for more in (b"\n", b" ", b"{}\n", data.splitlines(keepends=True)[-1], data):
        altered(data + more)


def resealed(lines: list[bytes], key: SigningKey) -> bytes:
    """A forger's footer around other lines: the sum fits, the signature is that of a key of their own."""
    digest = sha256(b"".join(lines)).hexdigest()
    return b"".join(lines) + encoded(Footer("end of extract 1", digest, key.sign(signed_text(digest))))


def test_a_forgers_own_signature_is_not_the_keys(told: Salon) -> None:
    data, _ = extract(told, Scope("booking", id=BOOKING))
    lines, thief = data.splitlines(keepends=True)[:-1], new_signing_key()

    assert altered(resealed(lines, thief)).reason == "the signature is not that of the key"
    assert "none of those given" in altered(data, thief).reason
    own = resealed([lines[0].replace(KEY.public.id.encode(), thief.public.id.encode()), *lines[1:]], thief)
    assert "none of those given" in altered(own).reason


Rewrite = Callable[[list[bytes]], list[bytes]]
REWRITTEN: dict[str, tuple[Rewrite, str]] = {
    "an event left out": (lambda lines: [*lines[:2], *lines[3:]], "stands where"),
    "a digest left out": (lambda lines: [*lines[:3], *lines[4:]], "stands where"),
    "two digests swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "recorded before|checkpoint"),
    "a key given twice": (
        lambda lines: [lines[0], lines[1].replace(b'{"position":6', b'{"position":6,"position":6'), *lines[2:]],
        "spelled",
    ),
    "a space": (lambda lines: [lines[0], lines[1].replace(b'"position":', b'"position": '), *lines[2:]], "spelled"),
    "fewer events than it says": (lambda lines: lines[:-1], "it ends at event 11"),
    "an annex that was not announced": (
        lambda lines: [*lines, b'{"annex":6,"client":1,"field":"name","text":"X"}\n'],
        "annex",
    ),
    "another content": (
        lambda lines: [lines[0], lines[1].replace(b"slot_held", b"hold_held"), *lines[2:]], "checkpoint",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REWRITTEN)
def test_even_under_the_right_signature_the_lines_have_to_fit(told: Salon, name: str) -> None:
    """What the signer's own program would have to get wrong."""
    data, _ = extract(told, Scope("booking", id=BOOKING))
    rewrite, words = REWRITTEN[name]

    reason = altered(resealed(rewrite(data.splitlines(keepends=True)[:-1]), KEY)).reason

    assert any(word in reason for word in words.split("|")), reason


def test_nothing_in_it_was_recorded_before_what_stands_in_front_of_it(told: Salon) -> None:
    data, _ = extract(told, Scope("log"))
    lines = data.splitlines(keepends=True)[:-1]
    event = json.loads(lines[5])
    earlier = str(event["recorded_at"] - 10**9).encode()
    forged = [*lines[:5], lines[5].replace(str(event["recorded_at"]).encode(), earlier), *lines[6:]]

    with pytest.raises(AlteredExtractError, match="line 6: recorded before"):
        check_extract(io.BytesIO(resealed(forged, KEY)))


def test_a_checkpoint_held_outside_is_compared_with_it(told: Salon) -> None:
    data, _ = extract(told, Scope("booking", id=BOOKING))
    held = checked(data).checkpoints[0]

    assert check_extract(io.BytesIO(data), [KEY.public], [held]).proved_to == 11
    other = msgspec.structs.replace(held, hash="00" * 32)
    with pytest.raises(AlteredExtractError, match="held outside"):
        check_extract(io.BytesIO(data), [], [other])


# --- unsigned ---


def test_an_unsigned_extract_is_known_for_one(told: Salon) -> None:
    data, done = extract(told, Scope("log"), key=None)

    assert done.key_id is None
    assert check_extract(io.BytesIO(data)).is_proved is False
    assert altered(data).reason == "it is not signed at all"


# --- the annex ---


@pytest.fixture
def whole(database_url: str, schema: str) -> Iterator[WholeSalon]:
    with open_test_salon(database_url, schema) as one:
        yield one


def client_of(whole: WholeSalon, booking_id: BookingId) -> ClientId:
    (made,) = [one.event for one in whole.ledger.history(BoundaryItem(["booking_made"], [booking_tag(booking_id)]))]
    assert isinstance(made, e.BookingMade)
    return made.client_id


def test_personal_text_is_opened_in_the_annex_only_and_whose_it_is_is_told_before(whole: WholeSalon) -> None:
    booking_id = whole.book(slot("10:00"))
    client = client_of(whole, booking_id)
    told: list[frozenset[ClientId]] = []
    plain, annexed = io.BytesIO(), io.BytesIO()
    scope = Scope("client", id=client)

    write_extract(whole.recorder, scope, plain, signer=KEY, made_at=NOW)
    done = write_extract(whole.recorder, scope, annexed, signer=KEY, made_at=NOW, annex=Annex(whole.vault, told.append))

    assert "Мария".encode() not in plain.getvalue()
    assert told == [frozenset({client})]
    lines = [json.loads(line) for line in annexed.getvalue().splitlines()]
    assert lines[0]["annex"] == "personal data in clear"
    opened = {line["field"]: line["text"] for line in lines if isinstance(line, dict) and "field" in line}
    assert opened["name"] == "Мария"
    found = check_extract(io.BytesIO(annexed.getvalue()), [KEY.public])
    assert (found.opened, done.opened) == (3, 3)
    altered(annexed.getvalue().replace("Мария".encode(), "Дарья".encode()))


def test_what_was_erased_stands_in_the_annex_as_nothing(whole: WholeSalon) -> None:
    booking_id = whole.book(slot("10:00"))
    client = client_of(whole, booking_id)
    with whole.database.transaction() as connection:
        connection.execute("DELETE FROM client_keys WHERE client_id = %s", (client,))
    out = io.BytesIO()

    write_extract(
        whole.recorder,
        Scope("client", id=client),
        out,
        signer=KEY,
        made_at=NOW,
        annex=Annex(whole.vault, lambda _: None),
    )

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {line["text"] for line in lines if isinstance(line, dict) and "field" in line} == {None}


@pytest.mark.parametrize("shape", EVENTS)
def test_sealed_fields_stand_where_the_annex_looks_for_them(shape: type[e.AnyEvent]) -> None:
    """At the top of an event: a deeper one would be left out without a word."""
    assert {owner for owner, field in fields_of(shape) if is_sealed(field.type)} <= {shape}
