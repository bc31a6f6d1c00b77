"""Is a place inside a quotation, a bracket or the title of a book?"""

from __future__ import annotations

__all__ = ["Quotations"]

_PAIRS = (
    ("(", ")"),
    ("[", "]"),
    ("\u300c", "\u300d"),
    ("\uff08", "\uff09"),
)
_TITLE_REACH = 40  # characters a book's title may go on after a stop inside it


def _ambiguous(text: str) -> list[tuple[str, str]]:
    """Give the pairs of quotation marks that open in one language and close in another.

    The low mark is closed by what opens an English quotation, or by what closes
    one; guillemets point outwards or, in German, inwards.
    """
    opening = "\u201e" if "\u201e" in text else "\u201c"
    closing = "\u201c" if opening == "\u201e" and "\u201c" in text else "\u201d"
    outward = text.find("\u00ab") >= 0 and text.find("\u00ab") < text.find("\u00bb")
    return [
        (opening, closing),
        ("\u00ab", "\u00bb") if outward else ("\u00bb", "\u00ab"),
    ]


class Quotations:
    """Counts, within one paragraph at a time, what has been opened and not closed.

    Novels open a quotation again in each paragraph of a long speech and close it
    once, so nothing that is open outlives its paragraph.
    """

    __slots__ = (
        "_depths",
        "_inside",
        "_pairs",
        "_straight",
        "_text",
        "_titles",
        "_upto",
    )

    def __init__(self, text: str) -> None:
        """Look at ``text``, from its start."""
        self._text = text
        self._pairs = [pair for pair in (*_PAIRS, *_ambiguous(text)) if pair[0] in text]
        self._straight = '"' in text
        self._titles = "\u300a" in text
        self.restart(0)

    def restart(self, position: int) -> None:
        """Forget what is open: a paragraph starts at ``position``."""
        self._depths = [0] * len(self._pairs)
        self._inside = False
        self._upto = position

    def open_at(self, position: int) -> bool:
        """Whether ``position``, beyond all asked about before, is inside any."""
        text, upto = self._text, self._upto
        self._upto = position
        is_open = False
        for index, (opening, closing) in enumerate(self._pairs):
            depth = self._depths[index] + text.count(opening, upto, position)
            depth = max(0, depth - text.count(closing, upto, position))
            self._depths[index] = depth
            is_open = is_open or depth > 0
        if self._straight and text.count('"', upto, position) % 2:
            self._inside = not self._inside
        return is_open or self._inside

    def in_title(self, start: int, position: int) -> bool:
        """Whether ``position`` is inside a book's title opened since ``start``."""
        if not self._titles:
            return False
        text = self._text
        opened = text.rfind("\u300a", start, position)
        if opened < 0 or text.rfind("\u300b", opened, position) >= 0:
            return False
        return text.find("\u300b", position, position + _TITLE_REACH) >= 0
