"""How long a recording is, and whether it can be all of its text.

Rime's plain socket ends with a bare close, so a recording that lacks half of
its words looks complete. The bounds here are wide: they catch what no speaker
does, and let pass whatever a fast or slow one might. What lies between them is
judged by the voice's other recordings: see `batchtts.completeness`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchtts.model import Recording
from batchtts.rime.mp3stream import read_mp3
from batchtts.rime.oggstream import read_ogg

__all__ = ["duration_s", "implausible", "longest_s", "shortest_s", "speed_of"]

_PCM_SAMPLE_BYTES = 2
_FASTEST_S = 0.02  # a letter; brisk English takes 0.05
_EDGES_S = 5.0  # silence and breath around the words
_PLAIN_S = 0.25  # a small Latin letter or a space, spoken slowly
_DENSE_S = 1.0  # a digit, a capital, a sign, an ideograph: a word by itself
_MAX_SPEED = 10.0  # beyond it no model follows
_PLAIN = re.compile(r"[a-z\s]")
_LETTER = re.compile(r"[^\W_]")
_RUN = re.compile(r"([^\W_])\1{2,}")
_PAUSE = re.compile(r"<\s*(\d{1,6})\s*>")  # Rime's <750>: 750 ms of silence
_SPELLED = re.compile(r"spell\(([^)]*)\)")
_SPEEDS = ("speedAlpha", "timeScaleFactor", "inlineSpeedAlpha")


def duration_s(recording: Recording) -> float:
    """Return how long ``recording`` plays, in seconds.

    An MP3's delay and padding by its encoder, up to 0.1 s, count as sound.
    """
    match recording.encoding:
        case "pcm":
            return len(recording.data) / _PCM_SAMPLE_BYTES / recording.sampling_rate
        case "mulaw":
            return len(recording.data) / recording.sampling_rate
        case "mp3":
            return read_mp3(recording.data).seconds
        case "ogg":
            return read_ogg(recording.data).seconds


def implausible(text: str, seconds: float, speed: float = 1.0) -> str | None:
    """Return why ``seconds`` of audio cannot be all of ``text``; None if they can."""
    low_s, high_s = shortest_s(text, speed), longest_s(text, speed)
    if low_s <= seconds <= high_s:
        return None
    bound = f"at least {low_s:.2f}" if seconds < low_s else f"at most {high_s:.1f}"
    return f"{seconds:.2f} s of audio for {len(text)} characters, expected {bound} s"


def shortest_s(text: str, speed: float = 1.0) -> float:
    """Return a length that no complete reading of ``text`` stays under."""
    # A run of one character ("aaaaaa", "0000") may be read as a single sound.
    letters = _LETTER.findall(_RUN.sub(r"\1\1", text))
    return _FASTEST_S * len(letters) / speed


def longest_s(text: str, speed: float = 1.0) -> float:
    """Return a length that no complete reading of ``text`` goes beyond."""
    plain = len(_PLAIN.findall(text))
    spelled = sum(len(letters) for letters in _SPELLED.findall(text))
    spoken_s = _PLAIN_S * plain + _DENSE_S * (len(text) - plain + spelled)
    paused_s = sum(int(pause) for pause in _PAUSE.findall(text)) / 1000
    return _EDGES_S + spoken_s * speed + paused_s


def speed_of(parameters: Mapping[str, str]) -> float:
    """Return by how much the parameters may shorten or stretch speech: 1 or more.

    What is fast on one model is slow on another, so either way widens both
    bounds. A speed for single words counts as if it were for all.
    """
    speed = 1.0
    for name in _SPEEDS:
        for written in parameters.get(name, "").split(","):
            try:
                factor = float(written)
            except ValueError:
                continue
            if 0 < factor < _MAX_SPEED:
                speed = max(speed, factor, 1 / factor)
    return min(speed, _MAX_SPEED)
