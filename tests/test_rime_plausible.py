"""Lengths: of recordings, and of what a text can take to be spoken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchtts.model import Recording
from batchtts.rime.plausible import (
    duration_s,
    implausible,
    longest_s,
    shortest_s,
    speed_of,
)

PROSE = (
    "The harbour lay quiet under the morning mist, and nobody on the quay spoke "
    "above a whisper until the first boat had come in. "
) * 4


def test_pcm_is_two_bytes_a_sample() -> None:
    """Headerless samples last as long as there are samples."""
    assert duration_s(Recording("pcm", 24_000, bytes(48_000))) == 1.0


def test_mulaw_is_one_byte_a_sample() -> None:
    """A mu-law byte is a sample."""
    assert duration_s(Recording("mulaw", 8_000, bytes(4_000))) == 0.5


@pytest.mark.parametrize("pace_s", [0.04, 0.066, 0.1, 0.2])
def test_prose_at_any_human_pace_passes(pace_s: float) -> None:
    """From the fastest reader to the slowest, a whole reading is plausible."""
    assert implausible(PROSE, pace_s * len(PROSE)) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Hi", 0.15),
        ("No", 2.5),
        ("1,999,999", 4.0),
        ("NASA FBI CIA NATO", 7.0),
        ("你好世界", 1.2),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0.3),
        ("Wait <3000> please", 5.0),
        ("spell(abcdefghijklmnopqrstuvwxyz)", 18.0),
        ("+49 (0)89 12 34 56", 11.0),
    ],
)
def test_odd_but_whole_readings_pass(text: str, seconds: float) -> None:
    """Numbers, capitals, ideographs and pauses take their time."""
    assert implausible(text, seconds) is None


def test_a_small_part_is_implausible() -> None:
    """A reading of some words of many is told, with its figures."""
    assert implausible("a bird in the hand " * 10, 1.5) == (
        "1.50 s of audio for 190 characters, expected at least 2.80 s"
    )


def test_a_flood_is_implausible() -> None:
    """A reading that goes on and on is told, with its figures."""
    assert implausible("Hello there.", 60.0) == (
        "60.00 s of audio for 12 characters, expected at most 9.5 s"
    )


@given(st.text(max_size=600), st.floats(1, 3))
def test_the_bounds_leave_room(text: str, speed: float) -> None:
    """There is always a plausible length between the two bounds."""
    assert 0 <= shortest_s(text, speed) < longest_s(text, speed)


@pytest.mark.parametrize(
    ("parameters", "speed"),
    [
        ({}, 1.0),
        ({"speedAlpha": "1.0"}, 1.0),
        ({"speedAlpha": "2"}, 2.0),
        ({"speedAlpha": "0.5"}, 2.0),
        ({"timeScaleFactor": "0.4", "speedAlpha": "1.2"}, 2.5),
        ({"inlineSpeedAlpha": "1, 0.25"}, 4.0),
        ({"speedAlpha": "fast"}, 1.0),
        ({"speedAlpha": "0"}, 1.0),
        ({"speedAlpha": "-3"}, 1.0),
        ({"speedAlpha": "inf"}, 1.0),
        ({"speedAlpha": "nan"}, 1.0),
        ({"speedAlpha": "1e-300"}, 10.0),
    ],
)
def test_speeds_widen_both_bounds(parameters: dict[str, str], speed: float) -> None:
    """Faster on one model is slower on another: either way counts."""
    assert speed_of(parameters) == speed


def test_a_fast_voice_may_be_fast() -> None:
    """What is too short for a plain voice is right for one at double speed."""
    seconds = shortest_s(PROSE) * 0.6
    assert implausible(PROSE, seconds) is not None
    assert implausible(PROSE, seconds, speed=2.0) is None
