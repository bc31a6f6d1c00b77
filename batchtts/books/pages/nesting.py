"""Which elements of a page are open, and which end tags go without saying."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

__all__ = ["BLOCKS", "CELLS", "LISTS", "SECTIONS", "VOID", "Inside", "Nesting"]

SECTIONS = frozenset({"article", "section"})
LISTS = frozenset({"dir", "dl", "menu", "ol", "ul"})
CELLS = frozenset({"td", "th"})
_BLOCKS = (
    "address aside blockquote body caption center dd details dialog div dt fieldset"
    " figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend"
    " level level1 level2 level3 level4 level5 level6 li line linegroup main nav"
    " optgroup option p pre search sidebar summary table tbody tfoot thead tr"
)
BLOCKS = SECTIONS | LISTS | frozenset(_BLOCKS.split())
_VOID = "area base br col embed hr image img input link meta param source track wbr"
VOID = frozenset(_VOID.split())
"""Elements in which nothing stands."""

# What another one ends that begins, and what it does not look beyond for that.
_RUBY = frozenset({"rb", "rp", "rt"}), frozenset({"rtc", "ruby"})
_ENDS = {
    "a": (frozenset({"a"}), CELLS),
    "dd": (frozenset({"dd", "dt"}), LISTS),
    "dt": (frozenset({"dd", "dt"}), LISTS),
    "li": (frozenset({"li"}), LISTS),
    "rb": _RUBY,
    "rp": _RUBY,
    "rt": _RUBY,
    "td": (CELLS, frozenset({"table", "tr"})),
    "th": (CELLS, frozenset({"table", "tr"})),
    "tr": (frozenset({"tr"}), frozenset({"table"})),
}
_BLOCK_ENDS = frozenset({"p"}), BLOCKS - {"p"} | CELLS
_DEEPEST = 256


@dataclass(frozen=True, slots=True)
class Inside:
    """An open element."""

    name: str
    lang: str = ""  # other than the book's
    behind: str = ""  # what is said when it ends


class Nesting:
    """The open elements, the innermost last; some hundreds at most."""

    def __init__(self) -> None:
        """Begin outside of all."""
        self.path: list[Inside] = []
        self._names: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many are open."""
        return len(self.path)

    def within(self, name: str) -> bool:
        """Tell whether an element of the name is open."""
        return name in self._names

    def within_any(self, names: frozenset[str]) -> bool:
        """Tell whether an element of one of these names is open."""
        return not names.isdisjoint(self._names)

    @property
    def lang(self) -> str:
        """Return the language here, if it is not the book's."""
        return self.path[-1].lang if self.path else ""

    def push(self, inside: Inside) -> None:
        """Open an element, unless it lies too deep to be told from its parent."""
        if len(self.path) < _DEEPEST:
            self.path.append(inside)
            self._names[inside.name] += 1

    def pop(self) -> Inside:
        """Close the innermost element."""
        inside = self.path.pop()
        self._names[inside.name] -= 1
        if not self._names[inside.name]:
            del self._names[inside.name]
        return inside

    def ended_by_start(self, name: str) -> int | None:
        """Return how many stay open when an element begins; None: all do."""
        ends = _ENDS.get(name)
        if ends is None and name in BLOCKS:
            ends = _BLOCK_ENDS
        if ends is None or not self.within_any(ends[0]):
            return None
        for number in range(len(self.path) - 1, -1, -1):
            if self.path[number].name in ends[0]:
                return number
            if self.path[number].name in ends[1]:
                return None
        return None

    def ended_by_end(self, name: str) -> int | None:
        """Return how many stay open at an end tag; None: it ends nothing."""
        if not self.within(name):
            return None
        return max(n for n, inside in enumerate(self.path) if inside.name == name)

    def innermost(self, names: frozenset[str]) -> int | None:
        """Return how many elements the innermost one of some names lies in."""
        found = [n for n, inside in enumerate(self.path) if inside.name in names]
        return found[-1] if found else None
