"""What a server says is shown on one line and never with the key."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.rime.redaction import quoted
from batchtts.secret import REDACTED, Secret

KEY = Secret("canary/k+y=4d1f?7b2")
RAW = KEY.reveal()


@pytest.mark.parametrize(
    "said",
    [
        RAW,
        f"bad key {RAW}!",
        quote(RAW, safe=""),
        base64.b64encode(RAW.encode()).decode(),
        base64.urlsafe_b64encode(RAW.encode()).decode(),
        base64.b64encode(f"user:{RAW}".encode()).decode(),
        base64.b64encode(f"u:{RAW}:x".encode()).decode(),
        base64.b64encode(f"Bearer {RAW}".encode()).decode(),
        "x" * 290 + RAW,
        RAW.encode().hex(),
    ],
)
def test_the_key_is_not_in_it(said: str) -> None:
    """Raw, quoted for URLs or in base64, in whole or cut at the end: gone."""
    shown = quoted(said, KEY)
    assert said not in shown
    assert RAW[:12] not in shown
    assert shown != said


@pytest.mark.parametrize("length", [4, 9, len(RAW) - 1])
@pytest.mark.parametrize("form", [RAW, quote(RAW, safe=""), RAW.encode().hex()])
def test_a_part_at_an_end_is_not_in_it(form: str, length: int) -> None:
    """The key may be cut by the end of a message, or go on in the next."""
    assert quoted(f"no: {form[:length]}\n", KEY) == f"no: {REDACTED}"
    assert quoted(f"{form[-length:]} no", KEY) == f"{REDACTED} no"


def test_the_rest_stays() -> None:
    """Only the key is replaced."""
    assert quoted(f"key {RAW} is bad", KEY) == f"key {REDACTED} is bad"


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_base64_at_any_place_is_found(before: bytes, after: bytes) -> None:
    """Whatever stands around the key before it is coded, it is found."""
    coded = base64.b64encode(before + RAW.encode() + after).decode()
    assert REDACTED in quoted(coded, KEY)


@pytest.mark.parametrize("key", [None, Secret("")])
def test_without_a_key_all_is_shown(key: Secret | None) -> None:
    """No key, nothing to hide."""
    assert quoted("text is too long", key) == "text is too long"


def test_a_short_key_does_not_blot_out_words() -> None:
    """Codings of a few characters would be found in any text."""
    assert quoted("abcdefgh QUJD", Secret("A")) == "abcdefgh QUJD"


def test_bytes_are_read_leniently() -> None:
    """A body need not be valid text to be shown."""
    assert quoted(b"caf\xc3\xa9 \xff", None) == "caf\u00e9 \ufffd"


@pytest.mark.parametrize(
    "said",
    ["a\nb", "a\r\nb", "a\x1b[31mb", "a\u2028b", "a\u202eb", "a\x00b", "a\x9bb"],
)
def test_nothing_can_drive_a_terminal(said: str) -> None:
    """Line ends, escapes and direction marks become spaces."""
    assert "\n" not in quoted(said, None)
    assert quoted(said, None).isprintable()


def test_lone_surrogates_can_be_written() -> None:
    """What is shown can be encoded."""
    quoted("a\ud800b", None).encode()


def test_a_page_is_cut() -> None:
    """A whole page of HTML is not a reason."""
    shown = quoted("word " * 1000, None)
    assert len(shown) == 300
    assert shown.endswith("...")
