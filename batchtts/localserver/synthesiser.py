"""What the server speaks with: the one interface, and the choice by name."""

from __future__ import annotations

import importlib.util
from typing import Protocol

from batchtts.errors import JobError, Problem
from batchtts.localserver.settings import SynthesiserName
from batchtts.model import Place

__all__ = ["Synthesiser", "identity_of", "open_synthesiser", "require_synthesiser"]

_PLACE = Place("engine: local")


class Synthesiser(Protocol):
    """Turns sentences into samples, the same ones for the same sentence."""

    @property
    def identity(self) -> str:
        """Return the name and version of the sound, as in ``local/tone+1``."""

    @property
    def rate_hz(self) -> int:
        """Return the sampling rate of what is spoken."""

    async def speak(self, text: str, *, speaker: str, lang: str, speed: float) -> bytes:
        """Return ``text`` spoken: signed 16-bit little-endian, mono.

        Raises LocalError when it cannot be spoken.
        """

    async def close(self) -> None:
        """Release what the synthesiser holds."""


def require_synthesiser(name: SynthesiserName, place: Place) -> None:
    """Make sure that the synthesiser ``name`` is installed.

    Raises JobError, with ``place`` and the line that installs it, if it is not.
    """
    if name == "espeak" and importlib.util.find_spec("espeakng_loader") is None:
        message = 'the speech engine "espeak" is not installed'
        hint = "install it with: pip install 'batchtts[local]'"
        raise JobError([Problem(place, message, hint)])


def identity_of(name: SynthesiserName) -> str:
    """Return the identity that a server speaking with ``name`` will have.

    Raises JobError when it is not installed, LocalError when it does not start.
    """
    require_synthesiser(name, _PLACE)
    # Either is imported only where it speaks: numpy and an optional extra.
    if name == "espeak":
        from batchtts.localserver.espeak import espeak_identity  # noqa: PLC0415

        return espeak_identity()
    from batchtts.localserver.tone import IDENTITY  # noqa: PLC0415

    return IDENTITY


async def open_synthesiser(name: SynthesiserName) -> Synthesiser:
    """Make the synthesiser ``name`` ready to speak.

    Raises JobError when it is not installed, LocalError when it does not start.
    """
    require_synthesiser(name, _PLACE)
    if name == "espeak":
        from batchtts.localserver.espeak import Espeak  # noqa: PLC0415 (as above)

        return await Espeak.start()
    from batchtts.localserver.tone import Tone  # noqa: PLC0415 (as above)

    return Tone()
