"""Measure how well takes that were cut short are told from whole ones.

    python -m tests.benchmarks.completeness [--chunks N] [--texts LANG=FILE ...]

Chunks in seven languages are spoken by espeak in several voices and speeds; every
take is judged whole and cut: at random places, between words, at sentence ends and
at an odd byte, each time by 20 % or more of its speech. Prints the share of whole
takes that are doubted and of cut ones that are not: of the first takes of a voice,
which are reviewed together, of later ones, of voices that vary by 4 % from take to
take, of a take that is the only one of its voice, and of jobs of a few texts, at a
good service and at one that breaks off again and again. ``--texts`` adds texts of
your own, parted by two blank lines. Ends with 1 if the goals are missed: at most
0.5 % and 1 %.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from batchtts.audio import segments
from batchtts.audio.pcm import samples_of
from batchtts.chunking import chunk, clean, speakable
from batchtts.completeness.doubt import SUSPICIOUS, Doubt, agree
from batchtts.completeness.judge import ENOUGH
from batchtts.completeness.pace import Pace
from batchtts.completeness.service import Service
from batchtts.completeness.sound import Heard, hear
from batchtts.completeness.units import close_of, units_of
from batchtts.completeness.voice import Evidence, VoiceRecord
from batchtts.errors import TakeError
from batchtts.localserver.espeak import Espeak
from batchtts.localserver.session import EOS, Session, Speak
from batchtts.model import Fingerprint, Recording
from batchtts.rime.plausible import speed_of
from batchtts.rime.reply import Asked, read_reply

PHRASES = Path(__file__).with_name("sentences.toml")
LIMIT = 500
SPEAKERS = (("astra", 1.0), ("orion", 1.0), ("zoe", 1.4), ("max", 0.75))
SHARES = (0.2, 0.3, 0.5, 0.8)
WORD_GAP_S = 0.25  # within which the softest place is looked for
SOFT_S = 0.02
LIVELY = 0.04
FEW = 6  # texts of a small job
OFTEN = 0.4
ATTEMPTS = 5
MOST_ALARMS, MOST_MISSES = 0.005, 0.01


@dataclass(frozen=True, slots=True)
class Cut:
    """What is left of a take that was cut."""

    kind: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Spoken:
    """A chunk's take, whole and cut in many ways, in figures."""

    text: str
    whole: Evidence
    cuts: tuple[Cut, ...]


@dataclass(frozen=True, slots=True)
class Voice:
    """The chunks of one voice."""

    corpus: str
    lang: str
    speaker: str
    speed: float
    texts: Sequence[str]


class Tally:
    """Counts, by row of the table, of what was judged and what was judged wrong."""

    def __init__(self) -> None:
        """Count from nothing."""
        self.judged: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()

    def add(self, row: str, *, wrong: bool) -> None:
        """Count a verdict."""
        self.judged[row] += 1
        self.wrong[row] += wrong

    def share(self, rows: Sequence[str]) -> float:
        """Return the share of wrong verdicts."""
        judged = sum(self.judged[row] for row in rows)
        return sum(self.wrong[row] for row in rows) / max(judged, 1)


def made_up(phrases: dict[str, list[str]], rng: random.Random) -> Iterator[str]:
    """Yield texts of one to five paragraphs, without end."""

    def sentence() -> str:
        frame = rng.choice(phrases["frames"])
        for _ in range(2):  # a fact has numbers in it
            for name in ("who", "did", "where", "when", "why", "speech", "fact"):
                while f"{{{name}}}" in frame:
                    frame = frame.replace(f"{{{name}}}", rng.choice(phrases[name]), 1)
        while "{n}" in frame:
            frame = frame.replace("{n}", number(rng), 1)
        return frame[:1].upper() + frame[1:]

    space = str(phrases["space"])
    while True:
        paragraphs = [
            space.join(sentence() for _ in range(rng.randint(1, 7)))
            for _ in range(rng.randint(1, 5))
        ]
        yield "\n\n".join(paragraphs)


