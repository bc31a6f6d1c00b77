"""Measure a finished audio file: what a player gets to hear of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from batchtts.audio import mp3
from batchtts.audio.levels import Levels
from batchtts.audio.meter import Meter
from batchtts.audio.pcm import FULL_SCALE, Floats, db
from batchtts.errors import LocalError
from batchtts.files import local_errors

__all__ = ["Facts", "facts_of"]

_WINDOW_S = 0.02
_QUIET_BELOW_RMS_DB = -26.0
_SHORTEST_SILENCE = 15  # windows
_EDGE = 2  # windows at each end of a silence in which sound comes and goes
_SOUND_OVER_NOISE_DB = 10.0
_SOUND_BELOW_RMS_DB = -40.0
_FRAMES_AT_ONCE = 64
_HELD_BYTES = 1 << 20  # more of what was found waits on the disk

_Powers = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file turned out to be. Silence is minus infinity."""

    levels: Levels  # of the first channel
    noise_floor_db: float  # RMS of its silences
    sample_rate_hz: int
    channels: int
    bitrate_kbps: float  # of the sound alone
    bitrates: int  # how many different ones an MP3 has; 0: not an MP3
    head_s: float  # silence before the first sound
    tail_s: float  # and after the last
    length_s: float


def facts_of(path: Path, *, check: Callable[[], None] = lambda: None) -> Facts:
    """Play a file and measure it; ``check`` is called again and again.

    A silence is 0.3 s or more that stays 26 dB under the RMS of the file; its
    first and last 40 ms are left to the sound. In a file without any, its
    softest 0.3 s is the noise floor.

    Raises LocalError when the file cannot be played.
    """
    with local_errors(f'cannot measure "{path}"'), _Windows() as windows:
        player = _Player(windows)
        try:
            with av.open(str(path.absolute()), "r") as container:
                for signal in player.play(container):
                    check()
                    player.measure(signal)
        except (av.error.FFmpegError, IndexError) as exc:
            raise LocalError(f'cannot play "{path}": {exc}') from exc
        return player.facts()


