"""A secret shows itself to nobody."""

from __future__ import annotations

import copy
import pickle

import pytest

from batchtts.secret import REDACTED, Secret, redact


def test_no_way_of_showing_reveals_it() -> None:
    """Printing, formatting and containers show the redaction."""
    key = Secret("canary-123")
    for shown in (str(key), repr(key), f"{key}", f"{key:>20}", f"{[key]}", "%s" % key):  # noqa: UP031 - this way too
        assert "canary" not in shown
        assert REDACTED in shown


def test_it_cannot_be_copied_out() -> None:
    """Pickling and copying are refused."""
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret("canary-123"))
    with pytest.raises(TypeError, match="cannot be pickled"):
        copy.copy(Secret("canary-123"))


def test_redact_replaces_every_occurrence() -> None:
    """Words that hold the secret are shown without it."""
    key = Secret("canary-123")
    assert redact("a canary-123 b canary-123", key) == f"a {REDACTED} b {REDACTED}"
    assert redact("nothing", key) == "nothing"
    assert redact("anything", None) == "anything"
    assert redact("anything", Secret("")) == "anything"
