"""Tables as streamed rows: CSV, TSV and JSON Lines."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.errors import LocalError, Problem
from batchtts.tables import Row, read_rows
from batchtts.tables.lines import MAX_ROW_CHARS
from batchtts.tables.separated import MAX_CELL_CHARS

Read = Callable[..., list[Row | Problem]]

CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Write a table and return all that is read of it."""

    def write_and_read(
        content: str | bytes, name: str = "t.csv"
    ) -> list[Row | Problem]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_rows(path, name))

    return write_and_read


def cells(found: list[Row | Problem]) -> list[dict[str, str]]:
    """Return the cells of rows that are expected to be without a problem."""
    return [dict(row[1]) for row in found if not isinstance(row, Problem)]


def messages(found: list[Row | Problem]) -> list[str]:
    """Return the problems as lines that a person reads."""
    return [str(problem) for problem in found if isinstance(problem, Problem)]


@contextlib.contextmanager
def temporary_table(text: str, suffix: str = ".csv") -> Iterator[Path]:
    """Give the path of a table for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t{suffix}"
        path.write_bytes(text.encode())
        yield path


# --- CSV and TSV ---------------------------------------------------------------


def test_csv(read: Read) -> None:
    """A row has its cells under the names of the columns, and its line."""
    assert read("key,line\na,Hello\nb,Good bye\n") == [
        (2, {"key": "a", "line": "Hello"}, ()),
        (3, {"key": "b", "line": "Good bye"}, ()),
    ]


def test_quoted_cells(read: Read) -> None:
    """Quotes keep separators, doubled quotes and newlines as RFC 4180 has it."""
    found = read('key,line\r\na,"Hello, ""you"""\r\nb,"two\r\nlines"\r\nc,end\r\n')
    assert found == [
        (2, {"key": "a", "line": 'Hello, "you"'}, ()),
        (3, {"key": "b", "line": "two\r\nlines"}, ()),
        (5, {"key": "c", "line": "end"}, ()),
    ]


def test_spaces_are_kept(read: Read) -> None:
    """White space belongs to the cell."""
    assert cells(read("key,line\na, Hello \n")) == [{"key": "a", "line": " Hello "}]


def test_tsv(read: Read) -> None:
    """A TSV is separated by tabs, and commas are words."""
    found = read('key\tline\na\tHello, you\nb\t"a\tb"\n', "t.TSV")
    assert [row["line"] for row in cells(found)] == ["Hello, you", "a\tb"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=ascii)
@pytest.mark.parametrize("end", ["", "end"], ids=["open", "closed"])
def test_newlines(read: Read, newline: str, end: str) -> None:
    """Any kind of newline ends a row, and the last row needs none."""
    text = newline.join(["key,line", "a,1", "", "b,2"]) + (newline if end else "")
    assert read(text) == [
        (2, {"key": "a", "line": "1"}, ()),
        (4, {"key": "b", "line": "2"}, ()),
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=ascii)
def test_lines_across_blocks(read: Read, newline: str) -> None:
    """Rows and their lines are right wherever the file is cut in blocks."""
    rows = [f'{n},"{"é" * (n % 97)}{newline}{n}"' for n in range(3000)]
    found = read(newline.join(["key,line", *rows]))
    assert [row[0] for row in found if not isinstance(row, Problem)] == [
        2 + 2 * n for n in range(3000)
    ]
    assert cells(found) == [
        {"key": str(n), "line": f"{'é' * (n % 97)}{newline}{n}"} for n in range(3000)
    ]


def test_byte_order_mark(read: Read) -> None:
    """A byte order mark, as spreadsheets write it, is no part of a name."""
    assert cells(read("\ufeffkey,line\na,1\n")) == [{"key": "a", "line": "1"}]


def test_blank_lines(read: Read) -> None:
    """Empty lines are passed over and counted as lines."""
    assert read("\n\nkey,line\n\na,1\n\n\n") == [(5, {"key": "a", "line": "1"}, ())]


def test_columns_without_a_name(read: Read) -> None:
    """Columns without a name may be many."""
    assert cells(read("key,,\na,1,2\n")) == [{"key": "a", "": "2"}]


