"""Rows of JSON: an object a line, or one array of objects; a torn end costs only itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TextIO

from console.errors import UsageError
from console.old_table.columns import REASON, Column, column_of, is_empty, rank, squeezed
from console.old_table.file import LONGEST_LINE, Row, row_of

MOST_IGNORED = 50
_TORN = "not a JSON object: cut off, or written wrongly"
_NO_END = "the array has no end"
_CHUNK = 1 << 16
_NEWLINES = re.compile("[\r\n]+")
_OWN_REASON = re.compile(r'\{"reason": "(?:[^"\\]|\\.)*"(?:, )?')


class JsonTable:
    """Objects whose keys are the columns. Raises UsageError when the first one has no key that is known."""

    def __init__(self, text: TextIO, form: Literal["json_lines", "json_array"]) -> None:
        self._text, self._form = text, form
        self.ignored: list[str] = []
        self._knows_a_key = False

    def rows(self) -> Iterator[Row]:
        items = array_items(self._text) if self._form == "json_array" else enumerate(self._text, 1)
        for line, text in items:
            if text.strip():
                yield self._row(line, text.strip())

    def rejects_head(self) -> str:
        return ""

    def rejected(self, row: Row, reason: str) -> str:
        """The object's own text with the reason ahead; what is no object becomes one, with its text in it."""
        said, text = json.dumps(reason), str(row.original)
        if row.problem == _TORN:
            kept = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return f'{{"reason": {said}, "text": {json.dumps(kept, ensure_ascii=False)}}}\n'
        rest = _OWN_REASON.sub("", text, count=1) if _OWN_REASON.match(text) else text[1:].lstrip()
        return f'{{"reason": {said}{"" if rest == "}" else ", "}{_NEWLINES.sub(" ", rest)}\n'

    def _row(self, line: int, text: str) -> Row:
        try:
            # Numbers stay as they are written: a phone is not to be rounded.
            item = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            item = None
        if not isinstance(item, dict):
            return Row(line, original=text, problem=_TORN)
        said: dict[Column, str] = {}
        for key in sorted(item, key=rank):
            column = column_of(key)
            if column is None:
                self._ignore(key)
            elif is_empty(said.get(column, "")):
                try:
                    said[column] = _text_of(item[key], column)
                except TypeError:
                    return Row(line, original=text, problem=f"what stands for {column} is neither text nor a number")
        self._check_keys(item, said)
        return row_of(line, said, text)

    def _check_keys(self, item: Mapping[str, Any], said: Mapping[Column, str]) -> None:  # Any: whatever JSON holds
        if not self._knows_a_key and not said and item and REASON not in item:
            raise UsageError("the first object has no key that is known: the columns that are stand in docs/import.md")
        self._knows_a_key = True

    def _ignore(self, key: str) -> None:
        if squeezed(key) != REASON and key not in self.ignored and len(self.ignored) < MOST_IGNORED:
            self.ignored.append(key)


def array_items(text: TextIO) -> Iterator[tuple[int, str]]:
    """Each object's text with the line it begins on, never more than a little of the file in memory.

    What cannot be read ends the array: where the next object begins nobody can tell. It comes as the last text.
    """
    decoder, buffer, line, is_begun = json.JSONDecoder(), "", 1, False
    while True:
        line, buffer = _past_blanks(buffer, line)
        if not is_begun and buffer:
            buffer, is_begun = buffer[1:], True
            continue
        if buffer[:1] == "]":
            if rest := (buffer[1:] + text.read(LONGEST_LINE)).strip():
                yield line, rest
            return
        try:
            _, end = decoder.raw_decode(buffer)
        except (ValueError, RecursionError):
            more = text.read(_CHUNK)
            if not more or len(buffer) > LONGEST_LINE:
                yield line, buffer[:LONGEST_LINE] or _NO_END
                return
            buffer += more
            continue
        yield line, buffer[:end]
        line += buffer.count("\n", 0, end)
        buffer = buffer[end:]


def _past_blanks(buffer: str, line: int) -> tuple[int, str]:
    """Blanks and commas between objects are skipped, their lines counted."""
    rest = buffer.lstrip(" \t\r\n,")
    return line + buffer.count("\n", 0, len(buffer) - len(rest)), rest


def _text_of(value: Any, column: Column) -> str:  # Any: whatever JSON holds
    """A value as a cell; a list of services comes one a line. Raises TypeError for what is no cell."""
    if isinstance(value, list) and column == "service":
        return "\n".join(_text_of(one, "id") for one in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value or ""
    raise TypeError
