"""Streamed WAV: lengths that lie, headers in mid-stream, chunks, cuts."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.errors import Fault, TakeError
from batchtts.rime.wavstream import read_wav

RATE_HZ = 24_000
SAMPLES = bytes(range(1, 201))
PLACEHOLDERS = [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 36, 0x7FFFFFFF - 36, 2**31]


def chunk(name: bytes, body: bytes, size: int | None = None) -> bytes:
    """Make a RIFF chunk, with another ``size`` than the body's if given."""
    size = len(body) if size is None else size
    return name + struct.pack("<I", size) + body + bytes(len(body) % 2)


def fmt(
    *, coding: int = 1, channels: int = 1, rate_hz: int = RATE_HZ, bits: int = 16
) -> bytes:
    """Make a ``fmt`` chunk."""
    block = channels * bits // 8
    body = struct.pack(
        "<HHIIHH", coding, channels, rate_hz, rate_hz * block, block, bits
    )
    return chunk(b"fmt ", body)


def header(size: int = 0xFFFFFFFF, *, head: bytes | None = None) -> bytes:
    """Make a header that declares ``size`` bytes of samples."""
    head = fmt() if head is None else head
    return b"RIFF\xff\xff\xff\xffWAVE" + head + b"data" + struct.pack("<I", size)


def fault_of(data: bytes) -> Fault:
    """Return why ``data`` is refused."""
    with pytest.raises(TakeError) as refused:
        read_wav(data, RATE_HZ)
    return refused.value.fault


@pytest.mark.parametrize("size", PLACEHOLDERS)
def test_placeholder_lengths_mean_nothing(size: int) -> None:
    """Whatever stands for "not known yet", all samples that came are there."""
    assert read_wav(header(size) + SAMPLES, RATE_HZ) == SAMPLES


def test_a_true_length_is_honoured() -> None:
    """An ordinary WAV gives its samples."""
    assert read_wav(header(len(SAMPLES)) + SAMPLES, RATE_HZ) == SAMPLES


@pytest.mark.parametrize("size", [2, 100, 198])
def test_a_length_that_is_too_small_loses_nothing(size: int) -> None:
    """Samples beyond the declared length are samples all the same."""
    assert read_wav(header(size) + SAMPLES, RATE_HZ) == SAMPLES


def test_more_declared_than_came_is_incomplete() -> None:
    """A length that is no placeholder and is not reached: the end is missing."""
    assert fault_of(header(len(SAMPLES) + 2) + SAMPLES) is Fault.INCOMPLETE


def test_chunks_around_the_samples_are_no_samples() -> None:
    """LIST, fact and unknown chunks, odd-sized ones too, are passed over."""
    head = (chunk(b"LIST", b"INFOISFT....") + fmt() + chunk(b"fact", bytes(4))) + chunk(
        b"odd ", b"abc"
    )
    data = header(len(SAMPLES), head=head) + SAMPLES
    after = chunk(b"LIST", b"INFOxyz") + chunk(b"id3 ", b"tag!")
    assert read_wav(data + after, RATE_HZ) == SAMPLES


def test_chunks_without_samples_are_silent() -> None:
    """A header with no samples and a chunk behind it holds nothing."""
    assert read_wav(header(0) + chunk(b"LIST", b"INFO"), RATE_HZ) == b""


def test_samples_that_could_be_a_chunk_are_samples() -> None:
    """Only a printable name makes a chunk of what stands behind a length."""
    samples = b"\x00\x00" + chunk(b"\x01\x02\x03\x04", SAMPLES)
    assert read_wav(header(2) + samples, RATE_HZ) == samples


def test_the_extensible_form_is_read() -> None:
    """WAVE_FORMAT_EXTENSIBLE with PCM inside is PCM."""
    plain = struct.pack("<HHIIHH", 0xFFFE, 1, RATE_HZ, RATE_HZ * 2, 2, 16)
    extra = struct.pack("<HHI", 22, 16, 4) + b"\x01\x00" + bytes(14)
    head = chunk(b"fmt ", plain + extra)
    assert read_wav(header(head=head) + SAMPLES, RATE_HZ) == SAMPLES


@pytest.mark.parametrize("size", [*PLACEHOLDERS, len(SAMPLES)])
def test_every_header_starts_a_new_part(size: int) -> None:
    """Headers before each sentence leave no click and lose no sample."""
    data = (header(size) + SAMPLES) * 3
    assert read_wav(data, RATE_HZ) == SAMPLES * 3


def test_a_first_length_may_cover_all_parts() -> None:
    """A length that counts the later headers in is no sign of a cut."""
    second = header(0) + SAMPLES
    data = header(len(SAMPLES + second)) + SAMPLES + second
    assert read_wav(data, RATE_HZ) == SAMPLES * 2