@settings(deadline=None)
@given(
    st.lists(
        st.lists(CELLS, min_size=2, max_size=2).filter(any), min_size=1, max_size=20
    )
)
def test_reads_what_the_csv_module_writes(rows: list[list[str]]) -> None:
    """Every cell comes back as it was written."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([["key", "line"], *rows])
    with temporary_table(written.getvalue()) as path:
        found = list(read_rows(path, "t.csv"))
    assert cells(found) == [{"key": key, "line": line} for key, line in rows]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "t.csv:1: the table is empty (its first line names the columns)"),
        ("\n\n", "t.csv:2: the table is empty (its first line names the columns)"),
        ("a,b,a\n1,2,3\n", 't.csv:1: 2 columns are called "a" (rename them)'),
        (
            "a,b\n1,2,3\n",
            (
                "t.csv:2: the row has 3 cells, the table 2 columns"
                " (a cell with a separator in it is written in quotes)"
            ),
        ),
        (
            "a,b\n1\n",
            "t.csv:2: the row has 1 cell, the table 2 columns (is a cell missing?)",
        ),
        (
            'a,b\n1,"2\n3,4\n',
            (
                "t.csv:2: a quote is opened and not closed"
                ' (a quote inside a quoted cell is written twice: "")'
            ),
        ),
        (
            'a,b\n1,"2"3\n',
            (
                "t.csv:2: words follow the closing quote of a cell"
                ' (a quote inside a quoted cell is written twice: "")'
            ),
        ),
        (
            '"a,b\n',
            (
                "t.csv:1: a quote is opened and not closed"
                ' (a quote inside a quoted cell is written twice: "")'
            ),
        ),
        (
            "a,b\n1,x\0y\n",
            "t.csv:2:4: a NUL character stands in the table (remove it)",
        ),
        ("a\0,b\n1,2\n", "t.csv:1:2: a NUL character stands in the table (remove it)"),
    ],
)
def test_problems(read: Read, text: str, expected: str) -> None:
    """A fault is told with its line and what to do."""
    assert messages(read(text)) == [expected]


def test_not_utf_8(read: Read) -> None:
    """A byte that is not UTF-8 is told with its line and column."""
    found = read("a,b\n1,été\n2,ok\n3,\n".encode("latin-1"))
    assert messages(found) == [
        "t.csv:2:3: the byte 0xE9 is not UTF-8 (save it as UTF-8)"
    ]
    assert [row["a"] for row in cells(found)] == ["2", "3"]


def test_not_utf_8_inside_a_row_of_many_lines(read: Read) -> None:
    """The line is the one with the byte, not that of the row."""
    found = read(b'a,b\n1,"x\ny\xff\xfe\nz"\n2,3\n')
    assert messages(found) == [
        "t.csv:3:2: the byte 0xFF is not UTF-8 (save it as UTF-8)"
    ]
    assert cells(found) == [{"a": "2", "b": "3"}]


def test_utf_16(read: Read) -> None:
    """A UTF-16 table is refused as a whole, with the way out."""
    assert messages(read("a,b\n1,2\n".encode("utf-16"))) == [
        "t.csv: the table is UTF-16 (save it as UTF-8)"
    ]


def test_goes_on_after_a_broken_row(read: Read) -> None:
    """One broken row does not hide the rows and the faults after it."""
    found = read('a,b\n1,"2"x\n3,4\n5\n6,7\n')
    assert len(messages(found)) == 2
    assert [row["a"] for row in cells(found)] == ["3", "6"]


def test_cell_too_long(read: Read) -> None:
    """An open quote does not swallow a long table: the table ends there."""
    found = read('a,b\n1,2\n3,"' + "word\n" * (MAX_CELL_CHARS // 4) + "4,5\n")
    assert cells(found) == [{"a": "1", "b": "2"}]
    assert messages(found) == [
        "t.csv:3: a cell is longer than 1,048,576 characters (is a quote left open?)"
    ]


def test_longest_cell(read: Read) -> None:
    """A cell may be as long as the cap."""
    found = read(f'a,b\n1,"{"x" * MAX_CELL_CHARS}"\n')
    assert len(cells(found)[0]["b"]) == MAX_CELL_CHARS


@pytest.mark.parametrize("line", [",", ',"\n"'], ids=["line", "row of many lines"])
def test_row_too_long(tmp_path: Path, line: str) -> None:
    """A row without end is given up at the cap, in little more memory than that."""
    path = tmp_path / "t.csv"
    with path.open("w", newline="") as file:
        file.write("a,b\n1,2\n3")
        for _ in range(20):
            file.write(line * (MAX_ROW_CHARS // len(line) // 10))
    assert messages(list(read_rows(path, "t.csv"))) == [
        "t.csv:3: a row is longer than 16,777,216 characters (is a quote left open?)"
    ]


def test_unreadable_file(tmp_path: Path) -> None:
    """A file that cannot be opened is a problem of this machine."""
    with pytest.raises(LocalError, match="cannot read"):
        list(read_rows(tmp_path / "none.csv", "none.csv"))


# --- JSON Lines ----------------------------------------------------------------


def test_json_lines(read: Read) -> None:
    """Scalars become text as the file has them; nested values are only named."""
    line = (
        '{"s": "caf\\u00e9", "i": 007.50, "n": 1.50e3, "t": true, "f": false,'
        ' "z": null, "l": [1], "o": {"a": 1}}'
    ).replace("007.50", "7.50")
    assert read(f"{line}\n", "t.jsonl") == [
        (
            1,
            {
                "s": "café",
                "i": "7.50",
                "n": "1.50e3",
                "t": "true",
                "f": "false",
                "z": "",
            },
            ("l", "o"),
        )
    ]


def test_long_numbers(read: Read) -> None:
    """A number of any length is text, and is never computed with."""
    digits = "9" * 10_000
    assert cells(read(f'{{"n": {digits}}}', "t.jsonl")) == [{"n": digits}]


def test_json_blank_lines(read: Read) -> None:
    """Blank lines are passed over; only a line feed ends a line."""
    found = read('\n{"a": "1"}\r\n \t\n{"a":\r"2\u2028"}', "t.JSONL")
    assert found == [(2, {"a": "1"}, ()), (4, {"a": "2\u2028"}, ())]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{", "1:2: the line is not JSON: "),
        ("x", "1:1: the line is not JSON: expecting value"),
        ('{"a": 1} x', "1:10: the line is not JSON: extra data"),
        ("[1]", "1: the line is not an object (write {...} on every line)"),
        ('"a"', "1: the line is not an object (write {...} on every line)"),
        ('{"a": NaN}', "1: NaN is not JSON, write null or a text in quotes"),
        ('{"a": 1, "a": 2}', '1: the name "a" stands twice in an object'),
        ("[" * 100_000, "1: lists or objects are nested too deeply"),
        ('{"a": "\\ud83d"}', "1: half of a surrogate pair stands in the line"),
        ('{"\\uD83D": "a"}', "1: half of a surrogate pair stands in the line"),
        ('{"a": "x\0"}', "1:9: a NUL character stands in the table (remove it)"),
    ],
    ids=range(11),
)
def test_json_problems(read: Read, line: str, expected: str) -> None:
    """A fault is told with its line, and the next line is read all the same."""
    found = read(f'{line}\n{{"a": "next"}}\n', "t.jsonl")
    assert len(messages(found)) == 1
    assert messages(found)[0].startswith(f"t.jsonl:{expected}")
    assert cells(found) == [{"a": "next"}]


def test_whole_surrogate_pair(read: Read) -> None:
    """An escaped pair is one character."""
    assert cells(read('{"a": "\\ud83d\\ude00"}', "t.jsonl")) == [{"a": "😀"}]


def test_json_line_too_long(tmp_path: Path) -> None:
    """A line without end is given up at the cap."""
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": "1"}\n{"a": "' + "x" * (MAX_ROW_CHARS + 100_000))
    found = list(read_rows(path, "t.jsonl"))
    assert cells(found) == [{"a": "1"}]
    assert messages(found) == ["t.jsonl:2: a row is longer than 16,777,216 characters"]


@settings(deadline=None)
@given(st.dictionaries(CELLS, CELLS, min_size=1))
def test_reads_what_the_json_module_writes(row: dict[str, str]) -> None:
    """Every value comes back as it was written."""
    with temporary_table(json.dumps(row), ".jsonl") as path:
        found = list(read_rows(path, "t.jsonl"))
    assert cells(found) == [row]


# --- memory --------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_flat_memory(tmp_path: Path, suffix: str) -> None:
    """Ten times the rows take no more memory."""

    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}{suffix}"
        with path.open("w", newline="") as file:
            file.writelines(written(rows, suffix))
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_rows(path, "t")) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(30_000) < peak(3_000) * 1.2 + 100_000


def written(rows: int, suffix: str) -> Iterator[str]:
    """Yield the lines of a table."""
    if suffix == ".csv":
        yield "key,line\n"
    for n in range(rows):
        words = f"Mind the step, passenger number {n}"
        if suffix == ".csv":
            yield f'{n},"{words}"\n'
        else:
            yield f'{{"key": {n}, "line": "{words}"}}\n'


@pytest.mark.parametrize("head", ["", "sep=;\n"])
def test_semicolons_of_spreadsheets_are_understood(tmp_path: Path, head: str) -> None:
    """CSV as spreadsheets write it where the comma is for decimals."""
    path = tmp_path / "t.csv"
    path.write_text(f'{head}key;line\na;Hello, you.\nb;"Two; one"\n', encoding="utf-8")
    rows = list(read_rows(path, "t.csv"))
    assert [row[1] for row in rows if not isinstance(row, Problem)] == [
        {"key": "a", "line": "Hello, you."},
        {"key": "b", "line": "Two; one"},
    ]
