"""What is tried against which fault: a table made from the tests themselves.

    python -m tests.faulttable

writes it into tests/README.md. A row is covered by the tests that are named after
it (`test_f06_...`), and what the table says of them is the first line of their
docstrings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["README", "ROWS", "missing", "render", "written"]

TESTS = Path(__file__).parent
README = TESTS / "README.md"
ROWS = tuple(f"F{number:02}" for number in range(1, 43))

GOALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "R1": (
        "no incomplete or foreign audio in an output that is reported as good",
        (
            "test_small_campaign",
            "test_f02_cut",
            "test_f19_no_speech",
            "test_f20_foreign_audio",
        ),
    ),
    "R2": (
        "no incomplete file at a final path, whenever a run is killed",
        ("test_f23_killed_at_any_moment", "test_f31_lost_rename"),
    ),
    "R3": (
        "a resumed run buys again at most what was in flight",
        ("test_f23_killed_at_any_moment", "test_f09_in_a_run"),
    ),
    "R4": (
        "a second run opens no connection, and its files are the same bytes",
        ("test_a_second_run_opens_no_socket_and_changes_no_byte",),
    ),
    "R5": (
        "a server's limit of connections is found, with few refusals",
        (
            "test_what_is_admitted_is_used",
            "test_a_fixed_number_of_places_is_found_and_used",
        ),
    ),
    "R6": (
        "a stall is ended within a second of its deadline; no run hangs",
        ("test_f04_stall", "test_f05_trickle", "test_small_campaign"),
    ),
    "R7": (
        "Retry-After is honoured by everyone",
        (
            "test_f06_throttle",
            "test_f07_unavailable",
            "test_nothing_is_sent_inside_a_pause",
        ),
    ),
    "R8": (
        "the first interrupt ends a run well within 10 s, the second at once",
        (
            "test_f24_first_signal",
            "test_f24_drain_takes_ten_seconds",
            "test_f24_second_signal",
        ),
    ),
    "R9": (
        "the key is in no output, log, file, error or child, and at no other host",
        (
            "test_f40_refusal_echoes_the_key",
            "test_f40_stream_echoes_the_key",
            "test_f40_second_host",
            "test_f30_children_get_no_key",
        ),
    ),
    "R10": (
        "memory does not grow with the job, nor with what a server sends",
        ("test_f32_ten_hours", "test_f32_hundred_thousand", "test_f15_flood"),
    ),
    "R11": (
        "hostile inputs are refused in little time and memory",
        (
            "test_f34_yaml",
            "test_f35_huge_text",
            "test_f35_huge_table",
            "test_f35_bomb",
        ),
    ),
    "R12": (
        "no words are lost, and no command is sent as words",
        ("test_chunks_are_the_text", "test_f37_made_of_anything"),
    ),
    "R13": (
        "whichever file operation fails: the right exit code, old files intact",
        ("test_f25_every_operation_fails",),
    ),
    "R16": (
        "whole takes are believed, cut ones are not",
        ("test_cut_speech_is_told_in_every_script", "test_prompts_are_believed"),
    ),
}
"""What must hold throughout, and the tests that try it; R14 and R15 are of the suite
itself: its coverage, and how long and how reliably it runs."""

_BEGIN, _END = "<!-- made by tests/faulttable.py -->", "<!-- end -->"
_ROW = re.compile(r"test_f(\d\d)_")


@dataclass(frozen=True, slots=True)
class Case:
    """One test: where it is and what it says of itself."""

    file: str
    name: str
    says: str  # the first line of its docstring

    @property
    def row(self) -> str | None:
        """Return the row that it is named after."""
        match = _ROW.match(self.name)
        return f"F{match[1]}" if match else None

    def __str__(self) -> str:
        """Name it as a link."""
        return f"[{self.name}]({self.file})"


def _cases() -> Iterator[Case]:
    """Yield every test in the order of the files, and in them as they stand."""
    for path in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                says = ast.get_docstring(node) or ""
                yield Case(path.name, node.name, says.partition("\n")[0])


def missing() -> list[str]:
    """Return the rows that no test is named after, and the tests that are not there."""
    cases = list(_cases())
    covered, names = {case.row for case in cases}, {case.name for case in cases}
    lacking = [row for row in ROWS if row not in covered]
    return lacking + [
        test for _, tests in GOALS.values() for test in tests if test not in names
    ]


def render() -> str:
    """Return the tables as Markdown."""
    cases = list(_cases())
    lines = ["| row | what goes wrong, and what must happen | test |", "|---|---|---|"]
    ordered = sorted((case for case in cases if case.row), key=lambda c: c.row or "")
    lines += [f"| {case.row} | {_plain(case.says)} | {case} |" for case in ordered]
    lines += ["", "| goal | what must hold | tests |", "|---|---|---|"]
    found = {case.name: str(case) for case in cases}
    for goal, (holds, tests) in GOALS.items():
        proofs = ", ".join(found.get(test, test) for test in tests)
        lines.append(f"| {goal} | {holds} | {proofs} |")
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.replace("|", "\\|")


def written() -> str:
    """Return the tables that stand in tests/README.md."""
    text = README.read_text(encoding="utf-8")
    return text.partition(_BEGIN)[2].partition(_END)[0].strip()


def main() -> None:
    """Write the tables into tests/README.md."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    text = f"{before}{_BEGIN}\n\n{render()}\n\n{_END}{after}"
    README.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
