"""What is kept together is never less than what Unicode keeps together."""

from __future__ import annotations

import importlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.chunking.graphemes import clusters, parts

regex = importlib.import_module("regex")  # untyped
AWKWARD = st.sampled_from(
    "\u0300\u0308\u200c\u200d\u0600\u06dd\u0903\u093f\u094d\u0915\u0937\u09cd\u0995"
    "\u0e33\u0eb3\u1100\u1161\u11a8\uac00\uac01\ua960\ud7b0\ud7cb\ufe0f\u20e3\r\n\t "
    "\U0001f1e6\U0001f1e9\U0001f468\U0001f469\U0001f3fd\U0001f3f4\U000e0067\U000e007f"
    "\u2764\u00a9a1\u0d4e\U000110bd\u1039\u17d2\u1780"
)
TEXTS = (
    st.lists(AWKWARD | st.characters(exclude_categories=["Cs", "Cn"]), max_size=12)
    .map("".join)
    .filter(lambda text: all(unicodedata.category(char) != "Cn" for char in text))
)


def _ends(text: str) -> set[int]:
    return {found.end() for found in regex.finditer(r"\X", text)}


@given(TEXTS)
def test_a_cut_is_always_between_clusters(text: str) -> None:
    """Every place given is one where the `regex` package ends a cluster too."""
    assert set(clusters(text, 0, len(text))) <= _ends(text)
    inner = [place for place in range(1, len(text)) if parts(text, place)]
    assert set(inner) <= _ends(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "plain words",
            "éàü",
            "한국어",
            "\r\n\r\n",
            "👨\u200d👩\u200d👧a",
            "👍🏽👍🏽",
        ),
        *(
            "e\u0301e\u0301",
            "क्षक्ष",
            "\u1112\u1161\u11ab\u1100",
            "น้ำน้ำ",
            "❤\ufe0f1\ufe0f\u20e3",
        ),
        *("🇩🇪🇫🇷🇮🇹", "a🇩🇪🇫", "🏴\U000e0067\U000e0062\U000e007fa"),
    ],
)
def test_ordinary_text_is_cut_at_every_cluster(text: str) -> None:
    """In real words the clusters are exactly those of the standard."""
    assert set(clusters(text, 0, len(text))) == _ends(text) - {len(text)}


def test_flags_are_paired_from_the_start() -> None:
    """Two letters make a flag; a look at two neighbours alone cuts none."""
    flags = "🇩🇪🇫🇷"
    assert list(clusters(flags, 0, 4)) == [2]
    assert not any(parts(flags, place) for place in (1, 2, 3))


def test_the_ends_of_a_text_are_places() -> None:
    """There is nothing to cut at either end."""
    assert parts("e\u0301", 0)
    assert parts("e\u0301", 2)
    assert not parts("e\u0301", 1)
