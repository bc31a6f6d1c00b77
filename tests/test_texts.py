"""The texts of a job, from wherever they stand."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from epubs import Epub, page
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.errors import LocalError, Problem
from batchtts.jobfile import load_job
from batchtts.model import (
    Job,
    LocalSettings,
    Passage,
    Place,
    RimeSettings,
    Text,
    TextId,
    Voice,
    VoiceName,
)
from batchtts.names import id_problem
from batchtts.sources import FileText, InlineText, TableText, TextSource
from batchtts.texts import read_texts

AT = Place("job.yaml", 7, 5)
CLERK = VoiceName("clerk")
JOBS = Path(__file__).parent.parent / "jobs"

Table = Callable[..., TableText]


def job(*sources: TextSource) -> Job:
    """Return a job with the voices "clerk" and "narrator" and these texts."""
    voices = {
        VoiceName(name): Voice(
            name=VoiceName(name),
            parameters=(("speaker", name),),
            audio_format="pcm",
            sampling_rate=24000,
            lang="eng",
            place=AT,
        )
        for name in ("clerk", "narrator")
    }
    return Job(
        path=Path("job.yaml").resolve(),
        name="job",
        engine="local",
        rime=RimeSettings(),
        local=LocalSettings(),
        concurrency=1,
        limit=500,
        voices=voices,
        voice=None,
        texts=sources,
        outputs=(),
        place=AT,
    )


def texts(*sources: TextSource) -> list[Text]:
    """Return the texts of sources that are expected to be without a problem."""
    found = list(read_texts(job(*sources)))
    assert [str(one) for one in found if isinstance(one, Problem)] == []
    return [one for one in found if isinstance(one, Text)]


def problems(*sources: TextSource) -> list[str]:
    """Return the problems as lines that a person reads."""
    found = read_texts(job(*sources))
    return [str(one) for one in found if isinstance(one, Problem)]


def inline(words: str, name: str = "intro", title: str | None = None) -> InlineText:
    """Return a text whose words stand in the job file."""
    return InlineText(id=TextId(name), words=words, voice=CLERK, title=title, place=AT)


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Write a table and return it as a source of texts."""

    def write(
        content: str, name: str = "t.csv", text: str = "line", **asked: str
    ) -> TableText:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", newline="")
        return TableText(
            path=path,
            shown=name,
            id=asked.get("id"),
            text=text,
            voice=asked.get("voice"),
            title=asked.get("title"),
            place=AT,
        )

    return write


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., FileText]:
    """Write a file and return it as a source of texts."""

    def write(content: str, name: str, text_id: str | None = None) -> FileText:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8", newline="")
        return FileText(path=path, shown=name, id=text_id, voice=CLERK, place=AT)

    return write


File = Callable[..., FileText]


# --- inline --------------------------------------------------------------------


def test_inline() -> None:
    """An inline text is as it stands, and called by its id unless it has a title."""
    assert texts(inline("Welcome."), inline("Bye.", "outro", "The End")) == [
        Text(
            id=TextId("intro"), words="Welcome.", voice=CLERK, title="intro", place=AT
        ),
        Text(id=TextId("outro"), words="Bye.", voice=CLERK, title="The End", place=AT),
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (inline(""), 'job.yaml:7:5: text "intro" has no words'),
        (inline(" \n\t "), 'job.yaml:7:5: text "intro" has no words'),
        (inline("a\0b"), 'job.yaml:7:5: text "intro" has a NUL character in it'),
        (inline("a\ud800b"), 'job.yaml:7:5: text "intro" has half a character in it'),
        (inline("a", "x/y"), f'job.yaml:7:5: text "x/y": {id_problem("x/y")}'),
    ],
    ids=range(5),
)
def test_inline_problems(source: InlineText, expected: str) -> None:
    """A text that cannot be read or named is told with its place."""
    assert problems(source) == [expected]


@settings(deadline=None)
@given(
    st.text(st.sampled_from("acdlmnoprtux019_-. ~"), max_size=12)
    | st.sampled_from(["con", "CON.txt", "lpt1", "com9", "aux", "nul", "prn.a"])
)
def test_no_bad_id_passes(name: str) -> None:
    """The short way of checking ids refuses what the long way refuses."""
    found = problems(inline("words", name))
    assert bool(found) == (id_problem(name) is not None)


# --- files ---------------------------------------------------------------------


