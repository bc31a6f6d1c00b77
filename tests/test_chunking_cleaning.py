"""A cleaned text can be spoken, commands nothing, and says what was changed."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.chunking import clean

PIECES = st.sampled_from(
    [
        *"<> a\n\r\x00\x1c\x85\u00ad\u0301\u034f\u0e01\u115f\u200b\u200c\u200d\u202e",
        *"\u2028\ud83d\ude00\ufe0f\ufeff\uff1c\uff1e\U0001f3f4\U0001f468\U000e0067",
        *(
            "EOS",
            "eos",
            "\uff25\uff2f\uff33",
            "CLEAR",
            "flu",
            "sh",
            "<EOS>",
            "<E",
            "OS>",
        ),
        *("\r\n", "e\u0301", "\u0915\u094d", "\u0937", " " * 40, "-\n"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=30).map("".join)
COMMAND = re.compile(r"<\s*(?:eos|clear|flush)\s*>")
PROSE = (
    "It was in the spring of that year, when the ice had gone out of the bay and"
    " the boats were being tarred, that the last of the old ferrymen came down the"
    " hill with his box and his dog. He asked for nobody, and nobody in the street"
    " knew him, though he had been born within sight of the church and had left it"
    " only once before."
)


def _wrapped(text: str, width: int) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


@given(TEXTS)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A cleaned text is clean, whatever it was made of."""
    once = clean(text)
    again = clean(once.text)
    assert again.text == once.text
    assert not again.changes


@given(TEXTS)
def test_a_cleaned_text_is_plain(text: str) -> None:
    """It is composed, can be encoded, and holds no command in any disguise."""
    cleaned = clean(text).text
    cleaned.encode()
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufeff]", cleaned)
    plain = unicodedata.normalize("NFKC", cleaned).casefold()
    assert not COMMAND.search(re.sub("[\u200b-\u200d\ufe00-\ufe0f]", "", plain))


@pytest.mark.parametrize(
    "text",
    ["", "Plain words.", "Two\n\nparagraphs.", "Caf\u00e9 \u2014 \u201cyes\u201d."],
)
def test_a_plain_text_is_left_alone(text: str) -> None:
    """What is fine is not touched, and nothing is counted."""
    assert clean(text).text == text
    assert not clean(text).changes


@pytest.mark.parametrize(
    ("dirty", "plain", "change"),
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree", {"line_ends": 2}),
        ("a\u2028b\x85c\x0bd", "a\nb\nc\nd", {"line_ends": 3}),
        ("a\x00b\x1cc\x9fd", "ab cd", {"controls": 3}),
        (
            "\ufeffin\u00adcom\u00adplete zero\u200bwidth",
            "incomplete zerowidth",
            {"invisible": 4},
        ),
        (
            "word\u2060joiner, com\u034fbining",
            "wordjoiner, combining",
            {"invisible": 2},
        ),
        ("\u202eabc\u202c \u2067d\u2069", "abc d", {"bidi": 4}),
        ("e\u0301te\u0301", "\u00e9t\u00e9", {"composed": 1}),
        ("a\ud800b", "a\ufffdb", {"surrogates": 1}),
        ("a" + " " * 50 + "b", "a b", {"spaces": 1}),
        ("a" + "\n " * 50 + "b", "a\n\n\nb", {"spaces": 1}),
        ("Latin\u200d and\u200c these", "Latin and these", {"invisible": 2}),
        ("tag\U000e0041s", "tags", {"invisible": 1}),
        (" \n\n Indented. \n", "Indented.", {"edges": 6}),
        ("\u200b \u00e9\t", "\u00e9", {"edges": 2, "invisible": 1}),
    ],
)
def test_each_change_is_counted(dirty: str, plain: str, change: dict[str, int]) -> None:
    """What is wrong is put right, under its name."""
    cleaned = clean(dirty)
    assert cleaned.text == plain
    assert cleaned.changes == change


@given(st.text(st.characters(categories=["Mn"]) | st.sampled_from("ae\u0905\uac00")))
def test_marks_are_ordered_as_the_standard_says(text: str) -> None:
    """However many marks follow one another, the outcome is form NFC."""
    many = "a" + text * 40
    assert clean(many).text == clean(unicodedata.normalize("NFC", many)).text


def test_a_text_of_marks_alone_takes_linear_time() -> None:
    """Marks in the wrong order, enough of them to last for minutes, take none.

    Not timed: in quadratic time this test would meet its time limit.
    """
    acute, below, count = "\u0301", "\u0316", 200_000
    cleaned = clean("a" + (acute + below) * count)
    assert cleaned.text == "\u00e1" + below * count + acute * (count - 1)


def test_tags_without_a_flag_take_linear_time() -> None:
    """The unseen letters of a flag that is not there are removed all at once."""
    assert clean("a" + "\U000e0041" * 200_000).text == "a"


