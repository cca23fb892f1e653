"""Checking an extract without any database: every byte, every link of its chain, and the signature."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, TypeVar

import msgspec

from ledger import events as e
from ledger.codec import stored_name
from ledger.errors import AlteredExtractError
from ledger.integrity.checkpoints import Checkpoint, checkpoint_in
from ledger.integrity.extract_lines import Footer, FullEvent, Header, Line, Opened, OtherEvent, encoded, signed_text
from ledger.integrity.layout import chain_hash_at, event_digest
from ledger.integrity.signing import PublicKey
from ledger.integrity.walk import FIRST

MOST_A_LINE = 1 << 24
"""Bytes; a longer line is none of ours."""
LOOKING_BACK = 100_000
"""How far back from its own place a checkpoint's position may lie to be compared."""
_CHECKPOINT = stored_name(e.CheckpointSigned)
_L = TypeVar("_L", bound=Line)
_HEADER, _FULL, _OTHER, _OPENED, _FOOTER = (
    msgspec.json.Decoder(Header),
    msgspec.json.Decoder(FullEvent),
    msgspec.json.Decoder(OtherEvent),
    msgspec.json.Decoder(Opened),
    msgspec.json.Decoder(Footer),
)


@dataclass(frozen=True)
class CheckedExtract:
    """A sound extract: its header, how many events it has in full and as digests, and the hash it ends with.

    `is_proved` says that the signature of the header's key was checked with a key from outside. `checkpoints` are those
    of its own that fit its chain and are signed by such a key, `proved_to` is the last position at which a checkpoint
    held outside fits, None without any in its reach.
    """

    header: Header
    full: int
    others: int
    opened: int
    head_hash: bytes
    is_proved: bool
    checkpoints: tuple[Checkpoint, ...]
    proved_to: int | None


def check_extract(
    file: IO[bytes], keys: Sequence[PublicKey] = (), outside: Sequence[Checkpoint] = ()
) -> CheckedExtract:
    """Reads an extract once, a line at a time.

    Raises AlteredExtractError at the first thing that is not as it was written, when `keys` are given and none of them
    has signed it, and when a checkpoint held `outside` contradicts it.
    """
    lines = _Lines(file)
    work = _Checking(lines, keys, outside)
    while line := lines.take():
        if line.startswith(b'{"zapisnik":'):
            return work.end(line)
        work.take(line)
    raise AlteredExtractError(0, f"it was cut off after line {lines.number - 1}")


