"""Which roles of a job's texts have nothing to read."""

from __future__ import annotations

from collections.abc import Iterator

from batchtts.casting.script import Script
from batchtts.jobfile.problems import quoted
from batchtts.model import Roles, Text

__all__ = ["RoleUse"]


class RoleUse:
    """Remembers the roles that texts have, and those that were found in them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._asked: dict[tuple[Roles, str], str] = {}
        self._found: set[tuple[Roles, str]] = set()

    def note(self, text: Text, script: Script) -> None:
        """Note the roles of a text, and those that have a part in it."""
        roles = text.roles
        for role in (
            *(["dialogue"] if roles.dialogue is not None else []),
            *(code for code, _ in roles.languages),
            *(["marks"] if roles.marks else []),
        ):
            self._asked.setdefault((roles, role), str(text.place.file))
        self._found.update((roles, role) for role in script.roles)

    def warnings(self) -> Iterator[str]:
        """Yield a line for each role that no text has any words for."""
        for (roles, role), file in self._asked.items():
            if (roles, role) in self._found:
                continue
            if role == "dialogue":
                yield f"{file}: there is no dialogue for {quoted(str(roles.dialogue))}"
            elif role == "marks":
                yield f"{file}: nothing is marked with [[voice: words]]"
            else:
                yield f'{file}: nothing is in the language "{role}"'
