"""How a local server listens, answers and delays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from batchtts.secret import Secret

__all__ = ["ServerSettings", "SynthesiserName", "WavHeaders"]

SynthesiserName = Literal["espeak", "tone"]
WavHeaders = Literal["connection", "sentence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Everything about a local server that can be chosen."""

    # Where it listens, and what with it speaks.
    host: str = "127.0.0.1"
    port: int = 0  # 0: any free one
    synthesiser: SynthesiserName = "espeak"

    # Who may come in. ``keys`` None: any bearer token that is not empty.
    require_key: bool = True
    keys: tuple[Secret, ...] | None = None
    connection_limit: int | None = None  # at the same time; None: any number

    # When the audio comes.
    first_byte_s: float = 0.0  # from the text to its first audio
    real_time_factor: float | None = None  # seconds of audio a second; None: at once

    # How the audio is cut and framed.
    message_bytes: int = 16_384
    odd_cuts: int | None = None  # a seed: messages of any length up to the above
    wav_headers: WavHeaders = "connection"  # one a connection or one a sentence
    wav_lengths: int = 0xFFFFFFFF  # the placeholder in WAV headers; 0 is seen too

    # What is too long: code points or UTF-16 units, whichever are more.
    text_limit: int | None = 500
