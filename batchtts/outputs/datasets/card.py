"""The card of a dataset: ``README.md``, as the Hugging Face Hub reads it too."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from batchtts.corpora import About
from batchtts.outputs.datasets.layout import Guide, Layout, column_names
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.outputs.datasets.statistics import Part, Statistics

__all__ = ["FIGURE_TITLES", "card"]

FIGURE_TITLES = {
    "duration": "Duration (s)",
    "chars_per_s": "Characters per second",
    "loudness_lufs": "Loudness (LUFS)",
    "snr_db": "Signal-to-noise ratio, estimated (dB)",
}

_MEANINGS = {
    "key": "name of the utterance, and of its audio",
    "id": "id in the job",
    "text": "the words as the job has them",
    "normalized_text": "the words as they were said",
    "speaker": "voice",
    "language": "language",
    "duration": "seconds",
    "chars_per_s": "characters of the normalized text per second",
    "words_per_s": "words of the normalized text per second",
    "pace": "length, by that which such words usually have",
    "leading_silence_s": "seconds before the first sound",
    "trailing_silence_s": "seconds after the last sound",
    "longest_silence_s": "longest pause within, seconds",
    "clipped_samples": "samples at full scale, two or more in a row",
    "peak_dbfs": "highest sample",
    "rms_dbfs": "RMS level",
    "loudness_lufs": "integrated loudness (EBU R 128)",
    "bandwidth_hz": "highest frequency within 50 dB of the spectrum's peak",
    "snr_db": "signal-to-noise ratio, estimated, 0 to 60",
}

# The names that the Hub knows; others stand there as "other".
_LICENSES = frozenset({
    "apache-2.0", "bsd-3-clause", "cc", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0",
    "cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-nd-3.0",
    "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0",
    "cc-by-nd-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "cdla-permissive-1.0",
    "cdla-permissive-2.0", "cdla-sharing-1.0", "gpl-3.0", "mit", "odbl", "odc-by",
    "other", "pddl", "unknown", "unlicense",
})  # fmt: skip
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_SPEAKERS_SHOWN = 50
_DECODING = """\
Newer versions of `datasets` decode audio through torchcodec and FFmpeg. With
`Audio(decode=False)` they hand over its bytes, or its path, and any decoder will do,
for example `soundfile.read(io.BytesIO(row["{audio}"]["bytes"]))`.
"""


def card(
    settings: DatasetSettings, layout: Layout, guide: Guide, counted: Statistics
) -> str:
    """Return the card of one target."""
    parts = [
        _front_matter(settings, layout, guide, counted),
        _opening(settings.about, counted, layout),
        _counts(counted, layout.rate_hz),
        f"## Loading ({guide.title})\n\n{guide.loading}",
        "" if guide.data_files is None else _DECODING.format(audio=guide.audio),
        _fields(layout),
        _origins(settings),
        _retaken(counted, settings),
        _left_out(counted),
        _pictures(counted),
        _terms(settings.about),
    ]
    return "\n".join(part for part in parts if part)


def _front_matter(
    settings: DatasetSettings, layout: Layout, guide: Guide, counted: Statistics
) -> str:
    """Return the YAML at the top: JSON's texts and lists are YAML's, too."""
    about = settings.about
    tags = ("speech", "synthetic", "text-to-speech", "batchtts", *about.tags)
    fields: list[tuple[str, object]] = [("pretty_name", about.title)]
    if counted.languages:
        fields.append(("language", list(counted.languages)))
    fields += _license_fields(about)
    fields += [
        ("task_categories", ["text-to-speech", "automatic-speech-recognition"]),
        ("size_categories", [_size(counted.whole.utterances)]),
        ("tags", list(dict.fromkeys(tags))),
    ]
    if guide.data_files is not None:
        files = [
            {"split": name, "path": guide.data_files.replace("{split}", name)}
            for name in _filled(counted)
        ]
        fields.append(("configs", [{"config_name": "default", "data_files": files}]))
    del layout
    lines = [
        f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields
    ]
    return "\n".join(["---", *lines, "---", ""])


def _license_fields(about: About) -> Iterator[tuple[str, object]]:
    if about.license is None:
        return
    if about.license.lower() in _LICENSES:
        yield "license", about.license.lower()
        return
    yield "license", "other"
    yield "license_name", about.license
    if about.terms_url is not None:
        yield "license_link", about.terms_url


def _filled(counted: Statistics) -> Iterator[str]:
    """Yield the splits that have anything in them: loaders refuse the others."""
    for part in counted.splits:
        if part.utterances:
            yield part.name


def _size(utterances: int) -> str:
    return next((name for below, name in _SIZES if utterances < below), "n>10M")


def _opening(about: About, counted: Statistics, layout: Layout) -> str:
    whole = counted.whole
    hours = whole.seconds(layout.rate_hz) / 3600
    kind = layout.suffix.removeprefix(".").upper()
    lines = [f"# {_plain(about.title)}", ""]
    if about.description:
        lines += [about.description.strip(), ""]
    lines.append(
        f"Synthetic speech: {whole.utterances:,} utterances, {hours:.2f} hours, "
        f"{_number(whole.speakers, 'speaker')}. 16-bit mono {kind} at "
        f"{layout.rate_hz:,} Hz. Made with {_plain(about.generator)}."
    )
    return "\n".join([*lines, ""])


def _counts(counted: Statistics, rate_hz: int) -> str:
    lines = ["## Contents", ""]
    if len(counted.splits) > 1:
        lines += [*_table("Split", counted.splits, rate_hz), ""]
    lines += _table("Speaker", counted.speakers[:_SPEAKERS_SHOWN], rate_hz)
    if (more := len(counted.speakers) - _SPEAKERS_SHOWN) and more > 0:
        lines += ["", f"... and {more:,} more speakers."]
    return "\n".join([*lines, ""])


def _table(head: str, parts: Sequence[Part], rate_hz: int) -> Iterable[str]:
    yield f"| {head} | Utterances | Hours | Mean length |"
    yield "|---|---:|---:|---:|"
    for part in parts:
        seconds = part.seconds(rate_hz)
        mean_s = seconds / part.utterances if part.utterances else 0.0
        yield (
            f"| {_plain(part.name)} | {part.utterances:,} | {seconds / 3600:.2f} "
            f"| {mean_s:.2f} s |"
        )


def _fields(layout: Layout) -> str:
    columns = {
        name: f'column "{column}" of the job\'s table'
        for column, name in column_names(layout.columns).items()
    }
    brought = {name: "score" for name in layout.figures if name not in _MEANINGS}
    lines = [
        f"| `{_plain(name)}` | {_plain(meaning)} |"
        for name, meaning in (_MEANINGS | brought | columns).items()
    ]
    return "\n".join(
        [
            "## Fields",
            "",
            (
                "Formats that have a place for them carry all of these; "
                "`about/utterances.jsonl` has the figures for every format."
            ),
            "",
            "| Field | Meaning |",
            "|---|---|",
            *lines,
            "",
        ]
    )


def _origins(settings: DatasetSettings) -> str:
    lines = [
        "## Provenance",
        "",
        "`about/utterances.jsonl` names, for every utterance, the fingerprints of the",
        "requests that it was made of, its figures, and how far each is from its",
        "speaker's median. `about/recipes.json` has the engine and the parameters.",
    ]
    splits = settings.splits
    if splits is not None:
        by = "the normalized text" if splits.by == "text" else _plain(splits.by)
        dealt = ", ".join(f"{name} {share:g}" for name, share in splits.shares.items())
        lines += [
            "",
            f"Splits ({_plain(dealt)}) are dealt by a hash of {by}:",
            "what is the same there never stands in two of them.",
        ]
        if splits.held_out:
            held = ", ".join(f"{_plain(v)} in {s}" for v, s in splits.held_out.items())
            lines += ["", f"Speakers held out: {held}."]
    return "\n".join([*lines, ""])


def _retaken(counted: Statistics, settings: DatasetSettings) -> str:
    if not counted.retaken:
        return ""
    told = (
        f"{_number(counted.retaken, 'utterance')}, which were more than "
        f"{settings.retakes_above:g} spreads from their speaker's median, at most "
        f"{_number(settings.retakes, 'time')}. Of {counted.replaced:,} another take"
    )
    lines = [
        "## Made again",
        "",
        told,
        "than the first was kept: see `retakes` in `about/utterances.jsonl`.",
        "",
    ]
    return "\n".join(lines)


def _left_out(counted: Statistics) -> str:
    left = [
        *((f"`{figure}` out of bounds", count) for figure, count in counted.filtered),
        ("text that cannot be said", counted.refused),
        ("audio that could not be made", counted.lost),
    ]
    lines = [f"| {what} | {count:,} |" for what, count in left if count]
    if not lines:
        return ""
    head = ["## Left out", "", "Each with its reason in `about/dropped.jsonl`.", ""]
    return "\n".join([*head, "| Reason | Utterances |", "|---|---:|", *lines, ""])


def _pictures(counted: Statistics) -> str:
    lines = [
        f"![{FIGURE_TITLES[one.figure]}](about/{one.figure}.svg)"
        for one in counted.histograms
    ]
    return "\n".join(["## Histograms", "", *lines, ""]) if lines else ""


def _terms(about: About) -> str:
    said = (
        f"Licence: {_plain(about.license)}."
        if about.license
        else ("No licence was given. Ask whoever made this dataset before you use it.")
    )
    lines = ["## Licence", "", said]
    if about.terms_url:
        lines += ["", f"Terms of the speech service: <{_plain(about.terms_url)}>"]
    return "\n".join([*lines, ""])


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _plain(text: str) -> str:
    """Return text that means nothing to Markdown's tables and to HTML."""
    for character, shown in (("&", "&amp;"), ("<", "&lt;"), ("|", "&#124;")):
        text = text.replace(character, shown)
    return " ".join(text.split())
