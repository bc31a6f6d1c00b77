"""Entries of ``texts``: words, files and tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from batchtts.endings import PACKED, TABLES
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.places import Places
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.slots import sample_of, slots_of
from batchtts.model import Roles, TextId, Voice, VoiceName
from batchtts.names import fold, id_problem
from batchtts.sources import FileText, InlineText, TableText, TextSource

__all__ = ["FILE_ENDINGS", "TABLE_ENDINGS", "known_voice", "texts"]

FILE_ENDINGS = (
    ".txt",
    ".md",
    ".markdown",
    ".epub",
    ".html",
    ".htm",
    ".xhtml",
    ".docx",
    ".pdf",
)
_NUMBERS = re.compile(r"\s*\d+(?:\s*-\s*(?:\d+)?)?\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,8}")
TABLE_ENDINGS = (
    *TABLES,
    *(kind + packing for kind in TABLES if kind != ".parquet" for packing in PACKED),
)
_ONLY_TABLES = tuple(end for end in TABLE_ENDINGS if end not in FILE_ENDINGS)
_ONLY_FILES = tuple(end for end in FILE_ENDINGS if end not in TABLE_ENDINGS)


def texts(
    entries: tuple[Node, ...],
    voices: Mapping[VoiceName, Voice],
    places: Places,
    problems: Problems,
) -> tuple[TextSource, ...]:
    """Return the sources of the job's texts, in their order."""
    reader = _Reader(voices, places, problems)
    read = (reader.read(Fields(entry)) for entry in entries)
    return tuple(source for source in read if source is not None)


def known_voice(
    node: Node | None,
    name: str | None,
    voices: Mapping[VoiceName, Voice],
    problems: Problems,
) -> VoiceName | None:
    """Return the voice's name, after noting a problem when there is no such voice."""
    if name is None:
        return None
    if voices and name not in voices:
        known = "there are " + ", ".join(quoted(voice) for voice in list(voices)[:8])
        hint = problems.suggest(name, voices, otherwise=known)
        problems.add(node, f"there is no voice {quoted(name)}", hint)
    return VoiceName(name)


