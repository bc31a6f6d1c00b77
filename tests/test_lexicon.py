"""Words are said as the lexicon has them, and nothing else is changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from cutting import cut
from hypothesis import given
from hypothesis import strategies as st

import batchtts
from batchtts import lexicon as lexicon_module
from batchtts.chunking import clean
from batchtts.cli import main
from batchtts.errors import JobError
from batchtts.jobfile import load_job, read_lexicon
from batchtts.lexicon import Lexicon
from batchtts.model import Job, Place, Respelling, Voice, VoiceName
from batchtts.plan import readings, survey
from batchtts.runner.preview import preview
from batchtts.texts import read_texts

PLACE = Place("names.yaml", 1, 1)
VOICE = Voice(
    name=VoiceName("a"),
    parameters=(("modelId", "arcana"),),
    audio_format="pcm",
    sampling_rate=24000,
    lang="eng",
    place=PLACE,
)


def word(written: str, say: str, *, case: bool | None = None) -> Respelling:
    """Make an entry of words as the job file's reader does."""
    any_case = written == written.lower() if case is None else not case
    return Respelling(written, say, any_case, is_expression=False, place=PLACE)


def expression(written: str, say: str) -> Respelling:
    """Make an entry that is a regular expression."""
    return Respelling(written, say, any_case=False, is_expression=True, place=PLACE)


def said(text: str, *entries: Respelling) -> str:
    """Return a text as some entries have it said."""
    return Lexicon(entries).respelt(text).text


@pytest.mark.parametrize(
    ("entry", "text", "expected"),
    [
        (word("boatswain", "bosun"), "The boatswain's boatswains.", "The bosun's boat"),
        (word("boatswain", "bosun"), "Boatswain! BOATSWAIN!", "Bosun! Bosun!"),
        (word("Nice", "Niece"), "nice in Nice, NICE", "nice in Niece, NICE"),
        (word("Nice", "Niece", case=False), "nice NICE", "Niece Niece"),
        (word("us", "U S", case=True), "us US Us", "U S US Us"),
        (word("New York", "Noo Yawk"), "New  York, New\nYork", "Noo Yawk, Noo Yawk"),
        (word("New York", "Noo Yawk"), "New\n\nYork New-York", "New\n\nYork New-York"),
        (word("don't", "do not"), "don\u2019t don't", "do not do not"),
        (word("St.", "Saint"), "St. Ives", "Saint Ives"),
        (word("°C", "degrees"), "25 °C, 7°C", "25 degrees, 7degrees"),
        (word("東京", "とうきょう"), "大東京に", "大とうきょうに"),
        (word("नमस्ते", "namaste"), "नमस्ते नमस्तेजी", "namaste नमस्तेजी"),
        (word("stra\u00dfe", "street"), "STRASSE", "Street"),
        (expression(r"(\d+)-(\d+)", r"\1 to \2"), "in 1914-1918.", "in 1914 to 1918."),
        (expression(r"(?P<a>[A-Z])\.", r"\g<a>\\"), "J. B", "J\\ B"),
        (expression(r"x|(y)", r"<\1>"), "xy", "<><y>"),
        (expression(r"\b", "x"), "as it is", "as it is"),
    ],
)
def test_an_entry_finds_what_it_means(
    entry: Respelling, text: str, expected: str
) -> None:
    """Whole words in any case, or as written; expressions by their groups."""
    assert said(text, entry).startswith(expected)


def test_the_first_place_the_longest_and_the_first_entry_win() -> None:
    """Entries that overlap have an order, and none sees what another has put."""
    entries = [
        word("York", "Jork"),
        word("New York", "York City"),
        word("York", "never"),
        expression("New.*", "nothing so long"),
        word("city of", "never"),
        expression("of York", "of Yorick"),
    ]
    assert said("New York", *entries[:3]) == "York City"
    assert said("New York!", *entries) == "nothing so long"
    assert said("the city of York", *entries) == "the never Jork"
    assert said("of York", *entries) == "of Yorick"


