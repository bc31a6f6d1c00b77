"""Media overlays, and what a package says of them: EPUB 3.3, chapter 9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from batchtts.markup import Close, Open, tokens

__all__ = ["ACTIVE_CLASS", "Clip", "clock", "declared_utf8", "overlay", "with_overlays"]

ACTIVE_CLASS = "-epub-media-overlay-active"
_DECLARED = re.compile(r"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of an audio file, in milliseconds, and the words heard in it."""

    text: str  # links from the overlay's own place
    audio: str
    start_ms: int
    end_ms: int


def clock(time_ms: int) -> str:
    """Return a time as a full clock value: ``0:01:02.345``."""
    seconds, thousandths = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}.{thousandths:03}"


def overlay(page: str, clips: Iterable[Clip]) -> str:
    """Return the overlay of a page, to which the link ``page`` leads."""
    pars = "".join(
        f'<par id="par{number}"><text src="{escape(clip.text)}"/>'
        f'<audio src="{escape(clip.audio)}" clipBegin="{clock(clip.start_ms)}"'
        f' clipEnd="{clock(clip.end_ms)}"/></par>\n'
        for number, clip in enumerate(clips, 1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<smil xmlns="http://www.w3.org/ns/SMIL"'
        ' xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">\n'
        f'<body epub:textref="{escape(page)}">\n{pars}</body>\n</smil>\n'
    )


def with_overlays(
    package: str,
    *,
    overlays: Mapping[str, str],
    lengths_ms: Mapping[str, int],
    items: Sequence[tuple[str, str, str]],
    narrators: Sequence[str],
) -> str:
    """Return a package document that ties pages to overlays, and is otherwise as is.

    ``overlays`` are the ids of overlays by those of their pages, ``lengths_ms`` how
    long each overlay is; ``items`` are new entries: id, link and media type.
    """
    inserted: list[tuple[int, str]] = []
    for token in tokens(package):
        if isinstance(token, Close) and token.local == "manifest":
            name = f"{_prefix(package, token, 2, 'manifest')}item"
            inserted += ((token.start, _item(name, *item)) for item in items)
        elif isinstance(token, Close) and token.local == "metadata":
            name = f"{_prefix(package, token, 2, 'metadata')}meta"
            inserted += (
                (token.start, line) for line in _metas(name, lengths_ms, narrators)
            )
        elif isinstance(token, Open) and token.local == "item":
            identifier = token.attributes.get("id", "").strip()
            if identifier in overlays:
                end = token.end - (2 if token.empty else 1)
                inserted.append((end, f' media-overlay="{overlays[identifier]}"'))
    parts: list[str] = []
    at = 0
    for place, words in inserted:
        parts += package[at:place], words
        at = place
    return "".join([*parts, package[at:]])


def _item(name: str, identifier: str, href: str, media_type: str) -> str:
    return (
        f'<{name} id="{identifier}" href="{escape(href)}" media-type="{media_type}"/>\n'
    )


def _metas(
    name: str, lengths_ms: Mapping[str, int], narrators: Sequence[str]
) -> Iterable[str]:
    for identifier, length_ms in lengths_ms.items():
        yield (
            f'<{name} property="media:duration" refines="#{identifier}">'
            f"{clock(length_ms)}</{name}>\n"
        )
    total = clock(sum(lengths_ms.values()))
    yield f'<{name} property="media:duration">{total}</{name}>\n'
    for narrator in narrators:
        yield f'<{name} property="media:narrator">{escape(narrator)}</{name}>\n'
    yield f'<{name} property="media:active-class">{ACTIVE_CLASS}</{name}>\n'


def _prefix(markup: str, token: Close, skipped: int, name: str) -> str:
    """Return the prefix of a tag's name as it is written, its colon included."""
    written = markup[token.start + skipped : token.end]
    return written[: written.lower().index(name)]


def declared_utf8(markup: str) -> str:
    """Return markup that says it is in UTF-8, where it says anything of that."""
    found = _DECLARED.match(markup)
    if found is None or found.group(1).lower() in {"utf-8", "utf8"}:
        return markup
    return f"{markup[: found.start(1)]}UTF-8{markup[found.end(1) :]}"
