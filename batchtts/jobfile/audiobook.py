"""Audiobooks among the outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batchtts.audiobook import CHAPTER_FIELDS, AudiobookOutput, Spacing
from batchtts.files import local_errors
from batchtts.formats import BOOK_FORMATS
from batchtts.jobfile.audio import audio
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import Node
from batchtts.jobfile.outputparts import (
    Context,
    subtitles_of,
    suffix_of,
    target_of,
    texts_of,
    voices_of,
)
from batchtts.jobfile.problems import Problems, quoted
from batchtts.metadata import MOST_PICTURE_BYTES, Metadata, picture_type
from batchtts.model import AudioSettings
from batchtts.profiles import PROFILES, Profile

__all__ = ["audiobook"]

_COVERS = (".jpg", ".jpeg", ".png")
_HEAD_S, _GAP_S, _TAIL_S = 0.5, 2.0, 1.0
_OWN = ("title", "series", "series_index", "description", "date", "publisher")


def audiobook(entry: Node, context: Context) -> AudiobookOutput | None:
    """Return an audiobook as it is asked for; what is wrong with it is noted."""
    fields, problems = Fields(entry), context.problems
    texts, voices = texts_of(fields), voices_of(fields, context)
    cover = _cover(fields, context)
    template, node = fields.text("path"), fields.value("path")
    if template is None or node is None:
        return None
    target = target_of(template, node, context)
    suffix = suffix_of(template, node, BOOK_FORMATS, problems)
    settings = audio(fields.below("audio"), context.audio, suffix, problems)
    profile = PROFILES.get(fields.text("profile") or "")
    if profile:
        settings = _normed(profile, settings, fields, problems)
    spacing = _spacing(fields.below("spacing"), profile)
    if target is None:
        return None
    made = AudiobookOutput(
        template=template,
        folder=target[0],
        pattern=target[1],
        suffix=suffix,
        texts=texts,
        voices=voices,
        audio=settings,
        about=_about(fields),
        cover=cover,
        spacing=spacing,
        profile=fields.text("profile") if profile else None,
        sample_s=fields.number("sample"),
        subtitles=subtitles_of(fields),
        place=problems.place(entry),
    )
    _note_files(made, profile, fields, problems)
    if profile:
        _note_limits(made, profile, fields, problems)
    return made


def _about(fields: Fields) -> Metadata:
    return Metadata(
        **{key: fields.text(key) or "" for key in _OWN},
        author=_people(fields, "author"),
        narrator=_people(fields, "narrator"),
        language=fields.text("language") or "",
        genre=fields.text("genre") or "Audiobook",
    )


def _people(fields: Fields, key: str) -> str:
    named = (text_of(node) for node in fields.items(key))
    return ", ".join(name for name in named if name)


def _cover(fields: Fields, context: Context) -> Path | None:
    """Return the picture's path, after a look at what it is."""
    raw, node, problems = fields.text("cover"), fields.value("cover"), context.problems
    if raw is None or node is None:
        return None
    endings = ", ".join(_COVERS)
    if not raw.lower().endswith(_COVERS):
        hint = f"its name must end in {endings}"
        problems.add(node, f"{quoted(raw)} is no picture that players show", hint)
    path = context.places.input_file(raw, node, _COVERS, problems)
    if path is None:
        return None
    with local_errors(f'cannot read "{path}"'), path.open("rb") as file:
        data = file.read(MOST_PICTURE_BYTES + 1)
    if picture_type(data) is None:
        hint = "whatever its name says; save it as one"
        problems.add(node, f"{quoted(raw)} is neither a JPEG nor a PNG", hint)
    elif len(data) > MOST_PICTURE_BYTES:
        most = f"a cover can have {MOST_PICTURE_BYTES:,} bytes at most"
        problems.add(node, f"{quoted(raw)} is too large", most)
    return path


# --- profiles --------------------------------------------------------------------


def _normed(
    profile: Profile, settings: AudioSettings, fields: Fields, problems: Problems
) -> AudioSettings:
    """Return how a book sounds by its profile, where it has nothing of its own."""
    own, name = fields.below("audio"), quoted(fields.text("profile") or "")
    if "loudness" in own:
        message = f"the profile {name} sets the loudness"
        problems.add(own.value("loudness"), message, "remove one of them")
    return replace(
        settings,
        loudness=profile.loudness,
        sample_rate=own.whole("sample_rate")
        or profile.sample_rate_hz
        or settings.sample_rate,
        bitrate=own.whole("bitrate") or profile.bitrate or settings.bitrate,
    )


def _spacing(fields: Fields, profile: Profile | None) -> Spacing:
    norm = profile or PROFILES["none"]

    def seconds(key: str, default: float) -> float:
        asked = fields.number(key)
        return default if asked is None else float(asked)

    return Spacing(
        head_s=seconds("head", norm.head_s or _HEAD_S),
        gap_s=seconds("gap", _GAP_S),
        tail_s=seconds("tail", norm.tail_s or _TAIL_S),
        room_tone_db=norm.room_tone_db,
    )


def _note_files(
    made: AudiobookOutput, profile: Profile | None, fields: Fields, problems: Problems
) -> None:
    """Note a path that is not for what is asked."""
    node = fields.value("path")
    shown = quoted(made.template)
    if made.sample_s is not None and made.own_files:
        message = f"a sample is one file, and {shown} is one for each chapter"
        problems.add(node, message, f"leave out {_listed(CHAPTER_FIELDS)}")
    if profile is None:
        return
    name = quoted(made.profile or "")
    if profile.suffix not in {None, made.suffix}:
        message = f"the profile {name} is for {profile.suffix} files"
        problems.add(node, message, f"let the path end in {profile.suffix}")
    if profile.chapter_files and not made.own_files and made.sample_s is None:
        message = f"the profile {name} wants a file for each chapter"
        problems.add(node, message, f"put one of {_listed(CHAPTER_FIELDS)} into it")


def _note_limits(
    made: AudiobookOutput, profile: Profile, fields: Fields, problems: Problems
) -> None:
    """Note what was asked for that the profile does not allow."""
    sound, spacing = fields.below("audio"), fields.below("spacing")
    asked = {
        "sample_rate_hz": (sound.value("sample_rate"), made.audio.sample_rate),
        "bitrate_kbps": (sound.value("bitrate"), made.audio.bitrate),
        "head_s": (spacing.value("head"), made.spacing.head_s),
        "tail_s": (spacing.value("tail"), made.spacing.tail_s),
    }
    for limit in profile.limits:
        node, value = asked.get(limit.figure, (None, None))
        if node is not None and value is not None and not limit.allows(value):
            message = f"{value:g} is not for the profile {quoted(made.profile or '')}"
            problems.add(node, message, f"it wants {limit}")
    if made.sample_s is not None and profile.sample_s is not None:
        least_s, most_s = profile.sample_s
        if not least_s <= made.sample_s <= most_s:
            name = quoted(made.profile or "")
            message = f"{made.sample_s:g} is not for the profile {name}"
            hint = f"it wants {least_s:g} to {most_s:g} s"
            problems.add(fields.value("sample"), message, hint)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names))
