"""How long the speech of a plan will be, and how long it takes to get it.

Each voice is measured by its own takes in the cache, else by files that the lock
knows; where there are neither, it is taken to speak as people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from batchtts.cache import Cache
from batchtts.completeness.judge import VoiceKey, voice_of
from batchtts.completeness.units import KINDS, Units, units_of
from batchtts.model import Job, Request
from batchtts.plan import Reading
from batchtts.rime.plausible import speed_of
from batchtts.runner.recipes import RECORDED

if TYPE_CHECKING:
    from batchtts.completeness.pace import Pace

__all__ = ["Estimate", "Estimator"]

_ENOUGH = 64  # takes or files of a voice that it is estimated by
_MOST_TRIED = 256  # that are looked for
_COUNTED = 512  # requests of a voice whose units are all counted; then
_EACH = 64  # one of so many
_BEGIN_S = 0.5  # from a request to its first audio
# Seconds of speech that a connection brings in a second: nobody promises them.
_RIME_PACE = 2.0
_LOCAL_PACE = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan comes to in time, roughly; all in seconds."""

    audio_seconds: float  # of the speech in what is to be made
    audio_seconds_to_send: float  # of what has to be asked for
    run_seconds: float
    takes: int  # that it is estimated by
    files: int  # the same, where there were no takes
    voices_unknown: int  # estimated by how people speak
    speech_per_second: float  # that each connection is taken to bring


@dataclass(slots=True)
class _Voice:
    """What is known of a voice, and what is wanted of it."""

    pace: Pace
    takes: int = 0
    files: int = 0
    tried: int = 0
    requests: int = 0
    wanted: int = 0  # characters
    to_send: int = 0
    counted: int = 0  # of the wanted: what the units are of
    counts: list[float] = field(default_factory=lambda: [0.0] * len(KINDS))
    pauses_s: float = 0.0

    @property
    def is_known(self) -> bool:
        return self.takes + self.files >= _ENOUGH or self.tried >= _MOST_TRIED

    def want(self, request: Request) -> None:
        """Count a request; the units of some stand for those of all."""
        self.requests += 1
        self.wanted += len(request.text)
        if self.requests > _COUNTED and self.requests % _EACH:
            return
        units = _units(request)
        self.counts = [a + b for a, b in zip(self.counts, units.counts, strict=True)]
        self.pauses_s += units.pauses_s
        self.counted += len(request.text)

    def seconds(self, characters: int) -> float:
        """Return how long so many of the wanted characters take."""
        if not self.counted:
            return 0.0
        units = Units(tuple(self.counts), self.pauses_s)
        return self.pace.expect(units).seconds * characters / self.counted


class Estimator:
    """Adds up the speech of a plan, voice by voice."""

    def __init__(self, cache: Cache) -> None:
        """Begin with nothing."""
        self._cache = cache
        self._voices: dict[VoiceKey, _Voice] = {}
        self._requests = 0

    def want(self, request: Request, *, cached: bool, again: bool) -> None:
        """Count a request of what is to be made.

        ``again``: the same is in it a second time, and neither asked for nor
        measured once more.
        """
        if request.engine == RECORDED:
            return
        voice = self._voice(request)
        voice.want(request)
        if again:
            return
        if cached:
            self._measure(voice, request)
        else:
            voice.to_send += len(request.text)
            self._requests += 1

    def learn(self, reading: Reading, facts: Mapping[str, object]) -> None:
        """Learn from a reading whose file is there: from its takes, or its length."""
        requests = [one.request for one in reading.pieces if one.request is not None]
        if not requests or any(one.engine == RECORDED for one in requests):
            return
        voice = self._voice(requests[0])
        if voice.is_known:
            return
        before = voice.takes
        for request in requests:
            self._measure(self._voice(request), request)
        seconds = facts.get("seconds")
        alone = len(requests) == len(reading.pieces) == 1  # without our own pauses
        if voice.takes == before and alone and isinstance(seconds, float | int):
            voice.pace.add(_units(requests[0]), float(seconds))
            voice.files += 1

    def result(self, job: Job) -> Estimate:
        """Return what it comes to with the connections of ``job``."""
        voices = self._voices.values()
        to_send_s = sum(one.seconds(one.to_send) for one in voices)
        per_second = _RIME_PACE if job.engine == "rime" else _LOCAL_PACE
        at_once = max(1, min(job.concurrency, self._requests))
        wanted = [one for one in voices if one.wanted]
        return Estimate(
            audio_seconds=round(sum(one.seconds(one.wanted) for one in voices), 1),
            audio_seconds_to_send=round(to_send_s, 1),
            run_seconds=round(
                (to_send_s / per_second + self._requests * _BEGIN_S) / at_once, 1
            ),
            takes=sum(one.takes for one in wanted),
            files=sum(one.files for one in wanted),
            voices_unknown=sum(not (one.takes or one.files) for one in wanted),
            speech_per_second=per_second,
        )

    def _measure(self, voice: _Voice, request: Request) -> None:
        if voice.is_known:
            return
        voice.tried += 1
        seconds = self._cache.seconds(request.fingerprint)
        if seconds is not None:
            voice.pace.add(_units(request), seconds)
            voice.takes += 1

    def _voice(self, request: Request) -> _Voice:
        key = voice_of(request)
        if key not in self._voices:
            # What reckons with it takes long to load.
            from batchtts.completeness.pace import Pace

            self._voices[key] = _Voice(Pace(speed_of(dict(key[1]))))
        return self._voices[key]


def _units(request: Request) -> Units:
    return units_of(request.text, dict(request.parameters))
