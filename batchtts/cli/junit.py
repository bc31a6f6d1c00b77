"""The result of a check as JUnit XML, which most CI systems show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from batchtts.files import write_bytes
from batchtts.runner.checking import Check
from batchtts.text_safety import printable

__all__ = ["write_junit"]


def write_junit(path: Path, found: Check) -> None:
    """Write the check's result to ``path``. Raises LocalError.

    A case for each output that is out of date, and one for all others.
    """
    lines = "".join(f"{line}\n" for line in _lines(found))
    write_bytes(path, lines.encode("utf-8", "backslashreplace"))


def _lines(found: Check) -> Iterator[str]:
    failures = len(found.findings) + (found.trouble is not None)
    name = quoteattr(f"batchtts check {found.job}")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuite name={name} tests="{failures + 1}" failures="{failures}">'
    yield f' <testcase classname={name} name="{found.current} outputs up to date"/>'
    for one in found.findings:
        reasons = "; ".join(f"{reason.place}: {reason.what}" for reason in one.reasons)
        yield from _case(name, one.path, reasons)
    if found.trouble is not None:
        yield from _case(name, "the lock", found.trouble)
    yield "</testsuite>"


def _case(suite: str, name: str, what: str) -> Iterator[str]:
    yield f" <testcase classname={suite} name={quoteattr(printable(name))}>"
    shown = printable(what)
    yield f"  <failure message={quoteattr(shown)}>{escape(shown)}</failure>"
    yield " </testcase>"
