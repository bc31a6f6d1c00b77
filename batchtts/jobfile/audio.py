"""How outputs sound: the job's audio section with an output's own on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchtts.formats import FORMATS
from batchtts.jobfile.fields import Fields
from batchtts.jobfile.nodes import MapNode, Node, ScalarNode
from batchtts.jobfile.problems import Problems
from batchtts.model import AudioSettings, Loudness, Pauses

__all__ = ["LOUDNESS", "audio"]

LOUDNESS: Mapping[str, Loudness] = {
    "podcast": Loudness("lufs", -19.0, -1.0),
    "ebu": Loudness("lufs", -23.0, -1.0),
    "acx": Loudness("rms", -20.0, -3.5),
    "peak": Loudness("peak", 0.0, -1.0),
    "none": Loudness("none"),
}


@dataclass(frozen=True, slots=True)
class _Layers:
    """An output's audio section over the job's."""

    own: Fields
    job: Fields

    def value(self, key: str) -> Node | None:
        own = self.own.value(key)
        return self.job.value(key) if own is None else own

    def whole(self, key: str) -> int | None:
        own = self.own.whole(key)
        return self.job.whole(key) if own is None else own


def audio(own: Fields, job: Fields, suffix: str, problems: Problems) -> AudioSettings:
    """Return how an output with this path ending is to sound.

    What its format cannot hold is noted in ``problems``. A bit rate that the
    job asks of all its outputs is none of a format's business that has no bit
    rate; asked of the output itself it is a problem.
    """
    layers = _Layers(own, job)
    rate_hz, bitrate = layers.whole("sample_rate"), layers.whole("bitrate")
    kind = FORMATS.get(suffix)
    if kind and rate_hz and kind.rates_hz and rate_hz not in kind.rates_hz:
        rates = ", ".join(str(rate) for rate in kind.rates_hz)
        message = f"{suffix} files cannot have a sample rate of {rate_hz} Hz"
        problems.add(layers.value("sample_rate"), message, f"they can have {rates}")
    if kind and bitrate:
        if kind.bitrates is None:
            if "bitrate" in own:
                message = f"{suffix} files have no bit rate to choose"
                problems.add(own.value("bitrate"), message, "remove it")
            bitrate = None
        elif not kind.bitrates[0] <= bitrate <= kind.bitrates[1]:
            low, high = kind.bitrates
            message = f"{suffix} files cannot have a bit rate of {bitrate} kbit/s"
            hint = f"they can have {low} to {high}"
            problems.add(layers.value("bitrate"), message, hint)
    return AudioSettings(
        sample_rate=rate_hz,
        pauses=_pauses(own.below("pauses"), job.below("pauses")),
        loudness=_loudness(layers.value("loudness")),
        bitrate=bitrate,
    )


def _pauses(own: Fields, job: Fields) -> Pauses:
    def seconds(key: str, default: float) -> float:
        asked = own.number(key)
        asked = job.number(key) if asked is None else asked
        return default if asked is None else float(asked)

    plain = Pauses()
    return Pauses(
        clause=seconds("clause", plain.clause),
        sentence=seconds("sentence", plain.sentence),
        paragraph=seconds("paragraph", plain.paragraph),
        section=seconds("section", plain.section),
    )


def _loudness(node: Node | None) -> Loudness:
    if isinstance(node, ScalarNode):
        return LOUDNESS.get(node.text, LOUDNESS["podcast"])
    if not isinstance(node, MapNode):
        return LOUDNESS["podcast"]
    fields = Fields(node)
    if "lufs" in fields:
        target, ceiling = fields.number("lufs"), fields.number("true_peak")
        return Loudness("lufs", float(target or 0), _ceiling(ceiling))
    target, ceiling = fields.number("rms"), fields.number("peak")
    return Loudness("rms", float(target or 0), _ceiling(ceiling))


def _ceiling(asked: float | None) -> float:
    return -1.0 if asked is None else float(asked)
