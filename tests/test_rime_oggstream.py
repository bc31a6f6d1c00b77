"""Ogg pages: counted, whole, ended, and told from anything else."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import Fault, TakeError
from batchtts.rime.oggstream import read_ogg

FIRST, LAST = 2, 4
OPUS = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 24000, 0, 0)
VORBIS = b"\x01vorbis" + struct.pack("<IBI", 0, 1, 22050) + bytes(14)


def page(
    number: int, flags: int = 0, granule: int = -1, body: bytes = b"x", serial: int = 7
) -> bytes:
    """Make a page of one packet."""
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, serial, number, 0)
    return head + bytes((1, len(body))) + body


def stream(samples: int = 4800, serial: int = 7, head: bytes = OPUS) -> bytes:
    """Make a whole stream of ``samples`` samples."""
    skip = 312 if head == OPUS else 0
    return (
        page(0, FIRST, 0, head, serial)
        + page(1, 0, 0, b"tags", serial)
        + page(2, 0, -1, b"sound", serial)
        + page(3, LAST, samples + skip, b"sound", serial)
    )


def encoded(codec: str, rate_hz: int, layout: str = "mono") -> bytes:
    """Encode one second with a real encoder."""
    file = io.BytesIO()
    channels = 2 if layout == "stereo" else 1
    tone = (np.sin(np.arange(rate_hz) * 0.05) * 9000).astype(np.int16)
    samples = np.repeat(tone, channels).reshape(1, -1)
    with av.open(file, "w", format="ogg") as container:
        coder = container.add_stream(codec, rate=rate_hz, layout=layout)
        assert isinstance(coder, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate = rate_hz
        container.mux(coder.encode(frame))
        container.mux(coder.encode(None))
    return file.getvalue()


def fault_of(data: bytes) -> Fault:
    """Return why ``data`` is refused."""
    with pytest.raises(TakeError) as refused:
        read_ogg(data)
    return refused.value.fault


@pytest.mark.parametrize("rate_hz", [8000, 24000, 48000])
def test_what_opus_makes_is_read(rate_hz: int) -> None:
    """Opus decodes at 48 kHz whatever went in, and lasts as long as that."""
    ogg = read_ogg(encoded("libopus", rate_hz))
    assert (ogg.codec, ogg.rate_hz, ogg.channels) == ("opus", 48000, 1)
    assert ogg.seconds == pytest.approx(1.0, abs=0.03)


def test_stereo_is_told_from_mono() -> None:
    """The number of channels is the stream's."""
    assert read_ogg(encoded("libopus", 48000, "stereo")).channels == 2


def test_vorbis_has_its_own_rate() -> None:
    """Vorbis counts in its own rate and skips nothing."""
    ogg = read_ogg(stream(22050, head=VORBIS))
    assert (ogg.codec, ogg.rate_hz, ogg.channels) == ("vorbis", 22050, 1)
    assert ogg.seconds == 1.0


def test_streams_in_a_row_count_together() -> None:
    """A service may send a stream a sentence."""
    assert read_ogg(stream(4800) + stream(2400, serial=8)).samples == 7200


def test_every_cut_is_incomplete() -> None:
    """Wherever the bytes stop before the end, the end is missing."""
    whole = stream()
    for length in range(1, len(whole)):
        assert fault_of(whole[:length]) is Fault.INCOMPLETE, length


def test_a_real_stream_cut_anywhere_is_incomplete() -> None:
    """The same holds for what an encoder makes."""
    whole = encoded("libopus", 24000)
    for length in range(200, len(whole), 97):
        assert fault_of(whole[:length]) is Fault.INCOMPLETE, length


def test_a_lost_page_is_incomplete() -> None:
    """Pages are numbered, so a hole is seen."""
    data = page(0, FIRST, 0, OPUS) + page(1, 0, 0) + page(3, LAST, 4800)
    assert fault_of(data) is Fault.INCOMPLETE


def test_a_stream_inside_another_is_incomplete() -> None:
    """A new stream before the last page of the one before: its end is missing."""
    data = page(0, FIRST, 0, OPUS) + stream(serial=8)
    assert fault_of(data) is Fault.INCOMPLETE


@pytest.mark.parametrize(
    "data",
    [
        b"<html>",
        b"RIFF....WAVE",
        page(0, 0, 0, OPUS),  # no first page
        stream() + page(4, 0, 0),  # after the end
        page(0, FIRST, 0, OPUS) + page(1, 0, 0, serial=9),
        page(0, FIRST, 0, b"\x7fFLAC"),
        page(0, FIRST, 0, b"OpusHea"),
        page(0, FIRST, 0, b"\x01vorbis" + bytes(9)),
        b"OggS\x01" + stream()[5:],
        stream() + b"junk",
    ],
)
def test_what_is_no_ogg_is_not_audio(data: bytes) -> None:
    """Other things than pages, and pages out of place, are refused."""
    assert fault_of(data) is Fault.NOT_AUDIO


def test_a_change_of_codec_is_refused() -> None:
    """One recording has one codec."""
    assert fault_of(stream() + stream(head=VORBIS, serial=8)) is Fault.WRONG_FORMAT


def test_no_bytes_are_no_audio() -> None:
    """Nothing is not a stream."""
    assert fault_of(b"") is Fault.NO_AUDIO


@given(st.binary(max_size=200))
def test_garbage_never_crashes(garbage: bytes) -> None:
    """Any bytes either are pages or raise TakeError."""
    for data in (garbage, stream() + garbage, b"OggS\x00\x02" + garbage):
        try:
            read_ogg(data)
        except TakeError:
            continue