def test_a_pair_of_surrogates_is_its_character() -> None:
    """Two halves that belong together are put together, not replaced."""
    assert clean("a \ud83d\ude00 b").text == "a \U0001f600 b"


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian non-joiner
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",  # Sinhala conjunct
        "\u0d28\u0d4d\u200d",  # Malayalam chillu at the end of a word
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f\u200d\U0001f525",  # heart on fire
        "\U0001f3f4\U000e0067\U000e0062\U000e007f",  # a flag by tags
        "\u0e44\u0e17\u0e22\u200b\u0e14\u0e35",  # Thai words parted by nothing seen
    ],
)
def test_what_matters_though_unseen_is_kept(text: str) -> None:
    """Joiners that shape words and pictures stay where they do."""
    assert clean(text).text == text


@pytest.mark.parametrize("name", ["EOS", "CLEAR", "FLUSH"])
@pytest.mark.parametrize(
    "disguise",
    [
        "<{}>",
        "< {} >",
        "<\n{}>",
        "</{}>",
        "\uff1c{}\uff1e",
        "\ufe64{}\ufe65",
        "a<{}>b",
        "<<{}>>",
    ],
)
def test_commands_become_words(name: str, disguise: str) -> None:
    """The name of a command is spoken, in brackets that command nothing."""
    for shown in (name, name.lower(), name.title(), "\u200b".join(name)):
        cleaned = clean(disguise.format(shown))
        assert cleaned.changes["commands"] == 1
        assert shown.replace("\u200b", "") in cleaned.text
        assert not COMMAND.search(cleaned.text.casefold())


@pytest.mark.parametrize(
    "text",
    [
        "<\uff25\uff2f\uff33>",
        "<\U0001d404\U0001d40e\U0001d412>",
        "<\ufb02ush>",
        "<flu\u017fh>",
        "<E\u200dO\ufe0fS>",
    ],
)
def test_letters_in_disguise_are_seen_through(text: str) -> None:
    """Full-width, mathematical, ligature and old letters spell commands too."""
    assert clean(text).changes["commands"] == 1


def test_a_command_is_not_formed_by_removal() -> None:
    """Whatever is taken out, the rest is no command."""
    cleaned = clean("<E<EOS>OS> <CL\u200bEAR\x00> <FLU<FLUSH>SH>")
    assert cleaned.text == "<E(EOS)OS> (CLEAR) <FLU(FLUSH)SH>"
    assert cleaned.changes["commands"] == 3


@pytest.mark.parametrize(
    "text", ["3 < 5 > 4", "<b>EOS</b>", "<eos", "a <3 b", "<EOSX>"]
)
def test_other_brackets_are_words(text: str) -> None:
    """What is no command keeps its angle brackets."""
    assert clean(text).text == text


@pytest.mark.parametrize("width", [60, 72, 78])
def test_hard_wrapped_prose_is_joined(width: int) -> None:
    """Lines broken by the width of a page are one line again; paragraphs stay."""
    wrapped = f"{_wrapped(PROSE, width)}\n\n{_wrapped(PROSE, width)}\n"
    cleaned = clean(wrapped)
    assert cleaned.text == f"{PROSE}\n\n{PROSE}"
    assert cleaned.changes == {"edges": 1, "lines": wrapped.strip().count("\n") - 2}


def test_a_broken_compound_keeps_its_hyphen() -> None:
    """A line that ends with a hyphen is joined without a space."""
    lines = [
        "The goat had been on the ferry for the whole of that long after-",
        "noon, and nobody had thought to ask it for a ticket, or to give it",
        "a place in the shade. It looked at the passengers, one by one, as",
        "if it had been told that a thief was among them, and it had known",
        "him at once.",
    ]
    assert clean("\n".join(lines)).text == " ".join(lines).replace("- noon", "-noon")


VERSE = """\
The lamp went out along the quay,
The boats were white with rime;
We counted all there was to pay
And paid it, line by line,

And nobody came down the hill,
And nothing crossed the bay,
And what was ours is out there still,
A half a mile away."""

LETTER = """\
Dear Ida,
the goat is well. So is the ferry.
The mill is not.

With love from all of us at home,
Your brother,
Tam"""

TABLE = """\
Chapter 1. The Mill in Winter and After ........ 3
Chapter 2. The Flood as It Was Told Us ........ 21
Chapter 3. Of Those Who Were Not There ........ 40
Chapter 4. The Goat and What It Ate ........... 52
Chapter 5. The End of the Old Ferry ........... 66"""

PROMPTS = "\n".join(
    f"{word} the gate and wait there for the bell to be rung."
    for word in ("Open", "Close", "Leave", "Watch", "Guard", "Paint", "Clean")
)


@pytest.mark.parametrize("text", [VERSE, LETTER, TABLE, PROMPTS])
def test_other_lines_are_kept(text: str) -> None:
    """Verse, letters, tables and prompts keep the lines their writer gave them."""
    assert clean(text).text == text


def test_verse_in_a_wrapped_book_is_kept() -> None:
    """In a hard-wrapped file, a poem between paragraphs stays a poem."""
    prose = _wrapped(PROSE, 70)
    cleaned = clean(f"{prose}\n\n{VERSE}\n\n{prose}\n\n{prose}\n\n{prose}")
    assert cleaned.text == f"{PROSE}\n\n{VERSE}\n\n{PROSE}\n\n{PROSE}\n\n{PROSE}"
