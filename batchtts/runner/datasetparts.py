"""What a job says of a dataset as its settings, and its counts for the report."""

from __future__ import annotations

from dataclasses import replace

from batchtts.corpora import ERROR_RATES, DatasetOutput
from batchtts.model import Job
from batchtts.outputs.datasets.dataset import Summary
from batchtts.outputs.datasets.settings import DatasetSettings
from batchtts.runner.versions import versions
from batchtts.tracks import RENDER_VERSION

__all__ = ["counts", "settings_of"]


def settings_of(
    job: Job, output: DatasetOutput, rate_hz: int, owner: str
) -> DatasetSettings:
    """Return the settings; ``owner`` marks temporary files."""
    audio = output.audio
    return DatasetSettings(
        targets=output.targets,
        rate_hz=rate_hz,
        about=replace(
            output.about,
            title=output.about.title or job.name,
            generator=f"batchtts {versions()['batchtts']}",
        ),
        sound_key=repr((RENDER_VERSION, audio.pauses, audio.loudness)),
        splits=output.splits,
        filters=output.filters,
        retakes=output.retakes,
        scores=ERROR_RATES if output.is_recognised else (),
        prefix=output.prefix,
        drop_removed=output.drop_removed,
        base=job.path.parent,
        shard_bytes=output.shard_bytes,
        shard_rows=output.shard_rows,
        owner=owner,
    )


def counts(summary: Summary, rate_hz: int) -> dict[str, object]:
    """Return what the report tells of a dataset that was made."""
    counted = summary.counted
    return {
        "utterances": counted.whole.utterances,
        "seconds": round(counted.whole.seconds(rate_hz), 3),
        "speakers": counted.whole.speakers,
        "splits": {part.name: part.utterances for part in counted.splits},
        "shards": summary.shards,
        "left_out": {
            "text": counted.refused,
            "filters": dict(counted.filtered),
            "failed": counted.lost,
        },
        "retaken": {"utterances": counted.retaken, "replaced": counted.replaced},
        "removed_from_job": counted.removed,
    }
