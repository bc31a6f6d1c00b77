"""What is heard in a recording: how long, how it ends, whether it is speech at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from batchtts.audio import segments
from batchtts.audio.decode import decode
from batchtts.audio.pcm import FULL_SCALE, Floats, db, gain_of, samples_of
from batchtts.completeness.endings import ending_of
from batchtts.errors import Fault, LocalError
from batchtts.model import Recording

__all__ = ["Heard", "Unheard", "hear"]

_SILENCE_DB = -60.0  # full scale; no voice is so soft, not even at its peaks
_LAST_S = 0.02
_LOUD_SHARE = 0.95  # of the samples are softer than what counts as loud
_EVERY = 8  # samples: enough to tell how loud a take is
# Samples read a byte off, or mu-law read as PCM, are louder than any speech and,
# unlike speech or music, have nothing to do with their neighbours.
_NOISE_DB = -12.0
_NOISE_LIKENESS = 0.5
_CLIPPED_FROM = 0.999
_CLIPPED_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Heard:
    """A recording in figures."""

    seconds: float  # from its first sound to its last
    ending: int
    clipped: bool = False


@dataclass(frozen=True, slots=True)
class Unheard:
    """A recording that cannot be anybody's speech, and why not."""

    reason: str
    fault: Fault


def hear(recording: Recording) -> Heard | Unheard:
    """Listen to a recording."""
    rate_hz = recording.sampling_rate
    try:
        pcm = decode(recording, rate_hz)
    except LocalError as exc:
        return Unheard(str(exc).split(";")[0], Fault.NOT_AUDIO)
    signal = samples_of(pcm).astype(np.float32) / np.float32(FULL_SCALE)
    some = np.abs(signal[::_EVERY])
    if not len(signal) or float(np.abs(signal).max()) < gain_of(_SILENCE_DB):
        return Unheard("nothing but silence", Fault.NO_AUDIO)
    if _is_noise(signal):
        return Unheard("noise at full level in place of speech", Fault.NOT_AUDIO)
    sound = segments.speech_edges(segments.take(pcm, rate_hz))
    last = _level(signal[-round(_LAST_S * rate_hz) :])
    loud = max(float(np.quantile(some, _LOUD_SHARE)), gain_of(_SILENCE_DB))
    seconds = (sound.end - sound.start) / rate_hz
    silence_s = (len(signal) - sound.end) / rate_hz
    return Heard(
        seconds=seconds,
        ending=ending_of(silence_s, db(last / loud), seconds),
        clipped=float(np.mean(some > _CLIPPED_FROM)) > _CLIPPED_SHARE,
    )


def _is_noise(signal: Floats) -> bool:
    power = float(np.dot(signal, signal))
    alike = float(np.dot(signal[1:], signal[:-1]))
    level = (power / len(signal)) ** 0.5
    return db(level) > _NOISE_DB and alike < _NOISE_LIKENESS * power


def _level(signal: Floats) -> float:
    return float(np.sqrt(np.mean(np.square(signal))))
