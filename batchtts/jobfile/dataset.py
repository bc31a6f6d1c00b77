"""Outputs that are datasets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from batchtts.corpora import (
    ERROR_RATES,
    FORMATS,
    OUTLIER,
    About,
    DatasetOutput,
    Filter,
    Splits,
    Suffix,
    Target,
    label_problem,
)
from batchtts.jobfile.audio import LOUDNESS, audio
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.outputparts import Context, assign_of, texts_of, voices_of
from batchtts.jobfile.places import is_blocked
from batchtts.jobfile.problems import Problems, quoted
from batchtts.jobfile.texts import known_voice
from batchtts.model import AudioSettings, VoiceName

__all__ = ["dataset"]

_SPLIT = re.compile(r"[A-Za-z0-9_]{1,60}")
_MEGABYTE = 1_000_000


def dataset(entry: Node, context: Context) -> DatasetOutput | None:
    """Return an output that is a dataset, after noting what is wrong with it."""
    fields, problems = Fields(entry), context.problems
    texts, voices = texts_of(fields), voices_of(fields, context)
    if told := label_problem(voices or context.voices):
        problems.add(fields.value("voices") or entry, told, "rename one of them")
    splits = _splits(fields, context, voices)
    filters = tuple(_filters(fields.below("filters"), problems))
    recognised = fields.flag("recognise")
    for one in filters:
        if one.figure in ERROR_RATES and not recognised:
            message = f'"{one.figure}" is told by a recogniser only'
            problems.add(fields.value("filters"), message, 'add "recognise: true"')
    folder = _folder(fields, context)
    targets = _targets(fields, folder or Path(), problems)
    if folder is None or not targets:
        return None
    suffixes = [target.suffix for target in targets]
    return DatasetOutput(
        template=fields.text("path") or "",
        folder=folder,
        pattern="",
        suffix=".wav" if ".wav" in suffixes else ".flac",
        texts=texts,
        voices=voices,
        audio=_audio(fields, context, voices),
        assign=assign_of(fields, voices, problems),
        takes=fields.whole("takes") or 1,
        place=problems.place(entry),
        targets=targets,
        about=_about(fields),
        splits=splits,
        columns=_texts(fields, "columns") if "columns" in fields else None,
        filters=filters,
        retakes=fields.whole("retakes") or 0,
        is_recognised=recognised,
        prefix=fields.text("prefix") or "",
        drop_removed=fields.flag("drop_removed"),
        shard_bytes=(fields.whole("shard_mb") or 512) * _MEGABYTE,
        shard_rows=fields.whole("shard_rows") or 10_000,
    )


def _folder(fields: Fields, context: Context) -> Path | None:
    raw, node, problems = fields.text("path"), fields.value("path"), context.problems
    if raw is None or node is None:
        return None
    if "{" in raw:
        message = f"{quoted(raw)} is the folder of one dataset: nothing is filled in"
        problems.add(node, message, "name one folder")
        return None
    folder = context.places.resolve(raw, node, problems)
    if folder is None:
        return None
    if is_blocked(folder):
        problems.add(node, f"{quoted(raw)} is a file, not a folder", "choose another")
    elif context.places.base.is_relative_to(folder):
        hint = "choose one that nothing else is in"
        problems.add(node, f"{quoted(raw)} is not a folder of the dataset's own", hint)
    else:
        return folder
    return None


def _targets(fields: Fields, folder: Path, problems: Problems) -> tuple[Target, ...]:
    """Return the formats, each in its folder: that of the dataset if it is alone."""
    nodes = fields.items("format")
    asked = fields.text("encoding")
    suffix: Suffix | None = None
    if asked is not None:
        suffix = ".flac" if asked == "flac" else ".wav"
    made: dict[str, Target] = {}
    for node in nodes:
        name = text_of(node) or ""
        if name not in FORMATS:
            continue
        if name in made:
            problems.add(node, f"the format {quoted(name)} stands here a second time")
        if suffix is not None and suffix not in FORMATS[name]:
            message = f"the format {name} has no {suffix.removeprefix('.')} files"
            problems.add(fields.value("encoding"), message, "leave it out")
        if name == "parquet" and find_spec("pyarrow") is None:
            message = 'the format parquet needs "pyarrow", which is not installed'
            problems.add(node, message, "pip install 'batchtts[parquet]'")
        own = folder if len(nodes) == 1 else folder / name
        ending = suffix or FORMATS[name][0]
        made[name] = Target(format=name, folder=own, suffix=ending)
    return tuple(made.values())


def _audio(
    fields: Fields, context: Context, voices: tuple[VoiceName, ...]
) -> AudioSettings:
    """Return how it sounds: as loud as the takes are, at the lowest of their rates.

    Unless the job says otherwise; to raise a rate would feign a bandwidth.
    """
    own = fields.below("audio")
    settings = audio(own, context.audio, ".wav", context.problems)
    if "loudness" not in own and "loudness" not in context.audio:
        settings = replace(settings, loudness=LOUDNESS["none"])
    if settings.sample_rate is None:
        known = [context.voices[name] for name in voices if name in context.voices]
        rates = [one.sampling_rate for one in known or context.voices.values()]
        settings = replace(settings, sample_rate=min(rates, default=24000))
    return settings


def _splits(
    fields: Fields, context: Context, voices: tuple[VoiceName, ...]
) -> Splits | None:
    problems = context.problems
    if "splits" not in fields:
        for key in ("split_by", "split_seed", "held_out"):
            if key in fields:
                message = f'"{key}" is of no use without "splits"'
                problems.add(fields.value(key), message, "{train: 0.9, test: 0.1}")
        return None
    shares = {
        entry.key.text: Fields(fields.value("splits")).number(entry.key.text) or 0.0
        for entry in fields.below("splits").entries()
    }
    held_out: dict[str, str] = {}
    for entry in fields.below("held_out").entries():
        name = entry.key.text
        known_voice(entry.key, name, context.voices, problems)
        if voices and name in context.voices and name not in voices:
            message = f"the voice {quoted(name)} reads nothing here"
            problems.add(entry.key, message, 'add it to "voices"')
        held_out[name] = text_of(entry.value) or ""
    for name in (*shares, *held_out.values()):
        if name and not _SPLIT.fullmatch(name):
            message = f"{quoted(name)} cannot be the name of a split"
            hint = "letters, digits and _ can stand in it"
            problems.add(fields.value("splits"), message, hint)
    return Splits(
        shares=shares,
        by=fields.text("split_by") or "text",
        held_out=held_out,
        seed=fields.text("split_seed") or "",
    )


def _filters(fields: Fields, problems: Problems) -> list[Filter]:
    made = []
    for entry in fields.entries():
        bounds = Fields(entry.value)
        least, most = bounds.number("least"), bounds.number("most")
        name = entry.key.text
        if least is None and most is None:
            problems.add(entry.value, f'"{name}" has no bounds', "least, most or both")
        elif least is not None and most is not None and least > most:
            problems.add(entry.value, f'"{name}" leaves everything out: least > most')
        elif name == OUTLIER and least is not None:
            problems.add(entry.value, f'"{name}" has no least', "give its most")
        made.append(Filter(figure=name, least=least, most=most))
    return made


def _about(fields: Fields) -> About:
    return About(
        title=fields.text("title") or "",
        description=fields.text("description") or "",
        license=fields.text("license"),
        terms_url=fields.text("terms_url"),
        tags=_texts(fields, "tags"),
    )


def _texts(fields: Fields, key: str) -> tuple[str, ...]:
    found: Mapping[str, None] = dict.fromkeys(
        text for node in fields.items(key) if (text := text_of(node)) is not None
    )
    return tuple(found)
