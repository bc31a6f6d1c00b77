"""A dataset as a collection: every reading of its output is an utterance."""

from __future__ import annotations

import contextlib
import json
import secrets
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from batchtts.audio.loudness import levelled
from batchtts.corpora import DatasetOutput
from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.model import Job, Request, TextId
from batchtts.outputs.datasets.dataset import Dataset, Summary
from batchtts.outputs.datasets.encoding import encoded
from batchtts.outputs.datasets.finishing import Finished, Finishing, finished
from batchtts.outputs.datasets.peeking import copy_state
from batchtts.outputs.datasets.recognition import error_rates
from batchtts.outputs.datasets.retaking import Further
from batchtts.outputs.datasets.rows import Provenance, Row, Sound, utterance_key
from batchtts.plan import Reading
from batchtts.report import Suspect
from batchtts.runner.collection import Collection, Found, Made, Tally, Wanted
from batchtts.runner.datasetparts import counts, settings_of
from batchtts.runner.finding import Finding
from batchtts.runner.places import dataset_folder, relative
from batchtts.runner.utterances import Utterances
from batchtts.runner.workshop import Workshop
from batchtts.sources import TableText
from batchtts.targets import Target
from batchtts.text_safety import many
from batchtts.tracks import Track

__all__ = ["DatasetCollection"]


