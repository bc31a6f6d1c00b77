"""One reply that goes wrong: what becomes of its words, samples and bytes."""

from __future__ import annotations

import base64
from urllib.parse import quote

from batchtts.localserver.faults import Message, Struck
from batchtts.localserver.query import Refusal, SpeechQuery, as_if

__all__ = ["Trouble", "filled"]

_SAMPLE_BYTES = 2
_SAMPLED = ("pcm", "wav")  # where a place lies between two samples, not in one


def filled(words: str, key: str) -> str:
    """Return ``words`` with the client's key where they ask for it.

    ``{key}`` is the key as it was sent, ``{key_base64}`` and ``{key_quoted}``
    what it looks like in base64 and in an address.
    """
    coded = {
        "{key}": key,
        "{key_base64}": base64.b64encode(key.encode()).decode(),
        "{key_quoted}": quote(key, safe=""),
    }
    for name, value in coded.items():
        words = words.replace(name, value)
    return words


class Trouble:
    """A fault of a reply, carried out sentence by sentence on one connection.

    Of each sentence first the words are asked for, then the samples, then where
    in its bytes the fault happens. With ``holds`` the samples of all sentences
    must be there, and `settle` told of them, before the first is passed on.
    """

    def __init__(
        self, struck: Struck, query: SpeechQuery, source_hz: int, key: str
    ) -> None:
        """Prepare for the reply to ``query``, of a client that sent ``key``."""
        self.rule = struck.rule
        self.fault = struck.fault
        self._dice = struck.dice
        self._key = key
        altered = as_if(query, self.fault.parameters)
        self.query = query if isinstance(altered, Refusal) else altered
        self.holds = self.fault.at.share and self.fault.at.most > 0
        self._said = False
        self._before = 0  # samples of the sentences before this one
        self._sentence = 0  # samples of this one
        at = self.fault.at.drawn(self._dice.chance("place"))
        self._share = at if self.fault.at.share else 0.0
        self._place = 0 if self.fault.at.share else round(at * source_hz)

    def settle(self, samples: int) -> None:
        """Take note of the number of samples in the whole reply."""
        self._place = round(self._share * samples)

    def words(self, sentence: str) -> str | None:
        """Return what is said in place of a sentence; None: nothing."""
        if self.fault.say is None:
            return sentence
        said, self._said = self._said, True
        return None if said else self.fault.say

    def samples(self, samples: bytes) -> bytes:
        """Return what is heard in place of the next sentence's samples."""
        self._before += self._sentence
        self._sentence = len(samples) // _SAMPLE_BYTES
        sound = samples[: max(0, self._place - self._before) * _SAMPLE_BYTES]
        left = len(samples) - len(sound)
        match self.fault.audio:
            case None:
                return samples
            case "silence":
                return sound + bytes(left)
            case "noise":
                return sound + self._dice.noise(f"sound {self._before}", left)

    def place_in(self, data: bytes) -> int | None:
        """Return where in the sentence's bytes it happens; None: not in these."""
        after = self._place - self._before
        if not 0 <= after < self._sentence:
            return None
        place = len(data) * after // self._sentence
        if self.query.audio_format in _SAMPLED:
            place -= place % _SAMPLE_BYTES
        return place

    def content(self, message: Message) -> bytes | str:
        """Return a message as it is sent."""
        words = filled(message.words, self._key)
        if message.kind == "text":
            return words
        noise = self._dice.noise("message", message.noise)
        return words.encode() + message.raw + bytes(message.zeros) + noise

    @property
    def reason(self) -> str:
        """Return the reason of the close frame."""
        return filled(self.fault.reason, self._key)