@pytest.mark.parametrize("written", [r"(a|aa)+$", r"(a|aa)+\d"])
def test_an_expression_that_takes_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    """One place or many: there is one limit to the time in a text."""
    monkeypatch.setattr(lexicon_module, "PATIENCE_S", 0.1)
    with pytest.raises(JobError, match=r"names.yaml:1:1: .* takes too long"):
        said(("a" * 22 + "c ") * 2000, expression(written, "x"))


def test_a_text_cannot_be_made_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry from a stranger's file cannot fill the memory."""
    monkeypatch.setattr(lexicon_module, "_MAX_CHARACTERS", 100)
    with pytest.raises(JobError, match="more than 100 characters"):
        said("a " * 50, word("a", "much longer"))


# --- chunks ----------------------------------------------------------------------

ENTRIES = st.lists(
    st.builds(
        word,
        st.sampled_from(["a", "b", "ab", "a b", "A", "b.", "ba"]),
        st.text("abAB .\n", min_size=1, max_size=70).filter(str.strip),
    ),
    max_size=4,
)


@given(st.text("abAB .\n\u00ad", max_size=300), ENTRIES)
def test_no_word_is_lost(text: str, entries: Sequence[Respelling]) -> None:
    """Chunks joined are the respelt text, what they are written as the text itself."""
    lexicon = Lexicon(entries)
    made = cut(text, VOICE, limit=40, lexicon=lexicon)
    cleaned = clean(text).text
    assert "".join(piece.chunk.text for piece in made) == lexicon.respelt(cleaned).text
    assert "".join(piece.written for piece in made) == cleaned
    assert all(len(piece.chunk.words) <= 40 for piece in made)


JOB = """
engine: local
local: {{synthesiser: tone}}
voices:
  narrator: {{speaker: astra, model: mistv2, phonemize_between_brackets: true}}
  clerk: {{speaker: luna, lexicon: {{quay: kway}}}}
{lexicon}
texts:
  - {{id: one, voice: narrator, text: "The quay of {{quay}} Brannoc."}}
  - {{id: two, voice: clerk, text: "Brannoc has no quay."}}
  - {{id: three, voice: clerk, text: "Nothing here is changed."}}
audio: {{loudness: none}}
outputs: [{{kind: files, path: "out/{{id}}.wav"}}]
"""


def _job(folder: Path, lexicon: str = "") -> Job:
    path = folder / "job.yaml"
    path.write_text(JOB.format(lexicon=lexicon), encoding="utf-8")
    return load_job(path)


def _sent(job: Job) -> list[str]:
    made = readings(job, read_texts, engine="test", texts=3)
    return [
        piece.request.text
        for reading in made
        for piece in reading.pieces
        if piece.request
    ]


def test_a_voices_own_entries_come_before_the_jobs(tmp_path: Path) -> None:
    """And what the engine obeys as a phoneme is left as it is."""
    assert _sent(_job(tmp_path, "lexicon: {quay: key, Brannoc: Branock}")) == [
        "The key of {quay} Branock.",
        "Branock has no kway.",
        "Nothing here is changed.",
    ]


def test_a_change_makes_again_what_it_touches(tmp_path: Path) -> None:
    """The takes of all other texts are still good."""
    batchtts.run(_job(tmp_path, "lexicon: {quay: key}"))
    plan = preview(_job(tmp_path, "lexicon: {quay: kee}"))
    assert (plan.requests_to_send, plan.requests_cached) == (1, 0)
    assert plan.outputs_unchanged == 2
    assert [(one.written, one.say, one.count) for one in plan.respelt] == [
        ("quay", "kway", 1),
        ("quay", "kee", 1),
    ]


def test_an_entry_that_finds_nothing_is_told(tmp_path: Path) -> None:
    """The first few of each file by name and line."""
    (tmp_path / "n.yaml").write_text("\n".join(f"w{n}: x" for n in range(7)))
    size = survey(_job(tmp_path, "lexicon: [{word: Nora, say: N}, n.yaml]"), read_texts)
    assert [line.removeprefix(f"{tmp_path}/") for line in size.warnings] == [
        'job.yaml: the lexicon has 1 word that no text has: "Nora" (line 7)',
        (
            'n.yaml: the lexicon has 7 words that no text has: "w0" (line 1), '
            '"w1" (line 2), "w2" (line 3), "w3" (line 4), "w4" (line 5), 2 more'
        ),
    ]


