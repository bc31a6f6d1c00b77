"""The table of the fault matrix is that of the tests, and no row is missing."""

from __future__ import annotations

import faulttable


def test_no_row_is_missing() -> None:
    """Every fault of the matrix has a test named after it, and goals have theirs."""
    assert faulttable.missing() == []


def test_the_table_is_up_to_date() -> None:
    """After a change, `python -m tests.faulttable` writes it anew."""
    assert faulttable.written() == faulttable.render()
