"""Whether a take is all of its text, as surely as can be told.

Rime's plain socket has no mark for the end of the audio but a close, and a close
comes too when the service breaks off. Two things are left to tell by: a take that
is cut is shorter than its words need, and it mostly ends in mid-sound. Both are
weighed against what the voice's other takes are like, by how much likelier they
are of a broken take than of a whole one.

    judge.judge(request, recording)    None: believed, and counted; else a Doubt
    judge.is_open(request)             whether it is believed only for the time being
    judge.review(request)              if so: what all others make of it
    judge.learn(request, recording)    count a take that needs no verdict
    judge.remember(request)            name a take in the cache to learn from at need
    agree(first, second)               whether two doubtful takes confirm one another

The first takes of a voice are believed unless they can be nobody's speech. Once
there are enough to know the voice by, or no more will come, they are reviewed
together, each by all the others: so a voice that is slow, or that always stops
short, does not cost two takes of everything, and a sentence that is lacking in
its first take is missed. Where some are doubtful, the others are reviewed again
with what is made in their place. Where a service breaks off again and again, less
is believed of what it sends.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from batchtts.completeness.doubt import NEVER, Doubt
from batchtts.completeness.service import Service
from batchtts.completeness.units import close_of, units_of
from batchtts.model import Fingerprint, Recording, Request
from batchtts.rime.plausible import speed_of

if TYPE_CHECKING:
    from batchtts.completeness.voice import Evidence, VoiceRecord

__all__ = ["ENOUGH", "Judge", "VoiceKey", "voice_of"]

ENOUGH: Final = 16
"""Takes by which a voice is known: see tests/benchmarks/completeness.py."""

_PER_REQUEST = "inlineSpeedAlpha"  # one for each bracket of its text

VoiceKey = tuple[str, tuple[tuple[str, str], ...]]


class Judge:
    """Judges the takes of a run by one another; may be used from many threads."""

    def __init__(
        self, recall: Callable[[Fingerprint], Recording | None] = lambda _: None
    ) -> None:
        """Know no voice yet; ``recall`` reads a take from the cache."""
        self._recall = recall
        self._voices: dict[VoiceKey, VoiceRecord] = {}
        self._service = Service()
        self._lock = threading.Lock()
        self._remembered: dict[VoiceKey, list[Request]] = {}
        self._naming = threading.Lock()  # never held for long
        self._reviewing = threading.Lock()  # taken before the others

    def judge(self, request: Request, recording: Recording) -> Doubt | None:
        """Say why a take may not be complete; None: it is believed, and counted."""
        evidence = _evidence(request, recording)
        if isinstance(evidence, Doubt):
            with self._lock:
                self._service.count(1, 1)
            return evidence
        with self._lock:
            voice = self._voice(voice_of(request))
            if voice.takes < ENOUGH:
                voice.add_open(request.fingerprint, evidence)
                return None
            doubt = voice.weigh(evidence)
            doubtful = doubt.weight >= self._service.suspicious()
            self._service.count(1, int(doubtful))
            if doubtful:
                return doubt
            voice.add(evidence)
            return None

    def is_open(self, request: Request) -> bool:
        """Say whether the request's take is to be reviewed, again perhaps."""
        with self._lock:
            voice = self._voices.get(voice_of(request))
            return voice is not None and voice.is_open(request.fingerprint)

    def knows(self, request: Request) -> bool:
        """Say whether the request's voice is known so well that verdicts last."""
        with self._lock:
            voice = self._voices.get(voice_of(request))
            return voice is not None and voice.takes >= ENOUGH

    def review(self, request: Request) -> Doubt | None:
        """Judge a take by all others that was believed before its voice was known.

        If it is still open afterwards, it is to be reviewed again when those that
        were doubtful have been made again, or given up.
        """
        with self._reviewing:
            self._learn_remembered(voice_of(request))
            with self._lock:
                voice = self._voice(voice_of(request))
                return voice.review(request.fingerprint, self._service, ENOUGH)

    def learn(self, request: Request, recording: Recording) -> None:
        """Count a take that is known to be complete: an older one, or confirmed."""
        evidence = _evidence(request, recording)
        if not isinstance(evidence, Doubt):
            with self._lock:
                self._voice(voice_of(request)).add(evidence)

    def remember(self, request: Request) -> None:
        """Name a request whose take may be in the cache.

        It is read only if its voice is to be judged and there is too little else
        to judge by. This may be called from an event loop, the rest takes time.
        """
        with self._naming:
            requests = self._remembered.setdefault(voice_of(request), [])
            if len(requests) < ENOUGH:
                requests.append(request)

    def _learn_remembered(self, key: VoiceKey) -> None:
        with self._lock:
            if self._voice(key).takes >= ENOUGH:
                return
        with self._naming:
            requests = self._remembered.pop(key, [])
        for request in requests:
            recording = self._recall(request.fingerprint)
            if recording is not None:
                self.learn(request, recording)

    def _voice(self, key: VoiceKey) -> VoiceRecord:
        # What reckons with samples takes long to load: in a thread, here and below.
        from batchtts.completeness.pace import Pace
        from batchtts.completeness.voice import VoiceRecord

        if key not in self._voices:
            self._voices[key] = VoiceRecord(Pace(speed_of(dict(key[1]))))
        return self._voices[key]


def voice_of(request: Request) -> VoiceKey:
    """Return what makes a request's voice, whatever the job calls it."""
    shared = tuple(pair for pair in request.parameters if pair[0] != _PER_REQUEST)
    return request.engine, shared


def _evidence(request: Request, recording: Recording) -> Evidence | Doubt:
    """Listen to a take; what is no speech at all is doubted for good."""
    from batchtts.completeness.sound import Unheard, hear
    from batchtts.completeness.voice import Evidence

    heard = hear(recording)
    if isinstance(heard, Unheard):
        return Doubt(heard.reason, NEVER, fault=heard.fault)
    units = units_of(request.text, dict(request.parameters))
    close = close_of(request.text)
    return Evidence(units, close, heard.seconds, heard.ending, heard.clipped)