class _Windows:
    """The mean power of every 20 ms of a file: few in memory, the rest on the disk."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_HELD_BYTES)  # noqa: SIM115
        self.count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, powers: _Powers) -> None:
        """Take the next ones."""
        self._file.write(powers.tobytes())
        self.count += len(powers)

    def parts(self) -> Iterator[_Powers]:
        """Yield all of them, some at a time."""
        self._file.seek(0)
        while data := self._file.read(_HELD_BYTES):
            yield np.frombuffer(data, np.float32)

    def noise_floor_db(self, rms_db: float) -> float:
        """Return the RMS of the silences of a file that has this RMS."""
        least = 10 ** ((rms_db + _QUIET_BELOW_RMS_DB) / 10)
        count, total = 0, 0.0
        for silence in self._silences(least):
            inner = silence[_EDGE:-_EDGE]
            count += len(inner)
            total += float(inner.sum(dtype=np.float64))
        return _rms_db(total / count) if count else self._softest_db()

    def edges(self, floor_db: float, rms_db: float) -> tuple[int, int]:
        """Return how many come before the first sound, and after the last."""
        least_db = max(floor_db + _SOUND_OVER_NOISE_DB, rms_db + _SOUND_BELOW_RMS_DB)
        first, after, position = self.count, self.count, 0
        for powers in self.parts():
            sounding = np.flatnonzero(powers > 10 ** (least_db / 10))
            if len(sounding):
                first = min(first, position + int(sounding[0]))
                after = self.count - 1 - position - int(sounding[-1])
            position += len(powers)
        return first, after

    def _silences(self, least: float) -> Iterator[_Powers]:
        """Yield what stays under a power for long enough."""
        held = np.zeros(0, np.float32)
        for powers in self.parts():
            joined = np.concatenate((held, powers))
            quiet = joined < least
            starts = np.flatnonzero(np.diff(np.concatenate(([False], quiet))))
            silences = [*zip(starts[::2], starts[1::2], strict=False)]
            for start, end in silences:
                if end - start >= _SHORTEST_SILENCE:
                    yield joined[start:end]
            held = joined[int(starts[-1]) :] if quiet[-1] else joined[:0]
        if len(held) >= _SHORTEST_SILENCE:
            yield held

    def _softest_db(self) -> float:
        held = np.zeros(0, np.float32)
        means = [np.inf]
        for powers in self.parts():
            held = np.concatenate((held, powers))
            if len(held) >= _SHORTEST_SILENCE:
                stretches = np.lib.stride_tricks.sliding_window_view(
                    held, _SHORTEST_SILENCE
                )
                means.append(float(stretches.mean(axis=1, dtype=np.float64).min()))
                held = held[1 - _SHORTEST_SILENCE :]
        if len(means) == 1:
            return _rms_db(float(held.mean(dtype=np.float64)) if len(held) else 0.0)
        return _rms_db(min(means))


class _Player:
    """Plays a file and notes what it meets."""

    def __init__(self, windows: _Windows) -> None:
        self._windows = windows
        self._size_bytes = 0
        self._bitrates: set[int] = set()
        self._channels = 0
        self._rate_hz = 0
        self._meter = Meter(1)
        self._rest = np.zeros(0, np.float32)

    def play(self, container: InputContainer) -> Iterator[Floats]:
        """Yield the sound of a file, in units of one sample step."""
        stream = container.streams.audio[0]
        self._rate_hz = stream.rate
        self._channels = stream.codec_context.channels
        self._meter = Meter(self._rate_hz)
        is_mp3 = stream.codec_context.name.startswith("mp3")
        held: list[av.AudioFrame] = []
        for packet in container.demux(stream):
            self._size_bytes += packet.size
            if is_mp3 and packet.size:
                self._bitrates.add(mp3.bitrate_code(bytes(packet)))
            held += packet.decode()
            if len(held) >= _FRAMES_AT_ONCE:
                yield self._signal(held)
                held.clear()
        if held:
            yield self._signal(held)

    def _signal(self, frames: list[av.AudioFrame]) -> Floats:
        """Return the first channel; frames are short, and numpy slow to begin."""
        kind = frames[0].format
        together = 1 if kind.is_planar else self._channels
        planes = [
            bytes(memoryview(one.planes[0])[: one.samples * kind.bytes * together])
            for one in frames
        ]
        is_float = kind.name.startswith("flt")
        signal = np.frombuffer(b"".join(planes), "f4" if is_float else "i2")
        scale = FULL_SCALE if is_float else 1.0
        first: Floats = np.multiply(signal[::together], scale, dtype=np.float32)
        return first

    def measure(self, signal: Floats) -> None:
        """Take the next part of the sound."""
        self._meter.feed_signal(signal)
        window = round(_WINDOW_S * self._rate_hz)
        joined = np.concatenate((self._rest, signal))
        whole = len(joined) - len(joined) % window
        squares = np.square(joined[:whole] / np.float32(FULL_SCALE))
        self._windows.add(squares.reshape(-1, window).mean(axis=1))
        self._rest = joined[whole:]

    def facts(self) -> Facts:
        """Return what was met."""
        levels = self._meter.finish()
        floor_db = self._windows.noise_floor_db(levels.rms_db)
        head, tail = self._windows.edges(floor_db, levels.rms_db)
        length_s = levels.samples / max(1, self._rate_hz)
        kbits = self._size_bytes * 8 / 1000
        return Facts(
            levels=levels,
            noise_floor_db=floor_db,
            sample_rate_hz=self._rate_hz,
            channels=self._channels,
            bitrate_kbps=kbits / length_s if length_s else 0.0,
            bitrates=len(self._bitrates),
            head_s=head * _WINDOW_S,
            tail_s=tail * _WINDOW_S,
            length_s=length_s,
        )


def _rms_db(power: float) -> float:
    return db(float(np.sqrt(power)))
