"""Print how fast takes become files, beside what the bare codec takes, and others.

    python -m tests.benchmarks.audio [--minutes 60] [--rate 24000] [--target -19]
        [--pairs 3] [--formats .mp3 .opus] [--peers]

Takes that espeak has spoken become chapters of ten minutes, trimmed, spaced, joined
and measured, and these a book: brought to its loudness by measurement, limited,
encoded, played back and measured again; with WAV, a file a chapter.
PyAV alone then encodes the same samples, already in memory, in one thread. Ours
and the codec take turns, and the best of each counts. `whole` and `codec` are
times real time by the clock, `ratio` is one by the other: 1 where all of ours is
as fast as the codec alone. `work` is the same by the time of processors, shared
by as many as there are: what the ratio comes to where nothing else runs. `norm`
is what it takes beside that to hold the finished file against a profile's figures.

`--peers` runs the others' ways on the same takes, with the ffmpeg that
`pip install imageio-ffmpeg` brings: a script that knows only pydub, and ffmpeg's
concat and loudnorm. Over 1 in `work`: they take longer than ours.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import importlib
import itertools
import multiprocessing
import os
import subprocess
import tempfile
import time
import warnings
import wave
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from batchtts.audio.codecs import bitrate_for
from batchtts.audio.decode import resampled
from batchtts.audio.levels import Levels, levels_of
from batchtts.audio.limiter import amplified
from batchtts.audio.loudness import first_gain
from batchtts.audio.pcm import BLOCK_SAMPLES, blocks_of
from batchtts.audiobook import Spacing
from batchtts.cache import Cache
from batchtts.chunking import chunk, clean
from batchtts.localserver.espeak import Espeak
from batchtts.metadata import Metadata
from batchtts.model import Boundary, Loudness, Pauses, Recording, Request
from batchtts.outputs.audiobook.bookfile import BookFile, whole_book
from batchtts.outputs.audiobook.crew import Crew
from batchtts.outputs.audiobook.passages import pcm_of
from batchtts.outputs.audiobook.program import Chapter
from batchtts.outputs.audiobook.write import write_book
from batchtts.outputs.rendering import File, Rendering, carried_out
from batchtts.tracks import Piece, Track, make_track
from batchtts.workers import Workers, hands

STORY = Path(__file__).parents[2] / "samples" / "lighthouse.md"
SPEAKERS = ("astra", "luna", "orion")
CHAPTER_S = 600
CODECS = {
    ".wav": ("wav", "pcm_s16le", "s16"),
    ".flac": ("flac", "flac", "s16"),
    ".mp3": ("mp3", "libmp3lame", "fltp"),
    ".opus": ("ogg", "libopus", "s16"),
    ".m4b": ("mp4", "aac", "fltp"),
}
PEERS_CODECS = {".wav": "pcm_s16le", ".m4b": "aac", ".mp3": "libmp3lame"}


async def speech(minutes: int, rate_hz: int) -> list[bytes]:
    """Have a story read again and again, by another voice and faster each time."""
    parts = chunk(clean(STORY.read_text(encoding="utf-8")).text, limit=500, lang="eng")
    espeak = await Espeak.start()
    takes: list[bytes] = []
    length_s, turn = 0.0, 0
    while length_s < minutes * 60:
        for part in parts:
            pcm = await espeak.speak(
                part.words,
                speaker=SPEAKERS[turn % len(SPEAKERS)],
                lang="eng",
                speed=1 + turn % 10 / 50,
            )
            takes.append(resampled(pcm, espeak.rate_hz, rate_hz))
            length_s += len(takes[-1]) / 2 / rate_hz
        turn += 1
    await espeak.close()
    return takes


@dataclass(slots=True)
class Clock:
    """What something has taken: the best of several times, in seconds."""

    wall_s: float = float("inf")
    work_s: float = float("inf")  # of processors, children's included

    def time(self, what: Callable[[], object]) -> None:
        """Do something and note what it took."""
        before, begun = sum(os.times()[:4]), time.perf_counter()
        what()
        self.wall_s = min(self.wall_s, time.perf_counter() - begun)
        self.work_s = min(self.work_s, sum(os.times()[:4]) - before)


@dataclass(frozen=True, slots=True)
class Bench:
    """The takes of one length of speech, in a cache, and what is made of them."""

    folder: Path
    suffix: str
    minutes: int
    rate_hz: int
    loudness: Loudness
    chapters: list[list[Request]] = field(default_factory=list)

    @property
    def cache(self) -> Cache:
        """Return where the takes are."""
        return Cache(self.folder / "cache")

    @property
    def path(self) -> Path:
        """Return where the book goes."""
        return self.folder / f"ours{self.suffix}"

    def prepare(self) -> None:
        """Put takes into the cache."""
        cache = self.cache
        cache.require_writable()
        many = 0.0
        for number, pcm in enumerate(asyncio.run(speech(self.minutes, self.rate_hz))):
            request = Request("bench", (("speaker", "bench"),), f"Take {number}.", 0)
            cache.store(request, Recording("pcm", self.rate_hz, pcm))
            many += len(pcm) / 2 / self.rate_hz / CHAPTER_S
            if len(self.chapters) < many:
                self.chapters.append([])
            self.chapters[-1].append(request)

    def tracks(self) -> Iterator[Track]:
        """Join the takes of each chapter."""
        cache = self.cache

        def load(request: Request) -> Recording:
            kept = cache.read(request.fingerprint)
            assert kept is not None
            return kept.recording

        for number, requests in enumerate(self.chapters):
            yield make_track(
                (
                    Piece(functools.partial(load, r), Boundary.SENTENCE)
                    for r in requests
                ),
                rate_hz=self.rate_hz,
                pauses=Pauses(),
                spool=self.folder / f"{number}.pcm",
            )

    def book(self) -> BookFile:
        """Put the chapters into one file."""
        chapters = [
            Chapter(title=f"Chapter {number}", track=track)
            for number, track in enumerate(self.tracks(), 1)
        ]
        about = Metadata(title="Benchmark", author="Nobody", language="en")
        return whole_book(self.path, chapters, about, spacing=Spacing())

    def ours(self) -> None:
        """Make of the takes what a run makes of them."""
        if self.suffix == ".wav":
            self.files()
            return
        with Crew(hands()) as crew:
            write_book(
                [self.book()],
                loudness=self.loudness,
                bitrate=None,
                crew=crew,
                scratch=self.folder,
            )

    def files(self) -> None:
        """Make a file of each chapter."""
        workers = Workers("batchtts.outputs.rendering", "the benchmark")
        orders = [
            Rendering(
                cache=self.cache.folder,
                takes=[(one.fingerprint, Boundary.PARAGRAPH) for one in requests],
                rate_hz=self.rate_hz,
                pauses=Pauses(),
                files=[
                    File(
                        self.folder / f"ours-{number}{self.suffix}",
                        self.loudness,
                        None,
                        {},
                    )
                ],
                captions=[],
                scratch=self.folder,
                owner="bench",
            ).told()
            for number, requests in enumerate(self.chapters)
        ]
        with ThreadPoolExecutor(hands() or 1) as threads:
            for answer in threads.map(workers.ask, orders):
                carried_out(answer)
        workers.close(at_once=False)

    def check(self) -> None:
        """Measure the finished file as a profile asks."""
        with Crew(hands()) as crew:
            list(crew.measure([self.path], lambda: None))


def bare(pcm_blocks: Sequence[bytes], path: Path, rate_hz: int) -> Callable[[], None]:
    """Return what encodes PCM with nothing but PyAV."""
    container_name, codec, sample_format = CODECS[path.suffix]
    blocks = [
        pcm
        if sample_format == "s16"
        else (np.frombuffer(pcm, "<i2") / np.float32(32768)).tobytes()
        for pcm in pcm_blocks
    ]
    size = 2 if sample_format == "s16" else 4
    options = {"aac_coder": "fast"} if codec == "aac" else {}

    def encode() -> None:
        position = 0
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

    return encode


def measure(bench: Bench, pairs: int, *, peers: bool) -> None:
    """Make one format in this process and print its line."""
    bench.prepare()
    ours, codec, norm = Clock(), Clock(), Clock()
    book = bench.book()
    levels = levels_of([one.track.measured for one in book.program.chapters])
    blocks = samples_of_book(bench, book, levels)
    encode = bare(blocks, bench.folder / f"bare{bench.suffix}", bench.rate_hz)
    for _ in range(pairs):
        ours.time(bench.ours)
        codec.time(encode)
        if bench.suffix != ".wav":
            norm.time(bench.check)
    length_s = book.program.samples / bench.rate_hz
    shared_s = ours.work_s / max(1, hands())
    told = f"{bench.suffix:6} whole {length_s / ours.wall_s:6.0f}x   "
    told += f"codec {length_s / codec.wall_s:6.0f}x   "
    told += f"ratio {codec.wall_s / ours.wall_s:5.2f}   "
    told += f"work {codec.work_s / shared_s:5.2f}   "
    told += f"norm {length_s / norm.wall_s:6.0f}x"
    if peers:
        for name, way in (("pydub", pydub_only), ("loudnorm", concat_and_loudnorm)):
            clock = Clock()
            clock.time(functools.partial(way, bench))
            told += f"   {name} {length_s / clock.wall_s:6.0f}x, "
            told += f"work {clock.work_s / shared_s:5.2f}"
    print(told, flush=True)


def samples_of_book(bench: Bench, book: BookFile, levels: Levels) -> list[bytes]:
    """Return what the codec is given, as near as the gain is known beforehand."""
    blocks = blocks_of(pcm_of(book.program.sources), BLOCK_SAMPLES)
    return list(amplified(blocks, first_gain(levels, bench.loudness)))


# --- the others' ways -------------------------------------------------------------


def ffmpeg() -> str:
    """Return the ffmpeg of imageio-ffmpeg."""
    path: str = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    return path


def wav_takes(bench: Bench) -> list[Path]:
    """Write the takes as the WAV files that others begin with."""
    paths = []
    for number, request in enumerate(itertools.chain(*bench.chapters)):
        kept = bench.cache.read(request.fingerprint)
        assert kept is not None
        path = bench.folder / f"take-{number:05}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(bench.rate_hz)
            file.writeframes(kept.recording.data)
        paths.append(path)
    return paths


def encoder_options(bench: Bench) -> list[str]:
    """Return how the others' ffmpeg is to encode."""
    kbps = bitrate_for(bench.suffix, bench.rate_hz, None)
    kind = PEERS_CODECS.get(bench.suffix, CODECS[bench.suffix][1])
    fast = ["-aac_coder", "fast"] if kind == "aac" else []
    return ["-c:a", kind, *fast, *(["-b:a", f"{kbps}k"] if kbps else [])]


