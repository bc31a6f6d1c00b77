"""Small XML files as trees: what a book says about itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from batchtts.markup.tokens import Open, Words, tokens

__all__ = ["Element", "tree"]

_DEEPEST = 200  # what lies deeper is taken for a sibling
_GLOSSES = frozenset({"rp", "rt"})  # say again how a word is read


@dataclass(frozen=True, slots=True)
class Element:
    """An element by its name without prefix, with what stands in it."""

    name: str
    attributes: Mapping[str, str]
    content: list[Element | str] = field(default_factory=list)

    def get(self, name: str) -> str:
        """Return an attribute without white space around it; empty: not given."""
        return self.attributes.get(name, "").strip()

    @property
    def children(self) -> list[Element]:
        """Return the elements directly below."""
        return [inner for inner in self.content if isinstance(inner, Element)]

    def all(self, *names: str) -> Iterator[Element]:
        """Yield the elements of these names anywhere below, in their order."""
        ahead = self.children[::-1]
        while ahead:
            element = ahead.pop()
            if element.name in names:
                yield element
            ahead += element.children[::-1]

    def first(self, *names: str) -> Element | None:
        """Return the first element of one of these names anywhere below."""
        return next(self.all(*names), None)

    @property
    def text(self) -> str:
        """Return the words in the element, white space made single spaces."""
        found: list[str] = []
        ahead = self.content[::-1]
        while ahead:
            inner = ahead.pop()
            if isinstance(inner, str):
                found.append(inner)
            elif inner.name not in _GLOSSES:
                ahead += inner.content[::-1]
        return " ".join("".join(found).split())


def tree(markup: str) -> Element:
    """Return the markup below an element without a name.

    As in a browser an end tag closes what is open inside its element, and one
    that has nothing to close is passed over.
    """
    root = Element("", {})
    path = [root]
    for token in tokens(markup):
        if isinstance(token, Words):
            path[-1].content.append(token.text)
        elif isinstance(token, Open):
            element = Element(token.local, token.attributes)
            path[-1].content.append(element)
            if not token.empty and len(path) < _DEEPEST:
                path.append(element)
        else:
            names = [element.name for element in path]
            if token.local in names[1:]:
                del path[len(names) - 1 - names[::-1].index(token.local) :]
    return root
