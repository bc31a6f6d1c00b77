"""Words laid out as they come: lines, paragraphs and sections apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchtts.books.lineends import between_lines
from batchtts.markup.tokens import CHARACTER, character
from batchtts.model import Passage

__all__ = ["LINE", "PARAGRAPH", "SECTION", "Layout", "Origin"]

# What stands between two blocks, in newlines.
LINE = 1
PARAGRAPH = 2
SECTION = 3


@dataclass(frozen=True, slots=True)
class Origin:
    """Where words of a text stand in the markup that it was made from.

    The ``length`` characters from ``start`` are written there in ``written``
    characters from ``at``; these are more where one stands as its name.
    """

    start: int
    length: int
    at: int
    written: int


_PIECE = re.compile(
    rf"[ \t\n\r\f]+|{CHARACTER.pattern}|&|[^& \t\n\r\f]+(?: [^& \t\n\r\f]+)*"
)
_PLAIN_PIECE = re.compile(r"[ \t\n\r\f]+|[^ \t\n\r\f]+(?: [^ \t\n\r\f]+)*")
_WHITE = frozenset(" \t\n\r\f")
_ORNAMENT = re.compile(r"[\s*\uff0a⁂✻✽❦❧❖◆◇○●★☆※•·∙~=_#†‡\u2010-\u2015-]{1,80}")


class Layout:
    """Takes words and gaps one after the other, and makes a text of them.

    White space is a single space, and a gap at either end is none.
    """

    def __init__(self) -> None:
        """Begin an empty text."""
        self._parts: list[str] = []
        self.length = 0  # of the text so far, in characters
        self._gap = 0
        self._joint = ""  # what stands between two words in a block
        # The parts, characters and gap before the block; None: it has no words.
        self._block: tuple[int, int, int] | None = None
        self._passages: list[Passage] = []
        self._waiting: list[str] = []  # marks for the next block
        self._marked: list[str] = []  # marks at the present one
        self.marks: dict[str, int] = {}
        self.origins: list[Origin] = []

    @property
    def in_block(self) -> bool:
        """Tell whether the present block has words already."""
        return self._block is not None

    def say(self, written: str, lang: str = "", at: int | None = None) -> None:
        """Add some markup's characters, which stand there at the offset ``at``.

        Without ``at`` they are added as they are, and not from the markup.
        """
        pattern = _PLAIN_PIECE if at is None else _PIECE
        for piece in pattern.finditer(written):
            words = piece.group()
            if words[0] in _WHITE:
                self.join("\n" if "\n" in words else " ")
                continue
            length = len(words)
            if at is not None and words[0] == "&":
                words = CHARACTER.sub(character, words)
            self._add(words, lang)
            if at is not None:
                start = self.length - len(words)
                origin = Origin(start, len(words), at + piece.start(), length)
                self.origins.append(origin)

    def join(self, joint: str) -> None:
        """Have a space or a comma stand before the next words of the block.

        The end of a line is a space, except where there are none between words.
        """
        if len(joint) > len(self._joint):
            self._joint = joint

    def line(self) -> None:
        """Begin a new line in the block."""
        self._gap = max(self._gap, LINE)
        self._joint = ""

    def block(self, gap: int) -> None:
        """End a block; the next one is ``gap`` newlines away, or more."""
        self._gap = max(self._gap, gap)
        self._joint = ""
        if self._block is None:
            return
        number, length, gap_before = self._block
        words = "".join(self._parts[number:])
        if _ORNAMENT.fullmatch(words):
            self._take_back(number, length)
            self._gap = max(self._gap, gap_before, SECTION if words.strip() else 0)
        self._block = None
        self._marked = []

    def mark(self, name: str) -> None:
        """Note where the present block begins or, if it has words, the next one."""
        self._waiting.append(name)

    def since(self, parts: int) -> str:
        """Return the words since there were so many `parts`."""
        return "".join(self._parts[parts:]).strip()

    @property
    def parts(self) -> int:
        """Return a number that stands for the words so far; see `since`."""
        return len(self._parts)

    def finish(self) -> tuple[str, tuple[Passage, ...]]:
        """Return the text and its passages in other languages."""
        self.block(PARAGRAPH)
        self._note_marks()
        return "".join(self._parts), tuple(self._passages)

    def _add(self, words: str, lang: str) -> None:
        before = len(self._parts), self.length, self._gap
        if self.length and self._gap:
            self._put("\n" * self._gap)
        elif self._joint and self._block is not None:
            self._put_joint(words)
        self._gap, self._joint = 0, ""
        if self._block is None:
            self._block = before
            self._note_marks()
        if lang:
            self._note_passage(lang, len(words))
        self._put(words)

    def _put_joint(self, words: str) -> None:
        """Put what stands between the last words and the next ones."""
        last = self._parts[-1]
        if self._joint == "\n":
            joint = between_lines(last, words)
        else:
            joint = self._joint if last[-1].isalnum() else " "
        if joint:
            self._put(joint)

    def _put(self, words: str) -> None:
        self._parts.append(words)
        self.length += len(words)

    def _note_marks(self) -> None:
        for name in self._waiting:
            self.marks.setdefault(name, self.length)
        self._marked, self._waiting = self._waiting, []

    def _note_passage(self, lang: str, length: int) -> None:
        start, end = self.length, self.length + length
        last = self._passages[-1] if self._passages else None
        if last is not None and last.lang == lang and self._follows(last):
            start = self._passages.pop().start
        self._passages.append(Passage(start, end, lang))

    def _follows(self, last: Passage) -> bool:
        """Tell whether only white space stands behind a passage."""
        between = self.length - last.end
        return not between or (
            self._parts[-1].isspace() and len(self._parts[-1]) == between
        )

    def _take_back(self, number: int, length: int) -> None:
        """Take back a block's words; what was marked there marks the next one."""
        del self._parts[number:]
        self.length = length
        for name in self._marked:
            del self.marks[name]
        self._waiting = self._marked + self._waiting
        while self._passages and self._passages[-1].start >= length:
            self._passages.pop()
        while self.origins and self.origins[-1].start >= length:
            self.origins.pop()
