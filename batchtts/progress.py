"""How a run looks while it goes on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import IO, Never, Self

from tqdm import tqdm

from batchtts.events import (
    Event,
    Held,
    MadeAgain,
    OutputMade,
    OutputUnchanged,
    ReadingDone,
    ReadingFailed,
    Retrying,
    RunPlanned,
    TakeDone,
    TakeFailed,
    Throttled,
    Warned,
)
from batchtts.text_safety import many, many_outputs, printable

__all__ = ["Progress"]

_LINE_EVERY_S = 30.0


class Progress:
    """Follow a run's events and show them on a stream, counting characters."""

    def __init__(self, stream: IO[str], *, bar: bool, verbose: int) -> None:
        """Show a bar if ``bar``, else a plain line every 30 s; more if ``verbose``."""
        self._stream = stream
        self._verbose = verbose
        self._bar: tqdm[Never] | None = None
        self._wants_bar = bar
        self._began_s = time.monotonic()
        self._last_line_s = self._began_s
        self._planned = RunPlanned(0, 0, 0, 0)
        self._characters = 0
        self._cached = 0
        self._retries = 0
        self._texts = 0
        self._limit: int | None = None

    def __enter__(self) -> Self:
        """Return the progress itself, which is the callback for events."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Take the bar off the screen."""
        if self._bar is not None:
            self._bar.close()

    def __call__(self, event: Event) -> None:
        """Take notice of one event."""
        self._count(event)
        self._say(event)
        self._refresh()

    def _count(self, event: Event) -> None:
        match event:
            case RunPlanned():
                self._planned = event
                self._open()
            case TakeDone(characters, cached, _):
                self._cached += cached
                self._advance(characters)
            case TakeFailed(characters):
                self._advance(characters)
            case OutputUnchanged(_, characters):
                self._texts += 1
                self._advance(characters)
            case ReadingDone():
                self._texts += 1
            case MadeAgain(_, _, characters):
                self._expect_more(characters)
            case Retrying():
                self._retries += 1
            case Throttled(limit):
                self._limit = limit

    def _say(self, event: Event) -> None:
        match event:
            case OutputMade(path, seconds):
                self._detail(1, f"made {path} ({seconds:.1f} s)")
            case Retrying(_, reason, failures, delay_s):
                self._detail(
                    1, f"attempt {failures} failed, again in {delay_s:.1f} s: {reason}"
                )
            case Throttled(limit, pause_s, reason):
                self._detail(
                    0,
                    f"the service asks for fewer connections ({reason}): "
                    f"waiting {pause_s:.1f} s, then at most {limit}",
                )
            case Held(reason, probe_in_s):
                self._detail(
                    0,
                    f"the service seems to be down ({reason}): "
                    f"trying again in {probe_in_s:.0f} s",
                )
            case MadeAgain(text, voice, _):
                self._detail(1, f'again: text "{text}" in voice "{voice}"')
            case ReadingFailed(text, voice, reason):
                self._detail(1, f'failed: text "{text}" in voice "{voice}": {reason}')
            case Warned(message):
                self._detail(0, f"warning: {message}")

    def _open(self) -> None:
        plan = self._planned
        if self._wants_bar:
            self._bar = tqdm(
                total=plan.characters,
                unit=" characters",
                unit_scale=True,
                file=self._stream,
                dynamic_ncols=True,
                leave=False,
                mininterval=0.2,
            )
        else:
            self._line(
                f"{many(plan.texts, 'text')}, {plan.characters:,} characters, "
                f"{many_outputs(plan.outputs, plan.utterances)} to make or check"
            )

    def _expect_more(self, characters: int) -> None:
        plan = self._planned
        self._planned = replace(
            plan,
            readings=plan.readings + 1,
            characters=plan.characters + characters,
        )
        if self._bar is not None:
            self._bar.total = self._planned.characters

    def _advance(self, characters: int) -> None:
        self._characters += characters
        if self._bar is not None:
            self._bar.update(characters)

    def _refresh(self) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(self._state(), refresh=False)
            return
        now_s = time.monotonic()
        if now_s - self._last_line_s >= _LINE_EVERY_S:
            self._last_line_s = now_s
            self._line(self._status(now_s))

    def _status(self, now_s: float) -> str:
        done, total = self._characters, self._planned.characters
        left = ""
        if 0 < done < total:
            left_s = (now_s - self._began_s) * (total - done) / done
            if left_s >= 1:  # words that are not spoken may stay over
                left = f", about {_span(left_s)} left"
        return f"{done:,} of {total:,} characters, {self._state()}{left}"

    def _state(self) -> str:
        parts = [f"{self._texts:,}/{self._planned.readings:,} texts"]
        if self._cached:
            parts.append(f"{self._cached:,} cached")
        if self._retries:
            parts.append(many(self._retries, "retry", "retries"))
        if self._limit is not None:
            parts.append(f"at most {self._limit} sockets")
        return ", ".join(parts)

    def _detail(self, level: int, message: str) -> None:
        if self._verbose >= level:
            self._line(printable(message))

    def _line(self, message: str) -> None:
        if self._bar is not None:
            self._bar.write(message, file=self._stream)
        elif self._verbose >= 0:
            self._stream.write(message + "\n")
            self._stream.flush()


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
