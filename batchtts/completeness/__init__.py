"""Is a take complete? Statistics of voices stand in for the proof that is lacking."""

from __future__ import annotations

from batchtts.completeness.doubt import Doubt, agree
from batchtts.completeness.judge import ENOUGH, Judge, VoiceKey, voice_of

__all__ = ["ENOUGH", "Doubt", "Judge", "VoiceKey", "agree", "voice_of"]
