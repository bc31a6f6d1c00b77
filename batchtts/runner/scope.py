"""What part of a job a run is for, and what it may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from batchtts.errors import JobError, Problem
from batchtts.model import Output, Place, TextId, VoiceName
from batchtts.plan import Reading, Survey

__all__ = ["EVERYTHING", "Scope"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a run is for.

    ``only`` are globs over a text's id or, with a slash, over ``voice/id``: the
    files of all others are left alone, and so is all that many readings go into.
    ``prune`` removes files that nothing asks for any more. ``frozen`` sends
    nothing: what the cache cannot serve ends the run before it begins. ``overwrite``
    makes files anew that no run is known to have made. Only where it ``tidies`` are
    files told of, or removed, that nothing asks for any more.
    """

    only: tuple[str, ...] = ()
    prune: bool = False
    frozen: bool = False
    overwrite: bool = False
    tidies: bool = True

    def of(self, planned: Iterable[Reading]) -> Iterator[Reading]:
        """Yield the readings that are meant, with what is to become of them."""
        for reading in planned:
            if not self.only:
                yield reading
            elif reading.targets and self._matches(reading.text.id, reading.voice.name):
                yield replace(reading, shares=())

    def survey(self, size: Survey, planned: Iterable[Reading]) -> Survey:
        """Return the size of what is meant. Raises JobError if that is nothing."""
        if not self.only:
            return size
        met: dict[str, int] = dict.fromkeys(self.only, 0)
        count = outputs = characters = 0
        for reading in self.of(planned):
            for glob in self.only:
                met[glob] += _matches(glob, reading.text.id, reading.voice.name)
            count += 1
            outputs += len(reading.targets)
            characters += reading.characters
        if missed := [glob for glob, times in met.items() if not times]:
            hint = 'a text\'s id, or "voice/id"; * stands for anything'
            raise JobError(
                [
                    Problem(Place("--only"), f'no file is of "{glob}"', hint)
                    for glob in missed
                ]
            )
        return replace(
            size,
            readings=count,
            outputs=outputs,
            characters=characters,
            utterances=0,
        )

    def means(self, text: TextId, voice: VoiceName, output: Output) -> bool:
        """Tell whether what an output makes of a text in a voice is meant."""
        if not self.only:
            return True
        return output.sharing == "none" and self._matches(text, voice)

    def _matches(self, text: TextId, voice: VoiceName) -> bool:
        return any(_matches(glob, text, voice) for glob in self.only)


EVERYTHING = Scope()


def _matches(glob: str, text: TextId, voice: VoiceName) -> bool:
    name = f"{voice}/{text}" if "/" in glob else text  # an id has no slash
    return fnmatchcase(name, glob)
