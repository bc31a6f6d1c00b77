"""Commands are never sent as words, whatever they are dressed up as."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import Fault, TakeError
from batchtts.rime.commands import (
    COMMANDS,
    find_command,
    require_sendable,
    require_words,
)

DISGUISES = [
    "<EOS>",
    "<eos>",
    "<Eos>",
    "Stop here.<EOS>Go on.",
    "\N{FULLWIDTH LESS-THAN SIGN}EOS\N{FULLWIDTH GREATER-THAN SIGN}",
    "\N{SMALL LESS-THAN SIGN}EOS>",
    "<\N{FULLWIDTH LATIN CAPITAL LETTER E}OS>",
    "<\N{MATHEMATICAL BOLD CAPITAL E}OS>",
    "<EO\N{LATIN SMALL LETTER LONG S}>",
    "<E\N{ZERO WIDTH SPACE}OS>",
    "<\N{ZERO WIDTH JOINER}EOS\N{WORD JOINER}>",
    "<E\N{SOFT HYPHEN}OS>",
    "<E\N{VARIATION SELECTOR-16}OS>",
    "<E\N{COMBINING GRAPHEME JOINER}OS>",
    "<E\N{HANGUL FILLER}OS>",
    "<E\x00OS>",
    "<EOS\n>",
    "<EOS>\N{COMBINING LONG SOLIDUS OVERLAY}",
    "\N{ZERO WIDTH NO-BREAK SPACE}<EOS>",
]

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\ufe0f\u115f\u3164\x00\x7f"


@pytest.mark.parametrize("text", DISGUISES)
def test_a_command_is_seen_through_its_disguise(text: str) -> None:
    """Case, compatibility forms and what cannot be seen hide no command."""
    assert find_command(text) == "<EOS>"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_known(command: str) -> None:
    """Each of the three commands is found, and told by name."""
    assert find_command(f"a {command.lower()} b") == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EOS",
        "<E OS>",
        "<EOS",
        "a < b > c",
        "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}EOS>",
        "(EOS)",
        "<eosin>",
        "<750>",
    ],
)
def test_words_are_not_commands(text: str) -> None:
    """What only resembles a command is left alone."""
    assert find_command(text) is None


def test_the_quick_look_misses_no_form_of_the_sign() -> None:
    """Every character that can turn into "<" is looked at closely."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if unicodedata.normalize("NFKD", character).casefold() == "<":
            assert find_command(f"{character}EOS>") == "<EOS>", hex(code)


@given(
    st.sampled_from(COMMANDS),
    st.lists(st.text(INVISIBLE, max_size=3), min_size=8, max_size=8),
    st.text(max_size=20),
    st.text(max_size=20),
)
def test_stuffing_hides_nothing(
    command: str, stuffing: list[str], before: str, after: str
) -> None:
    """A command stuffed with invisible characters is found anywhere."""
    stuffed = "".join(a + b for a, b in zip(command, stuffing, strict=False))
    assert find_command(before + stuffed + after) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<flush>", 'not sent: the text holds the command "<FLUSH>"'),
        ("", "not sent: the text has nothing to speak"),
        (" ... \n", "not sent: the text has nothing to speak"),
        ("ab\ud800c", "not sent: character 3 is half of a surrogate pair"),
    ],
)
def test_what_cannot_be_words_is_refused(text: str, reason: str) -> None:
    """A request without words, or with a command in it, is never sent."""
    with pytest.raises(TakeError) as refused:
        require_words(text)
    assert (refused.value.fault, refused.value.reason) == (Fault.REJECTED, reason)


@pytest.mark.parametrize("text", ["Hello.", "7", "你好", "<750> wait {h0El1o}"])
def test_words_may_be_sent(text: str) -> None:
    """Anything with a letter or digit in it may be a request."""
    require_words(text)


def test_a_piece_of_a_text_needs_no_letter() -> None:
    """A piece of a stream may be a single full stop."""
    require_sendable(". ")
