"""The vocabulary in which a file's shape is described, once for all uses.

A shape says what may stand at a place. The reader's check (``check``) and the
JSON Schema that editors use (``schema``) are both derived from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "ByKey",
    "ByValue",
    "Choice",
    "Default",
    "Either",
    "Field",
    "Flag",
    "Integer",
    "Limit",
    "Listing",
    "MapShape",
    "Named",
    "Number",
    "Path",
    "Record",
    "Rule",
    "ScalarShape",
    "Shape",
    "Text",
]

Default = str | int | float | bool | None
Path = tuple[str, ...]
"""The keys from one place to another; ``*`` stands for every key there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Any scalar but null, taken as the text that stands there; not empty.

    With ``words_only`` numbers and truth values are refused; that must be said
    when there is a ``pattern`` that some of them do not match. What is
    ``private`` is not repeated in messages, since people put keys there.
    """

    pattern: str | None = None
    words_only: bool = False
    expects: str = "text"
    private: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number in a range, which includes its ends unless said otherwise."""

    minimum: float
    maximum: float
    above_minimum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
    """A whole number in a range or, where ``among`` is given, one of those."""

    minimum: int = 0
    maximum: int | None = None
    among: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of at least one thing of one shape."""

    each: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A mapping whose keys the author chooses.

    ``refused`` are names that must not be chosen, each with what to do instead.
    """

    each: Shape
    noun: str
    at_least: int = 0
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a record: what it holds, what it is for, what it is unless given.

    ``aliases`` are names by which people look for it; they are only suggested.
    ``examples`` are shown by editors.
    """

    shape: Shape
    doc: str
    required: bool = False
    default: Default = None
    aliases: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A mapping with known keys and no others; ``noun`` is what it describes."""

    noun: str
    fields: Mapping[str, Field]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes, no two of which hold the same kind of value."""

    options: tuple[Shape, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByKey:
    """One of several records, told apart by a key that each of them requires.

    Of two keys of the same value the first one here decides.
    """

    noun: str
    variants: Mapping[str, Record]


@dataclass(frozen=True, slots=True, kw_only=True)
class ByValue:
    """One of several records, told apart by the value of the field ``key``."""

    noun: str
    key: str
    doc: str
    variants: Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Limit:
    """A further demand on what stands at ``path``: None forbids it.

    ``why`` ends the sentence "... is not for" or "... must be ... for".
    """

    path: Path
    demand: Shape | Rule | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Limits that hold when the value at ``decides`` is ``among`` these.

    ``absent`` says whether they hold when nothing stands there.
    """

    decides: Path
    among: tuple[str | bool, ...]
    absent: bool
    limits: tuple[Limit, ...]


ScalarShape = Text | Choice | Number | Integer | Flag
MapShape = Named | Record | ByKey | ByValue
Shape = ScalarShape | MapShape | Listing | Either
