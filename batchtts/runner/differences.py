"""Why a file is not what it should be, in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batchtts.jobfile.parameters import PARAMETERS
from batchtts.lock.lines import Made
from batchtts.lock.marks import mark_of
from batchtts.lock.parsing import made_of
from batchtts.model import Output, Place
from batchtts.plan import Reading
from batchtts.runner.ledger import Ledger
from batchtts.runner.recipes import Recipes

__all__ = ["Reason", "differences", "settings_changes", "spoken_differences"]

_FIELDS = {parameter.name: parameter.field for parameter in PARAMETERS}
_NONE = "none"
_DIGESTS = frozenset({"cover", "source", "columns"})  # which nobody can read


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason, and where the job or a text says what led to it."""

    place: Place
    what: str


def differences(
    ledger: Ledger, recipes: Recipes, reading: Reading, output: Output, made: str
) -> tuple[Reason, ...]:
    """Say what has changed since a file was made of what the lock says.

    ``made`` is that, as the ledger has it.
    """
    try:
        old = made_of(json.loads(made))
    except ValueError:
        return (Reason(output.place, "the output was another one before"),)
    rate_hz = recipes.rate_hz(reading, output)
    new = recipes.made(reading, output, rate_hz)
    reasons = list(spoken_differences(ledger, recipes, reading, old, new))
    if old.sound != new.sound:
        before = _content(ledger, "sound", old.sound)
        sound = recipes.sound(output, rate_hz).content
        reasons += [
            Reason(output.place, change) for change in settings_changes(before, sound)
        ]
    return tuple(reasons)


def spoken_differences(
    ledger: Ledger, recipes: Recipes, reading: Reading, old: Made, new: Made
) -> Iterator[Reason]:
    """Say what has changed of a reading's words, voices and cuts, and of its names."""
    place = reading.text.place
    same_words = old.words == new.words
    if not same_words:
        yield Reason(place, "text changed")
    if old.speech != new.speech:
        voice = reading.voice
        before = _content(ledger, "speech", old.speech)
        for change in _speech_changes(before, recipes.speech(reading).content):
            yield Reason(voice.place, f'voice "{voice.name}": {change}')
    elif same_words and old.chunks != new.chunks:
        for change in _chunk_changes(old, new):
            yield Reason(place, change)
    for change in _changes(old.tags, new.tags):
        yield Reason(place, change)


def _speech_changes(
    old: Mapping[str, object] | None, new: Mapping[str, object]
) -> Iterator[str]:
    if old is None:
        yield "changed"
        return
    if old.get("engine") != new.get("engine"):
        yield f"engine {_shown(old.get('engine'))} -> {_shown(new.get('engine'))}"
    yield from _changes(*(_named(one.get("parameters")) for one in (old, new)))
    if old.get("roles") != new.get("roles"):
        yield "the voices of its roles changed"


def _named(parameters: object) -> Mapping[str, object]:
    """Call parameters as the job file does."""
    return {_FIELDS.get(name, name): one for name, one in _object(parameters).items()}


def settings_changes(
    old: Mapping[str, object] | None, new: Mapping[str, object]
) -> Iterator[str]:
    """Say what has changed of the settings of an output."""
    if old is None:
        yield "how it is to sound changed"
        return
    if old.get("mixing") != new.get("mixing"):
        yield "made by an older mixing rule"
    before, after = dict(_flat(old)), dict(_flat(new))
    before.pop("mixing", None)
    after.pop("mixing", None)
    yield from _changes(before, after)


def _flat(content: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from ((f"{name} {key}", one) for key, one in _flat(value))
        else:
            yield name, value


def _chunk_changes(old: Made, new: Made) -> Iterator[str]:
    before = [mark_of(chunk) for chunk in old.chunks]
    after = [mark_of(chunk) for chunk in new.chunks]
    if [one[:3] for one in before] != [one[:3] for one in after]:
        yield (
            "cut at other places"
            if old.cut == new.cut
            else f'cut otherwise: "{old.cut}" -> "{new.cut}"'
        )
        return
    for number, (one, two) in enumerate(zip(before, after, strict=True), 1):
        if one.recording != two.recording:
            what = "a recording is pinned" if two.recording else "no longer pinned"
            yield f"chunk {number}: {what}"
        elif one.take != two.take:
            yield f"chunk {number}: take {one.take} -> {two.take}"


def _changes(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        if name in _DIGESTS:
            yield f"{name} changed"
        else:
            yield f"{name} {_shown(old.get(name))} -> {_shown(new.get(name))}"


def _shown(value: object) -> str:
    if value is None:
        return _NONE
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _content(ledger: Ledger, kind: str, name: str) -> Mapping[str, object] | None:
    line = ledger.find(kind, name)
    if line is None:
        return None
    content = _object(json.loads(line))
    return {key: value for key, value in content.items() if key != kind}
