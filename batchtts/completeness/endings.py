"""How takes end: in a pause, or in mid-sound, and what a voice's habit is.

A take that is cut at random ends in mid-sound, nine times out of ten. But some
voices always stop short, and then it says nothing: so endings are compared with
those of the voice's other takes, of texts that close with a like mark above all.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final

from batchtts.completeness.units import Close

__all__ = ["BROKEN", "LOUD", "Endings", "ending_of"]

LOUD: Final = 0
"""The ending in mid-sound."""

_LEVELS_DB: Final = (-45.0, -25.0)  # of the last sound, under a take's loud parts
_SILENCES_S: Final = (0.02, 0.05, 0.1, 0.2, 0.4, 1.3)  # after the last sound
_AFTER_A_WORD_S: Final = 0.65
_ABRUPT_S: Final = 0.005
# For each kind of ending, from loud over soft and faint ones to the longest
# silence: how often takes that are cut at random or between two words end so
# (measured; the last one is of what goes on without a voice), and what is taken
# for granted of a new voice, counted in takes.
_WHEN_CUT: Final = (0.72, 0.085, 0.1, 0.028, 0.015, 0.022, 0.02, 0.01, 0.03)
_AT_FIRST: Final = {
    Close.SENTENCE: (0.01, 0.01, 0.06, 0.08, 0.3, 1.0, 1.5, 1.0, 0.01),
    Close.CLAUSE: (0.01, 0.03, 0.5, 0.6, 0.6, 0.8, 0.7, 0.7, 0.01),
    Close.WORD: (0.01, 0.03, 0.3, 0.4, 0.6, 0.8, 1.0, 0.8, 0.01),
}
_VOICELESS: Final = len(_WHEN_CUT) - 1
BROKEN: Final = frozenset({LOUD, _VOICELESS})
"""The endings in mid-sound, and in more silence than any voice leaves."""
_ELSEWHERE: Final = 0.2  # what a take counts for after other marks
# Half of what is cut is cut where a sentence ends, and sounds like a whole take.
_AT_RANDOM: Final = 0.5


def ending_of(silence_s: float, last_db: float, speech_s: float = math.inf) -> int:
    """Return the kind of an ending; ``last_db`` is the level of the last sound.

    More silence than the ``speech_s`` before it is as much as any can be, unless
    a word by itself may be followed by so much.
    """
    if silence_s < _ABRUPT_S:
        return 2 - bisect_right(_LEVELS_DB, last_db)
    if silence_s > max(speech_s, _AFTER_A_WORD_S):
        return _VOICELESS
    return 2 + bisect_right(_SILENCES_S, silence_s)


class Endings:
    """How often each kind of ending was heard of one voice."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._heard = {close: [0] * len(_WHEN_CUT) for close in Close}

    def add(self, ending: int, close: Close) -> None:
        """Count the ending of a text that closes with ``close``."""
        self._heard[close][ending] += 1

    def remove(self, ending: int, close: Close) -> None:
        """Count an ending no more that was counted."""
        self._heard[close][ending] -= 1

    def surprise(self, ending: int, close: Close) -> float:
        """Return the logarithm of how much likelier a broken take ends so."""
        usual, known = _AT_FIRST[close][ending], sum(_AT_FIRST[close])
        for where, heard in self._heard.items():
            weight = 1.0 if where == close else _ELSEWHERE
            usual += weight * heard[ending]
            known += weight * sum(heard)
        often = _AT_RANDOM * _WHEN_CUT[ending] * known / usual
        return math.log(often + 1 - _AT_RANDOM)
