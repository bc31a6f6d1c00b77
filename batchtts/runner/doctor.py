"""Does this machine have all it takes? Each check does the real thing."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from batchtts.errors import BatchTTSError
from batchtts.files import write_bytes
from batchtts.formats import FORMATS, rate_for
from batchtts.localserver.child import spawn
from batchtts.localserver.settings import ServerSettings, SynthesiserName
from batchtts.model import Boundary, Loudness, Pauses, Recording, Request
from batchtts.outputs.files import write_file
from batchtts.rime.client import RimeClient
from batchtts.rime.key import find_key
from batchtts.rime.plausible import duration_s
from batchtts.runner.versions import versions
from batchtts.tracks import Piece, make_track

__all__ = ["Finding", "examine"]

_LOW_DISK_BYTES = 2_000_000_000
_RATE_HZ = 24_000
_WORDS = "This machine can speak."


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. Only ``bad`` keeps jobs from running."""

    what: str
    state: Literal["good", "note", "bad"]
    detail: str


def examine(folder: Path) -> list[Finding]:
    """Check versions, the folder, offline speech, every codec, and for a key."""
    return [
        _versions(),
        *_disk(folder),
        *_sound(),
        _key(folder),
    ]


def _versions() -> Finding:
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    return Finding("versions", "good", found)


def _disk(folder: Path) -> Iterator[Finding]:
    probe = folder / ".batchtts-doctor"
    try:
        write_bytes(probe, b"")
        probe.unlink()
        yield Finding("folder", "good", f'"{folder}" can be written')
    except (BatchTTSError, OSError) as exc:
        yield Finding("folder", "bad", str(exc))
    free = shutil.disk_usage(folder).free
    state: Literal["good", "note"] = "good" if free > _LOW_DISK_BYTES else "note"
    yield Finding("disk", state, f"{free / 1e9:.1f} GB free")


def _sound() -> Iterator[Finding]:
    """Speak through the local server, then write the take in every format."""
    take: Recording | None = None
    for name in ("tone", "espeak"):
        what = f"local speech ({name})"
        if name == "espeak" and importlib.util.find_spec("espeakng_loader") is None:
            hint = "not installed; for offline speech: pip install 'batchtts[local]'"
            yield Finding(what, "note", hint)
            continue
        try:
            take = _spoken(name)
            spoken = f"spoke {duration_s(take):.2f} s of audio over a real socket"
            yield Finding(what, "good", spoken)
        except BatchTTSError as exc:
            yield Finding(what, "bad", str(exc))
    if take is not None:
        for suffix in sorted({_first_suffix(kind.name) for kind in FORMATS.values()}):
            yield _codec(suffix, take)


def _spoken(name: SynthesiserName) -> Recording:
    parameters = (
        ("audioFormat", "pcm"),
        ("modelId", "arcana"),
        ("samplingRate", str(_RATE_HZ)),
        ("speaker", "astra"),
    )
    with spawn(ServerSettings(synthesiser=name)) as server:
        client = RimeClient(server.url, key=server.key, engine=server.identity)
        request = Request(server.identity, parameters, _WORDS)
        return asyncio.run(client.speak(request))


def _codec(suffix: str, take: Recording) -> Finding:
    kind = FORMATS[suffix]
    with tempfile.TemporaryDirectory() as folder:
        try:
            track = make_track(
                [Piece(lambda: take, Boundary.END)],
                rate_hz=rate_for(kind, None, _RATE_HZ),
                pauses=Pauses(),
                spool=Path(folder) / "spool.pcm",
            )
            written = write_file(
                track,
                Path(folder) / f"probe{suffix}",
                loudness=Loudness("lufs", -19.0, -1.0),
                bitrate=None,
                tags={},
            )
        except BatchTTSError as exc:
            return Finding(f"codec {kind.name}", "bad", str(exc))
    return Finding(f"codec {kind.name}", "good", f"{written.size_bytes:,} bytes")


def _first_suffix(name: str) -> str:
    return next(suffix for suffix, kind in FORMATS.items() if kind.name == name)


def _key(folder: Path) -> Finding:
    if find_key(folder) is None:
        detail = "RIME_API_KEY is not set; only needed to speak through Rime"
        return Finding("key", "note", detail)
    return Finding("key", "good", "RIME_API_KEY is set (not checked with Rime)")
