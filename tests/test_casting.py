"""Chapters, passages, languages and dialogue go to the voices that they are for."""

from __future__ import annotations

import json
import time
import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import batchtts
from batchtts.casting import Script, cast
from batchtts.casting.dialogue import speeches
from batchtts.chunking import clean
from batchtts.earlier import NOTHING, Earlier
from batchtts.errors import JobError
from batchtts.jobfile import load_job
from batchtts.localserver import tone_reader
from batchtts.lock.marks import Mark
from batchtts.model import (
    Job,
    Passage,
    Place,
    Request,
    Roles,
    Text,
    TextId,
    VoiceName,
)
from batchtts.pieces import Piece
from batchtts.plan import readings, survey
from batchtts.texts import read_texts

NARRATOR, CLERK, JEANNE = map(VoiceName, ("narrator", "clerk", "jeanne"))
VOICES = {NARRATOR, CLERK, JEANNE}
SHORT = {NARRATOR: "n", CLERK: "c", JEANNE: "j"}


def script(
    words: str, roles: Roles, passages: tuple[Passage, ...] = (), lang: str = "eng"
) -> Script:
    """Part a text of the narrator's."""
    text = Text(
        id=TextId("x"),
        words=words,
        voice=NARRATOR,
        title="",
        roles=roles,
        passages=passages,
        place=Place("x.txt"),
    )
    return cast(text, NARRATOR, VOICES, lang=lang)


def parts(made: Script) -> str:
    """Show the parts of a script in one line."""
    return " | ".join(
        f"{SHORT[part.voice]}:{part.words.strip()}:{part.boundary}"
        for part in made.parts
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "“Two,” he said. “A “so-called” day.”",
            "c:“Two,”:clause | n:he said.:sentence | c:“A “so-called” day.”:end",
        ),
        ('He paid for "a seat" and left.', 'n:He paid for "a seat" and left.:end'),
        (
            'She said: "Yes" and "no."\n\n"Now."',
            'n:She said::clause | c:"Yes":word | n:and:word | c:"no."\n\n"Now.":end',
        ),
        ('A 6" nail, "he said', 'n:A 6" nail, "he said:end'),
        ("“One.\n\n“Two.” He left.", "c:“One.\n\n“Two.”:sentence | n:He left.:end"),
        ("“One.\n\nHe left.", "n:“One.\n\nHe left.:end"),
        ("„Ja“, sagte er.", "c:„Ja“,:clause | n:sagte er.:end"),
        ("»Ja!« rief er.", "c:»Ja!«:clause | n:rief er.:end"),
        ("« Oui », dit-il.\n\nNon.", "c:« Oui »,:clause | n:dit-il.\n\nNon.:end"),
        (
            "\u2018It\u2019s his dogs\u2019,\u2019 he said.",
            "c:\u2018It\u2019s his dogs\u2019,\u2019:clause | n:he said.:end",
        ),
        ("In \u2018A\u2019 it is.", "n:In \u2018A\u2019 it is.:end"),
        (
            "'It's his dogs',' he said of 'A'.",
            "c:'It's his dogs',':clause | n:he said of 'A'.:end",
        ),
        ("\u2018Twas 'em, \u2018said he.", "n:\u2018Twas 'em, \u2018said he.:end"),
        (
            "\u201aJa\u2018, sagte Jo\u2019s Rad.",
            "c:\u201aJa\u2018,:clause | n:sagte Jo\u2019s Rad.:end",
        ),
        ("”Hej”, sa hon.", "c:”Hej”,:clause | n:sa hon.:end"),
        ("»Hej», sa hon.", "c:»Hej»,:clause | n:sa hon.:end"),
        ("״טוב,״ אמר ד״ר לי.", "c:״טוב,״:clause | n:אמר ד״ר לי.:end"),
        ("قال؛ «نعم» وذهب.", "n:قال؛:clause | c:«نعم»:word | n:وذهب.:end"),
        (
            "« Un.\n\n» Deux », dit-il.\n\n» Trois.",
            "c:« Un.\n\n» Deux »,:clause | n:dit-il.\n\n» Trois.:end",
        ),
        ("彼は「はい」と言った。", "n:彼は:word | c:「はい」:word | n:と言った。:end"),
        ("「え。」と彼。", "c:「え。」:clause | n:と彼。:end"),
        ("彼の「船」は古い。", "n:彼の「船」は古い。:end"),
        ("“Go!”—so\n“Yes!”", "c:“Go!”:clause | n:—so:line | c:“Yes!”:end"),
        ("“Go!”\n\n\nHe went.", "c:“Go!”:section | n:He went.:end"),
        ("“…” “Go!”", "c:“…” “Go!”:end"),
        ("*** “Go!” ***", "c:*** “Go!” ***:end"),
        ("No one spoke.", "n:No one spoke.:end"),
        ("\u200b", ""),
    ],
)  # fmt: skip
def test_dialogue_is_what_is_said_in_quotation_marks(words: str, expected: str) -> None:
    """Whatever marks a language has for it; words quoted in passing are none."""
    assert parts(script(words, Roles(dialogue=CLERK))) == expected