def test_text_file(file: File) -> None:
    """A text file is one text that is called by the file's stem."""
    source = file("Once.\r\nTwice.\n", "tale.txt")
    assert texts(source) == [
        Text(
            id=TextId("tale"),
            words="Once.\nTwice.\n",
            voice=CLERK,
            title="tale",
            columns={"chapter": "01"},
            book=source.path,
            place=Place("tale.txt", 1),
        )
    ]


def test_chapters(file: File) -> None:
    """A file of several chapters gives numbered ids, titles and what is known."""
    source = file("---\nauthor: Ann\n---\n# Tale\n\n## A\n\na\n\n## B\n\nb", "tale.md")
    first, second = texts(source)
    assert (first.id, first.title, first.words) == ("tale-01", "A", "A\n\na")
    assert (second.id, second.title, second.words) == ("tale-02", "B", "B\n\nb")
    assert first.columns == {"author": "Ann", "book": "Tale", "chapter": "01"}
    assert second.columns == {**first.columns, "chapter": "02"}
    assert second.place == Place("tale.md", 10)


def test_one_chapter(file: File) -> None:
    """A Markdown file with one heading is one text without a number."""
    (text,) = texts(file("# Tale\n\na", "tale.md"))
    assert (text.id, text.title) == ("tale", "Tale")


def test_many_chapters(file: File) -> None:
    """Numbers have as many digits as the last of them needs."""
    source = file("\n\n".join(f"# C{n}" for n in range(1, 101)), "tale.md")
    found = [text.id for text in texts(source)]
    assert (found[0], found[-1]) == ("tale-001", "tale-100")


def test_id_of_a_file(file: File) -> None:
    """An id in the job takes the stem's place."""
    assert [t.id for t in texts(file("a", "~tale.txt", "x"))] == ["x"]
    assert [t.id for t in texts(file("# A\n\n# B", "t.md", "x"))] == ["x-01", "x-02"]


def test_words_before_the_first_chapter_have_a_title(file: File) -> None:
    """A chapter without a heading is called by the book, or else by its id."""
    source = file("---\ntitle: Tale\n---\nHello.\n\n# A\n\n# B", "t.md")
    assert [t.title for t in texts(source)] == ["Tale", "A", "B"]
    first, *_ = texts(file("Hi.\n\n# A\n\n# B", "t.md"))
    assert first.title == "t-01"


def test_stem_in_another_form(file: File) -> None:
    """The same name gives the same id, however the file system spells it."""
    (text,) = texts(file("a", "cafe\u0301.txt"))
    assert text.id == "caf\u00e9"


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("", "t.txt", 't.txt:1: text "t" has no words'),
        ("\n \n", "t.txt", 't.txt:1: text "t" has no words'),
        ("***", "t.md", "t.md: there is nothing to read in the file"),
        ("a\nb\0", "t.txt", "t.txt:2:2: a NUL character stands in the text"),
        ("a", "-t.txt", f'-t.txt:1: text "-t": {id_problem("-t")}'),
        ("a", "t.doc", 't.doc: files that end in ".doc" cannot be read'),
    ],
    ids=range(6),
)
def test_file_problems(file: File, content: str, name: str, expected: str) -> None:
    """A file that cannot be used is told with the place in it."""
    (problem,) = problems(file(content, name))
    assert problem.startswith(expected)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is told where the job names it."""
    path = tmp_path / "none.txt"
    source = FileText(path=path, shown="none.txt", id=None, voice=None, place=AT)
    assert problems(source) == [
        'job.yaml:7:5: there is no file "none.txt" (paths are relative to the job file)'
    ]


def test_folder(tmp_path: Path) -> None:
    """A folder is no file."""
    source = TableText(
        path=tmp_path, shown="x", id=None, text="a", voice=None, title=None, place=AT
    )
    assert problems(source) == ['job.yaml:7:5: "x" is not a file']


# --- tables --------------------------------------------------------------------


def test_table(table: Table) -> None:
    """A row gives id, words, title and voice; all but the words stay columns."""
    source = table(
        'key,line,who,name,mood\na,"Hello,\nyou",clerk,Greeting,glad\nb,Bye,,,\n',
        id="key",
        voice="who",
        title="name",
    )
    columns = {"key": "a", "who": "clerk", "name": "Greeting", "mood": "glad"}
    assert texts(source) == [
        Text(
            id=TextId("a"),
            words="Hello,\nyou",
            voice=CLERK,
            title="Greeting",
            columns=columns,
            place=Place("t.csv", 2),
        ),
        Text(
            id=TextId("b"),
            words="Bye",
            voice=None,
            title="b",
            columns={"key": "b", "who": "", "name": "", "mood": ""},
            place=Place("t.csv", 4),
        ),
    ]


def test_column_id(table: Table) -> None:
    """A column "id" is taken for the ids when the job names none."""
    assert [t.id for t in texts(table("id,line\nx,1\ny,2\n"))] == ["x", "y"]


def test_row_numbers(table: Table) -> None:
    """Without a column for them ids are made of the stem and the row's number."""
    source = table("line,note\none,\n\ntwo,\n,\nthree,\n", "lines.csv")
    found = texts(source)
    assert [t.id for t in found] == ["lines-1", "lines-2", "lines-3"]
    assert [t.place.line for t in found] == [2, 4, 6]


