"""Write PCM as an audio file: the same samples give the same bytes."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import av

from batchtts.audio import mp3, mulaw
from batchtts.audio.codecs import Plan, frames, plan_for, set_up
from batchtts.audio.pcm import SAMPLE_BYTES
from batchtts.errors import LocalError

__all__ = ["as_bytes", "encode"]

_WAV_MAX_BYTES = 2**32 - 2**16
_MULAW = {".ulaw", ".mulaw", ".ul"}


def encode(
    blocks: Iterable[bytes],
    *,
    path: Path,
    suffix: str,
    rate_hz: int,
    samples: int,
    bitrate: int | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write mono PCM to ``path`` in the format that ``suffix`` stands for.

    ``samples`` is how many there will be. A decoder that heeds what the file
    says about its padding gives back exactly as many.

    Raises LocalError when the codec refuses, OSError when the disk does.
    """
    if not samples:
        raise LocalError("there is no sound to write, not even silence")
    if suffix in _MULAW:
        with path.open("wb") as file:
            file.writelines(mulaw.encode(block) for block in blocks)
        return
    plan = plan_for(suffix, rate_hz, bitrate)
    muxer = _muxer_options(plan, suffix, samples)
    # A relative path with a colon in it would be taken for a URL.
    with _translated(suffix, rate_hz):
        packets = _write(blocks, str(path.absolute()), plan, muxer, tags or {})
    if suffix == ".mp3":
        mp3.set_length(path, frames=packets, rate_hz=rate_hz, samples=samples)


def as_bytes(
    blocks: Iterable[bytes], *, suffix: str, rate_hz: int, samples: int
) -> bytes:
    """Return as bytes what `encode` writes: for what is short, and FLAC or Ogg."""
    file = BytesIO()
    plan = plan_for(suffix, rate_hz, None)
    with _translated(suffix, rate_hz):
        _write(blocks, file, plan, _muxer_options(plan, suffix, samples), {})
    return file.getvalue()


@contextlib.contextmanager
def _translated(suffix: str, rate_hz: int) -> Iterator[None]:
    try:
        yield
    except av.error.FFmpegError as exc:
        if isinstance(exc, OSError):
            raise
        raise LocalError(
            f'cannot encode "{suffix}" at {rate_hz} Hz: {exc.strerror or exc}'
        ) from exc
    except av.codec.codec.UnknownCodecError as exc:
        raise LocalError(
            f'cannot encode "{suffix}": the audio library of this Python was built '
            f"without {exc}; mend it with: pip install --force-reinstall av"
        ) from exc


def _muxer_options(plan: Plan, suffix: str, samples: int) -> dict[str, str]:
    options = {**plan.codec.muxer, "fflags": "+bitexact"}
    if plan.codec.container == "mp4":
        # In its default of milliseconds the edit list would round the length.
        options["movie_timescale"] = str(plan.rate_hz)
    if suffix == ".wav" and samples * SAMPLE_BYTES > _WAV_MAX_BYTES:
        options["rf64"] = "always"
    return options


def _write(
    blocks: Iterable[bytes],
    file: str | BytesIO,
    plan: Plan,
    muxer: Mapping[str, str],
    tags: Mapping[str, str],
) -> int:
    """Encode and write; return how many packets there were."""
    codec = plan.codec
    with av.open(file, "w", format=codec.container, options=dict(muxer)) as container:
        stream = container.add_stream(
            codec.name, rate=plan.rate_hz, options=dict(codec.options)
        )
        set_up(stream.codec_context, plan)
        container.metadata.update(tags)
        count = 0
        for frame in itertools.chain(frames(blocks, plan), [None]):
            packets = stream.encode(frame)
            count += len(packets)
            container.mux(packets)
    return count
