"""Ten thousand small jobs at a service that goes wrong in every way it can.

    python -m tests.benchmarks.faults [--jobs N] [--seed S] [--only JOB]

Each job asks for a handful of texts, through the real client, pool and cache and
over real sockets, of a server that draws from all faults in a mixture of its
own; then once more of one that does not go wrong. Waiting takes no time (see
`batchtts.localserver.warp`). After the first run every take that is called good
must say its own text, whole, as the tones of which it is made tell; every text
has a take, or is reported as failed, or is left over by a run that says why it
stopped. After the second every text has its take, and only what was missing has
been asked for again. What is heard is held against the reported outcome, so one
wrong take in any job fails the campaign, and `--only` plays that job again.

The faults are those of tests/data/faults.yaml.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from batchtts.audio.decode import decode
from batchtts.cache import Cache
from batchtts.completeness import Judge
from batchtts.errors import BatchTTSError
from batchtts.localserver import tone, tone_reader
from batchtts.localserver.faultplan import parse_plan
from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings
from batchtts.localserver.warp import LoopClock, WarpLoop
from batchtts.model import Request
from batchtts.pool import Effects, Outcome, Pool, Stopped
from batchtts.rime.client import RimeClient
from batchtts.rime.plausible import duration_s
from batchtts.secret import Secret

End = Outcome | BaseException
ENGINE = "local/tone+1"
AT_ONCE = 8  # jobs that share an event loop
HANG_S = 4 * 3600.0  # of the loop's time; the longest pause is of 15 minutes

_CATALOGUE = Path(__file__).parents[1] / "data" / "faults.yaml"
FAULTS: dict[str, dict[str, object]] = yaml.safe_load(_CATALOGUE.read_text("utf-8"))
QUIET = {
    *("cut with 1000", "cut with 1001", "cut without a code", "lost half"),
    *("page in the midst", "garbage instead", "silence", "silence in the end"),
    *("noise", "another's words, few", "another's words, many", "wrong rate"),
}
"""The faults of which nothing tells but how a voice's other takes are."""
# These end a run, or a job that they strike always: they are rare.
_RARE = {"401", "redirect", "400", "wrong rate", "bogus header"}
_WORDS = re.findall(
    r"\w+",
    "the harbour lay quiet under a grey sky while gulls sat on posts and nobody "
    "spoke of storms or ships that had not come home for seven long winters",
)


@dataclass(frozen=True, slots=True)
class Job:
    """A few texts, the faults of their service, and how they are asked for."""

    number: int
    seed: int
    texts: tuple[tuple[str, ...], ...]  # each of them a few sentences
    audio_format: str
    concurrency: int
    plan: str
    names: tuple[str, ...]  # of the plan's rules

    @classmethod
    def drawn(cls, number: int, seed: int) -> Job:
        """Return the job of a number: the same one for the same seed."""
        chance = random.Random(f"{seed} {number}")
        names, rules = zip(*_rules(chance), strict=True)
        lines = "\n".join(f"  - {rule}" for rule in rules)
        return cls(
            number=number,
            seed=seed,
            texts=tuple(_texts(chance)),
            audio_format=chance.choice(("pcm",) * 9 + ("wav",) * 4 + ("mulaw", "mp3")),
            concurrency=chance.choice((1, 2, 4, 8)),
            plan=f"seed: {chance.randrange(2**32)}\nfaults:\n{lines}\n",
            names=names,
        )

    def request(self, text: str) -> Request:
        """Return the request for a text."""
        parameters = {
            "audioFormat": self.audio_format,
            "lang": "eng",
            "modelId": "arcana",
            "samplingRate": "24000",
            "speaker": "astra",
        }
        return Request(ENGINE, tuple(parameters.items()), text)