@pytest.mark.parametrize(
    ("lang", "words", "expected"),
    [
        (
            "es",
            "—Hola —dijo él—. Adiós.\n\nFin.",
            "c:—Hola:clause | n:—dijo él—.:sentence | c:Adiós.:paragraph | n:Fin.:end",
        ),
        (
            "spa",
            "—¿Sí? —dijo; «ya». —No.\n—Vale, Madrid—Irún.",
            "c:—¿Sí?:clause | n:—dijo; «ya».:clause | c:—No.\n—Vale, Madrid—Irún.:end",
        ),
        ("es", "Él —dijo— no: «Ya».", "n:Él —dijo— no::clause | c:«Ya».:end"),
        ("es", "—Miguel de Cervantes", "n:—Miguel de Cervantes:end"),
        (
            "ru",
            "— Он — врач, — сказал я. — Да.",
            "c:— Он — врач,:clause | n:— сказал я.:sentence | c:— Да.:end",
        ),
        (
            "uk",
            "— Так,— сказав він,— це я.",
            "c:— Так,:clause | n:— сказав він,:clause | c:— це я.:end",
        ),
        (
            "pl",
            "\u2013 Tak \u2013 rzekł. \u2013 1 \u2013 8?",
            "c:\u2013 Tak:clause | n:\u2013 rzekł.:sentence | c:\u2013 1 \u2013 8?:end",
        ),
        ("fr", "— Oui, dit-il.", "n:— Oui, dit-il.:end"),
        ("en", "—Oh, Kinch! he said.", "n:—Oh, Kinch! he said.:end"),
    ],
)
def test_dialogue_stands_behind_dashes_too(
    lang: str, words: str, expected: str
) -> None:
    """In languages that part the narrator's words by dashes; not where none does."""
    assert parts(script(words, Roles(dialogue=CLERK), lang=lang)) == expected


def test_marks_name_the_voice_of_a_passage() -> None:
    """They may hold paragraphs, and are gone from the words."""
    words = "Well: [[clerk: All rise.\n\nThe court sits. ]] So. [[ jeanne:Oui!]]"
    made = script(words, Roles(marks=True))
    assert parts(made) == (
        "n:Well::clause | c:All rise.\n\nThe court sits.:sentence | n:So.:sentence"
        " | j:Oui!:end"
    )
    assert parts(script("As [[clerk: is]].", Roles())) == "n:As [[clerk: is]].:end"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("[[cook: Hm.]]", 'no voice "cook" for what is marked "[[cook: Hm.]]"'),
        ("[[clerk: Hm.", 'the mark "[[clerk: Hm." has no "]]" after it'),
    ],
)
def test_a_mark_must_be_whole(words: str, told: str) -> None:
    """A voice that is not there would leave words unread."""
    with pytest.raises(JobError) as caught:
        script(words, Roles(marks=True))
    assert str(caught.value) == f'x.txt: text "x": {told}'


def test_languages_go_before_dialogue_and_marks_before_both() -> None:
    """A French word in a speech is read by the French voice."""
    words = "\u00a0He said: “A bon\u00adjour to \u200ball, [[narrator: that is]] me.”"
    french = words.index("bon\u00adjour")
    passage = Passage(french, french + len("bon\u00adjour"), "fr-CA")
    for code in ("fr-CA", "fr", "FR", "fra"):
        roles = Roles(CLERK, ((code, JEANNE),), marks=True)
        made = script(words, roles, (passage,))
        assert parts(made) == (
            "n:He said::clause | c:“A:word | j:bonjour:word | c:to all,:clause"
            " | n:that is:word | c:me.”:end"
        )
    other = Roles(languages=(("de", JEANNE),))
    assert len(script(words, other, (passage,)).parts) == 1
    made = script(words, replace(other, languages=(("fr", JEANNE),)), (passage,))
    assert "".join(part.words for part in made.parts) == clean(words).text


