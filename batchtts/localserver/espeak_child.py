"""Speak with espeak-ng, in a process of its own.

Run as a script with the library's and the data's path; needs nothing but the
standard library. The GPL library is loaded here and nowhere else. Messages on
stdin and stdout are a length in four bytes, big-endian, and that many bytes: in
comes JSON, out goes ``+`` and samples, or ``-`` and a sentence. The first
message out is ``+`` and a JSON greeting.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from typing import BinaryIO, TypedDict

_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS: samples go to the callback alone
_NO_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT
_BY_CHARACTER = 1  # POS_CHARACTER
_UTF8_END_PAUSE = 0x1001  # espeakCHARS_UTF8 | espeakENDPAUSE
_RATE = 1  # espeakRATE
_PITCH = 3  # espeakPITCH
_LEAD_S = 0.05  # silence before the first sound, of which espeak-ng leaves little

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)


class Order(TypedDict):
    """A text and how to speak it, in espeak-ng's own terms."""

    text: str
    voice: str
    pitch: int  # 0 to 100
    rate_wpm: int


class SpeechError(Exception):
    """espeak-ng refused; the sentence says what."""


def main(library_path: str, data_path: str) -> None:
    """Greet, then answer orders until stdin ends."""
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What the library prints must not get among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    _write(sink, b"+" + json.dumps(_greeting(library_path, data_path)).encode())
    while (message := _read(source)) is not None:
        order: Order = json.loads(message)
        try:
            answer = b"+" + _speak(library_path, data_path, order)[0]
        except SpeechError as exc:
            answer = b"-" + str(exc).encode()
        _write(sink, answer)


def _greeting(library_path: str, data_path: str) -> dict[str, object]:
    """Tell version and rate, and whether two utterances come out alike.

    They do where unloading a library really unloads it. Elsewhere this process
    must speak but once.
    """
    order = Order(text="one two three", voice="en-us", pitch=50, rate_wpm=170)
    first, rate_hz, version = _speak(library_path, data_path, order)
    again, _, _ = _speak(library_path, data_path, order)
    return {"version": version, "rate_hz": rate_hz, "repeatable": first == again}


def _speak(library_path: str, data_path: str, order: Order) -> tuple[bytes, int, str]:
    """Return samples, rate and version.

    The library is loaded afresh each time: within one load it never says the
    same words twice alike, because a flutter index of its own runs on.
    """
    library = ctypes.CDLL(library_path)
    try:
        rate_hz = library.espeak_Initialize(
            _SYNCHRONOUS, 0, data_path.encode(), _NO_EXIT
        )
        if rate_hz <= 0:
            raise SpeechError(f'espeak-ng cannot read its data in "{data_path}"')
        library.espeak_Info.restype = ctypes.c_char_p
        version = library.espeak_Info(None).split()[0].decode()
        samples = _spoken(library, order)
        library.espeak_Terminate()
    finally:
        _unload(library)
    lead = bytes(2 * round(_LEAD_S * rate_hz))
    return lead + samples, rate_hz, version


def _spoken(library: ctypes.CDLL, order: Order) -> bytes:
    samples = bytearray()

    def collect(wave: object, count: int, _events: object) -> int:
        if wave and count > 0:
            samples.extend(ctypes.string_at(wave, count * 2))  # type: ignore[arg-type]
        return 0

    callback = _Callback(collect)  # alive as long as the library may call it
    library.espeak_SetSynthCallback(callback)
    library.espeak_ng_SetRandSeed(1)
    # Unchecked, a voice that does not exist leaves the one before speaking.
    if library.espeak_SetVoiceByName(order["voice"].encode()) != 0:
        raise SpeechError(f'espeak-ng has no voice "{order["voice"]}"')
    library.espeak_SetParameter(_RATE, order["rate_wpm"], 0)
    library.espeak_SetParameter(_PITCH, order["pitch"], 0)
    # A NUL would end the C string and lose the words after it.
    text = order["text"].replace("\0", " ").encode("utf-8", "replace") + b"\0"
    code = library.espeak_Synth(
        text, len(text), 0, _BY_CHARACTER, 0, _UTF8_END_PAUSE, None, None
    )
    if code != 0 or library.espeak_Synchronize() != 0:
        raise SpeechError(f"espeak-ng failed with code {code}")
    return bytes(samples)


def _unload(library: ctypes.CDLL) -> None:
    if sys.platform == "win32":
        from _ctypes import FreeLibrary  # noqa: PLC0415 (not everywhere)

        FreeLibrary(library._handle)  # noqa: SLF001 (ctypes has no other way)
    else:
        from _ctypes import dlclose  # noqa: PLC0415 (not everywhere)

        dlclose(library._handle)  # noqa: SLF001 (ctypes has no other way)


def _read(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    return source.read(int.from_bytes(head, "big")) if head else None


def _write(sink: BinaryIO, message: bytes) -> None:
    sink.write(len(message).to_bytes(4, "big") + message)
    sink.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
