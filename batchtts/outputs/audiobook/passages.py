"""Make a passage of a book: read, raise, limit, encode, and play what was made.

A passage is a stretch of sound that an encoder can make on its own; where it
runs makes no difference to its bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from batchtts.audio.levels import Measured
from batchtts.audio.limiter import amplified, limited
from batchtts.audio.meter import Meter
from batchtts.audio.packets import encoded, played
from batchtts.audio.pcm import BLOCK_SAMPLES, SAMPLE_BYTES, blocks_of, db
from batchtts.audio.playback import LOSSY
from batchtts.audio.roomtone import with_room_tone
from batchtts.errors import LocalError

__all__ = ["Made", "Passage", "Source", "make", "packets_in", "pcm_of"]

_LENGTH_BYTES = 4
_READ_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
_MORE_TRIES = 4
_PEAK_MARGIN_DB = 0.1  # what is limited comes out of a codec somewhat otherwise


@dataclass(frozen=True, slots=True)
class Source:
    """A stretch of a PCM file; of no file: silence."""

    spool: Path | None
    start: int
    samples: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What is to be made, and where its packets go.

    ``ceiling_db`` is the true peak that the sound is limited to, ``most_db`` the
    one that may be heard: where a decoder makes more of it, the passage is made
    again, with its peaks lower. None: not limited, not looked at.
    """

    sources: tuple[Source, ...]
    suffix: str
    rate_hz: int
    bitrate: int | None
    gain_db: float
    ceiling_db: float | None
    most_db: float | None
    room_tone_db: float | None
    skip: int  # packets at the beginning that are not wanted
    keep: int | None  # packets after them that are; None: all
    measured: bool
    packets: Path


@dataclass(frozen=True, slots=True)
class Made:
    """What has been made: packets in a file, and how they sound."""

    packets: Path
    md5: bytes  # of the samples that were encoded; only for FLAC
    heard: Measured | None


def make(passage: Passage, check: Callable[[], None] = lambda: None) -> Made:
    """Make a passage; ``check`` is called for every block, and may raise.

    Raises LocalError when a codec refuses, OSError when the disk does.
    """
    ceiling_db = passage.ceiling_db
    made = _attempt(passage, ceiling_db, check)
    for _ in range(_MORE_TRIES):
        if passage.most_db is None or made.heard is None:
            break
        over_db = db(made.heard.true_peak) - passage.most_db
        if not over_db > 0:
            break
        before_db = passage.most_db if ceiling_db is None else ceiling_db
        ceiling_db = before_db - over_db - _PEAK_MARGIN_DB
        made = _attempt(passage, ceiling_db, check)
    return made


def packets_in(path: Path) -> Iterator[bytes]:
    """Read the packets of a passage."""
    with path.open("rb") as file:
        while head := file.read(_LENGTH_BYTES):
            yield file.read(int.from_bytes(head, "little"))


def _attempt(
    passage: Passage, ceiling_db: float | None, check: Callable[[], None]
) -> Made:
    """Make a passage with its peaks at a ceiling."""
    blocks = _checked(_blocks(passage, ceiling_db), check)
    md5 = hashlib.md5(usedforsecurity=False)
    is_lossy = passage.suffix in LOSSY
    meter = Meter(passage.rate_hz) if passage.measured and not is_lossy else None
    if passage.suffix == ".flac":
        blocks = _passed_by(blocks, md5.update)
    if meter:
        blocks = _passed_by(blocks, meter.feed)
    packets = _kept(
        encoded(
            blocks,
            suffix=passage.suffix,
            rate_hz=passage.rate_hz,
            bitrate=passage.bitrate,
        ),
        passage,
    )
    if is_lossy and passage.measured:
        meter = _listen(packets, passage)
    for _ in packets:  # where nobody listens
        pass
    heard = meter.measured() if meter else None
    return Made(passage.packets, md5.digest(), heard)


def _blocks(passage: Passage, ceiling_db: float | None) -> Iterator[bytes]:
    """Read a passage's sound, raised and limited."""
    blocks = blocks_of(pcm_of(passage.sources), BLOCK_SAMPLES)
    if ceiling_db is None:
        blocks = amplified(blocks, passage.gain_db)
    else:
        blocks = limited(
            blocks,
            rate_hz=passage.rate_hz,
            gain_db=passage.gain_db,
            ceiling_db=ceiling_db,
        )
    if passage.room_tone_db is None:
        return blocks
    return with_room_tone(
        blocks, rate_hz=passage.rate_hz, level_db=passage.room_tone_db
    )


def pcm_of(sources: Iterable[Source]) -> Iterator[bytes]:
    """Read the samples of sources, one after the other.

    Raises LocalError when a file has fewer than it should.
    """
    for source in sources:
        left = source.samples * SAMPLE_BYTES
        if source.spool is None:
            while left:
                size = min(left, BLOCK_SAMPLES * SAMPLE_BYTES)
                yield bytes(size)
                left -= size
            continue
        with source.spool.open("rb") as file:
            file.seek(source.start * SAMPLE_BYTES)
            while left and (block := file.read(min(left, _READ_BYTES))):
                yield block
                left -= len(block)
        if left:
            raise LocalError(f'the samples in "{source.spool}" have been cut short')


def _kept(packets: Iterable[bytes], passage: Passage) -> Iterator[bytes]:
    """Write the packets that are wanted to a file, and hand on all."""
    end = None if passage.keep is None else passage.skip + passage.keep
    with passage.packets.open("wb") as file:
        for number, packet in enumerate(packets):
            if number >= passage.skip and (end is None or number < end):
                file.write(len(packet).to_bytes(_LENGTH_BYTES, "little") + packet)
            yield packet


def _listen(packets: Iterable[bytes], passage: Passage) -> Meter:
    """Measure what a decoder gives back."""
    meter = None
    for rate_hz, signal in played(
        packets,
        suffix=passage.suffix,
        rate_hz=passage.rate_hz,
        bitrate=passage.bitrate,
    ):
        meter = meter or Meter(rate_hz)
        meter.feed_signal(signal)
    return meter or Meter(passage.rate_hz)


def _passed_by(
    blocks: Iterable[bytes], look: Callable[[bytes], object]
) -> Iterator[bytes]:
    for block in blocks:
        look(block)
        yield block


def _checked(blocks: Iterable[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    return _passed_by(blocks, lambda _: check())