def test_fixed_voice(table: Table) -> None:
    """A voice of the job reads every row where there is no such column."""
    assert [t.voice for t in texts(table("line\na\nb\n", voice="clerk"))] == [CLERK] * 2


def test_voice_that_is_no_voice_of_the_job(table: Table) -> None:
    """Whether a row's voice exists is not asked here."""
    (text,) = texts(table("line,who\na,nobody\n", voice="who"))
    assert text.voice == "nobody"


def test_json_lines(table: Table) -> None:
    """Numbers are text as they are written, and rows may have columns of their own."""
    source = table(
        '{"id": 007, "line": 1.50, "more": [1]}\n'.replace("007", "7")
        + '{"id": "b", "line": true, "who": null}\n',
        "t.jsonl",
    )
    first, second = texts(source)
    assert (first.id, first.words, first.columns) == ("7", "1.50", {"id": "7"})
    assert (second.id, second.words) == ("b", "true")


@pytest.mark.parametrize(
    ("content", "asked", "expected"),
    [
        (
            "id,lines\na,b\n",
            {},
            '"t.csv" has no column "line" (did you mean "lines"?)',
        ),
        (
            "id,x,y\na,b,c\n",
            {},
            '"t.csv" has no column "line" (it has "id", "x", "y")',
        ),
        (
            "key,line\na,b\n",
            {"id": "Key"},
            '"t.csv" has no column "Key" (did you mean "key"?)',
        ),
        (
            "line\na\n",
            {"title": "name"},
            '"t.csv" has no column "name" (it has "line")',
        ),
        (
            "line,role\na,b\n",
            {"voice": "rol"},
            '"rol" is neither a column of "t.csv" nor a voice (did you mean "role"?)',
        ),
        (
            "line,clerk\na,b\n",
            {"voice": "clerk"},
            '"clerk" is a column of "t.csv" and a voice too (rename one of them)',
        ),
        ("line\n", {}, '"t.csv" has no rows'),
        ("line,x\n,\n", {}, '"t.csv" has no rows'),
    ],
    ids=range(8),
)
def test_column_problems(
    table: Table, content: str, asked: dict[str, str], expected: str
) -> None:
    """What the job asks of a table in vain is told once, where the job asks it."""
    assert problems(table(content, **asked)) == [f"job.yaml:7:5: {expected}"]


def test_every_missing_column(table: Table) -> None:
    """All that is missing is told at once."""
    source = table("a\nb\n", id="key", voice="who", title="name")
    assert len(problems(source)) == 4


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        ("id,line\na,\n", "t.csv", 't.csv:2: text "a" has no words'),
        ("id,line\n,words\n", "t.csv", 't.csv:2: the row\'s "id" is empty'),
        ("id,line\na/b,w\n", "t.csv", f't.csv:2: text "a/b": {id_problem("a/b")}'),
        ("id,line\na\n", "t.csv", "t.csv:2: the row has 1 cell, the table 2 columns"),
        (
            '{"id": "a", "line": ["w"]}',
            "t.jsonl",
            't.jsonl:1: the row\'s "line" is a list or an object',
        ),
        ('{"id": "a", "line": null}', "t.jsonl", 't.jsonl:1: text "a" has no words'),
        (
            '{"id": "a", "line": "x\\u0000"}',
            "t.jsonl",
            't.jsonl:1: text "a" has a NUL character in it',
        ),
    ],
    ids=range(7),
)
def test_row_problems(table: Table, content: str, name: str, expected: str) -> None:
    """A row that cannot be used is told with its line."""
    (problem,) = problems(table(content, name))
    assert problem.startswith(expected)