@dataclass(slots=True)
class _Reader:
    """Reads entries, and remembers the ids that were given."""

    voices: Mapping[VoiceName, Voice]
    places: Places
    problems: Problems
    ids: dict[str, Node | None] = field(default_factory=dict)

    def read(self, fields: Fields) -> TextSource | None:
        if "table" in fields:
            return self._table(fields)
        if "file" in fields:
            return self._file(fields)
        return self._inline(fields)

    def _inline(self, fields: Fields) -> InlineText | None:
        name, words = fields.text("id"), fields.text("text")
        voice, roles = self._voice(fields), self._roles(fields)
        slots = slots_of(fields, self.places, self.problems)
        sample = sample_of(fields, slots, self.problems)
        if name is not None:
            self._check_id(name, fields.value("id"))
        if name is None or words is None or fields.node is None:
            return None
        return InlineText(
            id=TextId(name),
            words=words,
            voice=voice,
            roles=roles,
            title=fields.text("title"),
            slots=slots,
            sample=sample,
            seed=fields.text("seed") or "",
            place=self.problems.place(fields.node),
        )

    def _check_id(self, name: str, node: Node | None) -> None:
        if problem := id_problem(name):
            self.problems.add(node, problem)
        first = self.ids.setdefault(fold(name), node)
        if first is not node and first is not None:
            message = f"there is already a text with the id {quoted(name)}"
            hint = f"the first is in line {first.line}; choose another id"
            self.problems.add(node, message, hint)

    def _file(self, fields: Fields) -> FileText | None:
        raw, node, stem = fields.text("file"), fields.value("file"), fields.text("id")
        if stem is not None and (problem := id_problem(stem)):
            self.problems.add(fields.value("id"), problem)
        voice, voices = self._voice(fields), self._voices(fields, "voices")
        roles = self._roles(fields)
        if raw is None or node is None:
            return None
        if raw.lower().endswith(_ONLY_TABLES):
            message = f"{quoted(raw)} is a table"
            self.problems.add(node, message, 'write "table:" in place of "file:"')
        elif not raw.lower().endswith(FILE_ENDINGS):
            self._unknown_kind(raw, node, FILE_ENDINGS)
        path = self.places.input_file(raw, node, FILE_ENDINGS, self.problems)
        if path is None:
            return None
        return FileText(
            path=path,
            shown=raw,
            id=stem,
            voice=voice,
            voices=voices,
            roles=roles,
            chapters=self._chapters(fields),
            whole=fields.flag("whole"),
            announce=fields.flag("announce"),
            place=self.problems.place(fields.node),
        )

    def _chapters(self, fields: Fields) -> tuple[str, ...]:
        """Return numbers, ranges and titles; "1-5, 8" is two of them."""
        asked: list[str] = []
        for node in fields.items("chapters"):
            written = text_of(node) or ""
            parts = written.split(",")
            listed = all(_NUMBERS.fullmatch(part) for part in parts)
            asked += (part.strip() for part in parts) if listed else [written]
        if asked and fields.flag("whole"):
            message = "the chapters of a text that is whole cannot be chosen"
            hint = 'remove "whole", or "chapters"'
            self.problems.add(fields.value("chapters"), message, hint)
        return tuple(asked)

    def _table(self, fields: Fields) -> TableText | None:
        raw, node = fields.text("table"), fields.value("table")
        roles = self._roles(fields)
        if raw is None or node is None:
            return None
        if raw.lower().endswith(_ONLY_FILES):
            message = f"{quoted(raw)} is a text, not a table"
            self.problems.add(node, message, 'write "file:" in place of "table:"')
        elif not raw.lower().endswith(TABLE_ENDINGS):
            self._unknown_kind(raw, node, TABLES)
        elif raw.lower().endswith(".parquet") and find_spec("pyarrow") is None:
            message = 'Parquet files need "pyarrow", which is not installed'
            self.problems.add(node, message, "pip install 'batchtts[parquet]'")
        path = self.places.input_file(raw, node, TABLE_ENDINGS, self.problems)
        if path is None:
            return None
        return TableText(
            path=path,
            shown=raw,
            id=fields.text("id"),
            text=fields.text("text") or "text",
            voice=fields.text("voice"),
            roles=roles,
            title=fields.text("title"),
            skips_bad_rows=fields.text("bad_rows") == "skip",
            place=self.problems.place(fields.node),
        )

    def _unknown_kind(self, raw: str, node: Node, endings: tuple[str, ...]) -> None:
        self.problems.add(
            node,
            f"{quoted(raw)} is of a kind that cannot be read",
            f"its name must end in {', '.join(endings)}",
        )

    def _voice(self, fields: Fields, key: str = "voice") -> VoiceName | None:
        name, node = fields.text(key), fields.value(key)
        return known_voice(node, name, self.voices, self.problems)

    def _voices(self, fields: Fields, key: str) -> tuple[tuple[str, VoiceName], ...]:
        """Return a mapping of names to voices."""
        found = [
            (
                entry.key.text,
                known_voice(
                    entry.value, text_of(entry.value), self.voices, self.problems
                ),
            )
            for entry in fields.below(key).entries()
        ]
        return tuple((name, voice) for name, voice in found if voice is not None)

    def _roles(self, fields: Fields) -> Roles:
        languages = self._voices(fields, "languages")
        for entry in fields.below("languages").entries():
            code = entry.key.text
            if code and not _LANGUAGE.fullmatch(code):
                message = f"{quoted(code)} is no language code"
                hint = "write 2 or 3 letters, as in fr or fr-CA"
                self.problems.add(entry.key, message, hint)
        return Roles(self._voice(fields, "dialogue"), languages, fields.flag("marks"))
