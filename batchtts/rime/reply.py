"""The bytes of a whole reply, read as the recording that was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from batchtts.errors import Fault, TakeError
from batchtts.model import Recording
from batchtts.rime.mp3stream import read_mp3
from batchtts.rime.oggstream import read_ogg
from batchtts.rime.wavstream import read_wav

__all__ = ["Asked", "AudioFormat", "is_text", "read_reply"]

AudioFormat = Literal["pcm", "wav", "mp3", "mulaw", "ogg"]

_PCM_SAMPLE_BYTES = 2
_PROBED_BYTES = 512
_FEWEST_PROBED = 16
_TEXT = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
_WAV_INSIDE = re.compile(rb"RIFF.{4}WAVEfmt ", re.DOTALL)
_MAGIC = {b"RIFF": "wav", b"OggS": "ogg", b"ID3\x03": "mp3", b"ID3\x04": "mp3"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The kind of audio that a request asks for."""

    audio_format: AudioFormat
    rate_hz: int

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Asked:
        """Read a request's parameters; they must spell both out.

        What they leave out would be the service's choice, and nothing could
        then tell wrong audio from right. Raises ValueError.
        """
        audio_format = parameters.get("audioFormat")
        rate = parameters.get("samplingRate", "")
        for known in get_args(AudioFormat):
            if audio_format == known and rate.isascii() and rate.isdigit():
                return cls(known, int(rate))
        raise ValueError(
            "a request needs the parameters audioFormat "
            f"({', '.join(get_args(AudioFormat))}) and samplingRate (Hz)"
        )


def read_reply(asked: Asked, data: bytes) -> Recording:
    """Return the recording in ``data``, checked to be whole and as asked for.

    WAV comes back as headerless PCM, everything else as it is. Raises
    TakeError: NO_AUDIO, NOT_AUDIO, WRONG_FORMAT or INCOMPLETE.
    """
    if not data:
        raise TakeError(Fault.NO_AUDIO, "the reply ended well but held no audio")
    match asked.audio_format:
        case "wav":
            data = read_wav(data, asked.rate_hz)
            recording = Recording("pcm", asked.rate_hz, data)
        case "mp3":
            recording = _mp3(asked, data)
        case "ogg":
            recording = _ogg(asked, data)
        case "pcm" | "mulaw" as encoding:
            _refuse_foreign(asked, data)
            recording = Recording(encoding, asked.rate_hz, data)
    return recording


def is_text(data: bytes) -> bool:
    """Return whether ``data`` is an error page or message in place of audio.

    No sound begins with so many bytes that are all printable ASCII.
    """
    head = data[:_PROBED_BYTES]
    return len(head) >= _FEWEST_PROBED and _TEXT.issuperset(head)


def _mp3(asked: Asked, data: bytes) -> Recording:
    mp3 = read_mp3(data)
    _require_mono("mp3", mp3.channels)
    if mp3.rate_hz != asked.rate_hz:
        raise _wrong_rate(asked, mp3.rate_hz)
    return Recording("mp3", mp3.rate_hz, data)


def _ogg(asked: Asked, data: bytes) -> Recording:
    ogg = read_ogg(data)
    _require_mono(ogg.codec, ogg.channels)
    if ogg.codec != "opus" and ogg.rate_hz != asked.rate_hz:
        raise _wrong_rate(asked, ogg.rate_hz)
    return Recording("ogg", ogg.rate_hz, data)


def _require_mono(codec: str, channels: int) -> None:
    if channels != 1:
        reason = f"asked for one channel, got {codec} with {channels}"
        raise TakeError(Fault.WRONG_FORMAT, reason)


def _wrong_rate(asked: Asked, rate_hz: int) -> TakeError:
    reason = f"asked for {asked.audio_format} at {asked.rate_hz} Hz, got {rate_hz} Hz"
    return TakeError(Fault.WRONG_FORMAT, reason)


def _refuse_foreign(asked: Asked, data: bytes) -> None:
    """Refuse what is no headerless audio, though any bytes could be."""
    other = _MAGIC.get(data[:4])
    if other:
        reason = f"asked for {asked.audio_format}, got {other}"
        raise TakeError(Fault.WRONG_FORMAT, reason)
    if _WAV_INSIDE.search(data):
        reason = f"asked for {asked.audio_format}, got it with a WAV header inside"
        raise TakeError(Fault.NOT_AUDIO, reason)
    if asked.audio_format == "pcm" and len(data) % _PCM_SAMPLE_BYTES:
        raise TakeError(Fault.INCOMPLETE, "the audio ends inside a sample")
