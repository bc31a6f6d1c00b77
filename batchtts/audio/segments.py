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
_LOUD_SHARE = 0.95
_SOFT_SHARE = 0.05
_STRETCH = 10  # windows
# All in dB. Final consonants are 45 to 55 under the vowels; a word may be so
# short beside its silence that only the highest window tells how loud it is.
_BELOW_SPEECH = -60.0
_BELOW_LOUDEST = -12.0
_LEAST = -72.0  # dBFS: what a few sample steps of noise stay under
_OVER_NOISE = 6.0
_NOISE_BELOW_SPEECH = -26.0
_AT_MOST_BELOW_SPEECH = -20.0


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

    Silence is what stays 60 dB under the level of the take's loud parts, or
    under -72 dBFS if that is higher; where the take has a noise of its own, what
    stays less than 6 dB over that, as long as it is 26 dB under the loud parts.
    It is never above 20 dB under them: a quiet take is as safe as a loud one. A
    constant offset is not heard and does not count. A take with no sound in it
    is all sound.
    """
    signal = samples_of(segment.raw_data).astype(np.float32)
    window = max(1, round(_WINDOW_S * segment.frame_rate))
    signal = np.abs(signal - _offset(signal, window))
    levels = np.sqrt(_window_means(np.square(signal), window))
    silence = _silence(levels)
    sounding = np.flatnonzero(levels > silence)
    if not len(sounding):
        return Edges(0, len(signal))
    first, last = int(sounding[0]) * window, int(sounding[-1]) * window
    heard = np.flatnonzero(signal[first : first + window] > silence)
    ended = np.flatnonzero(signal[last : last + window] > silence)
    return Edges(first + int(heard[0]), last + int(ended[-1]) + 1)


def _silence(levels: Floats) -> float:
    """Return the level up to which the windows of a take are silence."""
    if not len(levels):
        return 0.0
    loudest = float(levels.max()) * gain_of(_BELOW_LOUDEST)
    loud = max(float(np.quantile(levels, _LOUD_SHARE)), loudest)
    noise = _noise(levels) * gain_of(_OVER_NOISE)
    if noise > loud * gain_of(_NOISE_BELOW_SPEECH):
        noise = 0.0  # the take never pauses: its softest stretch is speech
    silence = max(loud * gain_of(_BELOW_SPEECH), FULL_SCALE * gain_of(_LEAST), noise)
    return min(silence, loud * gain_of(_AT_MOST_BELOW_SPEECH))


def _noise(levels: Floats) -> float:
    """Return the level of what is heard in a take when nobody speaks.

    That is its softest stretch of 50 ms, or the softest twentieth of its windows
    if they are softer still.
    """
    softest = float(np.quantile(levels, _SOFT_SHARE))
    steady = float(np.sqrt(_stretch_means(np.square(levels)).min()))
    return min(softest, steady)


def _offset(signal: Floats, window: int) -> np.float32:
    """Return where a take rests: its mean where it moves least, in whole steps.

    The mean of it all will not do: a voice may be lopsided, and rest at zero.
    """
    if not len(signal):
        return np.float32(0)
    means = _window_means(signal, window)
    moves = _window_means(np.square(signal), window) - np.square(means)
    stretches = _stretch_means(moves)
    stillest = int(np.argmin(stretches))
    if stretches[stillest] > moves.max() * gain_of(_NOISE_BELOW_SPEECH) ** 2:
        return np.float32(0)
    return np.rint(means[stillest : stillest + _STRETCH].mean())  # type: ignore[no-any-return]  # numpy's stubs


def _window_means(signal: Floats, window: int) -> Floats:
    """Return the mean of each window, the last one being shorter."""
    starts = np.arange(0, len(signal), window)
    if not len(starts):
        return signal
    lengths = np.minimum(len(signal) - starts, window)
    sums = np.add.reduceat(signal, starts)
    return np.divide(sums, lengths, dtype=np.float32)


def _stretch_means(values: Floats) -> Floats:
    """Return the mean of each stretch of windows, or of all if there are few."""
    width = min(_STRETCH, len(values))
    stretches = np.lib.stride_tricks.sliding_window_view(values, width)
    means: Floats = stretches.mean(axis=1)
    return means


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
