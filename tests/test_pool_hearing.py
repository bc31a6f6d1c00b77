"""Doubtful takes: made again, confirmed by a second, judged when enough are there."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from pools import TAKE, Admitted, Pools, StuckClock, request, settle_all, take_all

from batchtts.completeness import Doubt
from batchtts.errors import Fault, TakeError
from batchtts.events import TakeDone
from batchtts.model import Recording, Request
from batchtts.pool import Outcome, Pool, Stopped


@pytest.fixture
def pools(tmp_path: Path) -> Pools:
    """Give a maker of pools."""
    return Pools(tmp_path / "cache")


class _Judge:
    """Doubts what is shorter than 100 bytes, once it has seen ``enough`` takes.

    Before that it believes everything, and doubts at the review.
    """

    def __init__(self, enough: int = 0) -> None:
        self.enough = enough
        self.seen: dict[str, Recording] = {}
        self.learned: list[str] = []
        self.remembered: list[str] = []
        self.reviews: Counter[str] = Counter()
        self.open: set[str] = set()

    def is_open(self, request: Request) -> bool:
        """Say whether it was believed and not reviewed."""
        return request.text in self.open

    def knows(self, request: Request) -> bool:
        """Count the takes."""
        return len(self.seen) >= self.enough

    def judge(self, request: Request, recording: Recording) -> Doubt | None:
        """Judge by the length."""
        known = self.knows(request)
        self.seen[request.text] = recording
        if known:
            return self._doubt(recording)
        self.open.add(request.text)
        return None

    def review(self, request: Request) -> Doubt | None:
        """Judge what was believed."""
        self.reviews[request.text] += 1
        self.open.discard(request.text)
        return self._doubt(self.seen[request.text])

    def learn(self, request: Request, recording: Recording) -> None:
        """Note it."""
        self.learned.append(request.text)

    def remember(self, request: Request) -> None:
        """Note it."""
        self.remembered.append(request.text)

    @staticmethod
    def _doubt(recording: Recording) -> Doubt | None:
        length = len(recording.data)
        if length >= 100:
            return None
        return Doubt(f"only {length} bytes", weight=3.0, seconds=length)


class _Lengths:
    """Speaks takes of these lengths, one after the other, and then good ones."""

    def __init__(self, *lengths: int) -> None:
        self.left = list(lengths)
        self.calls: Counter[str] = Counter()

    async def __call__(self, request: Request, admitted: Admitted) -> Recording:
        """Speak the next."""
        admitted()
        self.calls[request.text] += 1
        length = self.left.pop(0) if self.left else 160
        return Recording("pcm", 8_000, bytes(length))


def _run(pool: Pool, count: int) -> list[Outcome]:
    return asyncio.run(take_all(pool, [request(n) for n in range(count)]))


def test_a_doubtful_take_is_made_again(pools: Pools) -> None:
    """Nothing of it is kept when a better one comes."""
    pool = pools(_Lengths(80, 160), judge=_Judge())
    assert _run(pool, 1) == [Outcome(0.01)]
    assert pools.cache.load(request(0).fingerprint) == TAKE
    assert pool.totals.retries == 1


@pytest.mark.parametrize("lengths", [(80, 80), (80, 20, 80), (80, 60, 40, 20, 60)])
@pytest.mark.parametrize("enough", [0, 16])
def test_doubtful_takes_that_agree_are_kept_as_suspect(
    pools: Pools, lengths: tuple[int, ...], enough: int
) -> None:
    """The later of the two is in the cache, and everyone is told why to listen."""
    judge = _Judge(enough)
    [outcome] = _run(pools(_Lengths(*lengths), judge=judge), 1)
    assert outcome.error is None
    assert outcome.suspect == f"only {lengths[-1]} bytes"
    assert [event.suspect for event in pools.of(TakeDone)] == [outcome.suspect]
    kept = pools.cache.read(request(0).fingerprint)
    assert kept is not None
    assert len(kept.recording.data) == lengths[-1]
    assert (kept.suspect, kept.provisional) == (outcome.suspect, False)
    assert judge.learned == ["text 0"]


def test_what_was_suspect_stays_so(pools: Pools) -> None:
    """A later run tells it again, and sends nothing."""
    _run(pools(_Lengths(80, 80), judge=_Judge()), 1)
    judge, speaker = _Judge(), _Lengths()
    [outcome] = _run(pools(speaker, judge=judge), 1)
    assert outcome.suspect == "only 80 bytes"
    assert not speaker.calls
    assert judge.remembered == ["text 0"]


@pytest.mark.parametrize("enough", [0, 16])
def test_doubtful_takes_that_never_agree_are_a_failure(
    pools: Pools, enough: int
) -> None:
    """After five different lengths nobody knows which is right."""
    pool = pools(_Lengths(80, 60, 40, 20, 10), judge=_Judge(enough))
    [outcome] = _run(pool, 1)
    assert outcome.error is not None
    assert outcome.error.fault is Fault.INCOMPLETE
    assert [miss.received_bytes for miss in outcome.misses] == [80, 60, 40, 20, 10]
    kept = pools.cache.read(request(0).fingerprint)
    assert kept is None or kept.provisional


def test_doubts_of_one_request_say_nothing_of_another(pools: Pools) -> None:
    """Takes are compared with earlier ones of the same request only."""
    pool = pools(_Lengths(80, 80), 1, judge=_Judge())
    outcomes = _run(pool, 2)
    assert [one.suspect for one in outcomes] == [None, None]


def test_the_first_takes_are_judged_together(pools: Pools) -> None:
    """What was believed at first is reviewed when enough are there, and made again."""
    judge = _Judge(enough=6)
    pool = pools(_Lengths(160, 80), judge=judge)
    outcomes = _run(pool, 20)
    assert outcomes == [Outcome(0.01)] * 20
    assert pool.totals.attempts == 21
    assert 6 <= len(judge.reviews) <= 6 + 4
    for number in range(20):
        kept = pools.cache.read(request(number).fingerprint)
        assert kept is not None
        assert (kept.recording, kept.provisional) == (TAKE, False)


def test_few_takes_are_judged_when_no_more_come(pools: Pools) -> None:
    """A short job does not wait for takes that nobody asked for."""
    judge = _Judge(enough=16)
    pool = pools(_Lengths(160, 80), judge=judge)
    assert _run(pool, 5) == [Outcome(0.01)] * 5
    assert pool.totals.attempts == 6
    assert len(judge.reviews) == 5


def test_what_is_believed_beside_doubtful_takes_waits_for_their_second(
    pools: Pools,
) -> None:
    """It is provisional until then, and may be doubtful after all."""

    class _Learning(_Judge):
        def review(self, request: Request) -> Doubt | None:
            """Believe a take that is short too, until no shorter one is there."""
            doubt = super().review(request)
            shortest = min(len(take.data) for take in self.seen.values())
            if len(self.seen[request.text].data) == shortest:
                return doubt
            self.open.add(request.text)
            return None

    speaker, judge = _Lengths(80, 90), _Learning(enough=16)
    pool = pools(speaker, judge=judge)
    assert _run(pool, 2) == [Outcome(0.01)] * 2
    assert speaker.calls == {"text 0": 2, "text 1": 2}
    assert judge.reviews["text 1"] >= 2
    for number in range(2):
        kept = pools.cache.read(request(number).fingerprint)
        assert kept is not None
        assert not kept.provisional


def test_nobody_waits_once_a_voice_is_known(pools: Pools) -> None:
    """Be it by a take that did not have to wait: it had been confirmed."""

    class _Quick(_Judge):
        def judge(self, request: Request, recording: Recording) -> Doubt | None:
            """Doubt at once."""
            return super().judge(request, recording) or self._doubt(recording)

        def learn(self, request: Request, recording: Recording) -> None:
            """Know the voice."""
            super().learn(request, recording)
            self.enough = 0

    judged = asyncio.Event()

    async def speak(asked: Request, admitted: Admitted) -> Recording:
        if asked == request(2):
            await judged.wait()
        return TAKE if asked != request(1) else Recording("pcm", 8_000, bytes(80))

    async def go() -> None:
        asking = [asyncio.create_task(pool.take(request(n))) for n in range(3)]
        async with asyncio.timeout(30):
            assert await asking[0] == Outcome(0.01)
        judged.set()
        await asyncio.gather(*asking)
        await pool.close(0)

    pool = pools(speak, judge=_Quick(enough=16))
    asyncio.run(go())


def test_each_voice_waits_for_its_own_takes(pools: Pools) -> None:
    """A voice with few lines does not wait for another's many."""
    reviewed: list[str] = []

    class _Noting(_Judge):
        def review(self, request: Request) -> Doubt | None:
            """Note whose take it is: how long the disk takes after that may vary."""
            reviewed.append(dict(request.parameters)["speaker"])
            return super().review(request)

    async def go() -> None:
        pool = pools(_Lengths(), 1, judge=_Noting(enough=1000))
        few = [request(n, speaker="luna") for n in range(2)]
        many = [request(n, speaker="astra") for n in range(30)]
        await asyncio.gather(*(pool.take(asked) for asked in [*few, *many]))
        await pool.close(0)

    asyncio.run(go())
    assert reviewed == ["luna"] * 2 + ["astra"] * 30