def number(rng: random.Random) -> str:
    """Return a number as people write them, of one to seven digits."""
    value = int(10 ** rng.uniform(0, 7))
    return str(rng.choice([value, value, round(value, -2) or 100, rng.randint(2, 99)]))


def chunks_of(texts: Iterator[str], lang: str, count: int) -> list[str]:
    """Return the first ``count`` chunks of texts."""
    found: list[str] = []
    for text in texts:
        cut = chunk(clean(text).text, limit=LIMIT, lang=lang)
        found += [one.words for one in cut if speakable(one.text)]
        if len(found) >= count:
            break
    return found[:count]


def sentences_of(text: str) -> list[str]:
    """Return what the local server speaks one after the other."""
    session, found = Session("bySentence", None), list[str]()
    for frame in (text, EOS):
        for action in session.receive(frame):
            if isinstance(action, Speak):
                found += action.sentences
    return found


async def speak(espeak: Espeak, voice: Voice) -> list[Spoken]:
    """Speak a voice's chunks, and cut each take."""
    done = []
    for text in voice.texts:
        parts = [
            await espeak.speak(
                sentence, speaker=voice.speaker, lang=voice.lang, speed=voice.speed
            )
            for sentence in sentences_of(text)
        ]
        done.append(spoken(text, parts, espeak.rate_hz, voice))
    return done


