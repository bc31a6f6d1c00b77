"""Tables beyond text: packed ones, plain lines, Parquet."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import batchtts
from batchtts.endings import ending_of, stem_of
from batchtts.errors import Problem
from batchtts.model import Text
from batchtts.tables import Row, read_rows
from batchtts.texts import read_texts

PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes, str], list[Row | Problem]]:
    """Write a table and return all that is read of it."""

    def write_and_read(content: bytes, name: str) -> list[Row | Problem]:
        (tmp_path / name).write_bytes(content)
        return list(read_rows(tmp_path / name, name))

    return write_and_read


Read = Callable[[bytes, str], list[Row | Problem]]
PLAIN = ("id,text\n" + "".join(f"r{n},Row {n} ä.\n" for n in range(5000))).encode()


@pytest.mark.parametrize("packing", PACK)
def test_a_packed_table_is_the_table(read: Read, packing: str) -> None:
    """Also of several streams, one behind the other, as parallel packers write."""
    half = PLAIN.index(b"r2500")
    packed = PACK[packing](PLAIN[:half]) + PACK[packing](PLAIN[half:])
    assert read(packed, f"t.csv{packing}") == read(PLAIN, "t.csv")


@pytest.mark.parametrize("packing", PACK)
def test_a_damaged_file_is_told(read: Read, packing: str) -> None:
    """Cut short, or no such file at all: a problem of the input, with its file."""
    packed = PACK[packing](PLAIN)
    for damaged in (packed[: len(packed) // 2], b"id,text\n", packed[:-3] + b"xyz"):
        *_, last = read(damaged, f"t.csv{packing}")
        assert "cannot be unpacked" in str(last), damaged[:20]


@pytest.mark.parametrize("packing", PACK)
def test_a_bomb_is_refused(read: Read, packing: str) -> None:
    """What unpacks to hundreds of times its size is read only so far."""
    bomb = PACK[packing]((b" " * 4999 + b"\n") * 4_000)
    [problem] = read(bomb, f"t.txt{packing}")
    assert "more than 250 times its size" in str(problem)


def test_memory_that_a_file_asks_for_is_limited(read: Read) -> None:
    """An xz file can want gigabytes before its first byte."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]
    packer = lzma.LZMACompressor(filters=[{"id": lzma.FILTER_LZMA2, "preset": 0}])
    small = packer.compress(PLAIN) + packer.flush()
    assert read(small, "t.csv.xz") == read(PLAIN, "t.csv")
    header = _xz_header(small, dictionary=37)  # 1 GiB, after the format's table
    assert filters[0]["dict_size"] == 1 << 30
    [problem] = read(header, "big.csv.xz")
    assert "Memory usage limit" in str(problem)


def _xz_header(data: bytes, *, dictionary: int) -> bytes:
    """Have the first block of an xz file ask for a dictionary of another size."""
    import zlib  # noqa: PLC0415 - only here

    size = (data[12] + 1) * 4
    block = bytearray(data[12 : 12 + size - 4])
    block[block.index(b"\x21\x01") + 2] = dictionary
    check = zlib.crc32(bytes(block)).to_bytes(4, "little")
    return data[:12] + bytes(block) + check + data[12 + size :]


def test_each_line_is_a_text(read: Read) -> None:
    """Blank ones are passed over; what is not UTF-8 is told with its line."""
    found = read("\ufeffOne.\r\n\n  Two ä.  \n".encode() + b"\xff\nLast", "t.txt")
    assert found[0] == (1, {"text": "One."}, ())
    assert found[1] == (3, {"text": "Two ä."}, ())
    assert "t.txt:4:1: the byte 0xFF is not UTF-8" in str(found[2])
    assert found[3] == (5, {"text": "Last"}, ())


def _parquet(path: Path, columns: dict[str, object]) -> None:
    pq.write_table(pa.table(columns), path, row_group_size=2)


def test_parquet_cells_are_texts(tmp_path: Path) -> None:
    """Numbers, dates and nothing at all as they are written; no bytes are read."""
    path = tmp_path / "t.parquet"
    _parquet(
        path,
        {
            "id": ["a", "b", "c"],
            "n": [1, None, 3],
            "share": [0.5, 1.0, -2.25],
            "yes": [True, False, None],
            "day": [dt.date(2026, 1, 2)] * 3,
            "kind": pa.array(["x", "y", "x"]).dictionary_encode(),
            "audio": [{"bytes": b"RIFF", "path": "a.wav"}] * 3,
            "raw": [b"1"] * 3,
            "tags": [["a"], [], None],
        },
    )
    rows = list(read_rows(path, "t.parquet"))
    nested = ("audio", "raw", "tags")
    first = {"id": "a", "n": "1", "share": "0.5", "yes": "true", "day": "2026-01-02"}
    assert rows[0] == (1, {**first, "kind": "x"}, nested)
    second = {"id": "b", "n": "", "share": "1.0", "yes": "false", "day": "2026-01-02"}
    assert rows[1] == (2, {**second, "kind": "y"}, nested)
    assert len(rows) == 3


def test_bad_parquet_is_told(tmp_path: Path) -> None:
    """No Parquet file; a cell that cannot be; each a problem and not an end."""
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1 and then nothing of the kind PAR1")
    [problem] = read_rows(path, "t.parquet")
    assert "t.parquet: the file cannot be read as Parquet" in str(problem)
    _parquet(path, {"text": ["fine", "nul\0", "x" * 1_100_000, "good"]})
    first, nul, long, last = read_rows(path, "t.parquet")
    assert isinstance(first, tuple)
    assert "t.parquet:2: a NUL character" in str(nul)
    assert "longer than 1,048,576 characters" in str(long)
    assert last == (4, {"text": "good"}, ())


def test_endings_and_stems() -> None:
    """The packing is no part of what a table is called."""
    assert ending_of("a.b.CSV.Gz") == (".csv", ".gz")
    assert ending_of("a.gz") == ("", ".gz")
    assert ending_of("a.jsonl") == (".jsonl", "")
    assert [stem_of(name) for name in ("r.csv.gz", "r.csv", "a.b.txt.xz")] == [
        "r",
        "r",
        "a.b",
    ]


def test_a_job_reads_them_all(tmp_path: Path) -> None:
    """By the names that their files have without the packing."""
    (tmp_path / "one.csv.gz").write_bytes(gzip.compress(b"text\nOne.\n"))
    (tmp_path / "two.txt").write_text("Two.\n\nThree.\n")
    _parquet(tmp_path / "four.parquet", {"text": ["Four."]})
    tables = "".join(
        f"  - {{table: {name}}}\n" for name in ("one.csv.gz", "two.txt", "four.parquet")
    )
    job = tmp_path / "job.yaml"
    job.write_text(
        f"voices: {{a: {{speaker: astra}}}}\ntexts:\n{tables}"
        "outputs: [{kind: files, path: 'o/{id}.wav'}]\n"
    )
    texts = list(read_texts(batchtts.load_job(job)))
    told = [(one.id, one.words) for one in texts if isinstance(one, Text)]
    assert told == [
        ("one-1", "One."),
        ("two-1", "Two."),
        ("two-2", "Three."),
        ("four-1", "Four."),
    ]