def test_a_take_left_unjudged_is_judged_by_the_next_run(pools: Pools) -> None:
    """A run that was killed leaves takes that are not yet believed for good."""
    good, bad = request(0), request(1)
    pools.cache.store(good, TAKE, provisional=True)
    pools.cache.store(bad, Recording("pcm", 8_000, bytes(80)), provisional=True)
    speaker = _Lengths()
    pool = pools(speaker, judge=_Judge(enough=16))
    assert _run(pool, 2) == [Outcome(0.01)] * 2
    assert speaker.calls == {"text 1": 1}
    assert (pool.totals.cached, pool.totals.made) == (1, 1)
    for asked in (good, bad):
        kept = pools.cache.read(asked.fingerprint)
        assert kept is not None
        assert (kept.recording, kept.provisional) == (TAKE, False)


def test_an_earlier_runs_take_can_be_the_one_that_agrees(pools: Pools) -> None:
    """What was doubtful then confirms what is doubtful now."""
    short = Recording("pcm", 8_000, bytes(80))
    pools.cache.store(request(0), short, provisional=True)
    pool = pools(_Lengths(80), judge=_Judge())
    [outcome] = _run(pool, 1)
    assert outcome.suspect == "only 80 bytes"
    assert pool.totals.attempts == 1


def test_who_waits_to_be_judged_is_judged_when_the_run_stops(pools: Pools) -> None:
    """Of takes that are there nothing is left open by an interrupt."""
    pools.clock = StuckClock()

    async def speak(asked: Request, admitted: Admitted) -> Recording:
        if asked == request(0):
            raise TakeError(Fault.DROPPED, "gone")
        return TAKE

    async def go() -> list[Outcome | BaseException]:
        pool = pools(speak, judge=_Judge(enough=16))
        asking = asyncio.create_task(settle_all(pool, [request(n) for n in range(3)]))
        while pool.totals.attempts < 3:  # noqa: ASYNC110 - has no event
            await asyncio.sleep(0.001)
        async with asyncio.timeout(5):
            await pool.close(1000)
        return await asking

    stopped, *judged = asyncio.run(go())
    assert isinstance(stopped, Stopped)
    assert judged == [Outcome(0.01)] * 2
