"""One conversation on ``/ws``, without the socket: frames in, things to do out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from batchtts.localserver.query import Segment

__all__ = ["CLEAR", "EOS", "FLUSH", "Action", "Finish", "Overflow", "Session", "Speak"]

CLEAR = "<CLEAR>"
FLUSH = "<FLUSH>"
EOS = "<EOS>"


@dataclass(frozen=True, slots=True)
class Speak:
    """Speak these sentences, after all that was to be spoken before."""

    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Send the audio of all that was to be spoken, then close."""


@dataclass(frozen=True, slots=True)
class Overflow:
    """Close without a word: the text that waits is too long."""

    characters: int


Action = Speak | Finish | Overflow

# A full stop counts once white space follows: before that it may be a decimal
# point or the end of a fragment. Full-width marks need no space after them.
_END = re.compile(
    r"[.!?\u2026]+[\"'\u2019\u201d)\]\u00bb]*(?=\s)"
    r"|[\u3002\uff01\uff1f]+[\u300d\u300f\u2019\u201d\uff09]*"
)
_TITLE = re.compile(r"(?:^|\W)(?:Mr|Mrs|Ms|Dr|St|Prof|Mt|[A-Z])\.$")


class Session:
    """Buffer what a client sends and say when to speak it.

    Fragments are joined as they are. A command is a frame that is exactly
    ``<CLEAR>``, ``<FLUSH>`` or ``<EOS>``; anything else is text. Clearing drops
    the text that waits, not sentences already handed out to be spoken.
    """

    def __init__(self, segment: Segment, text_limit: int | None) -> None:
        """Begin with an empty buffer."""
        self._segment = segment
        self._text_limit = text_limit
        self._buffer = ""
        self._worded = False  # something with a letter or digit was handed out
        self._ended = False

    def receive(self, frame: str) -> tuple[Action, ...]:
        """Take one text frame; return what is to be done, in this order."""
        if self._ended:
            return ()
        if frame == CLEAR:
            self._forget()
            return ()
        if frame == FLUSH:
            return self._flush()
        if frame == EOS:
            self._ended = True
            return (*self._flush(), Finish())
        return self._text(frame)

    def _text(self, frame: str) -> tuple[Action, ...]:
        self._buffer += frame
        if self._text_limit is not None:
            waiting = _length(self._buffer)
            if waiting > self._text_limit:
                self._ended = True
                return (Overflow(waiting),)
        if self._segment == "never":
            return ()
        if self._segment == "immediate":
            return self._speak(final=True)
        return self._speak(final=False)

    def _flush(self) -> tuple[Action, ...]:
        actions = self._speak(final=True)
        self._forget()
        return actions

    def _forget(self) -> None:
        self._buffer = ""
        self._worded = False

    def _speak(self, *, final: bool) -> tuple[Action, ...]:
        sentences: list[str] = []
        start = 0
        for match in _END.finditer(self._buffer):
            if self._take(sentences, start, match.end()):
                start = match.end()
        if final and self._take(sentences, start, len(self._buffer)):
            start = len(self._buffer)
        self._buffer = self._buffer[start:]
        return (Speak(tuple(sentences)),) if sentences else ()

    def _take(self, sentences: list[str], start: int, end: int) -> bool:
        """Hand out a sentence unless it is none, or not yet one."""
        sentence = self._buffer[start:end].strip()
        if end < len(self._buffer) and _TITLE.search(sentence):
            return False
        # Marks alone are nothing to speak before there is a word to belong to.
        self._worded = self._worded or any(c.isalnum() for c in sentence)
        if not sentence or not self._worded:
            return False
        sentences.append(sentence)
        return True


def _length(text: str) -> int:
    """Count the UTF-16 units of ``text``: never fewer than its code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
