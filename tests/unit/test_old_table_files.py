"""A file of an older system's bookings: its kind is found, its good rows survive its bad ones."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from console.errors import UsageError
from console.old_table.columns import COLUMNS, NAMES, column_of, squeezed
from console.old_table.file import Row
from console.old_table.json_table import array_items
from console.old_table.tables import open_table
from tests.old_tables import HEADER, MARIAS_ROW, csv, rows_of, written

PETER = "2,,Пётр,+79000000002,Стрижка,Ольга,2030-01-07 12:00,,,active"


def names(rows: list[Row]) -> list[str]:
    """Each row's client, or what is wrong with the row."""
    return [row.problem or row.cell("name") for row in rows]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_csv_is_read_whatever_wrote_it(tmp_path: Path, delimiter: str, encoding: str, newline: str) -> None:
    text = csv(MARIAS_ROW, PETER).replace(",", delimiter).replace("\n", newline)

    rows = rows_of(tmp_path, text.encode(encoding))

    assert names(rows) == ["Мария", "Пётр"]
    assert [row.line for row in rows] == [2, 3]
    assert rows[0].cell("telegram_id") == "700"
    assert "price" not in rows[0].cells


def test_the_delimiter_is_the_one_that_makes_sense_of_the_header(tmp_path: Path) -> None:
    """Commas in a comment's title outnumber the semicolons."""
    header = "name;phone;service;master;start;comment, if any, and so, on, and on"

    (row,) = rows_of(tmp_path, csv("Мария;+79000000001;Стрижка;Анна;2030-01-07 10:00;a, b", header=header))

    assert row.cell("start") == "2030-01-07 10:00"


def test_the_first_line_excel_adds_is_passed_over(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "sep=;\n" + csv(MARIAS_ROW).replace(",", ";"))

    assert [(row.line, row.cell("name")) for row in rows] == [(3, "Мария")]


@pytest.mark.parametrize(("column", "name"), [(column, name) for column, names in NAMES.items() for name in names])
def test_a_column_is_known_by_many_names(column: str, name: str) -> None:
    assert column_of(name) == column
    assert column_of(name.upper().replace(" ", "_")) == column


def test_no_name_stands_for_two_columns() -> None:
    everything = [squeezed(name) for names in NAMES.values() for name in names]

    assert len(set(everything)) == len(everything)
    assert set(NAMES) == set(COLUMNS)


def test_of_several_columns_for_one_thing_the_most_telling_filled_one_counts(tmp_path: Path) -> None:
    header = "name,phone,service,service_id,master,master_id,start"

    rows = rows_of(tmp_path, csv("М,+7,Стрижка,1,Анна,7,x", "М,+7,Стрижка,NULL,Анна,,x", header=header))

    assert [(row.cell("service"), row.cell("master")) for row in rows] == [("1", "7"), ("Стрижка", "Анна")]


def test_columns_of_no_meaning_are_named_once(tmp_path: Path) -> None:
    file = written(tmp_path, csv(MARIAS_ROW + ",x,y,why", header=HEADER + ",comment,created_at,reason"))

    with open_table(file) as table:
        assert names(list(table.rows())) == ["Мария"]
        assert table.ignored == ["comment", "created_at"]


@pytest.mark.parametrize("nothing", ["", "  ", "NULL", "None", "nan", "\\N"])
def test_what_databases_write_for_nothing_is_nothing(tmp_path: Path, nothing: str) -> None:
    (row,) = rows_of(tmp_path, csv(MARIAS_ROW.replace("700", nothing)))

    assert "telegram_id" not in row.cells


def test_a_line_break_inside_quotation_marks_is_part_of_its_cell(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, csv(MARIAS_ROW.replace("Мария", '"Мария\nИвановна, ""М"""'), PETER))

    assert names(rows) == ['Мария\nИвановна, "М"', "Пётр"]
    assert [row.line for row in rows] == [2, 4]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (MARIAS_ROW.replace("Мария", '"Мария'), "quotation mark"),
        (MARIAS_ROW.replace("Мария", '"Мария" Ивановна'), "quotation mark"),
        (MARIAS_ROW + ",one more", "11 columns where the header has 10"),
        ("1,700,Мария", "cut off"),
        (MARIAS_ROW.replace("Мария", "Ма\x00рия"), "NUL"),
        (MARIAS_ROW.replace("Мария", "М" * 2001), "longer than 2000"),
    ],
)
def test_a_bad_row_costs_no_neighbour(tmp_path: Path, bad: str, said: str) -> None:
    rows = rows_of(tmp_path, csv(PETER, bad, PETER, PETER))

    assert [row.line for row in rows] == [2, 3, 4, 5]
    assert said in str(rows[1].problem)
    assert names(rows[:1] + rows[2:]) == ["Пётр"] * 3


def test_a_quotation_mark_that_is_never_closed_swallows_nothing(tmp_path: Path) -> None:
    """In a long file too, where the reader gives up by itself."""
    rows = rows_of(tmp_path, csv('"' + MARIAS_ROW, *[PETER] * 3000))

    assert len(rows) == 3001
    assert [row.problem is None for row in rows] == [False] + [True] * 3000


def test_rows_without_anything_are_passed_over(tmp_path: Path) -> None:
    assert names(rows_of(tmp_path, csv("", MARIAS_ROW, ",,,,,,,,,", "   "))) == ["Мария"]


