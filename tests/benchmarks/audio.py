"""Print how fast takes become files, beside what the bare codec takes.

    python -m tests.benchmarks.audio [--minutes 60] [--rate 24000] [--target -19]

Each format is made in its own process: takes of 15 s of synthetic speech are
joined into a track, levelled and encoded; then PyAV alone encodes the same
samples, already in memory. The ratio is codec time over whole time; times are
those of the processor, so that what else the machine does counts less.
"""

from __future__ import annotations

import argparse
import functools
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from batchtts.audio.codecs import bitrate_for
from batchtts.audio.loudness import levelled
from batchtts.model import Boundary, Loudness, Pauses, Recording
from batchtts.outputs.files import write_file
from batchtts.tracks import Piece, make_track

TAKE_S = 15
CODECS = {
    ".wav": ("wav", "pcm_s16le", "s16"),
    ".flac": ("flac", "flac", "s16"),
    ".mp3": ("mp3", "libmp3lame", "fltp"),
    ".opus": ("ogg", "libopus", "s16"),
    ".m4a": ("mp4", "aac", "fltp"),
}


@functools.cache
def speech(rate_hz: int) -> bytes:
    """Make a take: pulses of a voice through two formants, in syllables and hiss."""
    rng = np.random.default_rng(1)
    samples = TAKE_S * rate_hz
    at_s = np.arange(samples) / rate_hz
    pitch = np.cumsum(115 + 25 * np.sin(2 * np.pi * 0.4 * at_s)) / rate_hz
    voice = sum(
        np.sin(2 * np.pi * pitch * n) / (1 + ((n * 115 - 600) / 500) ** 2)
        for n in range(1, 30)
    )
    syllables = np.clip(np.sin(2 * np.pi * 4 * at_s + 2 * np.sin(at_s)), 0, 1)
    phrases = np.sin(2 * np.pi * at_s / 3) > -0.8
    hiss = rng.standard_normal(samples) * (1 - syllables) * 0.15
    sound = (voice * syllables + hiss) * phrases
    edge = int(0.3 * rate_hz)
    sound[:edge] = sound[-edge:] = 0
    pcm: bytes = np.rint(sound / np.abs(sound).max() * 14000).astype("<i2").tobytes()
    return pcm


def recording(level: float, rate_hz: int) -> Recording:
    """Give the take, softer or louder."""
    louder = np.frombuffer(speech(rate_hz), "<i2") * level
    return Recording("pcm", rate_hz, louder.astype("<i2").tobytes())


def pieces(minutes: int, rate_hz: int) -> Iterator[Piece]:
    """Give the takes of so many minutes."""
    levels = np.random.default_rng(2).uniform(0.4, 1, minutes * 60 // TAKE_S)
    for level in levels:
        yield Piece(functools.partial(recording, level, rate_hz), Boundary.SENTENCE)


def bare(pcm_blocks: list[bytes], path: Path, rate_hz: int) -> float:
    """Encode PCM with nothing but PyAV; return the processor seconds it took."""
    container_name, codec, sample_format = CODECS[path.suffix]
    blocks = [
        pcm
        if sample_format == "s16"
        else (np.frombuffer(pcm, "<i2") / np.float32(32768)).tobytes()
        for pcm in pcm_blocks
    ]
    size = 2 if sample_format == "s16" else 4
    options = {"aac_coder": "fast"} if codec == "aac" else {}
    begun, position = time.process_time(), 0
    with av.open(str(path), "w", format=container_name) as container:
        stream = container.add_stream(codec, rate=rate_hz, options=options)
        context = stream.codec_context
        assert isinstance(context, av.AudioCodecContext)
        context.layout, context.format = "mono", sample_format
        kbps = bitrate_for(path.suffix, rate_hz, None)
        if kbps:
            context.bit_rate = kbps * 1000
        for pcm in blocks:
            frame = av.AudioFrame(sample_format, "mono", len(pcm) // size)
            frame.planes[0].update(pcm)
            frame.sample_rate, frame.pts = rate_hz, position
            frame.time_base = Fraction(1, rate_hz)
            position += frame.samples
            container.mux(context.encode(frame))
        container.mux(context.encode(None))
    return time.process_time() - begun


def peak_mib() -> float:
    """Return this process's peak memory."""
    if sys.platform == "win32":
        return float("nan")
    import resource  # noqa: PLC0415 (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def measure(suffix: str, minutes: int, rate_hz: int, target: float) -> None:
    """Make one format in this process and print its line."""
    with tempfile.TemporaryDirectory() as folder:
        spool, path = Path(folder, "track.pcm"), Path(folder, f"ours{suffix}")
        loudness = Loudness("lufs", target, -1)
        speech(rate_hz)
        before_mib, begun = peak_mib(), time.process_time()
        track = make_track(
            pieces(minutes, rate_hz), rate_hz=rate_hz, pauses=Pauses(), spool=spool
        )
        joined_s = time.process_time() - begun
        written = write_file(
            track,
            path,
            loudness=loudness,
            bitrate=None,
            tags={"title": "Benchmark"},
        )
        whole_s, after_mib = time.process_time() - begun, peak_mib()
        with levelled(
            spool, rate_hz=rate_hz, levels=track.levels, loudness=loudness
        ) as ready:
            blocks = list(ready.blocks())
        floor_s = bare(blocks, Path(folder, f"bare{suffix}"), rate_hz)
    length_s = float(written.duration_s)
    print(
        f"{suffix:6} join {length_s / joined_s:7.0f}x   "
        f"whole {length_s / whole_s:7.0f}x   "
        f"codec {length_s / floor_s:7.0f}x   ratio {floor_s / whole_s:4.2f}   "
        f"memory +{after_mib - before_mib:.0f} MiB   "
        f"{written.levels.integrated_lufs:.2f} LUFS "
        f"{written.levels.true_peak_db:.2f} dBTP"
    )


def main() -> None:
    """Read the command line and measure every format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=24000)
    parser.add_argument("--target", type=float, default=-19.0)
    asked = parser.parse_args()
    for suffix in CODECS:
        process = multiprocessing.get_context("spawn").Process(
            target=measure, args=(suffix, asked.minutes, asked.rate, asked.target)
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