PROSE = st.text('ab.,"“”\u2018\u2019«»„ \n\u00ad—-', max_size=80)


@given(
    PROSE,
    st.lists(st.integers(0, 80), max_size=4),
    st.sampled_from(["", "es", "pl", "ru"]),
)
def test_no_word_is_lost(words: str, places: list[int], quoted: str) -> None:
    """The parts of a script are its text, and each has something to speak."""
    edges = sorted({min(place, len(words)) for place in places})
    passages = tuple(
        Passage(start, end, "fr")
        for start, end in zip(edges[::2], edges[1::2], strict=False)
    )
    roles = Roles(CLERK if quoted else None, (("fr", JEANNE),))
    made = script(words, roles, passages, quoted)
    joined = "".join(part.words for part in made.parts)
    assert "".join(joined.split()) == "".join(clean(words).text.split())
    if len(made.parts) > 1:
        assert all(any(map(str.isalnum, part.words)) for part in made.parts)


@pytest.mark.parametrize("piece", ["“a ", "«a ", "”a ", "'a ", "「a", "—a —b "])
def test_dialogue_is_found_in_linear_time(piece: str) -> None:
    """However much is opened and never closed; in squares it would be a minute."""
    began_s = time.process_time()
    for lang in ("en", "es"):
        assert len(list(speeches(f"—{piece * 20_000}.", lang))) <= 1
    assert time.process_time() - began_s < 2


# --- jobs ------------------------------------------------------------------------

JOB = """
engine: local
local: {{synthesiser: tone}}
voices:
  narrator: {{speaker: astra}}
  clerk: {{speaker: luna, sampling_rate: 16000, limit: 60}}
  jeanne: {{speaker: celeste, lang: fra}}
voice: narrator
texts:
{texts}
audio: {{loudness: none}}
outputs:
{outputs}
"""
FILES = '  - {kind: files, path: "out/{voice}/{id}.wav"}'
BOOK = "# One\n\n“Hello,” said he.\n\n# Two\n\nHe left.\n\n# The Third\n\nAll gone.\n"
PAGE = "<html lang='en'><h1>A</h1><p>They said <i lang='fr'>au revoir</i> and left.</p>"

Load = Callable[..., Job]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a job of some texts in the test's folder."""
    (tmp_path / "book.md").write_text(BOOK, encoding="utf-8")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("id,text\na,[[clerk: Hm.]]\nb,“Ah.”\n", "utf-8")

    def load(*texts: str, outputs: str = FILES) -> Job:
        path = tmp_path / "job.yaml"
        listed = "\n".join(f"  - {text}" for text in texts)
        path.write_text(JOB.format(texts=listed, outputs=outputs), encoding="utf-8")
        return load_job(path)

    return load


def _read(job: Job) -> dict[str, str]:
    """Return the voice of each text with what every voice reads in it."""
    return {
        f"{reading.text.id}/{SHORT[reading.voice.name]}": " ".join(
            f"{SHORT[piece.voice.name]}:{piece.chunk.words}" for piece in reading.pieces
        )
        for reading in readings(job, read_texts, engine="test", texts=9)
    }


def test_chapters_have_their_voices(load: Load) -> None:
    """By number, range or title; the first that fits counts."""
    job = load(
        '{file: book.md, voices: {"the *": clerk, "2, 3": jeanne}, dialogue: jeanne}'
    )
    assert _read(job) == {
        "book-01/n": "n:One j:“Hello,” n:said he.",
        "book-02/j": "j:Two\n\nHe left.",
        "book-03/c": "c:The Third\n\nAll gone.",
    }


def test_an_output_that_names_its_voices_gives_each_of_them_all(load: Load) -> None:
    """So that a corpus has one speaker a text; the roles are for the others."""
    alone = '  - {kind: files, path: "all/{voice}-{id}.wav", voices: [narrator]}'
    outputs = f"{FILES}\n{alone}"
    job = load("{id: x, text: 'He said: “No.”', dialogue: clerk}", outputs=outputs)
    made = [
        (len(reading.targets), [piece.chunk.words for piece in reading.pieces])
        for reading in readings(job, read_texts, engine="test", texts=1)
    ]
    assert made == [(1, ["He said:", "“No.”"]), (1, ["He said: “No.”"])]