@pytest.mark.parametrize("say", ["<EOS>", "<EOS"])
def test_a_command_cannot_be_made_of_words(tmp_path: Path, say: str) -> None:
    """What the engine would obey is found before anything is sent."""
    job = _job(tmp_path, f'lexicon: {{Nothing: "{say}", here: ">"}}')
    with pytest.raises(JobError, match=r"job.yaml:7:11: .* a command to the engine"):
        survey(job, read_texts)


def test_plan_and_chunk_show_what_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each entry with how often, also where that is never."""
    job = _job(tmp_path, "lexicon: {Brannoc: Branock}")

    def shown(*arguments: str) -> str:
        with pytest.raises(SystemExit, match=r"^0$"):
            main(arguments)
        return capsys.readouterr().out

    assert '"Brannoc" as "Branock": 2\n' in shown("plan", str(job.path))
    words = tmp_path / "words.txt"
    words.write_text("Brannoc and Brannoc.")
    names = tmp_path / "names.yaml"
    names.write_text("Brannoc: Branock\nNora: Norah")
    chunk = ["chunk", str(words), "--lexicon", str(names)]
    told = shown(*chunk)
    assert "Branock and Branock." in told
    assert 'respelt 2 times: "Brannoc" as "Branock"\n' in told
    assert 'respelt 0 times: "Nora" as "Norah"\n' in told
    assert json.loads(shown(*chunk, "--json"))["respelt"] == [
        {"written": "Brannoc", "say": "Branock", "count": 2},
        {"written": "Nora", "say": "Norah", "count": 0},
    ]


# --- files -----------------------------------------------------------------------

LISTED = """\
- {word: Quay, say: key}
- {word: pier, say: peer, case: true}
- {regex: 'No\\. (\\d+)', say: 'number \\1', case: false}
"""
PLS = """<?xml version="1.0" encoding="UTF-8"?>
<lexicon version="1.0" xmlns="http://www.w3.org/2005/01/pronunciation-lexicon"
    alphabet="ipa" xml:lang="en-GB">
  <lexeme>
    <grapheme>Quay</grapheme><grapheme>quays</grapheme>
    <alias>keys</alias><alias prefer="true">key &amp; <!-- one --> co</alias>
    <phoneme>ki\u02d0</phoneme>
  </lexeme>
