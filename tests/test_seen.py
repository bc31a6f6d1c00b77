"""The memory of names already met."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchtts.errors import LocalError
from batchtts.seen import Seen


def test_new_key() -> None:
    """A key met for the first time has no earlier place."""
    with Seen() as seen:
        assert seen.add("intro", "job.yaml:3:5") is None


def test_key_again() -> None:
    """A key met again gives the place where it was met first, however often."""
    with Seen() as seen:
        seen.add("intro", "job.yaml:3:5")
        assert seen.add("intro", "job.yaml:9:5") == "job.yaml:3:5"
        assert seen.add("intro", "job.yaml:12:5") == "job.yaml:3:5"


def test_length_counts_different_keys() -> None:
    """A repeated key is counted once."""
    with Seen() as seen:
        for key in ("a", "b", "a", "c", "b"):
            seen.add(key, "here")
        assert len(seen) == 3


def test_two_memories_are_apart() -> None:
    """What one remembers the other does not know."""
    with Seen() as first, Seen() as second:
        first.add("intro", "here")
        assert second.add("intro", "there") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Intro", "intro"),
        ("intro", "intro "),
        ("1", "01"),
        ("a\0b", "a\0c"),
        ("caf\u00e9", "cafe\u0301"),
        ("x" * 64, "x" * 65),
        ("x" * 5000, "x" * 5001),
        ("\ud800", "\ud801"),
        ("x" * 80 + "\ud800", "x" * 80 + "\ud801"),
    ],
    ids=ascii,
)
def test_different_keys_are_different(one: str, other: str) -> None:
    """Keys are compared code point by code point, whatever their length."""
    with Seen() as seen:
        assert seen.add(one, "here") is None
        assert seen.add(other, "there") is None
        assert seen.add(one, "again") == "here"
        assert seen.add(other, "again") == "there"


@settings(deadline=None)
@given(st.lists(st.text(st.characters(), max_size=80)))
def test_agrees_with_a_dict(keys: list[str]) -> None:
    """It answers as a dict in memory would."""
    expected: dict[str, str] = {}
    with Seen() as seen:
        for number, key in enumerate(keys):
            place = f"table.csv:{number}"
            assert seen.add(key, place) == expected.get(key)
            expected.setdefault(key, place)
        assert len(seen) == len(expected)


def test_gone_after_the_block() -> None:
    """After the block there is nothing left to ask, and the error says so."""
    with Seen() as seen:
        seen.add("intro", "here")
    with pytest.raises(LocalError, match="cannot keep the list of names"):
        seen.add("intro", "here")


def test_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that cannot be made is a problem of this machine."""

    def refuse(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", refuse)
    with pytest.raises(LocalError, match="disk is full; free some space there"):
        Seen()
