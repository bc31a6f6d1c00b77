"""Real speech offline: espeak-ng, kept in a child process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from batchtts.errors import LocalError
from batchtts.localserver.espeak_child import Order
from batchtts.localserver.espeak_process import EspeakProcess, short_data_path
from batchtts.localserver.languages import voice_of
from batchtts.localserver.speakers import timbre_of

__all__ = ["MAPPING_VERSION", "Espeak", "espeak_identity"]

MAPPING_VERSION = 1
"""Goes up whenever languages, speakers or silences are mapped otherwise."""

_RATES_WPM = (80, 450)  # what espeak-ng can do

_T = TypeVar("_T")


def espeak_identity() -> str:
    """Return the identity, as the library itself tells its version.

    Raises LocalError when espeak-ng does not start.
    """
    with contextlib.ExitStack() as stack:
        process = EspeakProcess(short_data_path(stack))
        stack.callback(process.close)
        return _identity(process)


def _identity(process: EspeakProcess) -> str:
    return f"local/espeak-{process.version}+{MAPPING_VERSION}"


class Espeak:
    """Speak with a child process, replaced when it crashes or hangs.

    Make one with ``start``. Sentences are spoken one after the other.
    """

    def __init__(self, stack: contextlib.ExitStack, process: EspeakProcess) -> None:
        """Take the living process, and the stack that removes its data's link."""
        self._stack = stack
        self._process = process
        # One thread: it waits for the child, which does one thing at a time.
        self._thread = ThreadPoolExecutor(1, "espeak")
        self.identity = _identity(process)
        self.rate_hz = process.rate_hz

    @classmethod
    async def start(cls) -> Espeak:
        """Start the child process and learn what it is.

        Raises LocalError when it does not start.
        """
        with contextlib.ExitStack() as stack:
            data_path = short_data_path(stack)
            process = await asyncio.to_thread(EspeakProcess, data_path)
            return cls(stack.pop_all(), process)

    async def speak(self, text: str, *, speaker: str, lang: str, speed: float) -> bytes:
        """Return ``text`` spoken; a lost child is replaced once.

        Raises LocalError when the text cannot be spoken.
        """
        timbre = timbre_of(speaker)
        lowest, highest = _RATES_WPM
        order = Order(
            text=text,
            voice=f"{voice_of(lang)}+{timbre.variant}",
            pitch=timbre.pitch,
            rate_wpm=min(max(round(timbre.rate_wpm * speed), lowest), highest),
        )
        return await self._run(lambda: self._ask(order))

    async def close(self) -> None:
        """End the child process."""
        await self._run(self._process.close)
        self._thread.shutdown()
        self._stack.close()

    async def _run(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _ask(self, order: Order) -> bytes:
        if not self._process.fresh:
            self._renew()
        try:
            return self._process.speak(order)
        except BrokenPipeError:
            self._renew()
        try:
            return self._process.speak(order)
        except BrokenPipeError as exc:
            shown = order["text"][:60]
            raise LocalError(f'espeak-ng crashed or hung twice at "{shown}"') from exc

    def _renew(self) -> None:
        self._process.close()
        self._process = EspeakProcess(self._process.data_path)
