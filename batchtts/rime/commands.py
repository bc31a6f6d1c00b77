"""Rime's control commands, and what may go to Rime as words.

A command is a text frame of its own. Whether Rime also sees one inside a longer
frame, in another case or after normalising is not documented, so nothing that
could be taken for one is ever sent as words.
"""

from __future__ import annotations

import html
import re
import unicodedata

from batchtts.errors import Fault, TakeError

__all__ = [
    "CLEAR",
    "COMMANDS",
    "EOS",
    "FLUSH",
    "find_command",
    "require_sendable",
    "require_words",
    "without_codes",
]

CLEAR = "<CLEAR>"
"""Drop what has been sent and not yet spoken."""
FLUSH = "<FLUSH>"
"""Speak what has been sent, without waiting for more."""
EOS = "<EOS>"
"""Speak what has been sent, send all audio, and close."""

COMMANDS = (CLEAR, FLUSH, EOS)

# Characters without a mark or width of their own that are not of the general
# categories Cc or Cf: fillers, joiners and variation selectors.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f"
    "\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_SIGN = re.compile("[<\ufe64\uff1c]")  # compatibility forms of "<": there are no others
_CODED = re.compile("(?i)&(amp|lt|#)")
_CODED_AGAIN = re.compile("(?i)&(?:(?:amp|#0*38|#x0*26);?)+")  # "&amp;lt;" for "&lt;"


def find_command(text: str) -> str | None:
    """Return the command that ``text`` holds in whatever disguise, if any.

    Case, compatibility forms (full width, styled letters), characters that
    cannot be seen and HTML's ``&lt;`` make no difference.
    """
    text = without_codes(text)
    if not _SIGN.search(text):
        return None
    plain = _plain(text)
    return next((c for c in COMMANDS if c.casefold() in plain), None)


def without_codes(text: str) -> str:
    """Return ``text`` with HTML's codes for characters resolved, however often coded.

    Where none stands for a sign that a command needs, it stays as it is.
    """
    if not _CODED.search(text):
        return text
    return html.unescape(_CODED_AGAIN.sub("&", text))


def require_words(text: str) -> None:
    """Raise TakeError unless ``text`` can be a whole request: words, no command."""
    require_sendable(text)
    if not any(character.isalnum() for character in text):
        raise TakeError(Fault.REJECTED, "not sent: the text has nothing to speak")


def require_sendable(text: str) -> None:
    """Raise TakeError if ``text``, or a part of it, cannot go out as words."""
    command = find_command(text)
    if command is not None:
        reason = f'not sent: the text holds the command "{command}"'
        raise TakeError(Fault.REJECTED, reason)
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        reason = f"not sent: character {exc.start + 1} is half of a surrogate pair"
        raise TakeError(Fault.REJECTED, reason) from exc


def _plain(text: str) -> str:
    """Return ``text`` as the most forgiving reader of commands would see it."""
    # Decomposed, not composed: a stroke after ">" would become one sign with it.
    folded = unicodedata.normalize("NFKD", _visible(text)).casefold()
    return _visible(unicodedata.normalize("NFKD", folded))


def _visible(text: str) -> str:
    shown = (c for c in text if unicodedata.category(c) not in {"Cc", "Cf"})
    return _INVISIBLE.sub("", "".join(shown))
