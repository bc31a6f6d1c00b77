"""The lexicons of a job's voices, and how often each of their entries was used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from batchtts.casting import Script
from batchtts.errors import JobError
from batchtts.findings import Problems
from batchtts.jobfile.problems import quoted
from batchtts.model import Job, Respelling, Voice, VoiceName
from batchtts.pieces import respelt
from batchtts.text_safety import many

if TYPE_CHECKING:
    from batchtts.lexicon import Lexicon

__all__ = ["Spelling"]

_SHOWN = 5


class Spelling:
    """Knows which lexicon each voice of a job has."""

    def __init__(self, job: Job) -> None:
        """Make the lexicons ready."""
        self._job = job
        self._lexicons: dict[VoiceName, Lexicon] = {}
        self._uses: Counter[Respelling] = Counter()
        for name, voice in job.voices.items():
            if voice.lexicon or job.lexicon:
                from batchtts.lexicon import Lexicon  # with a large library

                self._lexicons[name] = Lexicon((*voice.lexicon, *job.lexicon))

    def __bool__(self) -> bool:
        """Tell whether any voice has one."""
        return bool(self._lexicons)

    def of(self, voice: Voice) -> Lexicon | None:
        """Return a voice's lexicon, if it has any."""
        return self._lexicons.get(voice.name)

    def count(self, script: Script, problems: Problems) -> None:
        """Count what is respelt in a text, and note what is wrong with that."""
        for part in script.parts:
            voice = self._job.voices[part.voice]
            try:
                said = respelt(part.words, voice, self.of(voice))
            except JobError as exc:
                for problem in exc.problems:
                    problems.add(problem)
            else:
                self._uses.update(change.entry for change in said.changes)

    @property
    def uses(self) -> dict[Respelling, int]:
        """Return the entries that were used, and how often, in their order."""
        return {one: self._uses[one] for one in self._entries() if self._uses[one]}

    def warnings(self) -> Iterator[str]:
        """Yield a line for each file with entries that were of no use."""
        unused: dict[str, list[Respelling]] = {}
        for one in self._entries():
            if not self._uses[one]:
                unused.setdefault(one.place.file, []).append(one)
        for file, entries in unused.items():
            shown = [
                f"{quoted(one.written)} (line {one.place.line})"
                for one in entries[:_SHOWN]
            ]
            if more := len(entries) - len(shown):
                shown.append(f"{more:,} more")
            words = many(len(entries), "word")
            listed = ", ".join(shown)
            yield f"{file}: the lexicon has {words} that no text has: {listed}"

    def _entries(self) -> dict[Respelling, None]:
        voices = self._job.voices.values()
        found = [one for voice in voices for one in voice.lexicon]
        return dict.fromkeys([*found, *self._job.lexicon])