class _Lines:
    """Lines with their newlines, one at a time, and the hash of all before the present one."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self._line = file, sha256(), b""
        self.number = 0

    @property
    def sha256_before(self) -> str:
        return self._hash.hexdigest()

    def take(self) -> bytes:
        """The next line, empty at the end. Raises AlteredExtractError for one that does not end."""
        self._hash.update(self._line)
        self._line = self._file.readline(MOST_A_LINE)
        self.number += 1
        if self._line and not self._line.endswith(b"\n"):
            raise self.altered("the line does not end: it was cut off")
        return self._line

    def altered(self, reason: str) -> AlteredExtractError:
        return AlteredExtractError(self.number, reason)


class _Checking:
    """Where the chain of an extract has come to."""

    def __init__(self, lines: _Lines, keys: Sequence[PublicKey], outside: Sequence[Checkpoint]) -> None:
        self._lines, self._keys = lines, keys
        self._header = header = self._read(lines.take(), _HEADER)
        if not 0 < header.first <= header.last or not (header.first > 1 or header.before == header.genesis):
            raise lines.altered("a header that cannot be")
        self._position, self._at = header.first - 1, FIRST
        self._full = self._others = self._opened = 0
        self._checkpoints: list[Checkpoint] = []
        self._proved_to: int | None = None
        self._outside = self._held_outside(outside)
        # Where the chain has been lately: a checkpoint is about a position shortly before its own.
        self._hashes: deque[bytes] = deque([self._bytes(header.before)], maxlen=LOOKING_BACK)
        self._bytes(header.genesis)
        self._compare_outside()

    def take(self, line: bytes) -> None:
        """A line between the first and the last."""
        if line.startswith(b'{"annex":'):
            self._take_opened(self._read(line, _OPENED))
        elif line.startswith(b"["):
            at, digest = self._read(line, _OTHER)
            self._step(at, self._bytes(digest))
            self._others += 1
        else:
            event = self._read(line, _FULL)
            if event.position != self._position + 1:
                raise self._lines.altered(f"event {event.position} stands where {self._position + 1} belongs")
            self._step(event.recorded_at, event_digest(event.type, event.tags, event.data))
            self._full += 1
            if event.type == _CHECKPOINT:
                self._take_checkpoint(event)

    def end(self, line: bytes) -> CheckedExtract:
        """The last line. Whatever follows it is no part of an extract."""
        lines, header, footer = self._lines, self._header, self._read(line, _FOOTER)
        if self._position != header.last:
            raise lines.altered(f"it ends at event {self._position}, its first line says {header.last}")
        if footer.sha256 != lines.sha256_before:
            raise lines.altered("something before it was altered: the SHA-256 is another")
        is_proved = self._is_signed(footer)
        if lines.take():
            raise lines.altered("something was added after the end")
        found = tuple(self._checkpoints)
        head = self._hashes[-1]
        return CheckedExtract(header, self._full, self._others, self._opened, head, is_proved, found, self._proved_to)

    def _is_signed(self, footer: Footer) -> bool:
        signer, signature = self._header.key, footer.signature
        if (signer is None) != (signature is None):
            raise self._lines.altered("a signature without a key, or a key without a signature")
        if not self._keys:
            return False
        if signer is None or signature is None:
            raise self._lines.altered("it is not signed at all")
        key = next((key for key in self._keys if key.id == signer), None)
        if key is None:
            raise self._lines.altered(f"it is signed by key {signer}, which is none of those given")
        if not key.has_signed(signed_text(footer.sha256), signature):
            raise self._lines.altered("the signature is not that of the key")
        return True

    def _step(self, at: int, digest: bytes) -> None:
        if self._opened or self._position == self._header.last:
            raise self._lines.altered("an event after the last one")
        if at < self._at:
            raise self._lines.altered("recorded before the event in front of it")
        self._position, self._at = self._position + 1, at
        try:
            self._hashes.append(chain_hash_at(self._hashes[-1], self._position, at, digest))
        except OverflowError as error:
            raise self._lines.altered("an instant that cannot be") from error
        self._compare_outside()

    def _take_opened(self, line: Opened) -> None:
        if self._header.annex == "none" or self._position != self._header.last:
            raise self._lines.altered("a line of an annex where none belongs")
        if not self._header.first <= line.annex <= self._header.last:
            raise self._lines.altered("a line of the annex about an event that is not in the extract")
        self._opened += 1

    def _take_checkpoint(self, event: FullEvent) -> None:
        checkpoint = checkpoint_in(self._header.genesis, event.data)
        if checkpoint is None or not checkpoint.is_signed_by(self._keys):
            return
        back = event.position - checkpoint.position
        if 0 < back < len(self._hashes):
            if self._hashes[-1 - back].hex() != checkpoint.hash:
                raise self._lines.altered(f"the signed checkpoint of position {checkpoint.position} differs")
            self._checkpoints.append(checkpoint)

    def _compare_outside(self) -> None:
        for hash_ in self._outside.get(self._position, ()):
            if hash_ != self._hashes[-1].hex():
                raise self._lines.altered(f"the checkpoint held outside of position {self._position} differs")
            self._proved_to = self._position

    def _held_outside(self, checkpoints: Sequence[Checkpoint]) -> dict[int, list[str]]:
        """The hashes by their positions, of checkpoints that can be compared with this extract at all."""
        found: dict[int, list[str]] = {}
        for one in checkpoints:
            if one.genesis != self._header.genesis:
                raise self._lines.altered("the checkpoint held outside is of another log")
            if self._keys and not one.is_signed_by(self._keys):
                raise self._lines.altered("the checkpoint held outside is not signed by a key given")
            found.setdefault(one.position, []).append(one.hash)
        return found

    def _read(self, line: bytes, decoder: msgspec.json.Decoder[_L]) -> _L:
        """A line in the one spelling it can have."""
        try:
            found = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self._lines.altered("no line of an extract, or one that was altered") from error
        if encoded(found) != line:
            raise self._lines.altered("spelled in another way than it was written")
        return found

    def _bytes(self, text: str) -> bytes:
        try:
            found = bytes.fromhex(text)
        except ValueError as error:
            raise self._lines.altered("hex digits were altered") from error
        if found.hex() != text:
            raise self._lines.altered("hex digits were altered")
        return found
