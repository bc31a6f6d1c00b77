"""What a job makes, part by part, so that two states of it can be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace

from batchtts.audiobook import AudiobookOutput
from batchtts.files import local_errors
from batchtts.lock.lines import Made
from batchtts.lock.marks import digest
from batchtts.model import Job, Output, Text
from batchtts.plan import Reading, readings, survey
from batchtts.runner.differences import Reason
from batchtts.runner.engine import engine_of
from batchtts.runner.ledger import Ledger
from batchtts.runner.places import relative
from batchtts.runner.recipes import Recipes
from batchtts.runner.remembered import Remembered
from batchtts.targets import Target
from batchtts.texts import read_texts

__all__ = ["Group", "Part", "Planned"]

_MOST_REASONS = 20  # of one book


@dataclass(frozen=True, slots=True)
class Part:
    """A reading's share of an output, and the name that it is written down under."""

    name: str
    shown: str  # the path of the file or the folder
    target: Target
    text: Text
    made: Made


@dataclass(slots=True)
class Group:
    """What readings go into together: a book, with its files, or a dataset."""

    output: Output
    settings: Mapping[str, object]
    files: dict[str, None] = field(default_factory=dict)
    order: bytes = b""
    reasons: list[Reason] = field(default_factory=list)

    def add(self, part: Part) -> None:
        """Take notice of a part."""
        self.files[part.shown] = None
        words = f"{part.made.voice}\n{part.text.id}\n{part.text.title}"
        data = self.order + words.encode("utf-8", "surrogatepass")
        self.order = hashlib.sha256(data).digest()

    def note(self, *reasons: Reason) -> None:
        """Note why it is made anew."""
        self.reasons += reasons[: _MOST_REASONS - len(self.reasons)]

    @property
    def key(self) -> str:
        """Return what stands for all that is not of single parts."""
        order = self.order.hex() if self.output.sharing == "file" else ""
        return json.dumps([self.settings, order], sort_keys=True)


class Planned:
    """The plan of a job, with what each part of its outputs is to be made of."""

    def __init__(self, job: Job, ledger: Ledger) -> None:
        """Plan a job, of which ``ledger`` knows the earlier runs."""
        self._job = job
        self._engine = engine_of(job, ledger)
        self._earlier = Remembered(ledger)
        self.recipes = Recipes(self._engine)
        self.groups: dict[str, Group] = {}

    def readings(self) -> Iterator[Reading]:
        """Yield the readings of the job, in order."""
        size = survey(self._job, read_texts)
        yield from readings(
            self._job,
            read_texts,
            engine=self._engine,
            texts=size.texts,
            earlier=self._earlier,
        )

    def parts(self, reading: Reading) -> Iterator[Part]:
        """Yield what becomes of a reading."""
        for target in (*reading.targets, *reading.shares):
            output = target.output
            shown = name = relative(target.path, self._job.path.parent)
            if output.sharing != "none":
                own = (reading.voice.name, reading.text.id, str(reading.take))
                name = "\n".join([shown, *own])
                made = self.recipes.part(reading)
                if output.sharing == "folder":  # a row has columns, a chapter a title
                    columns = json.dumps(dict(reading.text.columns), sort_keys=True)
                    made = replace(made, tags={"columns": digest(columns)})
                part = Part(name, shown, target, reading.text, made)
                self.group(shown, output).add(part)
            else:
                rate_hz = self.recipes.rate_hz(reading, output)
                made = self.recipes.made(reading, output, rate_hz)
                part = Part(name, shown, target, reading.text, made)
            yield part

    def group(self, shown: str, output: Output) -> Group:
        """Return what a file or folder of an output belongs to."""
        # One gain is for all chapters that are files of their own.
        name = shown.rpartition("/")[0] + "/" if _has_chapters(output) else shown
        if name not in self.groups:
            self.groups[name] = Group(output, _settings(output))
        return self.groups[name]


def _has_chapters(output: Output) -> bool:
    return output.sharing == "file" and output.own_files


def _settings(output: Output) -> dict[str, object]:
    """Return what decides an output beside its readings, wherever its files are."""
    cover = ""
    if isinstance(output, AudiobookOutput) and output.cover is not None:
        with local_errors("cannot read the cover"):
            cover = hashlib.sha256(output.cover.read_bytes()).hexdigest()
    written = json.dumps(asdict(output), default=str)
    folder = json.dumps(str(output.folder))[1:-1]
    found: dict[str, object] = json.loads(written.replace(folder, ""))
    about = found.pop("about", None)
    for name in ("place", "folder", "cover"):
        found.pop(name, None)
    return {**found, **(about if isinstance(about, dict) else {}), "cover": cover}
