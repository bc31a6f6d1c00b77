"""Cut, fade and space takes as pydub segments, counted in samples.

pydub slices and measures in whole milliseconds; everything here counts samples
and hands pydub sample numbers.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from batchtts.audio.pcm import FULL_SCALE, SAMPLE_BYTES, Floats, gain_of, samples_of

with warnings.catch_warnings():
    # It warns that ffmpeg is missing, which is never called here, and of the
    # standard library's audioop, which audioop-lts replaces from 3.13 on.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

__all__ = ["Edges", "faded", "pause", "speech_edges", "take", "trimmed"]

_WINDOW_S = 0.005
_BELOW_SPEECH_DB = -40.0
_FLOOR_DB = -70.0
_AT_MOST_BELOW_DB = -20.0
_LOUD_SHARE = 0.95


@dataclass(frozen=True, slots=True)
class Edges:
    """Where the sound of a take begins and ends, in samples."""

    start: int
    end: int


def take(pcm: bytes, rate_hz: int) -> AudioSegment:
    """Make a segment of PCM."""
    return AudioSegment(
        data=pcm, sample_width=SAMPLE_BYTES, frame_rate=rate_hz, channels=1
    )


def pause(samples: int, rate_hz: int) -> AudioSegment:
    """Make a segment of exactly so many samples of silence."""
    return take(bytes(samples * SAMPLE_BYTES), rate_hz)


def speech_edges(segment: AudioSegment) -> Edges:
    """Find the first and the last sample of a take that belong to its sound.

    Silence is what stays 40 dB under the level of the take's loud parts, or
    under -70 dBFS if that is higher, but never above 20 dB under them: a quiet
    take is as safe as a loud one. A take with no sound in it is all sound.
    """
    signal = np.abs(samples_of(segment.raw_data).astype(np.float32))
    levels, window = _levels(signal, segment.frame_rate)
    loud = float(np.quantile(levels, _LOUD_SHARE)) if len(levels) else 0.0
    loud = loud or float(levels.max(initial=0.0))
    if not loud:
        return Edges(0, len(signal))
    silence = max(loud * gain_of(_BELOW_SPEECH_DB), FULL_SCALE * gain_of(_FLOOR_DB))
    silence = min(silence, loud * gain_of(_AT_MOST_BELOW_DB))
    sounding = np.flatnonzero(levels > silence)
    first, last = int(sounding[0]) * window, int(sounding[-1]) * window
    heard = np.flatnonzero(signal[first : first + window] > silence)
    ended = np.flatnonzero(signal[last : last + window] > silence)
    return Edges(first + int(heard[0]), last + int(ended[-1]) + 1)


def _levels(signal: Floats, rate_hz: int) -> tuple[Floats, int]:
    """Return the RMS of each window, and the window's length in samples."""
    window = max(1, round(_WINDOW_S * rate_hz))
    starts = np.arange(0, len(signal), window)
    if not len(starts):
        return signal, window
    sums = np.add.reduceat(np.square(signal), starts)
    lengths = np.minimum(len(signal) - starts, window)
    return np.sqrt(sums / lengths), window


def trimmed(segment: AudioSegment, start: int, end: int) -> AudioSegment:
    """Return the samples from ``start`` up to ``end``."""
    return segment.get_sample_slice(start, end)


def faded(segment: AudioSegment, fade_ms: int) -> AudioSegment:
    """Fade a segment in and out over so long, or over half of a shorter one.

    Only the ends are handed to pydub, which would drop what a segment has
    beyond its last whole millisecond.
    """
    samples = int(segment.frame_count())
    length_ms = min(fade_ms, samples * 500 // segment.frame_rate)
    if length_ms < 1:
        return segment
    edge = int(segment.frame_count(ms=length_ms))
    head = trimmed(segment, 0, edge).fade_in(length_ms)
    middle = trimmed(segment, edge, samples - edge)
    tail = trimmed(segment, samples - edge, samples).fade_out(length_ms)
    whole = head.raw_data + middle.raw_data + tail.raw_data
    return take(whole, segment.frame_rate)
