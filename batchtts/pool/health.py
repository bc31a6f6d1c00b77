"""What the service tells about itself by the way attempts end."""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.breaker import Breaker, State
from batchtts.errors import Fault, JobError, Problem, ServiceError, TakeError
from batchtts.events import Held, Throttled, Warned
from batchtts.gate import RETRY_AFTER_CAP_S, Gate, Pass
from batchtts.model import Fingerprint, Place, Request
from batchtts.pool.outcome import Effects
from batchtts.retry import is_service_wide

__all__ = ["Health", "Slot"]

STARVED_S = 900.0  # throttled for so long without one success: give up
_REFUSED_ALIKE = 5  # requests in one voice, one after another, in the same words

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """What an attempt holds while it lasts."""

    entry: Pass
    probe: bool


class Health:
    """Decides from all attempts together when the next may begin, if any may.

    Whatever ends the run for everyone is raised here: ServiceError where a later
    run may succeed, JobError where the job asks for what cannot be had.
    """

    def __init__(
        self,
        gate: Gate,
        breaker: Breaker,
        effects: Effects,
    ) -> None:
        """Judge a service of which nothing is known yet."""
        self._gate = gate
        self._breaker = breaker
        self._clock = effects.clock
        self._chance = effects.chance
        self._on_event = effects.on_event
        self._starving_since_s: float | None = None
        self._worked: set[Parameters] = set()
        self._refusals: dict[Parameters, tuple[str, int]] = {}
        self._told_of_cap = False

    # --- slots ------------------------------------------------------------------

    def wait_s(self, now_s: float) -> float | None:
        """Say how long the next attempt must wait; None: until something ends."""
        waits_s = (self._gate.wait_s(now_s), self._breaker.wait_s(now_s))
        return None if None in waits_s else max(w for w in waits_s if w is not None)

    def enter(self, now_s: float) -> Slot:
        """Give a slot for one attempt."""
        return Slot(self._gate.enter(now_s), self._breaker.enter())

    def leave(self, slot: Slot) -> None:
        """Take a slot back."""
        self._gate.leave(slot.entry)
        self._breaker.leave(probe=slot.probe)

    def admitted(self, slot: Slot) -> None:
        """Record that the service has let an attempt's connection in."""
        self._gate.admitted(slot.entry)

    def heard(self, slot: Slot) -> None:
        """Record that an attempt's connection has ended, with a whole reply."""
        self._gate.closed(slot.entry)
        self._breaker.answered(self._clock.now_s())

    # --- how attempts end -------------------------------------------------------

    def succeeded(self, request: Request) -> None:
        """Record that an attempt has given a take."""
        self._gate.finished(self._clock.now_s())
        self._starving_since_s = None
        self._worked.add(request.parameters)
        self._refusals.pop(request.parameters, None)

    def failed(
        self, request: Request, fingerprint: Fingerprint, error: TakeError, slot: Slot
    ) -> None:
        """Record that an attempt has failed; raise what ends the run."""
        now_s = self._clock.now_s()
        if is_service_wide(error):
            before = self._breaker.state
            state = self._breaker.failed(fingerprint, now_s, probe=slot.probe)
            if state is not before or slot.probe:
                self._tell_state(error)
            return
        self._breaker.answered(now_s)
        if error.fault is Fault.THROTTLED:
            self._throttled(error, slot, now_s)
        elif error.fault is Fault.WRONG_FORMAT:
            self._answered_otherwise(request, error)
        elif error.fault is Fault.REJECTED and error.status is not None:
            self._refused(request, error)

    @property
    def holding(self) -> bool:
        """Say whether nothing is sent but probes."""
        return self._breaker.state is State.OPEN

    def hold_if_silent(self, since_s: float, error: TakeError) -> bool:
        """Hold everything back if the service has answered nothing since then."""
        if not self._breaker.silent_since(since_s):
            return False
        self._breaker.trip(self._clock.now_s())
        self._tell_state(error)
        return True

    # --- throttles, outages, settings -------------------------------------------

    def _throttled(self, error: TakeError, slot: Slot, now_s: float) -> None:
        asked_s = error.retry_after_s
        chance = self._chance()
        self._gate.refused(slot.entry, now_s, chance=chance, retry_after_s=asked_s)
        pause_s = max(0.0, self._gate.pause_until_s - now_s)
        self._on_event(Throttled(self._gate.limit, pause_s, error.reason))
        if asked_s is not None and asked_s > RETRY_AFTER_CAP_S:
            self._tell_of_cap(asked_s)
        if self._starving_since_s is None:
            self._starving_since_s = now_s
        if now_s - self._starving_since_s > STARVED_S:
            raise ServiceError(
                f"the service has admitted nothing for {STARVED_S / 60:.0f} minutes "
                f'("{error.reason}"); run again later'
            )

    def _tell_of_cap(self, asked_s: float) -> None:
        if self._told_of_cap:
            return
        self._told_of_cap = True
        self._on_event(
            Warned(
                f"the service asks to wait {asked_s:,.0f} s before the next "
                f"connection; it is tried again every {RETRY_AFTER_CAP_S:.0f} s, for "
                f"{STARVED_S / 60:.0f} minutes"
            )
        )

    def _tell_state(self, error: TakeError) -> None:
        if self._breaker.state is State.DEAD:
            what = "works" if error.fault is Fault.SERVICE else "can be reached"
            raise ServiceError(
                f"the service no longer {what}: {error.reason}; run again later"
                if self._breaker.has_answered
                else f"the service cannot be used: {error.reason}"
            )
        self._on_event(Held(error.reason, self._breaker.probe_every_s))

    def _answered_otherwise(self, request: Request, error: TakeError) -> None:
        """Stop at audio of another format, unless the voice has worked before."""
        if request.parameters not in self._worked:
            hint = "set the voice's audio_format and sampling_rate to what it gives"
            raise _settings_error(request, error.reason, hint)

    def _refused(self, request: Request, error: TakeError) -> None:
        """Stop when a voice is refused again and again in the same words.

        A single text that the service dislikes is that text's trouble; a voice
        of which nothing has been spoken since the first refusal is the job's.
        """
        words, times = self._refusals.get(request.parameters, ("", 0))
        times = times + 1 if words == error.reason else 1
        self._refusals[request.parameters] = (error.reason, times)
        if times >= _REFUSED_ALIKE:
            reason = f"refuses every request of a voice: {error.reason}"
            hint = "check the voice's speaker, model, lang and the job's limit"
            raise _settings_error(request, reason, hint)


def _settings_error(request: Request, reason: str, hint: str) -> JobError:
    sent = dict(request.parameters)
    names = [sent[name] for name in ("speaker", "modelId", "lang") if name in sent]
    place = Place(f"the service, asked for {'/'.join(names)}" if names else "service")
    return JobError([Problem(place, reason, hint)])
