"""Jobs whose output is a book to read along with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from epubs import Epub, page
from overlays import SMIL, Made

import batchtts
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.runner.preview import preview

JOB = """
engine: local
local: {synthesiser: tone}
limit: 60
voices: {a: {speaker: astra, lexicon: {sea: see}}, b: {speaker: luna}}
voice: a
texts:
  - {file: book.epub, dialogue: b%s}
audio: {loudness: none, pauses: {section: 0.5}}
outputs:
  - {kind: read-along, path: "out/{book}.epub", narrator: [Ann, Bo]%s}
"""
PAGES = (
    "<h1>One</h1><p>The <em>sea</em> was calm. “Is it?” she said.</p>",
    "<h1>Two</h1><p>It was. Nobody had seen it, and <b>nobody</b> looked at it.</p>",
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a job, and the book that it reads."""

    def write(
        more: str = "", output: str = "", *, pages: tuple[str, ...] = PAGES
    ) -> Path:
        names = [f"{number}.xhtml" for number in range(len(pages))]
        Epub(
            pages=dict(zip(names, map(page, pages), strict=True)),
            nav=[(f"C{number}", name) for number, name in enumerate(names)],
        ).write(tmp_path / "book.epub")
        path = tmp_path / "job.yaml"
        path.write_text(JOB % (more, output), encoding="utf-8")
        return path

    return write


def _run(path: Path) -> tuple[int, int]:
    report = batchtts.run(load_job(path))
    assert report.exit_code == 0
    return report.made, report.unchanged


def test_a_book_is_made_of_its_chapters(write: Write, tmp_path: Path) -> None:
    """Its own words are shown, respelt or not; a second run changes nothing."""
    job = write()
    assert _run(job) == (1, 0)
    path = tmp_path / "out" / "Tale.epub"
    made = Made(path)
    assert made.said("OPS/0.xhtml") == [
        "One",
        "The sea was calm.",
        "“Is it?” she said.",
    ]
    assert made.metas("media:narrator") == [("", "Ann"), ("", "Bo")]
    report = json.loads((tmp_path / ".batchtts/job.report.json").read_text())
    [told] = report["outputs"]
    assert [chapter["sentences"] for chapter in told["chapters"]] == [3, 3]
    for number, chapter in enumerate(told["chapters"], 1):
        name = f"OPS/read-along/{number:04}.mp3"
        audio = tmp_path / "audio.mp3"
        audio.write_bytes(made.files[name])
        with av.open(str(audio)) as file:
            assert file.duration is not None
            assert file.duration / 1e6 == pytest.approx(chapter["seconds"], abs=0.1)
    clips = [len(list(smil.iter(f"{SMIL}par"))) for _, smil in made.overlays().values()]
    assert clips == [3, 3]
    before = path.read_bytes()
    assert _run(job) == (0, 1)
    path.unlink()
    assert preview(load_job(job)).outputs_due == 1
    assert _run(job) == (1, 0)
    assert path.read_bytes() == before
    assert _run(write(output=", format: m4a")) == (1, 0)
    assert "OPS/read-along/0001.m4a" in Made(path).files
    assert _run(write(output=", format: m4a", pages=(PAGES[0], "<p>It is.</p>"))) == (
        1,
        0,
    )


def test_a_title_that_is_not_in_the_page_is_heard_with_its_beginning(
    write: Write, tmp_path: Path
) -> None:
    """It is announced, and the first sentence is marked meanwhile."""
    assert _run(write(", announce: true", pages=("<p>It was. So.</p>",))) == (1, 0)
    made = Made(tmp_path / "out" / "Tale.epub")
    assert made.said("OPS/0.xhtml") == ["It was.", "So."]
    [(_, smil)] = made.overlays().values()
    first, second = (audio.attrib for audio in smil.iter(f"{SMIL}audio"))
    assert first["clipBegin"] == "0:00:00.000"
    assert second["clipBegin"] == first["clipEnd"]


@pytest.mark.parametrize(
    ("more", "output", "told"),
    [
        (", whole: true", "", "the words of chapter 1 are not those that were read"),
        ("}\n  - {id: x, text: Hm.", "", 'text "x" is not a chapter of an EPUB'),
        (
            "}\n  - {file: other.epub",
            "",
            '"all.epub" would be made of 2 books (put {book} into the path',
        ),
    ],
)
def test_what_cannot_be_made_is_found_before_anything_is_sent(
    write: Write, tmp_path: Path, more: str, output: str, told: str
) -> None:
    """What is no chapter of one EPUB, or has other words."""
    path = write(more, output)
    path.write_text(path.read_text().replace("{book}", "all"))
    Epub(pages={"x.xhtml": page("<p>Hm.</p>")}).write(tmp_path / "other.epub")
    with pytest.raises(JobError) as caught:
        batchtts.run(load_job(path))
    assert told in str(caught.value)
    cache = tmp_path / ".batchtts" / "cache"
    assert not [path for path in cache.rglob("*") if path.stat().st_size > 1000]


def test_a_path_must_be_an_epubs(write: Write) -> None:
    """As the job file's reader says."""
    path = write()
    path.write_text(path.read_text().replace("{book}.epub", "{book}.mp3"))
    with pytest.raises(JobError, match=r"its name must end in \.epub"):
        load_job(path)
