"""Chunks are the text, within the limit, cut where it hurts least."""

from __future__ import annotations

import importlib
import random
import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.chunking import (
    Markup,
    Rules,
    chunk,
    clean,
    shared_speeds,
    speakable,
    units,
)
from batchtts.chunking.languages import language
from batchtts.chunking.protected import markup_spans
from batchtts.chunking.sentences import sentence_cuts
from batchtts.model import Boundary, Chunk

regex = importlib.import_module("regex")  # untyped
SENTENCE = "The ferry left the quay at noon with nobody aboard but the goat."
PIECES = st.sampled_from(
    [
        *(". ", "! ", "? ", ", ", "; ", ": ", "\n", "\n\n", "\n\n\n", " ", "  "),
        *("“", "”", '"', "(", ")", "[", "]", "{", "}", "<", ">", "...", "…", "—"),
        *("Mr.", "e.g. ", "3.14", "1. ", "a) ", "EOS", "<EOS>", "\r\n", "\t"),
        *("\u200d", "\u200b", "\u0301", "\u00a0", "\u00ad", "\ufe0f", "\ud800"),
        *(
            "😀",
            "👨‍👩‍👧",
            "🇩🇪",
            "🇩",
            "的",
            "。",
            "」",
            "か",
            "ดี",
            "क्",
            "ष",
            "가",
            "ᄀ",
            "ᅡ",
        ),
        *("the ", "He ", "word", "x" * 45, "https://a.example/c. "),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=60).map("".join)
MARKS = ["…", " ", "-", "* * *", "\n", "\n\n", "—" * 15, ". . .", "😀", "?!", "(", "”"]
WORDS = ["a", "word", "Mr. ", "the end. ", "x" * 30, "é", "1. "]
SPARSE = st.lists(st.sampled_from([*MARKS, *WORDS]), max_size=60).map("".join)
MARKED = st.lists(
    st.sampled_from(
        [
            *("{h0El.1o w; 1U}", "<200>", "spell(A. B, c)", "[very slow. And so]"),
            *("{", "<", "[", "spell(", ")", "]", "so ", "It was. ", "\n", "x" * 30),
        ]
    ),
    max_size=40,
).map("".join)
PROSE = st.lists(
    st.sampled_from(
        [
            *("The goat ate ", "it. ", "Why? ", "Mr. Ash, ", "3.14 ", "(so it was) "),
            *(
                "“Stop!” ",
                "she said. ",
                "J. R. ",
                "etc. ",
                "and on; ",
                "Go.\n",
                "So\n\n",
            ),
            *("one of the oldest boats on the whole of the long coast ", "No.\n\n\n"),
        ]
    ),
    min_size=1,
    max_size=40,
).map("".join)
LIMITS = st.integers(40, 90)


def _ends(chunks: tuple[Chunk, ...]) -> set[int]:
    return {one.end for one in chunks[:-1]}


def _assigned(text: str) -> bool:
    """Whether this Python knows every character: newer ones are not comparable."""
    return all(unicodedata.category(char) != "Cn" for char in text)


@given(TEXTS, LIMITS, st.sampled_from(["eng", "de", "zh", "hi", "xx"]), st.booleans())
def test_chunks_are_the_text(text: str, limit: int, lang: str, separate: bool) -> None:  # noqa: FBT001
    """Whatever the text, its chunks join to it and none is over the limit."""
    rules = Rules(separate=separate)
    for given_text in (text, clean(text).text):
        chunks = chunk(given_text, limit=limit, lang=lang, rules=rules)
        assert "".join(one.text for one in chunks) == given_text
        assert [one.start for one in chunks[1:]] == [one.end for one in chunks[:-1]]
        assert all(one.text == given_text[one.start : one.end] for one in chunks)
        assert all(0 < units(one.text) <= limit for one in chunks)
        kinds = [one.boundary for one in chunks]
        assert all(kind is not Boundary.END for kind in kinds[:-1])
        assert all(kind is Boundary.END for kind in kinds[-1:])
        assert chunks == chunk(given_text, limit=limit, lang=lang, rules=rules)


def _cut_graphemes(text: str, chunks: tuple[Chunk, ...], limit: int) -> list[str]:
    """Give the clusters that are cut although they fit the limit."""
    ends = _ends(chunks)
    return [
        found.group()
        for found in regex.finditer(r"\X", text)
        if units(found.group()) <= limit
        and any(found.start() < end < found.end() for end in ends)
    ]


def _cut_sentences(text: str, chunks: tuple[Chunk, ...], limit: int) -> list[str]:
    """Give the sentences that are cut although they fit the limit."""
    places = [0, *(cut.start for cut in sentence_cuts(text, language("eng")))]
    ends = _ends(chunks)
    return [
        text[start:end]
        for start, end in pairwise([*places, len(text)])
        if units(text[start:end]) <= limit and any(start < one < end for one in ends)
    ]


@given(TEXTS.filter(_assigned), LIMITS)
def test_no_grapheme_is_cut(text: str, limit: int) -> None:
    """No cut is inside a grapheme cluster, but in one longer than the limit."""
    text = clean(text).text
    assert _cut_graphemes(text, chunk(text, limit=limit), limit) == []


@given(PROSE, LIMITS)
def test_no_sentence_that_fits_is_cut(text: str, limit: int) -> None:
    """Inside a sentence only where it is longer than the limit."""
    text = clean(text).text
    assert _cut_sentences(text, chunk(text, limit=limit), limit) == []


@given(SPARSE, LIMITS)
def test_every_chunk_has_something_to_speak(text: str, limit: int) -> None:
    """A chunk is silent only where marks alone would fill half of one."""
    chunks = chunk(text, limit=limit)
    silent = max(map(units, re.findall(r"[\W_]+", text)), default=0)
    if speakable(text) and silent <= limit // 2:
        assert all(speakable(one.text) for one in chunks)


@given(TEXTS.filter(_assigned), TEXTS, LIMITS)
def test_earlier_chunks_never_break_a_rule(new: str, old: str, limit: int) -> None:
    """With chunks of another text to prefer, the outcome is as valid."""
    chunks = chunk(new, limit=limit, previous=_known(chunk(old, limit=limit)))
    assert "".join(one.text for one in chunks) == new
    assert all(0 < units(one.text) <= limit for one in chunks)
    assert _cut_graphemes(new, chunks, limit) == []


@given(PROSE, st.integers(0, 400), st.integers(0, 60), PROSE, LIMITS)
def test_an_edit_never_breaks_a_rule(
    old: str, place: int, gone: int, put: str, limit: int
) -> None:
    """However a text is edited, its earlier chunks lead to no poorer cut."""
    old = clean(old).text
    new = clean(old[:place] + put[: 2 * gone] + old[place + gone :]).text
    chunks = chunk(new, limit=limit, previous=_known(chunk(old, limit=limit)))
    assert "".join(one.text for one in chunks) == new
    assert all(units(one.text) <= limit and speakable(one.text) for one in chunks)
    assert _cut_sentences(new, chunks, limit) == []
    again = chunk(new, limit=limit, previous=_known(chunks))
    assert {one.words for one in again} <= {one.words for one in chunks}


def test_a_short_text_is_one_chunk() -> None:
    """A text within the limit is one chunk, white space and all."""
    assert chunk("  Hello there. \n\n") == (
        Chunk("  Hello there. \n\n", 0, 17, Boundary.END),
    )


def test_no_text_is_no_chunk() -> None:
    """An empty text has no chunks."""
    assert chunk("") == ()


def test_a_limit_below_forty_is_refused() -> None:
    """A limit that no sentence fits is a mistake of the caller."""
    with pytest.raises(ValueError, match="limit must be at least 40, not 39"):
        chunk("a", limit=39)


def test_boundaries_are_named() -> None:
    """Each chunk says what stands at its end."""
    blocks = [SENTENCE, "\n\n\n", SENTENCE, "\n\n", SENTENCE, "\n", SENTENCE, " "]
    kinds = [one.boundary for one in chunk("".join([*blocks, SENTENCE]), limit=70)]
    assert kinds == [
        Boundary.SECTION,
        Boundary.PARAGRAPH,
        Boundary.LINE,
        Boundary.SENTENCE,
        Boundary.END,
    ]


def test_finer_boundaries_are_named() -> None:
    """Inside a sentence a chunk ends at a clause, a word, and last in a word."""
    clause = "when the goat had gone to the far end of the long quay, "
    words = "and we walked on and on and on without once looking at the sea again "
    chunks = chunk(clause + words + "x" * 100 + ".", limit=60)
    kinds = {one.boundary for one in chunks}
    assert kinds == {
        Boundary.CLAUSE,
        Boundary.WORD,
        Boundary.GRAPHEME,
        Boundary.END,
    }


def test_the_limit_counts_utf16_units() -> None:
    """A character outside the basic plane counts as two."""
    chunks = chunk("\U0001d518" * 100, limit=50)
    assert max(len(one.text) for one in chunks) <= 25
    assert len(chunks) <= 5


def test_a_sentence_as_long_as_the_limit_is_whole() -> None:
    """White space after a sentence that just fits goes to the next chunk."""
    long = "x" * 99 + "."
    first, second = chunk(f"{long}  It failed.", limit=100)
    assert first.text == long
    assert second.text == "  It failed."
    assert second.words == "It failed."


@pytest.mark.parametrize("space", ["\n", " \n\n ", "\u00a0"])
def test_white_space_around_a_text_takes_no_room(space: str) -> None:
    """A sentence as long as the limit is whole, whatever white space is around it."""
    sentence = "x" * 60 + " " + "y" * 38 + "."
    chunks = chunk(clean(f"{space}{sentence}{space}").text, limit=100)
    assert [one.text for one in chunks] == [sentence]


def test_white_space_that_was_not_cleaned_takes_room() -> None:
    """At the end of a text, white space has no next chunk to go to."""
    chunks = chunk("x" * 60 + " " + "y" * 38 + ".\n", limit=100)
    assert [one.words for one in chunks] == ["x" * 60, "y" * 38 + "."]


def test_white_space_is_measured_in_units_too() -> None:
    """Characters outside the basic plane leave less room for what follows."""
    long = "\U0001d518" * 20 + "."
    first, second = chunk(f"{long}{' ' * 5}It failed.", limit=43)
    assert first.text == f"{long}  "
    assert second.text == "   It failed."


def test_white_space_goes_to_the_chunk_before() -> None:
    """A chunk starts with a word."""
    chunks = chunk(f"{SENTENCE}  \n\n {SENTENCE}", limit=80)
    assert [one.text for one in chunks] == [f"{SENTENCE}  \n\n ", SENTENCE]


def test_a_sentence_that_fits_is_never_cut() -> None:
    """Clauses are no cuts where whole sentences do."""
    text = " ".join(["Salt, rope, tar; and, at last, a lamp."] * 40)
    ends = {one.boundary for one in chunk(text, limit=120)}
    assert ends == {Boundary.SENTENCE, Boundary.END}


def test_the_end_of_a_paragraph_is_preferred() -> None:
    """Where both are near, the paragraph ends the chunk, not the sentence."""
    two, three = " ".join([SENTENCE] * 2), " ".join([SENTENCE] * 3)
    first, second = chunk(f"{two}\n\n{three}", limit=270)
    assert first.boundary is Boundary.PARAGRAPH
    assert second.text == three


def test_a_heading_goes_with_what_follows() -> None:
    """A chapter's number is neither alone nor at the end of what came before."""
    body = " ".join([SENTENCE] * 6)
    chunks = chunk(f"{body}\n\nXII\n\n{body}", limit=400)
    assert [one.text for one in chunks if "XII" in one.text] == [f"XII\n\n{body}"]


def test_no_tail_stands_alone() -> None:
    """The last words of a long sentence are not a chunk of their own."""
    text = "a word " * 80 + "it failed."
    sizes = [len(one.words) for one in chunk(text, limit=500)]
    assert min(sizes) > 150


def test_silence_is_taken_in() -> None:
    """Stars between two full paragraphs go with the words of one of them."""
    full = "x" * 30 + " " + "y" * 28 + "."
    chunks = chunk(f"{full}\n\n* * *\n\n{full}", limit=60)
    assert all(speakable(one.text) for one in chunks)


def test_silence_alone_is_one_chunk() -> None:
    """A text with nothing to speak is still accounted for."""
    (only,) = chunk("* * *")
    assert not speakable(only.text)


@pytest.mark.parametrize("text", ["a", "7", "\u00e9", "的", "ก", "½", "-a-"])
def test_letters_and_digits_are_speakable(text: str) -> None:
    """Any letter or digit of any script can be spoken."""
    assert speakable(text)


@pytest.mark.parametrize("text", ["", " ", "…", "* * *", "“”", "😀", "_", "\u0301"])
def test_marks_are_not_speakable(text: str) -> None:
    """Marks and pictures alone are a pause."""
    assert not speakable(text)


def test_paragraphs_can_be_kept_apart() -> None:
    """With `separate` no chunk has words of two paragraphs."""
    text = "One.\n\n* * *\n\nTwo.\n\nThree.\n\n\nFour.\n\n…"
    chunks = chunk(text, rules=Rules(separate=True))
    assert [one.words for one in chunks] == [
        "One.",
        "* * *\n\nTwo.",
        "Three.",
        "Four.\n\n…",
    ]
    assert chunks[2].boundary is Boundary.SECTION


@pytest.mark.parametrize("limit", [40, 500])
def test_a_section_ends_a_chunk(limit: int) -> None:
    """Words of two sections are never in one chunk, however short the text."""
    text = "One ends.\n\nA second follows.\n\n\nTwo begins.\n\n\nThree.\n\n\n"
    chunks = chunk(text, limit=limit)
    assert "".join(one.text for one in chunks) == text
    assert [(one.words, one.boundary) for one in chunks] == [
        ("One ends.\n\nA second follows.", Boundary.SECTION),
        ("Two begins.", Boundary.SECTION),
        ("Three.", Boundary.END),
    ]


def test_a_section_without_words_is_no_chunk() -> None:
    """Signs between two sections, and at the ends, go with words."""
    text = "* * *\n\n\nOne.\n\n\n* * *\n\n\nTwo.\n\n\n…"
    chunks = chunk(text)
    assert "".join(one.text for one in chunks) == text
    assert len(chunks) == 2
    assert all(speakable(one.text) for one in chunks)
    assert chunks[0].boundary is Boundary.SECTION


def test_markup_is_whole_where_it_is_switched_on() -> None:
    """A notation the engine obeys is never cut if it fits the limit."""
    spelled = "spell(" + "A. B, C; D! " * 9 + ")"
    text = f"Your code for today is {spelled}. Keep it safe, and do not tell anyone."
    spell = Rules(markup=frozenset({Markup.SPELL}))
    start = text.index(spelled)
    held = range(start + 1, start + len(spelled))
    assert not _ends(chunk(text, limit=120, rules=spell)) & set(held)
    assert _ends(chunk(text, limit=100)) & set(held)


@pytest.mark.parametrize(
    ("kind", "piece"),
    [
        (Markup.PHONEMES, "{h0 El.1o w1U; rld, and so on. And on it goes.}"),
        (Markup.PAUSES, "<1200>"),
        (Markup.SPEEDS, "[very slow. And slower, and then, at last, still.]"),
    ],
)
def test_each_notation_has_its_switch(kind: Markup, piece: str) -> None:
    """Phonemes, pauses and inline speeds are kept whole at every place."""
    rules = Rules(markup=frozenset({kind}))
    for length in range(20, 60):
        text = f"{'so ' * (length // 3)}{'x' * (length % 3)} {piece} and that was all."
        start = text.index(piece)
        held = set(range(start + 1, start + len(piece)))
        assert not _ends(chunk(text, limit=60, rules=rules)) & held


@given(MARKED, LIMITS)
def test_no_notation_is_cut(text: str, limit: int) -> None:
    """Where all notations are on, none that fits is cut, and every speed is dealt."""
    text = clean(text).text
    markup = frozenset(Markup)
    chunks = chunk(text, limit=limit, rules=Rules(markup=markup))
    ends = _ends(chunks)
    for start, end in markup_spans(text, markup):
        inside = any(start < one < end for one in ends)
        assert not inside or units(text[start:end]) > limit
    speeds = [str(number) for number in range(99)]
    dealt = [speed for share in shared_speeds(chunks, speeds) for speed in share]
    whole = sum(len(re.findall(r"\[[^\[\]\n]+\]", one.text)) for one in chunks)
    assert dealt == speeds[:whole]


def test_speeds_are_dealt_out_by_brackets() -> None:
    """Each chunk gets as many of the list as it has brackets."""
    text = f"[{'slow ' * 8}] one. [fast] two. {SENTENCE} [slow] three. [more] four."
    chunks = chunk(text, limit=80)
    shares = shared_speeds(chunks, ["1", "2", "3"])
    assert len(chunks) > 1
    dealt = 0
    for one, share in zip(chunks, shares, strict=True):
        brackets = one.text.count("[")
        assert share == ("1", "2", "3")[dealt : dealt + brackets]
        dealt += brackets
    assert dealt == 4


def _story(seed: int, paragraphs: int) -> list[str]:
    words = re.findall(r"\w+", f"{SENTENCE} A lamp of salt went slowly by")
    rng = random.Random(seed)
    made = []
    for _ in range(paragraphs):
        sentences = []
        for _ in range(rng.randint(1, 9)):
            chosen = rng.choices(words, k=rng.randint(3, 30))
            sentences.append(" ".join(chosen).capitalize() + ".")
        made.append(" ".join(sentences))
    return made


def _known(chunks: Sequence[Chunk]) -> Callable[[str], bool]:
    """Tell the words of earlier chunks."""
    return frozenset(one.words for one in chunks).__contains__


def _made_again(old: str, new: str) -> int:
    before = chunk(old)
    after = chunk(new, previous=_known(before))
    known = {one.words for one in before}
    return sum(one.words not in known for one in after)


def test_an_edited_word_makes_at_most_two_chunks_again() -> None:
    """One word changed costs one request nearly always, and never more than two."""
    story = "\n\n".join(_story(1, 60))
    rng = random.Random(2)
    costs = []
    for found in rng.sample(list(re.finditer(r"\w+", story)), 40):
        word = rng.choice(["x", "lighthouse", "unquestionable"])
        costs.append(
            _made_again(story, story[: found.start()] + word + story[found.end() :])
        )
    assert max(costs) <= 2
    assert sorted(costs)[len(costs) // 2] == 1


def test_a_deleted_paragraph_makes_little_again() -> None:
    """What stands before and after an edit is used as it was."""
    paragraphs = _story(3, 60)
    old = "\n\n".join(paragraphs)
    for gone in range(0, 60, 5):
        new = "\n\n".join(paragraphs[:gone] + paragraphs[gone + 1 :])
        assert _made_again(old, new) <= 2


def test_without_earlier_chunks_the_text_alone_decides() -> None:
    """Two runs over one text agree, whatever was cut between them."""
    story = "\n\n".join(_story(4, 20))
    first = chunk(story)
    chunk(story[::-1])
    assert chunk(story) == first


@pytest.mark.parametrize(
    "pattern",
    [
        *(
            "a",
            ".",
            "! ",
            ", ",
            "😀",
            "🇩🇪",
            "\u0301",
            "的",
            "x. ",
            "J.",
            "1. ",
            "(",
            "{ab ",
        ),
        *(
            "“Ab. ",
            "\u300a吧\uff01",
            '." ',
            "http://a.b/c?d=e.F ",
            "word ",
            "- ",
            "-\n",
            "= ",
            "12",
        ),
    ],
)
def test_hard_texts_take_linear_time(pattern: str) -> None:
    """However a text repeats itself, the work grows as its length does.

    Not timed: the longest of these would take minutes if anything in it were
    quadratic, and the time limit of the test would end it.
    """
    text = pattern * (20_000 // len(pattern))
    chunks = chunk(text)
    assert "".join(one.text for one in chunks) == text
    sizes = [units(one.text) for one in chunks]
    assert all(one + two > 500 for one, two in pairwise(sizes[:-1]))