</lexicon>
"""


def test_a_file_has_the_same_forms(tmp_path: Path) -> None:
    """A mapping, a list of entries, or the W3C's format."""
    found = {}
    for name, content in (
        ("map.yaml", "Quay: key\npier: {say: peer, case: true}\nno: know\n"),
        ("list.yml", LISTED),
        ("w3c.pls", PLS),
        ("w3c.xml", PLS),
        ("empty.yaml", ""),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        found[name] = [
            (e.written, e.say, e.any_case, e.is_expression, str(e.place))
            for e in read_lexicon(path, name)
        ]
    assert found == {
        "map.yaml": [
            ("Quay", "key", False, False, "map.yaml:1:1"),
            ("pier", "peer", False, False, "map.yaml:2:1"),
            ("no", "know", True, False, "map.yaml:3:1"),
        ],
        "list.yml": [
            ("Quay", "key", False, False, "list.yml:1:3"),
            ("pier", "peer", False, False, "list.yml:2:3"),
            (r"No\. (\d+)", r"number \1", True, True, "list.yml:3:3"),
        ],
        "w3c.pls": [
            ("Quay", "key & co", False, False, "w3c.pls:4"),
            ("quays", "key & co", True, False, "w3c.pls:4"),
        ],
        "w3c.xml": [
            ("Quay", "key & co", False, False, "w3c.xml:4"),
            ("quays", "key & co", True, False, "w3c.xml:4"),
        ],
        "empty.yaml": [],
    }


BOMB = '<!DOCTYPE lexicon [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><lexicon>&b;</lexicon>'


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.yaml", "a:\n", '1:3: "a" is empty'),
        ("a.yaml", "a: {sey: b}", '1:5: unknown key "sey" in the lexicon entry'),
        ("a.yaml", "- b.yaml", "1:3: a lexicon's file cannot name another"),
        ("a.yaml", "words", "1:1: a lexicon is a mapping of words, or a list"),
        ("a.yaml", "- {regex: '(', say: b}", '1:3: "(" is no regular expression'),
        ("a.yaml", "- {regex: 'a*', say: b}", '"a*" finds places without a character'),
        ("a.yaml", "- {regex: 'a', say: '\\1'}", '"a" has no group 1'),
        ("a.yaml", "- {regex: 'a', say: '\\g<n>'}", '"a" has no group n'),
        ("a.yaml", "- {regex: 'a', say: '\\n'}", '"a" puts "\\n", which means nothing'),
        ("a.yaml", '" ": b', "1:1: a word of white space cannot be found"),
        ("a.yaml", 'a: "b\\a"', '"b\\x07" has a character in it that cannot be said'),
        ("a.yaml", f"{'a' * 201}: b", "has more than 200 characters"),
        ("a.yaml", f"a: {'b' * 401}", "has more than 400 characters"),
        ("a.pls", BOMB, "1: it declares entities of its own, which are not read"),
        ("a.pls", "<html/>", "a.pls: this is no pronunciation lexicon"),
        ("a.pls", "", "a.pls: this is no pronunciation lexicon"),
        (
            "a.pls",
            "<lexicon>\n<lexeme><grapheme>a</grapheme><phoneme>b</phoneme></lexeme>",
            '2: "a" has phonemes, which cannot be sent to the engine (give it an',
        ),
        (
            "a.pls",
            "<lexicon><lexeme><grapheme>a</grapheme></lexeme></lexicon>",
            '1: "a" has no <alias>',
        ),
        ("a.pls", "<lexicon><lexeme></lexeme>", "1: a lexeme has no <grapheme>"),
    ],
)
def test_what_a_file_cannot_say_is_refused(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    """With the place in that file, in the words of a job's own mistakes."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(JobError) as caught:
        read_lexicon(path, name)
    assert told in str(caught.value)
    with pytest.raises(JobError) as caught:
        _job(tmp_path, f"lexicon: {name}")
    assert told in str(caught.value)


def test_a_file_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor are more entries than any language has words."""
    path = tmp_path / "a.pls"
    path.write_bytes(b" " * ((8 << 20) + 1))
    with pytest.raises(JobError, match=r"a.pls: the file is larger than 8 MiB"):
        read_lexicon(path, "a.pls")
    monkeypatch.setattr("batchtts.jobfile.lexicon.MAX_ENTRIES", 1)
    path.write_text(PLS)
    with pytest.raises(JobError, match=r"a.pls: the file has more than 1 entries"):
        read_lexicon(path, "a.pls")


@pytest.mark.parametrize(
    ("lexicon", "told"),
    [
        ("lexicon: nobody.yaml", 'job.yaml:7:10: there is no file "nobody.yaml"'),
        ("lexicon: names.txt", 'job.yaml:7:10: "names.txt" is no lexicon'),
        ("lexicon: [{word: a}]", 'job.yaml:7:11: the lexicon entry has no "say"'),
        ("lexicon: {a: [b]}", 'job.yaml:7:14: "a" must be text or a mapping'),
    ],
)
def test_a_job_is_told_of_its_own_mistakes(
    tmp_path: Path, lexicon: str, told: str
) -> None:
    """In the job file, where they are."""
    with pytest.raises(JobError) as caught:
        _job(tmp_path, lexicon)
    assert told in str(caught.value)


def test_words_may_be_called_like_keys(tmp_path: Path) -> None:
    """A lexicon is no place where a secret would be put, but has such words."""
    [entry] = _job(tmp_path, "lexicon: {password: pass word}").lexicon
    assert (entry.written, entry.say) == ("password", "pass word")
