"""The pages of an Ogg stream: whether all are whole, and how much sound they hold."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from batchtts.errors import Fault, TakeError

__all__ = ["Ogg", "read_ogg"]

_PAGE = struct.Struct("<4sBBqIIIB")  # up to and with the number of segments
_FIRST = 0x02
_LAST = 0x04
_NO_PACKET_ENDS = -1
_OPUS_HZ = 48000  # Opus counts in this rate, whatever the input's was


@dataclass(frozen=True, slots=True)
class Ogg:
    """What an Ogg stream holds. ``rate_hz`` is the rate at which it decodes."""

    codec: str
    rate_hz: int
    channels: int
    samples: int

    @property
    def seconds(self) -> float:
        """Return the playing time."""
        return self.samples / self.rate_hz


@dataclass(frozen=True, slots=True)
class _Page:
    flags: int
    granule: int
    serial: int
    number: int
    body: bytes
    end: int


@dataclass(frozen=True, slots=True)
class _Codec:
    name: str
    rate_hz: int
    channels: int
    skip: int  # samples before the sound


def read_ogg(data: bytes) -> Ogg:
    """Walk all pages of ``data``: one logical stream or several in a row.

    Raises TakeError: NOT_AUDIO where something is no page, INCOMPLETE where a
    page is cut or missing, or the stream has no end.
    """
    walk = _Walk()
    position = 0
    while position < len(data):
        page = _page(data, position)
        walk.add(page)
        position = page.end
    return walk.result()


class _Walk:
    """One pass over the pages of a stream."""

    def __init__(self) -> None:
        self._codec: _Codec | None = None
        self._last: _Page | None = None
        self._granule = 0  # of the logical stream being read
        self._samples = 0  # of those before it

    def add(self, page: _Page) -> None:
        """Take the next page."""
        last, self._last = self._last, page
        if page.flags & _FIRST:
            self._begin(page, last)
        elif last is None or last.flags & _LAST or page.serial != last.serial:
            raise TakeError(Fault.NOT_AUDIO, "an ogg page belongs to no stream")
        elif page.number != last.number + 1:
            reason = f"ogg page {page.number} follows page {last.number}"
            raise TakeError(Fault.INCOMPLETE, reason)
        if page.granule != _NO_PACKET_ENDS:
            self._granule = page.granule

    def result(self) -> Ogg:
        """Return what was found; raise TakeError where the end is missing."""
        if self._codec is None or self._last is None:
            raise TakeError(Fault.NO_AUDIO, "the ogg holds no pages")
        if not self._last.flags & _LAST:
            raise TakeError(Fault.INCOMPLETE, "the ogg has no last page")
        codec = self._codec
        self._close()
        return Ogg(codec.name, codec.rate_hz, codec.channels, self._samples)

    def _begin(self, page: _Page, last: _Page | None) -> None:
        if last is not None and not last.flags & _LAST:
            raise TakeError(Fault.INCOMPLETE, "an ogg stream starts inside another")
        self._close()
        codec = _codec(page.body)
        before = self._codec or codec
        if (codec.name, codec.rate_hz) != (before.name, before.rate_hz):
            raise TakeError(Fault.WRONG_FORMAT, "the ogg changes its format")
        self._codec = codec

    def _close(self) -> None:
        skip = self._codec.skip if self._codec else 0
        self._samples += max(0, self._granule - skip)
        self._granule = 0


def _page(data: bytes, position: int) -> _Page:
    """Read the page at ``position``; raise TakeError where none or half stands."""
    if not b"OggS".startswith(data[position : position + 4]):
        what = "asked for ogg, got something else"
        reason = f"no ogg page at byte {position}" if position else what
        raise TakeError(Fault.NOT_AUDIO, reason)
    body = position + _PAGE.size
    if body > len(data):
        raise TakeError(Fault.INCOMPLETE, "the ogg ends inside a page's header")
    fields = _PAGE.unpack_from(data, position)
    _, version, flags, granule, serial, number, _, segments = fields
    if version:
        raise TakeError(Fault.NOT_AUDIO, f"unknown version {version} of an ogg page")
    start = body + segments
    end = start + sum(data[body:start])
    if start > len(data) or end > len(data):
        raise TakeError(Fault.INCOMPLETE, "the ogg ends inside a page")
    return _Page(flags, granule, serial, number, data[start:end], end)


def _codec(head: bytes) -> _Codec:
    """Read the first packet of a logical stream."""
    if head.startswith(b"OpusHead") and len(head) >= len(b"OpusHead") + 4:
        channels, skip = struct.unpack_from("<BH", head, 9)
        return _Codec("opus", _OPUS_HZ, channels, skip)
    if head.startswith(b"\x01vorbis") and len(head) >= len(b"\x01vorbis") + 9:
        channels, rate_hz = struct.unpack_from("<BI", head, 11)
        if rate_hz:
            return _Codec("vorbis", rate_hz, channels, 0)
    raise TakeError(Fault.NOT_AUDIO, "the ogg holds neither opus nor vorbis")