def _rules(chance: random.Random) -> Iterator[tuple[str, str]]:
    """Yield one to five faults, now and then struck at every request.

    What a client can tell by comparison only strikes a minority of the replies.
    """
    names = chance.sample(sorted(FAULTS), chance.randint(1, 5))
    quiet = [name for name in names if name in QUIET]
    for name in [name for name in names if name not in quiet[1:]]:
        [(moment, what)] = FAULTS[name].items()
        share = chance.choice((0.05, 0.1, 0.2, 0.4, 1.0))
        most = 0.1 if name in _RARE else 0.2 if name in QUIET else 1.0
        when = f"chance: {min(share, most)}"
        if moment == "reply" and (quiet or chance.random() < 0.5):
            when += f", attempts: {chance.randint(1, 3)}"
        if name.startswith("throttle") and chance.random() < 0.5:
            when = f"connections_above: {chance.randint(1, 3)}"
        elif moment == "handshake" and share == 1.0:
            when = f"requests: {chance.randint(1, 4)}-{chance.randint(5, 20)}"
        yield name, f"{{{when}, {moment}: {json.dumps(what)}}}"


def _texts(chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Yield three to eight texts of one to three sentences."""
    for number in range(chance.randint(3, 8)):
        sentences = [f"Text {number} begins here."]
        for _ in range(chance.randint(0, 2)):
            words = chance.choices(_WORDS, k=chance.randint(3, 14))
            sentences.append(" ".join(words).capitalize() + chance.choice(".!?"))
        yield tuple(sentences)


@dataclass
class Figures:
    """What the campaign has seen so far."""

    jobs: int = 0
    texts: int = 0
    attempts: int = 0
    good: int = 0
    suspect: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    stopped: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    blame: Counter[str] = field(default_factory=Counter)
    hours: float = 0.0
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Tell whether all that is promised was kept."""
        return not (self.wrong or self.lost or self.hung)


class Trial:
    """One job, played twice: with its faults, and then without any."""

    def __init__(self, job: Job, folder: Path, figures: Figures) -> None:
        """Keep takes in ``folder``, and add to ``figures``."""
        self._job = job
        self._cache = Cache(folder)
        self._figures = figures
        self._met: dict[str, list[str]] = {}  # faults, by text, in their order
        self._speech = {" ".join(text): _speech(text) for text in job.texts}

    async def play(self) -> None:
        """Play both runs and check what came of them."""
        figures, began_s = self._figures, asyncio.get_running_loop().time()
        ends, _ = await self._run(self._job.plan)
        self._check(ends)
        kept = {text for text in ends if self._heard(text) is not None}
        again, asked = await self._run("")
        for text, end in again.items():
            good = isinstance(end, Outcome) and not end.error
            if not good or (text not in kept and self._heard(text) != text):
                figures.lost.append(f"{self._name(text)}: {end!r} in the second run")
            if text in kept and text in asked:
                figures.lost.append(f"{self._name(text)}: bought twice")
        figures.jobs += 1
        figures.texts += len(ends)
        figures.hours += (asyncio.get_running_loop().time() - began_s) / 3600

    async def _run(self, plan: str) -> tuple[dict[str, End], list[str]]:
        """Ask for all texts; return how each request ended, and what was sent."""
        job, figures = self._job, self._figures
        settings = ServerSettings(synthesiser="tone", first_byte_s=0.2)
        faults = parse_plan(plan) if plan else None
        async with LocalServer(settings, faults=faults) as server:
            pool = self._pool(server.url)
            asked = {text: pool.take(job.request(text)) for text in self._speech}
            waiting = asyncio.gather(*asked.values(), return_exceptions=True)
            pool.last_call()
            ends: list[End] = [TimeoutError()] * len(asked)
            try:
                async with asyncio.timeout(HANG_S):
                    ends = await waiting
            except TimeoutError:
                figures.hung.append(self._name(""))
            await pool.close(0)
            for rule, times in server.struck.items():
                figures.struck[job.names[rule - 1]] += times
            for seen in (one for one in server.requests if one.frames):
                name = job.names[seen.fault - 1] if seen.fault else "no fault"
                self._met.setdefault(seen.frames[0], []).append(name)
        figures.attempts += pool.totals.attempts
        sent = [seen.frames[0] for seen in server.requests if seen.frames]
        return dict(zip(asked, ends, strict=True)), sent

    def _pool(self, url: str) -> Pool:
        client = RimeClient(url, key=Secret("canary-4d1f7b2"), engine=ENGINE)
        effects = Effects(
            speak=client.speak,
            clock=LoopClock(),
            chance=random.Random(self._job.number).random,
            on_event=lambda _: None,
        )
        return Pool(
            effects,
            cache=self._cache,
            concurrency=self._job.concurrency,
            duration_s=duration_s,
            judge=Judge(self._cache.load),
        )

    def _check(self, ends: dict[str, End]) -> None:
        figures = self._figures
        reasons = {type(e).__name__ for e in ends.values() if _stops(e)}
        figures.stopped.update(reasons)
        for text, end in ends.items():
            heard = self._heard(text)
            if isinstance(end, Outcome) and end.error is not None:
                figures.failed[end.error.fault.value] += 1
                if heard is not None:
                    figures.wrong.append(f"{self._name(text)}: failed, yet kept")
            elif isinstance(end, Outcome) and end.suspect is not None:
                figures.suspect += 1
            elif isinstance(end, Outcome):
                figures.good += 1
                if heard != text:
                    met = ", ".join(self._met[text])
                    figures.wrong.append(f"{self._name(text)}: {met}: {heard!r}")
                    figures.blame[self._met[text][-1]] += 1
            elif not isinstance(end, BatchTTSError | Stopped) or not reasons:
                figures.lost.append(f"{self._name(text)}: {end!r}")

    def _heard(self, text: str) -> str | None:
        """Return what the take of a text says; None if there is none to rely on."""
        kept = self._cache.read(self._job.request(text).fingerprint)
        if kept is None or kept.provisional:
            return None
        take = kept.recording
        if take.encoding == "pcm" and take.data == self._speech[text]:
            return text  # to the last sample: nobody need listen
        samples = decode(take, take.sampling_rate)
        reading = tone_reader.read(samples, take.sampling_rate)
        return reading.text if reading.whole else f"{reading.text} (not whole)"

    def _name(self, text: str) -> str:
        job = self._job
        return f"--seed {job.seed} --only {job.number}, {text!r}"


def _speech(sentences: tuple[str, ...]) -> bytes:
    return b"".join(tone.speak(one, speaker="astra", lang="eng") for one in sentences)


def _stops(end: object) -> bool:
    return isinstance(end, BatchTTSError)


def campaign(jobs: Iterable[Job], tell: Callable[[Figures], None]) -> Figures:
    """Play the jobs, a few at a time on one loop, and return what was seen."""
    figures = Figures()

    # In memory where that is known to be: the disk is tried elsewhere.
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None

    async def go() -> None:
        coming = iter(jobs)

        async def play() -> None:
            for job in coming:
                with tempfile.TemporaryDirectory(dir=place) as folder:
                    await Trial(job, Path(folder), figures).play()
                tell(figures)

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(play())

    with asyncio.Runner(loop_factory=WarpLoop) as runner:
        runner.run(go())
    return figures


def main() -> None:
    """Run the campaign, print its figures, and fail if a promise was not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="play this job alone, and show it")
    options = parser.parse_args()
    numbers = range(options.jobs) if options.only is None else [options.only]
    jobs = [Job.drawn(number, options.seed) for number in numbers]
    if options.only is not None:
        print(jobs[0])
        print(jobs[0].plan)
    began_s = time.monotonic()
    told_s = began_s

    def tell(figures: Figures) -> None:
        nonlocal told_s
        if time.monotonic() - told_s > 30:
            told_s = time.monotonic()
            print(f"{figures.jobs} jobs", figures.wrong[-1:], file=sys.stderr)

    figures = campaign(jobs, tell)
    _show(figures, time.monotonic() - began_s)
    if not figures.is_good:
        raise SystemExit(1)


def _show(figures: Figures, took_s: float) -> None:
    print(
        f"{figures.jobs:,} jobs, {figures.texts:,} texts, {figures.attempts:,} attempts"
        f" in {took_s:,.0f} s, as if in {figures.hours:,.1f} hours"
    )
    print(f"good {figures.good:,}, suspect {figures.suspect:,}")
    for title, counts in (
        ("reported as failed", figures.failed),
        ("runs that stopped", figures.stopped),
        ("faults struck", figures.struck),
        ("faults that were not noticed", figures.blame),
    ):
        print(f"{title}: " + ", ".join(f"{k} {n:,}" for k, n in sorted(counts.items())))
    for title, cases in (
        ("wrong takes called good", figures.wrong),
        ("lost texts", figures.lost),
        ("hung", figures.hung),
    ):
        print(f"{title}: {len(cases)}")
        for case in cases[:20]:
            print(f"  {case}")


if __name__ == "__main__":
    main()