def test_row_with_a_column_called_like_the_voice(table: Table) -> None:
    """A later row cannot make a column of what was a voice."""
    source = table(
        '{"id": "a", "line": "w"}\n{"id": "b", "line": "w", "clerk": "x"}',
        "t.jsonl",
        voice="clerk",
    )
    assert problems(source) == [
        (
            't.jsonl:2: "clerk" is a column of "t.jsonl" and a voice too'
            " (rename one of them)"
        )
    ]


def test_rows_after_a_problem(table: Table) -> None:
    """A problem takes the place of its row, and the others are read."""
    found = list(read_texts(job(table("id,line\na,\nb,w\n"))))
    assert [type(one) for one in found] == [Problem, Text]


def test_titles_are_said_where_the_words_lack_them(tmp_path: Path) -> None:
    """Once, before the chapter; passages stay with their words."""
    pages = {
        "1.xhtml": page("<p>It rained, <i xml:lang='fr'>enfin</i>.</p>"),
        "2.xhtml": page("<h1>The  Second</h1><p>Sun.</p>"),
        "3.xhtml": page("<p>In the end. It snowed.</p>"),
    }
    titles = ["In", "The second", "In the end"]
    path = Epub(pages=pages, nav=list(zip(titles, pages, strict=True))).write(
        tmp_path / "t.epub"
    )
    source = FileText(path=path, shown="t.epub", id=None, voice=None, place=AT)
    plain = texts(source)
    first, *others = texts(replace(source, announce=True))
    assert first.words == "In\n\nIt rained, enfin."
    (passage,) = first.passages
    assert first.words[passage.start : passage.end] == "enfin"
    assert others == plain[1:]


# --- the job as a whole --------------------------------------------------------


def test_order(file: File, table: Table) -> None:
    """Texts come in the order of the job, and again on every reading."""
    made = job(table("id,line\nr1,x\nr2,x\n"), inline("x"), file("x", "f.txt"))
    expected = ["r1", "r2", "intro", "f"]
    for _ in range(2):
        found = [one.id for one in read_texts(made) if isinstance(one, Text)]
        assert found == expected


def test_streamed(tmp_path: Path, table: Table) -> None:
    """Nothing is read before it is asked for."""
    later = FileText(
        path=tmp_path / "later.txt", shown="later", id=None, voice=None, place=AT
    )
    stream = read_texts(job(table("id,line\na,x\nb,x\n"), later))
    assert [one.id for one in itertools.islice(stream, 2) if isinstance(one, Text)] == [
        "a",
        "b",
    ]
    later.path.write_text("now", encoding="utf-8")
    assert [one.words for one in stream if isinstance(one, Text)] == ["now"]


