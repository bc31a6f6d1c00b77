"""What a server can be told to do wrong: a plan of rules, each a when and a what.

A rule is for the handshake or for the reply, because the words come after the
handshake. Which requests it strikes follows from the plan and from the request
alone: what is left to chance is drawn from the seed and, for a reply, from the
words and how often they have been asked for; not from the order in which
requests meet. Nothing here does anything: see `trouble`, `delivery` and `door`.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, Self

__all__ = [
    "Dice",
    "End",
    "FaultPlan",
    "Faults",
    "Handshake",
    "Message",
    "Numbers",
    "Position",
    "Reply",
    "Request",
    "Rule",
    "Sound",
    "Struck",
    "When",
]

End = Literal["drop", "reset"]
"""How a connection ends without a close: the orderly end of TCP, or a reset."""
Sound = Literal["silence", "noise"]
"""What can be heard in place of speech; noise is as loud as can be."""

_NUMBERS = re.compile(r"(\d{1,12})(?:(-)(\d{1,12})?)?")
_POSITION = re.compile(r"(\d{1,6}(?:\.\d+)?)(%?)(?:-(\d{1,6}(?:\.\d+)?)(%?))?")
_WHOLE = 100  # per cent


@dataclass(frozen=True, slots=True)
class Numbers:
    """Some of the numbers from 1 on, as in ``3, 7-9, 20-``."""

    spans: tuple[tuple[int, int | None], ...]  # first and last; None: no last one

    @classmethod
    def of(cls, written: str) -> Self:
        """Read numbers and spans with commas between them; raise ValueError."""
        spans: list[tuple[int, int | None]] = []
        for part in written.split(","):
            match = _NUMBERS.fullmatch(part.strip())
            if match is None:
                raise ValueError(f'"{part.strip()}" is neither a number nor a span')
            first = int(match[1])
            last = first if not match[2] else int(match[3]) if match[3] else None
            if not first or (last is not None and last < first):
                raise ValueError(f'"{part.strip()}" holds no number from 1 on')
            spans.append((first, last))
        return cls(tuple(spans))

    def __contains__(self, number: int) -> bool:
        """Tell if ``number`` is one of them."""
        return any(
            first <= number and (last is None or number <= last)
            for first, last in self.spans
        )


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a reply's audio, or a range that one is drawn from.

    Counted in seconds, or with ``share`` as a part of the whole.
    """

    least: float = 0.0
    most: float = 0.0
    share: bool = False

    @classmethod
    def of(cls, written: str) -> Self:
        """Read ``1.5``, ``50%``, ``0.5-2`` or ``20%-80%``; raise ValueError."""
        match = _POSITION.fullmatch(written)
        if match is None:
            raise ValueError(f'"{written}" is no place in a reply')
        share = bool(match[2])
        least = float(match[1])
        most = float(match[3]) if match[3] else least
        mixed = bool(match[3]) and match[2] != match[4]
        if mixed or most < least or (share and most > _WHOLE):
            raise ValueError(f'"{written}" is no range of places in a reply')
        scale = _WHOLE if share else 1
        return cls(least / scale, most / scale, share)

    def drawn(self, chance: float) -> float:
        """Return the place that ``chance``, of [0, 1), picks."""
        return self.least + chance * (self.most - self.least)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Which requests a rule is for: all that is said here must hold.

    A request's number is its place among all that asked for a connection.
    """

    chance: float = 1.0
    requests: Numbers | None = None
    every: int = 1  # those whose number can be divided by it
    connections_above: int = 0  # while more are open, this one counted
    # Of the reply only: the words, by shell pattern or regular expression, and
    # how many times in all the same words are struck.
    text: str | None = None
    regex: str | None = None
    attempts: int | None = None

    def holds(self, request: Request, chance: float) -> bool:
        """Tell if the rule is for ``request``; ``chance`` is of [0, 1)."""
        return (
            chance < self.chance
            and request.number % self.every == 0
            and request.open_now > self.connections_above
            and (self.requests is None or request.number in self.requests)
            and (self.text is None or fnmatchcase(request.text, self.text))
            and (self.regex is None or re.search(self.regex, request.text) is not None)
            and (self.attempts is None or request.attempt <= self.attempts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Handshake:
    """What goes wrong before the connection is open.

    The answer can come late and have another status, other headers and another
    body; or it is ``raw``, or nothing, and then the ``end``. In all words that
    are sent, ``{key}`` stands for the client's key: see `trouble.filled`.
    """

    delay_s: float = 0.0
    status: int = 101  # the connection is opened, if the client likes the headers
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    raw: str = ""
    end: End | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message that is no part of the audio."""

    kind: Literal["text", "binary"]
    words: str = ""  # in UTF-8
    zeros: int = 0  # so many bytes follow, all zero
    noise: int = 0  # so many bytes follow, of any value
    raw: bytes = b""  # these follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes wrong with a reply: what is said, and what happens at a place.

    There the server stalls, leaves bytes out, sends messages of another kind,
    and ends the connection, in this order, each only if asked for; what is left
    of the audio follows in messages of the size and at the pace given.
    """

    # What is said.
    say: str | None = None  # in place of the words
    parameters: Mapping[str, str] = field(default_factory=dict)  # as if asked for
    audio: Sound | None = None  # from the place on

    # What happens, and where.
    at: Position = Position()
    stall_s: float = 0.0
    skip_bytes: int = 0
    send: tuple[Message, ...] = ()
    end: End | int | None = None  # a number is the code of a close frame
    reason: str = ""

    # How it goes on from there.
    message_bytes: int | None = None
    every_s: float = 0.0  # between two messages


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault and the requests that it strikes."""

    what: Handshake | Reply
    when: When = When()


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Rules, of which the first that holds is carried out, at either moment."""

    rules: tuple[Rule, ...] = ()
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a rule sees it: at the handshake there are no words yet."""

    number: int
    open_now: int  # connections, this one included
    text: str = ""
    attempt: int = 0  # how many times these words have been asked for, with this


