"""What each language brings: abbreviations, sentence starts, clause openers.

The tables stand in ``languages.toml``, read once, when first asked for.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Language", "language"]

_THREE_LETTERS = {
    "am": "amh", "ar": "ara", "bg": "bul", "bn": "ben", "cs": "ces", "da": "dan",
    "de": "deu", "el": "ell", "en": "eng", "es": "spa", "fa": "fas", "fi": "fin",
    "fr": "fra", "gu": "guj", "he": "heb", "hi": "hin", "hu": "hun", "hy": "hye",
    "id": "ind", "it": "ita", "ja": "jpn", "kk": "kaz", "kn": "kan", "ko": "kor",
    "ml": "mal", "mr": "mar", "nb": "nor", "ne": "nep", "nl": "nld", "nn": "nor",
    "no": "nor", "pa": "pan", "pl": "pol", "pt": "por", "ro": "ron", "ru": "rus",
    "si": "sin", "sk": "slk", "sv": "swe", "ta": "tam", "te": "tel", "th": "tha",
    "tr": "tur", "uk": "ukr", "ur": "urd", "vi": "vie", "zh": "zho",
    # The bibliographic codes of ISO 639-2, and the two written Norwegians.
    "cze": "ces", "dut": "nld", "fre": "fra", "ger": "deu", "gre": "ell",
    "per": "fas", "rum": "ron", "slo": "slk", "chi": "zho", "arm": "hye",
    "nob": "nor", "nno": "nor", "cmn": "zho", "yue": "zho", "arz": "ara",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language that decide where a text may be cut.

    All are in lower case, abbreviations without their last full stop.
    """

    code: str  # ISO 639-3
    names: frozenset[str] = frozenset()
    abbr: frozenset[str] = frozenset()
    capital: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    particles: frozenset[str] = frozenset()
    suffixes: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    starts: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    ordinals: bool = False
    vowelless: bool = False
    stops: str = ""  # marks that end a sentence in this language only


@cache
def _tables() -> dict[str, dict[str, str | bool]]:
    """Read the tables of every language."""
    source = files("batchtts.chunking").joinpath("languages.toml")
    tables: dict[str, dict[str, str | bool]] = tomllib.loads(
        source.read_text(encoding="utf-8")
    )
    return tables


def _words(code: str, name: str) -> frozenset[str]:
    """Give one table of a language, with what every language knows."""
    tables = _tables()
    merged = f"{tables['any'].get(name, '')} {tables.get(code, {}).get(name, '')}"
    return frozenset(merged.split())


@cache
def language(lang: str) -> Language:
    """Give the language for a 2- or 3-letter code; an unknown one has few words."""
    code = lang.strip().lower().replace("_", "-").split("-")[0]
    code = _THREE_LETTERS.get(code, code)
    return Language(
        code=code,
        names=_words(code, "names"),
        abbr=_words(code, "abbr"),
        capital=_words(code, "capital"),
        units=_words(code, "units"),
        numbered=_words(code, "numbered"),
        particles=_words(code, "particles"),
        suffixes=_words(code, "suffixes"),
        labels=_words(code, "labels"),
        starts=_words(code, "starts"),
        links=_words(code, "links"),
        weak=_words(code, "weak"),
        ordinals=bool(_tables().get(code, {}).get("ordinals", False)),
        vowelless=bool(_tables().get(code, {}).get("vowelless", False)),
        stops=str(_tables().get(code, {}).get("stops", "")),
    )
