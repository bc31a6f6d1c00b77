"""Voices of the job file, with every parameter as it will be sent."""

from __future__ import annotations

import re
from typing import Literal, cast

from batchtts.jobfile.fields import Fields, number_of, text_of
from batchtts.jobfile.lexicon import lexicon
from batchtts.jobfile.nodes import Entry, ListNode, Node, ScalarNode, core
from batchtts.jobfile.parameters import (
    LANGUAGES,
    MODELS,
    PARAMETERS,
    Parameter,
    canonical,
    default_rate_hz,
)
from batchtts.jobfile.places import Places
from batchtts.jobfile.problems import Problems, nearest, quoted
from batchtts.jobfile.shape import Choice, Either, Flag, Text
from batchtts.model import Voice, VoiceName
from batchtts.names import id_problem

__all__ = ["voices"]

_Format = Literal["pcm", "wav", "mp3", "mulaw", "ogg"]

_LETTERS = re.compile(r"[^\W\d]+")


def voices(
    fields: Fields, places: Places, problems: Problems
) -> dict[VoiceName, Voice]:
    """Return the job's voices by name."""
    return {
        VoiceName(entry.key.text): _voice(entry, places, problems)
        for entry in fields.entries()
    }


def _voice(entry: Entry, places: Places, problems: Problems) -> Voice:
    name = entry.key.text
    if name and (problem := id_problem(name)):
        sentence = problem.replace("an id", "a voice's name", 1)
        problems.add(entry.key, sentence.replace("be an id", "be a voice's name"))
    fields = Fields(entry.value)
    model = fields.text("model") or "arcana"
    _note_misspelt_model(model, fields, problems)
    rate_hz = fields.whole("sampling_rate") or default_rate_hz(model)
    sent = dict(_extra(fields))
    for parameter in PARAMETERS:
        value = _value(parameter, fields, model)
        if value is not None:
            sent[parameter.name] = value
    return Voice(
        name=VoiceName(name),
        parameters=tuple(sorted((sent | {"samplingRate": str(rate_hz)}).items())),
        audio_format=cast("_Format", sent["audioFormat"]),
        sampling_rate=rate_hz,
        lang=fields.text("lang") or "eng",
        limit=fields.whole("limit"),
        unlisted=fields.flag("unlisted"),
        lexicon=lexicon(fields.value("lexicon"), places, problems),
        place=problems.place(entry.key),
    )


def _note_misspelt_model(model: str, fields: Fields, problems: Problems) -> None:
    """Refuse names that are a known model's but for a slip.

    Rime serves an unknown model by another one and says nothing. What is not so
    close to a known name, or differs in its number, may be a new model, and passes.
    """
    meant = nearest(model, MODELS)
    if meant is None or meant == model:
        return
    written = re.sub(r"[\s_-]", "", model.casefold())
    if meant == written or _LETTERS.findall(meant) != _LETTERS.findall(written):
        message = f"there is no model {quoted(model)}"
        problems.add(fields.value("model"), message, f"did you mean {quoted(meant)}?")


def _extra(fields: Fields) -> list[tuple[str, str]]:
    entries = fields.below("params").entries()
    found = [(entry.key.text, text_of(entry.value)) for entry in entries]
    return [(name, text) for name, text in found if text is not None]


def _value(parameter: Parameter, fields: Fields, model: str) -> str | None:
    """Return what is sent for the parameter; None when it is not sent."""
    node = fields.value(parameter.field)
    given = None if node is None else _given(parameter, node)
    default = None if parameter.default is None else canonical(parameter.default)
    if parameter.always or model in parameter.sent_to:
        return default if given is None else given
    return None if given == default and model in MODELS else given


def _given(parameter: Parameter, node: Node) -> str | None:
    match parameter.shape:
        case Text() | Choice():
            text = text_of(node)
            if parameter.field == "lang" and text is not None:
                return LANGUAGES.get(text.lower(), text.lower())
            return text
        case Flag():
            value = core(node) if isinstance(node, ScalarNode) else None
            return canonical(value) if isinstance(value, bool) else None
        case Either():
            return _figures(node)
        case _:
            number = number_of(node)
            return None if number is None else canonical(number)


def _figures(node: Node) -> str | None:
    """Return a list of numbers as Rime takes it: with commas between."""
    if isinstance(node, ListNode):
        numbers = [number_of(item) for item in node.items]
        return ",".join(canonical(n) for n in numbers if n is not None)
    number = number_of(node)
    if number is not None:
        return canonical(number)
    parts = (text_of(node) or "").split(",")[:100]  # the pattern allows no more
    try:
        return ",".join(canonical(float(part)) for part in parts)
    except ValueError:
        return None
