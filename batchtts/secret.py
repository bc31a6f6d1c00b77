"""A string that must not be shown."""

from __future__ import annotations

from typing import Never

__all__ = ["REDACTED", "Secret", "redact"]

REDACTED = "**redacted**"


class Secret:
    """Hold a key so that printing, formatting or pickling cannot reveal it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """Take the secret's value."""
        self._value = value

    def reveal(self) -> str:
        """Return the value: for the one header that must carry it."""
        return self._value

    def __repr__(self) -> str:
        """Show that there is a secret, not what it is."""
        return REDACTED

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        """Format the redaction, never the value."""
        return format(REDACTED, spec)

    def __reduce__(self) -> Never:
        """Refuse to be pickled or copied to another process."""
        raise TypeError("a secret cannot be pickled")


def redact(text: str, secret: Secret | None) -> str:
    """Return ``text`` with every plain occurrence of ``secret`` replaced."""
    if secret is None or not secret.reveal():
        return text
    return text.replace(secret.reveal(), REDACTED)
