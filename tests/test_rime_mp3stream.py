"""MP3 frames: counted, whole, and told from anything else."""

from __future__ import annotations

import io
import struct

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import Fault, TakeError
from batchtts.rime.mp3stream import read_mp3

FRAMES = 20


def frames(
    count: int = FRAMES, *, rate_bits: int = 0x54, mode: int = 0xC0, pad: int = 0
) -> bytes:
    """Make ``count`` silent MPEG-2 frames of 40 kbit/s at 24 kHz: 120 bytes each."""
    head = bytes((0xFF, 0xF3, rate_bits | pad << 1, mode))
    return (head + bytes(116 + pad)) * count


def encoded(rate_hz: int, layout: str = "mono", *, xing: bool = True) -> bytes:
    """Encode half a second of a tone with LAME."""
    file = io.BytesIO()
    options = {"write_xing": "1" if xing else "0"}
    tone = np.sin(np.arange(rate_hz // 2) * 0.1) * 9000
    channels = 2 if layout == "stereo" else 1
    samples = np.repeat(tone.astype(np.int16), channels).reshape(1, -1)
    with av.open(file, "w", format="mp3", options=options) as container:
        stream = container.add_stream("libmp3lame", rate=rate_hz, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout=layout)
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler("s16p", layout, rate_hz)
        for part in resampler.resample(frame):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return file.getvalue()


def fault_of(data: bytes) -> Fault:
    """Return why ``data`` is refused."""
    with pytest.raises(TakeError) as refused:
        read_mp3(data)
    return refused.value.fault


@pytest.mark.parametrize("xing", [True, False])
@pytest.mark.parametrize(
    "rate_hz", [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000]
)
def test_what_lame_makes_is_read(rate_hz: int, *, xing: bool) -> None:
    """Every rate that MP3 has, with a Xing tag and without."""
    mp3 = read_mp3(encoded(rate_hz, xing=xing))
    assert (mp3.rate_hz, mp3.channels) == (rate_hz, 1)
    # LAME adds its delay in front and fills the last frame.
    assert 0.5 <= mp3.seconds <= 0.5 + 4 * 1152 / rate_hz


def test_the_tag_frame_is_no_sound() -> None:
    """With and without a Xing tag there is the same sound."""
    with_tag, without = encoded(24000), encoded(24000, xing=False)
    assert len(with_tag) > len(without)
    assert read_mp3(with_tag).samples == read_mp3(without).samples


def test_stereo_is_told_from_mono() -> None:
    """The number of channels is the stream's."""
    assert read_mp3(encoded(44100, "stereo")).channels == 2


def test_frames_are_counted() -> None:
    """So many frames, so many samples."""
    mp3 = read_mp3(frames())
    assert (mp3.samples, mp3.seconds) == (FRAMES * 576, FRAMES * 0.024)


def test_padded_frames_are_longer() -> None:
    """The padding bit is a byte."""
    assert read_mp3(frames(pad=1)).samples == FRAMES * 576


def test_several_streams_in_one_count_together() -> None:
    """A service may join the MP3s of its sentences, tags and all."""
    one = encoded(24000)
    assert read_mp3(one * 3).samples == 3 * read_mp3(one).samples


@pytest.mark.parametrize("cut", [1, 50, 116, 117, 119])
def test_a_cut_last_frame_is_incomplete(cut: int) -> None:
    """Frames have a length, so half a frame is seen."""
    assert fault_of(frames()[:-cut]) is Fault.INCOMPLETE


def test_fewer_frames_than_the_tag_promises_are_incomplete() -> None:
    """A Xing tag tells the number of frames: a cut between frames is seen."""
    file = encoded(24000)
    tag = max(file.find(b"Xing"), file.find(b"Info"))
    (promised,) = struct.unpack_from(">I", file, tag + 8)
    assert read_mp3(file).samples == promised * 576
    frame_bytes = (len(file) - tag) // (promised + 1)
    # Some encoders count the frame of the tag, so one frame less may be all.
    assert fault_of(file[: -2 * frame_bytes]) is Fault.INCOMPLETE
    for length in range(tag + 200, len(file) - 2 * frame_bytes):
        assert fault_of(file[:length]) is Fault.INCOMPLETE, length


def test_a_promise_is_kept_before_the_next_stream() -> None:
    """Frames that lack in a first stream are not made up for by a second."""
    file = encoded(24000)
    tag = max(file.find(b"Xing"), file.find(b"Info"))
    (promised,) = struct.unpack_from(">I", file, tag + 8)
    greedy = file[: tag + 8] + struct.pack(">I", promised + 2) + file[tag + 12 :]
    assert fault_of(greedy + file) is Fault.INCOMPLETE


def test_a_tag_without_a_number_promises_nothing() -> None:
    """What is streamed has a tag without the number of frames, or with none."""
    file = encoded(24000)
    tag = max(file.find(b"Xing"), file.find(b"Info"))
    for flags, number in ((0, 10**6), (1, 0)):
        head = struct.pack(">II", flags, number)
        streamed = file[: tag + 4] + head + file[tag + 12 :]
        assert read_mp3(streamed).samples == read_mp3(file).samples


def test_id3_tags_are_passed_over() -> None:
    """Tags in front, with a footer, between and behind are no frames."""
    plain = b"ID3\x04\x00\x00\x00\x00\x01\x02" + bytes(130)
    footed = b"ID3\x04\x00\x10\x00\x00\x00\x05" + bytes(15)
    last = b"TAG" + bytes(125)
    data = plain + footed + frames(2) + plain + frames(3) + last
    assert read_mp3(data).samples == 5 * 576


def test_a_cut_tag_is_incomplete() -> None:
    """A tag that ends early has cut off what follows it."""
    for size in (5, 40):
        data = (b"ID3\x04\x00\x00\x00\x00\x01\x02" + bytes(130))[:size]
        assert fault_of(data) is Fault.INCOMPLETE


@pytest.mark.parametrize(
    "data",
    [
        b"<html></html>",
        b"RIFF....WAVE",
        bytes(100),
        b"\xff\xfb\xf0\xc0" + bytes(500),  # bad bit rate
        b"\xff\xfb\x00\xc0" + bytes(500),  # free format: no length to trust
        b"\xff\xfb\x9c\xc0" + bytes(500),  # bad sampling rate
        b"\xff\xe9\x90\xc0" + bytes(500),  # no such version
        b"\xff\xfd\x90\xc0" + bytes(500),  # layer II
    ],
)
def test_what_is_no_mp3_is_not_audio(data: bytes) -> None:
    """Something else than frames is refused from its first byte."""
    assert fault_of(data) is Fault.NOT_AUDIO


def test_junk_between_frames_is_not_audio() -> None:
    """Frames follow one another without a gap."""
    assert fault_of(frames(2) + b"junk" + frames(2)) is Fault.NOT_AUDIO


def test_a_change_of_format_is_refused() -> None:
    """One recording has one rate and one number of channels."""
    assert fault_of(frames(2) + frames(2, mode=0)) is Fault.WRONG_FORMAT


def test_a_tag_alone_is_no_audio() -> None:
    """An MP3 without frames holds nothing."""
    assert fault_of(b"ID3\x04\x00\x00\x00\x00\x00\x00") is Fault.NO_AUDIO


def test_small_frames_hold_no_tag() -> None:
    """A frame too short for a Xing tag is sound, even as the last bytes."""
    tiny = bytes((0xFF, 0xF3, 0x14, 0xC0)) + bytes(9) + b"Xing" + bytes(7)
    assert read_mp3(tiny).samples == 576


@given(st.binary(max_size=300))
def test_garbage_never_crashes(garbage: bytes) -> None:
    """Any bytes either are frames or raise TakeError."""
    for data in (garbage, frames(1) + garbage, b"ID3" + garbage):
        try:
            read_mp3(data)
        except TakeError:
            continue
