r"""The characters that cutting looks at, by what they do.

All of them are parts of regular expression character classes. Those outside
ASCII are escaped: many look like others in an editor.
"""

from __future__ import annotations

__all__ = [
    "BREAKING",
    "CLOSERS",
    "COMMAS",
    "NEVER_FIRST",
    "OPENERS",
    "STOPS",
    "TIGHT_COMMAS",
    "TIGHT_STOPS",
]

TIGHT_STOPS = (
    # The next sentence may follow without white space. In order: CJK; Arabic
    # and Urdu; Armenian, Syriac, NKo; the dandas of India; Sinhala, Thai,
    # Tibetan; Burmese, Ethiopic, Canadian; Khmer, Mongolian; Balinese, Lepcha,
    # Ol Chiki; Lisu, Vai, Bamum; Saurashtra, Javanese, Cham, Meetei.
    r"\u3002\uff01\uff1f\uff61\ufe12\ufe15\ufe16"
    r"\u061f\u06d4"
    r"\u0589\u0700-\u0702\u07f9"
    r"\u0964\u0965"
    r"\u0df4\u0e5a\u0e5b\u0f0d-\u0f12"
    r"\u104b\u1362\u1367\u1368\u166e"
    r"\u17d4\u17d5\u1803\u1809"
    r"\u1b5e\u1b5f\u1c3b\u1c3c\u1c7e\u1c7f"
    r"\ua4ff\ua60e\ua60f\ua6f3\ua6f7"
    r"\ua8ce\ua8cf\ua9c8\ua9c9\uaa5d-\uaa5f\uabeb"
)
STOPS = (
    # ASCII, one and two dot leaders, full-width full stop, doubled marks.
    r".!?\u2025\u2026\uff0e\u203c\u203d\u2047-\u2049" + TIGHT_STOPS
)
CLOSERS = (
    # Quotes and brackets that only ever close; ASCII quotes after a stop do.
    r"\"'\u2019\u201d)\]}\u300d\u300f\u3011\u300b\u3009\u3015\u3017\u3019\u301b"
    r"\u301e\u301f\uff02\uff09\uff3d\uff5d\uff63\u2e0d\u0f3d"
)
OPENERS = (
    r"\"'\u2018\u201a\u201b\u201c\u201e\u201f\u00ab\u00bb\u2039\u203a(\[{\u00a1\u00bf"
    r"\u300c\u300e\u3010\u300a\u3008\u3014\u3016\u3018\u301a\u301d"
    r"\uff08\uff3b\uff5b\uff62\u0f3c"
)
COMMAS = (
    # Need white space after them: Latin, Greek, Arabic, Armenian, NKo, Thaana.
    r",;:\u00b7\u0387\u060c\u061b\u055d\u07f8"
)
TIGHT_COMMAS = (
    # CJK, Ethiopic, Burmese, Khmer, Mongolian, Tibetan.
    r"\uff0c\u3001\uff1b\uff1a\uff64\u1363-\u1366\u104a\u17d6\u1802\u1804\u1808\u0f14"
)
NEVER_FIRST = (
    rf"[{COMMAS}{TIGHT_COMMAS}{STOPS})\]}}%\u2030\u2013\u2014]"
    # German and Swedish have quotations open with what closes them elsewhere.
    r"|[\u2019\u201d\u00bb\u203a](?!\w)"
)
"""What nothing may start with: a whole expression, unlike the others."""

BREAKING = r" \t\n\r\x0b\x0c\u1680\u2000-\u2006\u2008-\u200b\u2028\u2029\u205f\u3000"
"""White space that allows a break: no-break spaces are not in it."""