def spoken(text: str, parts: list[bytes], rate_hz: int, voice: Voice) -> Spoken:
    """Judge nothing yet: listen to a take, whole and cut."""
    pcm = b"".join(parts)
    whole = evidence(text, pcm, rate_hz)
    ends = np.cumsum([len(part) // 2 for part in parts])[:-1]
    edges = segments.speech_edges(segments.take(pcm, rate_hz))
    rng = random.Random(f"{voice.corpus} {voice.speaker} {text}")
    cuts = []
    for kind, at in places(pcm, edges, rate_hz, [int(end) for end in ends], rng):
        left = evidence(text, pcm[: 2 * at], rate_hz)
        cuts.append(Cut(kind, left))
    odd = 2 * edges.start + rng.randrange(1, 2 * (edges.end - edges.start), 2)
    try:
        read_reply(Asked("pcm", rate_hz), pcm[: odd | 1])
    except TakeError:
        return Spoken(text, whole, tuple(cuts))
    raise AssertionError("half a sample was taken for a whole one")


def places(
    pcm: bytes,
    edges: segments.Edges,
    rate_hz: int,
    ends: list[int],
    rng: random.Random,
) -> Iterator[tuple[str, int]]:
    """Yield the kinds of cuts and the sample where each is made."""
    length = edges.end - edges.start
    for share in SHARES:
        yield f"random, {share:.0%}", edges.end - round(share * length)
    yield "random, 20 to 95%", edges.end - round(rng.uniform(0.2, 0.95) * length)
    for share in (0.2, 0.5):
        at = softest(pcm, edges.end - round(share * length), rate_hz)
        yield f"between words, {share:.0%}", at
    for end in ends:
        lost = (edges.end - end) / length
        if lost >= SHARES[0]:
            least = max(share for share in SHARES if share <= lost)
            yield f"sentence's end, {least:.0%} or more", end


def softest(pcm: bytes, before: int, rate_hz: int) -> int:
    """Return the middle of the softest 20 ms in the quarter second before a place."""
    start = max(0, before - round(WORD_GAP_S * rate_hz))
    width = round(SOFT_S * rate_hz)
    power = np.square(samples_of(pcm)[start:before].astype(np.float64))
    if len(power) <= width:
        return before
    sums = np.convolve(power, np.ones(width), "valid")
    return start + int(np.argmin(sums)) + width // 2


def evidence(text: str, pcm: bytes, rate_hz: int) -> Evidence:
    """Listen to a take; what is no speech at all is as if it had none."""
    heard = hear(Recording("pcm", rate_hz, pcm))
    if not isinstance(heard, Heard):
        heard = Heard(0.0, 0)
    return Evidence(units_of(text, {}), close_of(text), heard.seconds, heard.ending)


def judge(takes: Sequence[Spoken], speed: float, tally: Tally, when: str) -> None:
    """Judge a voice's takes as a run does: the first by one another, then in turn."""
    tempo = speed_of({"speedAlpha": str(speed)})
    record = VoiceRecord(Pace(tempo))
    for take in takes[:ENOUGH]:
        record.add(take.whole)
    for index, take in enumerate(takes):
        if index < ENOUGH:
            record._remove(take.whole)
        row = "first" if index < ENOUGH else "later"
        weigh(record, take, tally, f"{when}{row}")
        record.add(take.whole)


def judge_alone(takes: Sequence[Spoken], speed: float, tally: Tally) -> None:
    """Judge every take as if it were the only one of its voice."""
    tempo = speed_of({"speedAlpha": str(speed)})
    for take in takes:
        weigh(VoiceRecord(Pace(tempo)), take, tally, "alone")


def judge_few(
    takes: Sequence[Spoken], speed: float, tally: Tally, when: str, broken: float
) -> None:
    """Judge takes as jobs of a few texts do, of which a share is ``broken`` off.

    What is doubted is made again, as often as a run does, and may be cut again.
    """
    rng = random.Random(f"{takes[0].text} {broken}")
    tempo = speed_of({"speedAlpha": str(speed)})
    for start in range(0, len(takes), FEW):
        record, service = VoiceRecord(Pace(tempo)), Service()
        texts = dict(enumerate(takes[start : start + FEW]))
        came: dict[int, Cut | None] = {}
        doubts: dict[int, list[Doubt]] = {name: [] for name in texts}
        missing = list(texts)
        for _ in range(ATTEMPTS):
            for name in missing:
                cuts = texts[name].cuts
                cut = rng.choice(cuts) if cuts and rng.random() < broken else None
                came[name] = cut
                heard = cut.evidence if cut else texts[name].whole
                record.add_open(_name(name), heard)
            missing = []
            for name in texts:
                if not record.is_open(_name(name)):
                    continue
                doubt = record.review(_name(name), service, ENOUGH)
                if doubt and not any(agree(one, doubt) for one in doubts[name]):
                    doubts[name].append(doubt)
                    missing.append(name)
            for name in missing:
                cut = came[name]
                kind = cut.kind if cut else "whole, doubted"
                tally.add(f"{when}|{kind}", wrong=cut is None)
        for name in texts.keys() - set(missing):
            cut = came[name]
            kind = cut.kind if cut else "whole, doubted"
            tally.add(f"{when}|{kind}", wrong=cut is not None)


def _name(number: int) -> Fingerprint:
    return Fingerprint(str(number))


def weigh(record: VoiceRecord, take: Spoken, tally: Tally, column: str) -> None:
    """Weigh a take, whole and cut, and count what is judged wrong."""
    doubtful = record.weigh(take.whole).weight >= SUSPICIOUS
    tally.add(f"{column}|whole, doubted", wrong=doubtful)
    for cut in take.cuts:
        believed = record.weigh(cut.evidence).weight < SUSPICIOUS
        tally.add(f"{column}|{cut.kind}", wrong=believed)


def lively(takes: Sequence[Spoken], rng: random.Random) -> list[Spoken]:
    """Return the takes as of a voice that never speaks twice at the same pace."""

    def paced(one: Evidence, factor: float) -> Evidence:
        return replace(one, seconds=one.seconds * factor)

    varied = []
    for take in takes:
        factor = math.exp(rng.gauss(0, LIVELY))
        cuts = [replace(c, evidence=paced(c.evidence, factor)) for c in take.cuts]
        varied.append(Spoken(take.text, paced(take.whole, factor), tuple(cuts)))
    return varied


def show(title: str, tally: Tally, columns: Sequence[str]) -> None:
    """Print a table: a row for each kind of cut, a column for each state of a voice."""
    print(f"\n{title}")
    rows = list(dict.fromkeys(row.split("|")[1] for row in tally.judged))
    rows.sort(key=lambda row: ("whole" not in row, row))
    print(f"{'':36}" + "".join(f"{column:>22}" for column in columns))
    for row in rows:
        cells = []
        for column in columns:
            key = f"{column}|{row}"
            share = tally.share([key])
            cells.append(f"{share:8.2%} of {tally.judged[key]:6,}   ")
        print(f"{row:36}" + "".join(f"{cell:>22}" for cell in cells))


def voices(arguments: argparse.Namespace) -> Iterator[Voice]:
    """Yield the voices to measure, with their chunks."""
    phrases = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    sources: dict[str, tuple[str, list[str]]] = {}
    wanted = arguments.chunks * len(SPEAKERS)
    for lang in phrases:
        if lang != "prompts":
            endless = made_up(phrases[lang], random.Random(lang))
            sources[lang] = lang, chunks_of(endless, lang, wanted)
    for given in arguments.texts:
        lang, _, name = given.partition("=")
        text = Path(name).read_text(encoding="utf-8")
        sources[name] = lang, chunks_of(iter(text.split("\n\n\n")), lang, wanted)
    for corpus, (lang, texts) in sources.items():
        for index, (speaker, speed) in enumerate(SPEAKERS):
            share = texts[index :: len(SPEAKERS)]
            yield Voice(corpus, lang, speaker, speed, share)


def prompt_voices() -> Iterator[Voice]:
    """Yield voices that say short things: prompts, words and single sentences."""
    phrases = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    for speaker, speed in SPEAKERS:
        rng = random.Random(speaker)
        for lang, words in phrases.items():
            if lang == "prompts":
                continue
            texts = words["speech"] + words["did"] + [f"{w}." for w in words["who"]]
            texts += [
                next(made_up(words, rng)).partition("\n")[0][:80] for _ in range(20)
            ]
            if lang == "eng":
                texts += phrases["prompts"]["texts"]
            rng.shuffle(texts)
            yield Voice("prompts", lang, speaker, speed, texts)


async def measure(arguments: argparse.Namespace) -> int:
    """Speak, judge, print; return the exit code."""
    began_s = time.perf_counter()
    long, short = Tally(), Tally()
    rng = random.Random(4)
    chunks = 0
    espeak = await Espeak.start()
    try:
        for voice in voices(arguments):
            takes = await speak(espeak, voice)
            chunks += len(takes)
            judge(takes, voice.speed, long, "")
            judge(lively(takes, rng), voice.speed, long, "lively ")
            judge_alone(takes, voice.speed, long)
            judge_few(takes, voice.speed, long, "few", 0.0)
            judge_few(takes, voice.speed, long, "few, often cut", OFTEN)
        for voice in prompt_voices():
            takes = await speak(espeak, voice)
            judge(takes, voice.speed, short, "")
            judge_few(takes, voice.speed, short, "few", 0.0)
            judge_few(takes, voice.speed, short, "few, often cut", OFTEN)
    finally:
        await espeak.close()
    spent_s = time.perf_counter() - began_s
    few = ["few", "few, often cut"]
    columns = ["first", "later", "lively first", "lively later", "alone", *few]
    show(f"{chunks:,} chunks ({spent_s:.0f} s)", long, columns)
    show("short prompts", short, ["first", "later", *few])
    return verdict(long, short)


def verdict(long: Tally, short: Tally) -> int:
    """Print the sums, and say whether they are as good as they must be."""
    known = [row for row in long.judged if row.startswith(("first|", "later|"))]
    cuts = [row for row in known if "whole" not in row]
    alarms = long.share([row for row in known if "whole" in row])
    prompts = short.share(["first|whole, doubted", "later|whole, doubted"])
    misses = long.share(cuts)
    print(
        f"\nwhole takes doubted: {alarms:.2%}, of prompts {prompts:.2%}; "
        f"cut takes believed: {misses:.2%}"
    )
    good = max(alarms, prompts) <= MOST_ALARMS and misses <= MOST_MISSES
    return 0 if good else 1


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, default=80, help="for each voice")
    parser.add_argument("--texts", action="append", default=[], metavar="LANG=FILE")
    return asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
