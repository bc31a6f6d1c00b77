"""Books from a job: whole runs, read back with players' libraries."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest
from epubs import Epub, page

import batchtts
from batchtts.errors import JobError
from batchtts.localserver.server import LocalServer
from batchtts.model import Job
from batchtts.report import RunReport
from batchtts.runner.checking import check

Serve = Callable[..., LocalServer]

CHAPTERS = {
    "One": "One. A ferry came.",
    "The Zwölf": "Twelve gulls sat on the pier, and none of them moved.",
    "Three": "Three bells rang.",
}
METADATA = """<dc:title>The Ferry</dc:title><dc:language>en-GB</dc:language>
<dc:creator>Ann Author</dc:creator><dc:date>1931-05-06T00:00:00Z</dc:date>
<dc:description>About a ferry.</dc:description><dc:publisher>Pier</dc:publisher>
<meta name="calibre:series" content="Boats"/>
<meta name="calibre:series_index" content="2"/>"""
COVER = '<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>'


def picture(shade: int = 0) -> bytes:
    """Return a PNG of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes([0, shade]))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def write_epub(path: Path, chapters: dict[str, str], metadata: str = METADATA) -> None:
    """Write an EPUB with a contents list and a cover."""
    Epub(
        pages={
            f"{n}.xhtml": page(f"<p>{words}</p>")
            for n, words in enumerate(chapters.values())
        },
        nav=[(title, f"{n}.xhtml") for n, title in enumerate(chapters)],
        metadata=metadata,
        manifest=COVER,
        files={"OPS/c.png": picture()},
    ).write(path)


