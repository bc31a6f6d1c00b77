"""Front matter of Markdown files."""

from __future__ import annotations

import pytest

from batchtts.errors import JobError
from batchtts.jobfile import front_matter


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_front_matter_is_read(end: str) -> None:
    """Scalars are taken as text, and the offset is where the body begins."""
    lines = ["---", "title: The Harbour", "year: 1899", "draft: no", "---  ", "Body."]
    text = end.join(lines)
    found, offset = front_matter(text, "a.md")
    assert found == {"title": "The Harbour", "year": "1899", "draft": "no"}
    assert text[offset:] == "Body."


def test_lists_mappings_and_nothing_are_left_out() -> None:
    """What is not one text is not ours to use."""
    text = "\ufeff---\ntags: [a, b]\nmore: {x: 1}\nempty:\nauthor: 'A'\n---\n"
    assert front_matter(text, "a.md") == ({"author": "A"}, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No front matter",
        " ---\na: 1\n---\n",
        "---\na: 1\n",
        "---\nA sentence between two rules.\n---\n",
        "---\n- a list\n---\n",
        "----\na: 1\n---\n",
        "---\n" + "words\n" * 20_000 + "---\n",
    ],
)
def test_a_rule_is_not_front_matter(text: str) -> None:
    """Text that merely begins with a rule is all body."""
    assert front_matter(text, "a.md") == ({}, 0)


@pytest.mark.parametrize("text", ["---\n---\nBody", "---\n# nothing\n---\nBody"])
def test_empty_front_matter_is_skipped(text: str) -> None:
    """An empty block is no part of the body."""
    found, offset = front_matter(text, "a.md")
    assert found == {}
    assert text[offset:] == "Body"


def test_problems_have_places_in_the_file() -> None:
    """Lines count from the file's first one."""
    with pytest.raises(JobError) as caught:
        front_matter("---\na: 1\ntitle: The Harbour: a story\n---\n", "a.md")
    assert str(caught.value).startswith("a.md:3:19: a colon with a space after it")
    with pytest.raises(JobError, match=r"a.md:2:4: an anchor"):
        front_matter("---\na: &x 1\n---\n", "a.md")