class DatasetCollection(Collection):
    """Makes one dataset of a job; see `Collection`."""

    def __init__(
        self,
        job: Job,
        output: DatasetOutput,
        shop: Workshop | None,
        utterances: Utterances,
        *,
        by_lock: bool = False,
    ) -> None:
        """Open what is known of the dataset; without a ``shop``, a copy of it.

        Nothing is opened where only what the lock says is asked for.
        Raises LocalError where that cannot be read.
        """
        self._utterances = utterances
        self._by_lock = by_lock
        self._stands = False
        self._is_recorded = False
        self._output = output
        self._base = job.path.parent
        self._rate_hz = output.audio.sample_rate or min(
            voice.sampling_rate for voice in job.voices.values()
        )
        self._is_one_voice = len(output.voices or job.voices) == 1
        self._known = {name for one in job.texts for name in _own_columns(one)}
        self._columns: dict[str, None] = dict.fromkeys(output.columns or ())
        self._lock = threading.Lock()
        self._expected = self._unchanged = self._lost = 0
        self._seconds = 0.0
        self._copy = contextlib.ExitStack()
        self._settings = settings_of(job, output, self._rate_hz, _owner(shop))
        self._shop = shop
        if by_lock:
            return
        state = dataset_folder(job, output)
        check = _nothing
        if shop is None:
            copy = Path(self._copy.enter_context(tempfile.TemporaryDirectory()))
            copy_state(state, copy)
            state = copy
        else:
            check = shop.check
        self._dataset = Dataset(self._settings, state=state, check=check)

    def expect(self, reading: Reading, target: Target) -> None:
        """Take notice of an utterance. Raises JobError if two have one name."""
        del target
        self._expected += 1
        row = self._row(reading)
        self._utterances.expect(reading, row)
        if not (self._by_lock or self._dataset.expect(row)):
            message = (
                f'text "{row.id}" in voice "{row.voice}" would be the utterance '
                f'"{row.key}", which there is already'
            )
            problem = Problem(reading.text.place, message, "give it another id")
            raise JobError([problem])

    def settle(self) -> Tally:
        """Find out which utterances need their sound; of none, leave all alone."""
        if not self._expected:
            return Tally(0, 0)
        self._settings = replace(self._settings, columns=tuple(self._columns))
        self._stands = self._utterances.stand(self._settings)
        if self._stands:
            self._unchanged = self._expected
        elif self._by_lock:
            self._unchanged = self._utterances.unchanged
        if self._stands or self._by_lock:
            return Tally(self._expected, self._unchanged)
        self._dataset.carry(tuple(self._columns))
        plan = self._dataset.plan()
        self._dataset.ask()  # of what is there already; more when all is
        due = plan.wanted + self._dataset.retakes_due()
        self._unchanged = self._expected - due
        if not due and self._dataset.lists_are_stale():
            self._unchanged -= 1  # counted as one of its rows would be
        if plan.wanted and self._output.is_recognised and self._shop is not None:
            self._require_ears(self._shop)
        return Tally(self._expected, self._unchanged)

    def found(self) -> Iterator[Found]:
        """Tell how many utterances are in their place, or have none."""
        if self._unchanged:
            yield Found(
                entry={**self._entry("unchanged"), "utterances": self._unchanged},
                outputs=self._unchanged,
                suspects=tuple(self._suspects()),
            )

    def findings(self) -> Iterator[Finding]:
        """Say which utterances and which files are not as they should be."""
        if self._expected and not self._stands:
            yield from self._utterances.findings(self._settings)

    def wanted(self, reading: Reading, target: Target) -> Wanted | None:
        """Say whether a reading's track is needed."""
        del target
        key = self._key(reading)
        if not self._dataset.wants(key, reading.retake):
            return None
        further = self._dataset.may_follow(key, reading.retake)
        was_made = self._shop is None and self._utterances.knows(key)
        return Wanted(self._rate_hz, self._output.audio.pauses, further, was_made)

    def add(
        self,
        reading: Reading,
        target: Target,
        track: Track,
        suspects: Sequence[Suspect],
    ) -> Iterator[Made]:
        """Take the sound of an utterance; it waits where the next run finds it."""
        del target
        doubts = [asdict(suspect) for suspect in suspects]
        sound, scores = self._finished(reading, track)
        self._dataset.add(
            self._key(reading), sound, scores, doubts=doubts, further=_further(reading)
        )
        if not reading.retake:
            with self._lock:
                self._seconds += track.samples / track.rate_hz
        return iter(())

    def lose(self, reading: Reading, target: Target, reason: str) -> int:
        """Leave an utterance out of the dataset, or its further take, for now."""
        del target
        self._dataset.lose(self._key(reading), reason, reading.retake)
        self._lost += 1
        return 1

    def ask(self) -> bool:
        """Find out which utterances are wanted in another take."""
        if self._stands or self._by_lock or not self._expected:
            return False
        return self._dataset.ask()

    def once_more(self, reading: Reading, target: Target) -> Reading | None:
        """Return another take of an utterance that is unlike the others."""
        if self._stands or self._by_lock:
            return None
        key = self._key(reading)
        take = self._dataset.next_take(key)
        if take is None:
            return None
        return reading.made_again(take, step=target.output.takes)

    def finish(self) -> Iterator[Made]:
        """Write what is not written yet: shards, lists and cards."""
        if self._stands or not self._expected:
            return
        summary = self._dataset.finish()
        with local_errors("cannot look at"):
            files, lost = self._dataset.files(), self._dataset.lost()
            self._utterances.record(self._settings, files, lost)
        self._is_recorded = next(self._dataset.lost(), None) is None
        made = max(0, self._expected - self._unchanged - self._lost)
        if made or summary.files_changed:
            yield Made(
                path=self._output.folder,
                entry={**self._entry("made"), **counts(summary, self._rate_hz)},
                outputs=made,
                seconds=self._seconds,
                suspects=tuple(self._suspects()),
                warnings=tuple(self._warnings(summary)),
            )

    def standing(self) -> Sequence[Found] | None:
        """Say that all utterances stand, unless one is in doubt or did not come."""
        whole = self._stands or self._is_recorded or not self._expected
        if self._by_lock or not whole or next(self._suspects(), None) is not None:
            return None
        self._unchanged = self._expected
        return tuple(self.found())

    def close(self) -> None:
        """Let go of the files; sound that came is kept for the next run."""
        if not self._by_lock:
            self._dataset.__exit__(None, None, None)
        self._copy.close()

    def _require_ears(self, shop: Workshop) -> None:
        if not shop.ears.are_there:
            message = 'the dataset asks to "recognise", and there is nobody to hear it'
            hint = "run it with --recogniser, or set BATCHTTS_RECOGNISER"
            raise JobError([Problem(self._output.place, message, hint)])

    def _finished(
        self, reading: Reading, track: Track
    ) -> tuple[Finished, Mapping[str, float]]:
        """Return the sound of an utterance, with a recogniser's scores.

        Mostly made by another process: to encode takes longer than to join.
        """
        loudness, suffixes = self._output.audio.loudness, self._settings.suffixes
        shop = self._shop
        if shop is not None and not self._output.is_recognised and shop.has_hands():
            order = Finishing(
                spool=track.spool,
                rate_hz=track.rate_hz,
                samples=track.samples,
                levels=track.levels,
                loudness=loudness,
                suffixes=suffixes,
            )
            return shop.have_finished(order), {}
        with levelled(
            track.spool, rate_hz=track.rate_hz, levels=track.levels, loudness=loudness
        ) as ready:
            sound = Sound(
                blocks=ready.blocks,
                rate_hz=track.rate_hz,
                samples=track.samples,
                levels=ready.levels,
            )
            return finished(sound, suffixes), self._heard(reading, sound)

    def _heard(self, reading: Reading, sound: Sound) -> dict[str, float]:
        """Return the error rates of a recogniser, where one is asked for."""
        shop = self._shop
        if not self._output.is_recognised or shop is None:
            return {}
        wav = shop.scratch / f"{secrets.token_hex(8)}.wav"
        try:
            with local_errors("cannot write an utterance to be heard"):
                wav.write_bytes(encoded(sound, ".wav"))
            words = shop.ears.hear(wav)
        finally:
            wav.unlink(missing_ok=True)
        return error_rates(_said(reading), words)

    def _entry(self, state: str) -> dict[str, object]:
        return {
            "path": relative(self._output.folder, self._base),
            "state": state,
            "kind": "dataset",
            "formats": [target.format for target in self._output.targets],
        }

    def _warnings(self, summary: Summary) -> Iterator[str]:
        name = relative(self._output.folder, self._base)
        counted = summary.counted
        left_out = counted.refused + sum(count for _, count in counted.filtered)
        if left_out:
            yield (
                f"{name}: {many(left_out, 'utterance')} left out, listed in "
                "about/dropped.jsonl"
            )
        if counted.removed:
            yield (
                f"{name}: {many(counted.removed, 'utterance')} of an earlier run not "
                'in the job any more; "drop_removed: true" takes them out'
            )
        for warning in summary.warnings:
            yield f"{name}: {warning}"

    def _suspects(self) -> Iterator[Suspect]:
        for doubts in self._dataset.doubts():
            for doubt in json.loads(doubts):
                yield Suspect(**doubt)

    def _key(self, reading: Reading) -> str:
        voice = None if self._is_one_voice else reading.voice.name
        name = reading.text.id
        if reading.take:
            name = TextId(f"{name}-take{reading.take + 1}")
        return utterance_key(name, voice)

    def _row(self, reading: Reading) -> Row:
        requests = [piece.request for piece in reading.pieces if piece.request]
        return Row(
            key=self._key(reading),
            id=reading.text.id,
            text=reading.text.words,
            normalised=_said(reading),
            voice=reading.voice.name,
            language=reading.voice.lang,
            columns=self._carried(reading.text.columns),
            provenance=_provenance(reading, requests),
        )

    def _carried(self, columns: Mapping[str, str]) -> dict[str, str]:
        """Return the columns to carry through: those asked for, or all but our own."""
        if self._output.columns is None:
            new = (name for name in columns if name not in self._known)
            self._columns.update(dict.fromkeys(new))
        return {name: columns[name] for name in self._columns if name in columns}


def _further(reading: Reading) -> Further | None:
    if not reading.retake:
        return None
    return Further(reading.retake, tuple(_fingerprints(reading)))


def _fingerprints(reading: Reading) -> Iterator[str]:
    for piece in reading.pieces:
        if piece.request is not None:
            yield piece.request.fingerprint


def _said(reading: Reading) -> str:
    return "".join(piece.written for piece in reading.pieces).strip()


def _own_columns(source: object) -> Iterable[str]:
    """Return the columns of a table that are told of each utterance anyway."""
    if not isinstance(source, TableText):
        return ()
    named = (source.id or "id", source.voice, source.title)
    return [name for name in named if name]


def _provenance(reading: Reading, requests: Sequence[Request]) -> Provenance:
    return Provenance(
        engine=requests[0].engine if requests else "",
        parameters=reading.voice.parameters,
        fingerprints=tuple(request.fingerprint for request in requests),
    )


def _owner(shop: Workshop | None) -> str:
    return "" if shop is None else shop.owner


def _nothing() -> None:
    """Let everything go on."""