def pydub_only(bench: Bench) -> None:
    """Add take to take, normalise and export, as a script of a few lines does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydub import AudioSegment, effects  # noqa: PLC0415 (it warns)
    AudioSegment.converter = ffmpeg()
    book = AudioSegment.empty()
    for path in wav_takes(bench):
        book += AudioSegment.from_wav(path) + AudioSegment.silent(250)
    effects.normalize(book).export(
        bench.folder / f"pydub{bench.suffix}",
        format=CODECS[bench.suffix][0],
        parameters=[*encoder_options(bench), "-loglevel", "error"],
    )


def concat_and_loudnorm(bench: Bench) -> None:
    """Have ffmpeg join, level and encode in one go; nothing is measured after it."""
    listed = bench.folder / "takes.txt"
    listed.write_text("".join(f"file '{path}'\n" for path in wav_takes(bench)))
    target = bench.loudness
    command = [ffmpeg(), "-loglevel", "error", "-y", "-f", "concat", "-safe", "0"]
    command += ["-i", str(listed), "-ar", str(bench.rate_hz)]
    command += ["-af", f"loudnorm=I={target.target}:TP={target.ceiling}"]
    command += [*encoder_options(bench), str(bench.folder / f"concat{bench.suffix}")]
    subprocess.run(command, check=True)


def alone(asked: argparse.Namespace, suffix: str) -> None:
    """Measure one format."""
    with tempfile.TemporaryDirectory() as folder:
        loudness = Loudness("lufs", asked.target, -1)
        bench = Bench(Path(folder), suffix, asked.minutes, asked.rate, loudness)
        measure(bench, asked.pairs, peers=asked.peers)


def main() -> None:
    """Read the command line and measure every format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--rate", type=int, default=24000)
    parser.add_argument("--target", type=float, default=-19.0)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--formats", nargs="+", default=[*CODECS], choices=[*CODECS])
    parser.add_argument("--peers", action="store_true")
    asked = parser.parse_args()
    for suffix in asked.formats:
        process = multiprocessing.get_context("spawn").Process(
            target=alone, args=(asked, suffix)
        )
        process.start()
        process.join()


if __name__ == "__main__":
    main()