@dataclass(frozen=True, slots=True)
class Dice:
    """What chance holds for one request: the same whenever it is asked."""

    seed: str

    def chance(self, purpose: str) -> float:
        """Return the number of [0, 1) for a purpose."""
        text = f"{self.seed}\0{purpose}"
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:6], "big") / 2**48

    def noise(self, purpose: str, count: int) -> bytes:
        """Return so many bytes of any value, for a purpose."""
        text = f"{self.seed}\0{purpose}"
        return random.Random(text).randbytes(count)  # noqa: S311 (not for secrets)


@dataclass(frozen=True, slots=True)
class Struck:
    """A reply that a rule is for."""

    rule: int  # its place in the plan, from 1
    fault: Reply
    dice: Dice


class Faults:
    """A plan being carried out: looks up the rules of requests.

    ``struck`` counts how many requests each rule was for, by its place from 1.
    """

    def __init__(self, plan: FaultPlan) -> None:
        """Begin with no request seen."""
        self._plan = plan
        self._attempts: Counter[int] = Counter()  # by a hash: the words may be long
        self.struck: Counter[int] = Counter()

    def at_handshake(self, number: int, open_now: int) -> Handshake | None:
        """Return what goes wrong before a connection is open, if anything."""
        request = Request(number, open_now)
        dice = Dice(f"{self._plan.seed}\0handshake {number}")
        for place, rule in enumerate(self._plan.rules, 1):
            if isinstance(rule.what, Handshake) and self._holds(place, request, dice):
                return rule.what
        return None

    def at_reply(self, number: int, open_now: int, text: str) -> Struck | None:
        """Return what goes wrong with the reply to ``text``, if anything."""
        self._attempts[hash(text)] += 1
        request = Request(number, open_now, text, self._attempts[hash(text)])
        dice = Dice(f"{self._plan.seed}\0reply {request.attempt} {text}")
        for place, rule in enumerate(self._plan.rules, 1):
            if isinstance(rule.what, Reply) and self._holds(place, request, dice):
                return Struck(place, rule.what, dice)
        return None

    def _holds(self, place: int, request: Request, dice: Dice) -> bool:
        when = self._plan.rules[place - 1].when
        holds = when.holds(request, dice.chance(f"rule {place}"))
        self.struck[place] += holds
        return holds