def test_rows_and_pages_have_roles_too(load: Load) -> None:
    """A table's marks and dialogue, a page's languages."""
    job = load(
        "{table: rows.csv, marks: true, dialogue: clerk}",
        "{file: page.html, languages: {fr: jeanne}}",
    )
    assert _read(job) == {
        "a/n": "c:Hm.",
        "b/n": "c:“Ah.”",
        "page/n": "n:A\n\nThey said j:au revoir n:and left.",
    }
    assert not survey(job, read_texts).warnings


def test_a_role_with_nothing_to_read_is_told(load: Load) -> None:
    """A misspelt language, or marks that the text does not have."""
    job = load(
        "{file: page.html, languages: {de: clerk}, marks: true, dialogue: clerk}"
    )
    assert survey(job, read_texts).warnings == (
        'page.html: there is no dialogue for "clerk"',
        'page.html: nothing is in the language "de"',
        "page.html: nothing is marked with [[voice: words]]",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{file: book.md, dialogue: clark}", 'there is no voice "clark" (did you mean'),
        ("{file: book.md, languages: {fr: clark}}", 'there is no voice "clark"'),
        ("{file: book.md, languages: {french: clerk}}", '"french" is no language code'),
        ("{file: book.md, voices: {One: clark}}", 'there is no voice "clark"'),
        ("{file: book.md, voices: {4: clerk}}", '"book.md" has no chapter "4"'),
        ("{file: book.md, voices: {Onne: clerk}}", 'no chapter "Onne" (did you mean'),
        ("{id: x, text: '[[clark: a]]', marks: true}", 'text "x": no voice "clark"'),
    ],
)
def test_names_are_checked_before_anything_is_sent(
    load: Load, text: str, told: str
) -> None:
    """In the job file and, by the survey, in books and words."""
    with pytest.raises(JobError) as caught:
        survey(load(text), read_texts)
    assert told in str(caught.value)


class Known:
    """The cuts of one earlier reading, whatever its text."""

    def __init__(self, made: Sequence[Piece]) -> None:
        """Remember the pieces."""
        self._marks = [
            Mark("", piece.chunk.end - piece.chunk.start, piece.chunk.boundary)
            for piece in made
        ]

    def marks(self, *reading: str) -> Sequence[Mark]:
        """Know the words."""
        return self._marks

    def former(self, *reading: str) -> Sequence[Mark]:
        """Know of no takes."""
        return ()

    def wanted(self, text: str, voice: str, request: Request) -> Request:
        """Want what is asked for."""
        return request


def test_parts_are_cut_as_before(load: Load) -> None:
    """Cuts of an earlier run are kept, part by part, unless the parts are others."""
    gone = "He left, just as he had come. Then none at all."
    words = f"He said: “One, two, three. Four.” {gone}"
    job = load(f"{{id: x, text: {json.dumps(words)}, dialogue: clerk}}")

    def cut(job: Job, earlier: Earlier) -> list[Piece]:
        return [
            piece
            for reading in readings(
                job, read_texts, engine="test", texts=1, earlier=earlier
            )
            for piece in reading.pieces
        ]

    before = cut(replace(job, limit=40), NOTHING)
    job = replace(job, limit=80)
    afresh = cut(job, NOTHING)
    assert [len(before), len(afresh)] == [4, 3]
    assert cut(job, Known(before)) == before
    assert cut(job, Known(before[:-1])) == afresh


def test_two_voices_are_heard_in_one_file(load: Load, tmp_path: Path) -> None:
    """Each asks for its own rate; the file has that of the text's voice."""
    words = "The clerk said, “Two trains.” He left."
    job = load(f"{{id: x, text: {json.dumps(words)}, dialogue: clerk}}")
    report = batchtts.run(job)
    assert report.exit_code == 0
    assert (report.totals.made, report.made) == (3, 1)
    with wave.open(str(tmp_path / "out" / "narrator" / "x.wav")) as file:
        assert file.getframerate() == 24_000
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    heard = tone_reader.read(samples, 24_000)
    assert heard.text.split() == words.split()