def test_damaged_bytes_in_utf_8_cost_one_row_and_do_not_change_the_encoding(tmp_path: Path) -> None:
    text = csv(MARIAS_ROW, PETER, MARIAS_ROW).encode()

    rows = rows_of(tmp_path, text.replace("Пётр".encode(), b"\xd0\xff"))

    assert [row.problem is None for row in rows] == [True, False, True]
    assert "bytes" in str(rows[1].problem)
    assert rows[2].cell("name") == "Мария"


def test_a_file_torn_in_the_middle_of_a_letter_stays_utf_8(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, csv(MARIAS_ROW, "2,,Пётр").encode()[:-2])

    assert rows[0].cell("name") == "Мария"
    assert "cut off" in str(rows[1].problem)


LINE = '{"name": "Мария", "phone": 79000000001, "service": ["Стрижка", 2], "master": 7, "start": "2030-01-07 10:00"}'


def test_json_lines_are_rows_and_a_torn_one_costs_only_itself(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, f"{LINE}\n\n{LINE[:40]}\n[1]\n{LINE}\n{LINE[:-20]}")

    assert [(row.line, row.problem is None) for row in rows] == [
        (1, True),
        (3, False),
        (4, False),
        (5, True),
        (6, False),
    ]
    assert rows[0].cells == {
        "name": "Мария", "phone": "79000000001", "service": "Стрижка\n2", "master": "7", "start": "2030-01-07 10:00",
    }  # fmt: skip


@pytest.mark.parametrize("layout", ["[{0},{0}]", "[\n{0},\n{0}\n]\n", " [ {0} , {0} ] "])
def test_an_array_of_objects_is_rows_too(tmp_path: Path, layout: str) -> None:
    rows = rows_of(tmp_path, layout.replace("{0}", LINE.replace(", ", ",\n")))

    assert names(rows) == ["Мария", "Мария"]
    assert rows[1].line - rows[0].line in (5, 6)


@pytest.mark.parametrize("end", ["", ",", f", {LINE[:30]}", ", nonsense]"])
def test_a_torn_array_gives_what_was_whole_and_says_where_it_ends(tmp_path: Path, end: str) -> None:
    rows = rows_of(tmp_path, f"[{LINE}, {LINE}{end}")

    assert [row.problem is None for row in rows] == [True, True, False]


def test_what_follows_an_array_is_not_lost_silently(tmp_path: Path) -> None:
    assert [row.problem is None for row in rows_of(tmp_path, f"[{LINE}] {LINE[:9]}")] == [True, False]


def test_an_array_is_read_a_little_at_a_time() -> None:
    class Watched(io.StringIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> str:
            assert size is not None
            assert 0 < size <= 1 << 20
            self.asked += 1
            return super().read(size)

    text = Watched("[" + ",".join([LINE] * 5000) + "]")
    items = array_items(text)

    assert [next(items) for _ in range(10)] == [(1, LINE)] * 10
    assert text.asked == 1
    assert len(list(items)) == 4990


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('"Ма\\u0000рия"', "NUL"),
        ('"Ма\\ud800рия"', "half a character"),
        ('{"first": "Мария"}', "neither text nor a number"),
        ("[1]", "neither text nor a number"),
    ],
)
def test_a_json_cell_that_is_no_text_is_refused(tmp_path: Path, cell: str, said: str) -> None:
    (row,) = rows_of(tmp_path, LINE.replace('"Мария"', cell))

    assert said in str(row.problem)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (b"PK\x03\x04" + b"x" * 50, "spreadsheet"),
        (b"SQLite format 3\x00" + b"x" * 50, "SQLite"),
        ("name,phone".encode("utf-16"), "UTF-16"),
        (b"ab\x00\x01" * 50, "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)), "no header"),
        (MARIAS_ROW.encode(), "no header"),
        (csv(MARIAS_ROW, header=HEADER.replace("master", "x")).encode(), "master"),
        (
            csv(MARIAS_ROW, header=HEADER.replace("phone", "x").replace("telegram_id", "y")).encode(),
            "phone or telegram",
        ),
        (b"name," + b"x" * 1_100_000, "longer than"),
        (b'{"whatever": 1}', "no key that is known"),
    ],
)
def test_what_is_no_table_of_bookings_is_refused_as_a_whole(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        rows_of(tmp_path, content)

    assert "Мария" not in str(refused.value)
    assert "+7900" not in str(refused.value)


def test_a_directory_a_pipe_and_nothing_at_all_are_no_file(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "directory"), (tmp_path / "none", "not there"), (Path("/dev/null"), "ordinary file")):
        with pytest.raises(UsageError, match=said), open_table(path):
            pass


@pytest.mark.parametrize(
    "text",
    [
        csv(MARIAS_ROW + ",one, more", "1,700", '"' + PETER, MARIAS_ROW.replace("Мария", "М\x00")),
        f"{LINE[:20]}\n{LINE.replace('7}', 'null}')}\n{{}}\n[{LINE}]\n",
        f"[{LINE},\n {LINE},\n {LINE[:9]}",
    ],
)
def test_rejected_rows_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    """Rejected for any reason, written out, read again: the very same cells, and the reason is nobody's column."""
    file = written(tmp_path, csv(MARIAS_ROW) + text if text[0] not in "{[" else text)
    with open_table(file) as table:
        first = list(table.rows())
        again = written(tmp_path, table.rejects_head() + "".join(table.rejected(row, "a, b") for row in first), "again")
    with open_table(again) as table:
        second = list(table.rows())
        assert table.rejected(second[0], "new").count("new") == 1
        assert "a, b" not in table.rejected(second[0], "new")
        assert "reason" not in table.ignored

    assert [row.cells for row in second] == [row.cells for row in first]
