"""Names from strangers can never lead out of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts import names


@pytest.mark.parametrize(
    "name", ["intro", "a-b_c.1", "Kapitel 3", "第一章", "naïve", "1", "x" * 200]
)
def test_plain_names_are_ids(name: str) -> None:
    """What a person would call a file is an id."""
    assert names.id_problem(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "a/b", "a\\b", "..", ".hidden", "~", "~root", "-rf", "a\x00b", "a\nb",
        "CON", "con.txt", "LPT1", "a.", "a ", " a", "a:b", 'a"b', "a|b", "a*", "a?b",
        "x" * 201, "é" * 101, "a\u202eb", "a\u200bb", "\ud800",
    ],
)  # fmt: skip
def test_dangerous_names_are_refused(name: str) -> None:
    """Whatever could climb, hide or clash is refused with a reason."""
    problem = names.id_problem(name)
    assert problem
    assert "id" in problem


@given(st.text(max_size=400))
def test_plain_gives_one_safe_part(value: str) -> None:
    """Any text becomes one file name part that is a valid id, or nothing."""
    made = names.plain(value)
    assert made == "" or names.id_problem(made) is None
    assert names.plain(made) == made


@given(st.text(max_size=50), st.text(max_size=50))
def test_filled_templates_stay_in_their_folder(title: str, author: str) -> None:
    """A filled template has the parts it was written with, none of them dots."""
    try:
        made = names.fill("{author}/{title}.wav", {"title": title, "author": author})
    except ValueError:
        return
    parts = Path(made).parts
    assert len(parts) == 2
    assert ".." not in parts


def test_fill_names_the_missing_field() -> None:
    """A field without a value is a KeyError with the field's name."""
    with pytest.raises(KeyError, match="role"):
        names.fill("{id}/{role}", {"id": "a"})


def test_fill_names_the_empty_field() -> None:
    """A value of which nothing can be kept is a ValueError with the field's name."""
    with pytest.raises(ValueError, match="title"):
        names.fill("{title}.wav", {"title": "../.."})


def test_titles_keep_their_words() -> None:
    """A title loses only what a file name cannot hold."""
    assert names.plain("Chapter 1: The End?") == "Chapter 1- The End-"
    assert names.plain("AC/DC\nlive") == "AC-DC live"


@pytest.mark.parametrize("template", ["{id", "id}", "{}", "{{id}}", "a{ }b"])
def test_broken_templates_are_named(template: str) -> None:
    """A template that cannot be meant is refused."""
    assert names.template_problem(template)


def test_fields_come_in_order() -> None:
    """The fields of a template are listed as they stand."""
    assert names.fields("{voice}/{id}-{index}.wav") == ["voice", "id", "index"]
    assert names.template_problem("{voice}/{id}.wav") is None


def test_fold_joins_what_file_systems_join() -> None:
    """Case and composition do not make two files."""
    assert names.fold("Straße/É") == names.fold("STRASSE/e\u0301")