def test_flat_memory(table: Table) -> None:
    """Ten times the rows take no more memory."""

    def peak(rows: int) -> int:
        lines = (
            f"key-{n},Mind the step and the rope and the bell\n" for n in range(rows)
        )
        source = table("id,line\n" + "".join(lines))
        tracemalloc.start()
        try:
            assert sum(1 for _ in read_texts(job(source))) == rows
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(25_000) < peak(4_000) * 1.2 + 100_000


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails is a problem of this machine."""
    path = tmp_path / "t.txt"
    path.write_text("x", encoding="utf-8")

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error", str(path))

    monkeypatch.setattr(Path, "open", fail)
    source = FileText(path=path, shown="t.txt", id=None, voice=None, place=AT)
    with pytest.raises(LocalError, match="cannot read"):
        texts(source)


@pytest.mark.parametrize(
    ("name", "count"), [("audiobook", 7), ("prompts", 12), ("corpus", 24)]
)
def test_example_jobs(name: str, count: int) -> None:
    """The example jobs are read without a problem."""
    found = list(read_texts(load_job(JOBS / f"{name}.yaml")))
    assert [one for one in found if isinstance(one, Problem)] == []
    ids = [one.id for one in found if isinstance(one, Text)]
    assert len(set(ids)) == count


# --- books: which chapters -------------------------------------------------------


def chosen(source: FileText, *asked: str) -> list[str]:
    """Return the ids of the chapters asked for."""
    return [text.id for text in texts(replace(source, chapters=asked))]


BOOK = "# Prologue\n\np\n\n# The Boy\n\na\n\n# The Girl\n\nb\n\n# 1984\n\nc"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (["2"], [2]),
        (["1-2"], [1, 2]),
        (["3-"], [3, 4]),
        (["2 - 3", "1"], [1, 2, 3]),
        (["the  boy"], [2]),
        (["The *"], [2, 3]),
        (["Prologue", "4"], [1, 4]),
        (["198[4]"], [4]),
        (["2", "2-2", "*Boy"], [2]),
    ],
    ids=str,
)
def test_chosen_chapters(file: File, asked: list[str], expected: list[int]) -> None:
    """Chapters are asked for by number, range or title, and keep their numbers."""
    found = chosen(file(BOOK, "tale.md"), *asked)
    assert found == [f"tale-{number:02}" for number in expected]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        ("5", "it has 4, called by number or by title"),
        ("0", "it has 4, called by number or by title"),
        ("3-2", "it has 4, called by number or by title"),
        ("1-5", "it has 4, called by number or by title"),
        ("The Bay", 'did you mean "the boy"?'),
        ("Zzz", "it has 4, called by number or by title"),
    ],
)
def test_chapters_asked_for_in_vain(file: File, asked: str, hint: str) -> None:
    """A chapter that the book does not have is a problem, with what there is."""
    source = replace(file(BOOK, "tale.md"), chapters=("2", asked))
    assert problems(source) == [
        f'job.yaml:7:5: "tale.md" has no chapter "{asked}" ({hint})'
    ]


def test_whole(file: File) -> None:
    """A file may be one text whatever chapters it has."""
    (text,) = texts(replace(file(BOOK, "tale.md"), whole=True))
    assert (text.id, text.title) == ("tale", "tale")
    assert text.words.startswith("Prologue\n\np\n\n\nThe Boy\n\na\n\n\nThe Girl")


def test_book(tmp_path: Path) -> None:
    """What an EPUB says reaches its texts; what is left out is noticed."""
    path = Epub(
        pages={
            "cover.xhtml": page("<p>Cover</p>", role="cover"),
            "a.xhtml": page('<h1>I</h1><p>Il dit <i lang="en">so</i>.</p>'),
            "b.xhtml": page('<p><i lang="en">Well</i></p>'),
        },
        nav=[("I", "a.xhtml"), ("II", "b.xhtml")],
        metadata=METADATA,
    ).write(tmp_path / "tale.epub")
    source = FileText(path=path, shown="tale.epub", id=None, voice=CLERK, place=AT)
    notice, first, second = read_texts(job(source))
    assert str(notice) == 'tale.epub: left out: "OPS/cover.xhtml" (cover)'
    assert isinstance(first, Text)
    assert isinstance(second, Text)
    assert first.columns == {
        "author": "Ann Lee",
        "book": "Tale",
        "chapter": "01",
        "date": "1999",
        "description": "Short.",
        "identifier": "x",
        "language": "fr",
        "narrator": "Nora Vox",
        "publisher": "Pier",
        "series": "Harbours",
        "series_index": "2",
    }
    assert (first.id, first.title, first.book) == ("tale-01", "I", path)
    assert str(first.place) == "tale.epub/OPS/a.xhtml:4"
    assert first.passages == (Passage(10, 12, "en"),)
    (whole,) = texts(replace(source, whole=True))
    assert whole.passages == (Passage(10, 12, "en"), Passage(16, 20, "en"))
    assert whole.words[16:] == "Well"


METADATA = """<dc:title>Tale</dc:title><dc:creator>Ann Lee</dc:creator>
<dc:language>fr</dc:language><dc:date>1999</dc:date><dc:description>Short.
</dc:description><dc:identifier>x</dc:identifier><dc:publisher>Pier</dc:publisher>
<dc:contributor opf:role="nrt">Nora Vox</dc:contributor>
<meta name="calibre:series" content="Harbours"/>
<meta name="calibre:series_index" content="2"/>"""


def test_much_left_out(tmp_path: Path) -> None:
    """Of very much that is left out the first is named and the rest counted."""
    spine = '<itemref idref="p0"/>' + '<itemref idref="x"/>' * 50
    path = Epub(pages={"a.xhtml": page("a")}, spine=spine).write(tmp_path / "a.epub")
    source = FileText(path=path, shown="a.epub", id=None, voice=CLERK, place=AT)
    notice, _ = read_texts(job(source))
    assert str(notice).endswith('"x" (unknown page), and 10 more')
    assert str(notice).count("unknown page") == 40