class Shelf:
    """A folder with a book and a job that makes audiobooks of it."""

    def __init__(self, folder: Path) -> None:
        """Put the book there."""
        self.folder = folder
        self.texts = "{file: tale.epub}"
        self.voices = "{a: {speaker: astra}}"
        write_epub(folder / "tale.epub", CHAPTERS)

    def load(self, *outputs: str) -> Job:
        """Write and load the job."""
        path = self.folder / "job.yaml"
        listed = "".join(f"  - {output}\n" for output in outputs)
        path.write_text(
            "engine: local\nlocal: {synthesiser: tone}\n"
            f"voices: {self.voices}\ntexts:\n  - {self.texts}\noutputs:\n{listed}",
            encoding="utf-8",
        )
        return batchtts.load_job(path)

    def run(self, *outputs: str, server: LocalServer | None = None) -> RunReport:
        """Run the job, through a server of our own if one is given."""
        job = self.load(*outputs)
        if server is None:
            return batchtts.run(job)
        return batchtts.run(batchtts.load_job(job.path, url=server.url))

    def told(self) -> list[dict[str, Any]]:
        """Return what the report tells of the outputs."""
        report = self.folder / ".batchtts" / "job.report.json"
        found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["outputs"]
        return found

    def made(self) -> dict[str, tuple[str, int]]:
        """Return checksum and time of every file made, by its path."""
        out = self.folder / "out"
        return {
            path.relative_to(out).as_posix(): (
                hashlib.sha256(path.read_bytes()).hexdigest(),
                path.stat().st_mtime_ns,
            )
            for path in sorted(out.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Give a book that nobody has read yet."""
    return Shelf(tmp_path)


WHOLE = "{kind: audiobook, path: out/tale.m4b}"
EACH = '{kind: audiobook, path: "out/{index} {title}.mp3", profile: acx-levels}'


def test_an_epub_becomes_an_m4b(shelf: Shelf) -> None:
    """Other readers see its chapters, its cover and what the book says of itself."""
    assert shelf.run(WHOLE).exit_code == 0
    path = shelf.folder / "out" / "tale.m4b"
    (told,) = shelf.told()
    with av.open(str(path)) as container:
        marks = [
            (mark["metadata"]["title"], float(mark["start"] * (mark["time_base"] or 0)))
            for mark in container.chapters()
        ]
        stream = container.streams.audio[0]
        length = (stream.duration or 0) * (stream.time_base or 0)
    assert [title for title, _ in marks] == list(CHAPTERS)
    starts = [chapter["start"] for chapter in told["chapters"]]
    assert [start for _, start in marks] == pytest.approx([0, *starts[1:]], abs=0.001)
    assert starts[0] == 0.5
    assert length * stream.rate == told["samples"]
    tags = mutagen.File(path)
    assert tags["\xa9nam"] == ["The Ferry"]
    assert tags["\xa9ART"] == ["Ann Author"]
    assert tags["\xa9day"] == ["1931-05-06"]
    assert tags["desc"] == ["About a ferry."]
    assert tags["----:com.apple.iTunes:SERIES"] == [b"Boats"]
    assert tags["----:com.apple.iTunes:SERIES-PART"] == [b"2"]
    assert bytes(tags["covr"][0]) == picture()
    assert [mark.title for mark in tags.chapters] == list(CHAPTERS)


def test_a_book_is_its_takes_and_its_pauses(shelf: Shelf) -> None:
    """To the sample; and each chapter is heard where the report says."""
    book = "{kind: audiobook, path: out/tale.flac, profile: none}"
    files = '{kind: files, path: "out/{id}.wav", audio: {loudness: none}}'
    shelf.run(book, files)
    told = {one["path"]: one for one in shelf.told()}
    whole = told["out/tale.flac"]
    parts = [told[f"out/tale-0{n}.wav"] for n in (1, 2, 3)]
    rate_hz = whole["sample_rate"]
    pauses = Fraction(1, 2) + 2 * 2 + 1
    assert whole["samples"] == sum(one["samples"] for one in parts) + pauses * rate_hz
    sound = samples_in(shelf.folder / "out" / "tale.flac")
    for chapter, part in zip(whole["chapters"], parts, strict=True):
        take = samples_in(shelf.folder / part["path"])
        start = round(chapter["start"] * rate_hz)
        assert np.array_equal(sound[start : start + len(take)], take)


def samples_in(path: Path) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Return all samples of a file."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(frames)


def test_a_book_is_made_once(shelf: Shelf, serve: Serve) -> None:
    """A second run touches nothing; a lost file is made again of the same bytes."""
    server = serve()
    outputs = WHOLE, EACH
    shelf.run(*outputs, server=server)
    opened, before = server.connections, shelf.made()
    assert set(before) == {
        "tale.m4b",
        *(f"0{n} {t}.mp3" for n, t in enumerate(CHAPTERS, 1)),
    }
    report = shelf.run(*outputs, server=server)
    assert (report.made, report.unchanged, report.exit_code) == (0, 4, 0)
    assert shelf.made() == before
    assert all(one["chapters"] and one["state"] == "unchanged" for one in shelf.told())
    (shelf.folder / "out" / "tale.m4b").unlink()
    (shelf.folder / "out" / "02 The Zwölf.mp3").write_bytes(b"")
    report = shelf.run(*outputs, server=server)
    assert (report.made, report.unchanged) == (4, 0)
    digests = {name: digest for name, (digest, _) in shelf.made().items()}
    assert digests == {name: digest for name, (digest, _) in before.items()}
    assert server.connections == opened


def test_one_edited_chapter_is_all_that_is_asked_for(
    shelf: Shelf, serve: Serve
) -> None:
    """The book is made anew of the cache and of the chapter's new take."""
    server = serve()
    shelf.run(WHOLE, server=server)
    opened, before = server.connections, shelf.made()
    write_epub(shelf.folder / "tale.epub", {**CHAPTERS, "Three": "Three bells tolled."})
    report = shelf.run(WHOLE, server=server)
    assert (report.made, server.connections) == (1, opened + 1)
    assert shelf.made()["tale.m4b"][0] != before["tale.m4b"][0]


@pytest.mark.parametrize(
    "change",
    [
        "title: Another",
        "spacing: {gap: 3}",
        "cover: red.png",
        "audio: {bitrate: 96}",
        "profile: ebu",
    ],
)
def test_what_a_book_says_and_how_it_sounds_is_heeded(
    shelf: Shelf, serve: Serve, change: str
) -> None:
    """A change in the job's own words makes the book anew, and sends nothing."""
    server = serve()
    (shelf.folder / "red.png").write_bytes(picture(200))
    shelf.run(WHOLE, server=server)
    opened, before = server.connections, shelf.made()
    report = shelf.run(WHOLE.replace("}", f", {change}}}"), server=server)
    assert (report.made, server.connections) == (1, opened)
    assert shelf.made()["tale.m4b"][0] != before["tale.m4b"][0]


def test_each_chapter_is_measured_against_its_norm(shelf: Shelf) -> None:
    """The report says pass or fail for every figure; a failure is a warning."""
    shelf.run(EACH.replace("acx-levels", "acx-levels, author: [A. B., C. D.]"))
    told = shelf.told()
    assert [one["path"] for one in told] == sorted(one["path"] for one in told)
    for number, (one, title) in enumerate(zip(told, CHAPTERS, strict=True), 1):
        figures = {found["figure"]: found for found in one["figures"]}
        assert len(figures) == 10
        assert all(found["passed"] for found in figures.values())
        assert figures["rms_db"]["wanted"] == "-23 to -18"
        tags = mutagen.File(shelf.folder / one["path"]).tags
        assert str(tags["TRCK"]) == f"{number}/3"
        assert str(tags["TIT2"]) == title
        assert str(tags["TPE1"]) == "A. B., C. D."
        assert tags["APIC:"].data == picture()


def test_a_figure_that_fails_is_told(shelf: Shelf) -> None:
    """What cannot be met is said, with the file and the figure."""
    loud = "{kind: audiobook, path: out/tale.flac, profile: ebu}"
    shelf.texts = "{id: hush, text: '* * *'}"
    report = shelf.run(loud)
    (warning,) = [one for one in report.warnings if "fails the profile" in one]
    assert 'tale.flac" fails the profile "ebu": its integrated_lufs is -inf' in warning
    assert shelf.told()[0]["figures"][0] == {
        "figure": "integrated_lufs",
        "value": None,
        "wanted": "-23.5 to -22.5",
        "passed": False,
    }


def test_a_chapter_that_fails_fails_its_book_once(shelf: Shelf, serve: Serve) -> None:
    """No half book: it is absent, counted once, and made by the next run."""
    server = serve('[{text: "*gulls*", reply: {end: 1000}}]')
    report = shelf.run(WHOLE, EACH, server=server)
    assert report.exit_code == 3
    assert (report.made, report.failed, report.pending) == (0, 4, 0)
    (failure,) = report.failures
    assert failure.text == "tale-02"
    assert shelf.made() == {}
    report = shelf.run(WHOLE, EACH, server=serve())
    assert (report.exit_code, report.made, report.totals.made) == (0, 4, 1)


def test_books_are_told_apart_by_their_paths(shelf: Shelf) -> None:
    """Two books in one output, and two voices, are files or folders of their own."""
    other = METADATA.replace("The Ferry", "The Raft").replace("Boats", "Rafts")
    write_epub(shelf.folder / "raft.epub", {"Only": "A raft."}, other)
    shelf.texts = "{file: tale.epub}\n  - {file: raft.epub}"
    shelf.voices = "{a: {speaker: astra}, b: {speaker: luna}}"
    report = shelf.run(
        '{kind: audiobook, path: "out/{voice} {book}.m4a", voices: [a, b]}',
        '{kind: audiobook, path: "out/{book}/{voice}-{chapter}.opus", voices: [b]}',
    )
    assert (report.made, report.exit_code) == (8, 0)
    found = {name: mutagen.File(shelf.folder / "out" / name) for name in shelf.made()}
    assert found["a The Ferry.m4a"]["\xa9alb"] == ["The Ferry"]
    assert found["b The Raft.m4a"]["----:com.apple.iTunes:SERIES"] == [b"Rafts"]
    assert found["The Ferry/b-03.opus"]["tracktotal"] == ["3"]
    assert found["The Raft/b-01.opus"]["album"] == ["The Raft"]


def test_two_voices_do_not_read_the_same_book_at_once(shelf: Shelf) -> None:
    """Found before anything is sent, wherever the chapters go."""
    shelf.voices = "{a: {speaker: astra}, b: {speaker: luna}}"
    for path in ("out/tale.m4b", "out/{index}.mp3"):
        job = f'{{kind: audiobook, path: "{path}", voices: [a, b]}}'
        with pytest.raises(JobError, match=r"put \{voice\}|\{id\}, \{voice\}"):
            batchtts.preview(shelf.load(job))


def test_the_job_s_own_words_stand_in_paths(shelf: Shelf) -> None:
    """For texts that are of no book as well, such as credits."""
    shelf.texts = "{id: opening, text: The Ferry.}\n  - {file: tale.epub}"
    path = '"out/{author}/{book}/{take}-{index}.mp3"'
    report = shelf.run(f"{{kind: audiobook, path: {path}, author: Me, title: Mine}}")
    assert report.exit_code == 0
    assert set(shelf.made()) == {f"Me/Mine/1-0{n}.mp3" for n in range(1, 5)}


def test_more_chapters_than_a_file_can_hold(shelf: Shelf) -> None:
    """Are told before anything is sent."""
    rows = "".join(f"{number},Hello.\n" for number in range(1000))
    (shelf.folder / "many.csv").write_text(f"id,text\n{rows}")
    shelf.texts = "{table: many.csv}"
    batchtts.preview(shelf.load("{kind: audiobook, path: out/b.m4b}"))
    with pytest.raises(JobError, match="can hold 999 chapters at most"):
        batchtts.preview(shelf.load("{kind: audiobook, path: out/b.opus}"))


def test_a_sample_reads_one_chapter_only(shelf: Shelf, serve: Serve) -> None:
    """It is the beginning of the first chapter that is long enough."""
    long = " ".join(f"Sentence number {n} of many." for n in range(30))
    write_epub(shelf.folder / "tale.epub", {**CHAPTERS, "Three": f"Three. {long}"})
    server = serve()
    book = "{kind: audiobook, path: out/sample.mp3, sample: 20, author: Me}"
    shelf.run(book, server=server)
    (told,) = shelf.told()
    assert told["chapters"][0]["text"] == "tale-03"
    assert 10 < told["seconds"] <= 20
    assert {seen.text[:5] for seen in server.requests} <= {"Three", "Sente"}
    assert (
        str(mutagen.File(shelf.folder / told["path"])["TIT2"]) == "The Ferry (sample)"
    )


def _told(shelf: Shelf, *outputs: str) -> set[tuple[str, str, str]]:
    """Return what a check says: in which state what is, and why."""
    return {
        (finding.state, finding.path, reason.what)
        for finding in check(shelf.load(*outputs)).findings
        for reason in finding.reasons
    }


def test_a_check_tells_which_book_is_stale_and_why(shelf: Shelf) -> None:
    """And only that one: what of it has changed, or what is with its file."""
    shelf.run(WHOLE, EACH)
    shutil.rmtree(shelf.folder / ".batchtts")  # as in a clone
    assert check(shelf.load(WHOLE, EACH)).is_current
    changed = EACH.replace("acx-levels", "acx-levels, title: Another")
    found = check(shelf.load(WHOLE, changed))
    assert (found.outputs, found.stale, found.current) == (4, 3, 1)
    assert _told(shelf, WHOLE, changed) == {
        ("changed", f"out/{name}.mp3", "title The Ferry -> Another")
        for name in ("01 One", "02 The Zwölf", "03 Three")
    }
    (shelf.folder / "out/01 One.mp3").unlink()
    (shelf.folder / "out/tale.m4b").write_bytes(b"x")
    assert _told(shelf, WHOLE, EACH) == {
        ("altered", "out/tale.m4b", "file altered by hand"),
        ("missing", "out/01 One.mp3", "file missing"),
    }
    assert ("orphan", "out/tale.m4b", "nothing in the job asks for it any more") in (
        _told(shelf, EACH)
    )


def test_an_edited_chapter_costs_one_request(shelf: Shelf, serve: Serve) -> None:
    """Where a chapter was cut stands in the lock, and an edit moves no later cut."""
    line = "The boat went by in the dark, and {} saw its lamp from the hill."
    words = [line.format(who) for who in ("nobody", *(f"child {n}" for n in range(40)))]
    chapters = {**CHAPTERS, "Three": " ".join(words)}
    write_epub(shelf.folder / "tale.epub", chapters)
    server = serve()
    shelf.run(WHOLE, server=server)
    assert shelf.told()[0]["chapters"][2]["chunks"] > 4
    (shelf.folder / ".batchtts/job.outputs.sqlite3").unlink()
    chapters["Three"] = chapters["Three"].replace("nobody", "nobody at all")
    write_epub(shelf.folder / "tale.epub", chapters)
    assert _told(shelf, WHOLE) == {
        ("changed", "out/tale.m4b", 'chapter "tale-03": text changed')
    }
    assert shelf.run(WHOLE, server=server).totals.made == 1
    assert check(shelf.load(WHOLE)).is_current
    chapters["Third"] = chapters.pop("Three")
    del chapters["The Zwölf"]
    write_epub(shelf.folder / "tale.epub", chapters)
    assert _told(shelf, WHOLE) == {
        ("changed", "out/tale.m4b", what)
        for what in (
            'chapter "tale-02": text changed',
            'chapter "tale-02": title The Zwölf -> Third',
            'chapter "tale-03" is not in the job any more',
        )
    }


def test_the_plan_counts_books(shelf: Shelf) -> None:
    """What is to be made and sent is known beforehand, and gone afterwards."""
    before = batchtts.preview(shelf.load(WHOLE, EACH))
    assert (before.outputs, before.outputs_due, before.requests_to_send) == (4, 4, 3)
    shelf.run(WHOLE, EACH)
    after = batchtts.preview(shelf.load(WHOLE, EACH))
    assert (after.outputs_due, after.outputs_unchanged, after.chunks) == (0, 4, 0)