def test_an_empty_part_is_no_fault() -> None:
    """A header may be followed by nothing, or by the next one."""
    data = header() + header() + SAMPLES + header()
    assert read_wav(data, RATE_HZ) == SAMPLES


@pytest.mark.parametrize(
    "word", [b"RIFF", b"RIFF....WAVE", b"RIFF....WAVEfmt.", b"RIFF....WAVEdata...."]
)
def test_riff_among_samples_is_sound(word: bytes) -> None:
    """Letters that happen to stand among samples are not a header."""
    samples = SAMPLES + word + SAMPLES
    assert read_wav(header() + samples, RATE_HZ) == samples


def test_a_header_inside_a_sample_is_a_cut() -> None:
    """After half a sample everything would be noise: it is not whole."""
    data = header() + SAMPLES[:-1] + header() + SAMPLES
    assert fault_of(data) is Fault.INCOMPLETE


@pytest.mark.parametrize("length", range(4, 44))
def test_a_cut_second_header_is_incomplete(length: int) -> None:
    """A stream that ends inside a header has lost what follows it."""
    data = header() + SAMPLES + header()[:length]
    assert fault_of(data) is Fault.INCOMPLETE


@pytest.mark.parametrize("length", range(1, 44))
def test_a_cut_first_header_is_incomplete(length: int) -> None:
    """A stream that ends inside its first header holds nothing."""
    assert fault_of(header()[:length]) is Fault.INCOMPLETE


def test_half_a_sample_at_the_end_is_incomplete() -> None:
    """Nothing is padded to make it fit."""
    assert fault_of(header() + SAMPLES[:-1]) is Fault.INCOMPLETE


@pytest.mark.parametrize(
    "data", [b"<!DOCTYPE html><html>", b"\x00\x01\x02", b"OggS", b"x" + header()]
)
def test_what_is_no_wav_is_not_audio(data: bytes) -> None:
    """Pages, raw samples and other formats are told from WAV."""
    assert fault_of(data) is Fault.NOT_AUDIO


@pytest.mark.parametrize(
    "head",
    [
        fmt(rate_hz=22_050),
        fmt(channels=2),
        fmt(bits=8),
        fmt(bits=24),
        fmt(coding=3, bits=32),
        fmt(coding=7, bits=8),
        fmt(coding=0xFFFE),
    ],
)
def test_another_format_is_refused(head: bytes) -> None:
    """Rate, channels, width and coding must be those asked for."""
    assert fault_of(header(head=head) + SAMPLES) is Fault.WRONG_FORMAT


def test_every_part_has_to_be_as_asked() -> None:
    """A later part of another rate is refused with both formats named."""
    data = header() + SAMPLES + header(head=fmt(rate_hz=8_000)) + SAMPLES
    with pytest.raises(TakeError) as refused:
        read_wav(data, RATE_HZ)
    assert refused.value.reason == (
        "asked for 1 x 16 bit PCM at 24000 Hz, got 1 x 16 bit PCM at 8000 Hz"
    )


@pytest.mark.parametrize(
    "head",
    [
        b"",
        chunk(b"fmt ", bytes(4)),
        fmt(channels=0),
        fmt(rate_hz=0),
        chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE_HZ, 48_000, 3, 16)),
    ],
)
def test_a_header_that_makes_no_sense_is_none(head: bytes) -> None:
    """Without a format that agrees with itself nothing can be read."""
    assert fault_of(header(head=head) + SAMPLES) is Fault.NOT_AUDIO


def test_a_header_does_not_go_on_for_ever() -> None:
    """Endless or huge chunks before the samples are not followed."""
    many = fmt() + chunk(b"junk", b"") * 100
    huge = fmt() + chunk(b"junk", bytes(2**16 + 2))
    for head in (many, huge):
        assert fault_of(header(head=head) + SAMPLES) is Fault.NOT_AUDIO


@given(
    st.lists(
        st.binary(max_size=60)
        .filter(lambda samples: b"RIFF" not in samples)
        .map(lambda samples: samples[: len(samples) // 2 * 2])
    )
)
def test_any_samples_in_any_parts_come_out(parts: list[bytes]) -> None:
    """Parts joined are the samples, byte for byte."""
    data = header() + b"".join(header() + part for part in parts)
    assert read_wav(data, RATE_HZ) == b"".join(parts)


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_read_but_never_crashes(garbage: bytes) -> None:
    """Any bytes either are samples or raise TakeError."""
    for data in (garbage, b"RIFF....WAVE" + garbage, header(10) + garbage):
        try:
            read_wav(data, RATE_HZ)
        except TakeError:
            continue


def test_false_starts_cost_linear_time() -> None:
    """A megabyte of false headers is read at once."""
    samples = b"RIFF....WAVE" * 80_000 + SAMPLES
    assert read_wav(header() + samples, RATE_HZ) == samples
