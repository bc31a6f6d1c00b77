"""Cut takes in whole runs: made again, or confirmed by a second and told of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import batchtts
from batchtts.cache import Cache
from batchtts.cli import main
from batchtts.localserver.server import LocalServer
from batchtts.report import RunReport

Serve = Callable[..., LocalServer]

BOATS = (
    "ferry steamer launch packet tender cutter barge yawl sloop ketch dinghy skiff "
    "lighter trawler tug wherry punt galley schooner brig"
)
LINES = [
    f"The {name} leaves from pier {number}. It calls at every village on the western "
    f"shore, and {number + 2} passengers are waiting. Please have your tickets ready."
    for number, name in enumerate(BOATS.split(), start=1)
]
CUT_HALF = "reply: {at: 50%, end: 1000}"


def _job(folder: Path, server: LocalServer, lines: list[str] = LINES) -> Path:
    """Write a job with a text for each line."""
    texts = [{"id": f"line-{n}", "text": line} for n, line in enumerate(lines)]
    job = {
        "engine": "local",
        "local": {"synthesiser": "tone", "url": server.url},
        "voices": {"narrator": {"speaker": "astra"}},
        "texts": texts,
        "audio": {"loudness": "none"},
        "outputs": [{"kind": "files", "path": "out/{id}.wav"}],
    }
    path = folder / "job.yaml"
    path.write_text(json.dumps(job), encoding="utf-8")
    return path


def _run(path: Path, *, strict: bool = False) -> RunReport:
    return batchtts.run(batchtts.load_job(path), strict=strict)


def test_a_take_that_is_cut_once_is_made_again(tmp_path: Path, serve: Serve) -> None:
    """Nobody need know: a closed connection gave no reason to doubt, the judge did."""
    server = serve(f"[{{text: '*yawl*', attempts: 1, {CUT_HALF}}}]")
    report = _run(_job(tmp_path, server), strict=True)
    assert (report.exit_code, report.made, report.suspects) == (0, len(LINES), ())
    assert (report.totals.attempts, report.totals.retries) == (len(LINES) + 1, 1)


def test_a_sentence_that_is_missing_is_missed(tmp_path: Path, serve: Serve) -> None:
    """A reply that ends well, where a sentence ends, is too short for its words."""
    said = LINES[7].rpartition(" Please")[0]
    server = serve(f"[{{text: '*yawl*', attempts: 1, reply: {{say: '{said}'}}}}]")
    report = _run(_job(tmp_path, server))
    assert (report.exit_code, report.totals.retries) == (0, 1)


def test_two_that_agree_are_kept_and_told_of(tmp_path: Path, serve: Serve) -> None:
    """What the service always cuts in one place is used, and listed ever after."""
    server = serve(f"[{{text: '*yawl*', {CUT_HALF}}}]")
    path = _job(tmp_path, server)
    report = _run(path)
    [suspect] = report.suspects
    assert (report.exit_code, report.failed, report.totals.retries) == (0, 0, 1)
    assert (suspect.text, suspect.voice) == ("line-7", "narrator")
    assert (suspect.chunk, suspect.chunks) == (1, 1)
    kept = Cache(tmp_path / ".batchtts" / "cache").read(suspect.take)  # type: ignore[arg-type]
    assert kept is not None
    assert kept.suspect == suspect.reason
    written = json.loads(report.path.read_text(encoding="utf-8"))
    assert [one["text"] for one in written["suspects"]] == ["line-7"]
    assert [
        one["text"] for one in written["outputs"] if one.get("suspects") is not None
    ] == ["line-7"]
    again = _run(path)
    assert (again.unchanged, again.suspects) == (len(LINES), (suspect,))
    (tmp_path / "out" / "line-7.wav").unlink()
    remade = _run(path, strict=True)
    assert (remade.made, remade.suspects) == (1, (suspect,))
    assert (remade.totals.attempts, remade.exit_code) == (0, 3)


def test_a_changed_line_is_judged_by_the_others(tmp_path: Path, serve: Serve) -> None:
    """Its voice is known from the takes that an earlier run has left."""
    _run(_job(tmp_path, serve()))
    changed = [*LINES[:7], LINES[7].replace("yawl", "yacht"), *LINES[8:]]
    said = changed[7].rpartition(" It ")[0]
    server = serve(f"[{{text: '*yacht*', attempts: 1, reply: {{say: '{said}'}}}}]")
    report = _run(_job(tmp_path, server, changed))
    assert (report.made, report.unchanged) == (1, len(LINES) - 1)
    assert (report.totals.attempts, report.totals.retries) == (2, 1)


def test_what_never_agrees_fails(tmp_path: Path, serve: Serve) -> None:
    """A take that is cut elsewhere each time is none; the report says why."""
    server = serve("[{text: '*yawl*', reply: {at: 20%-70%, end: 1000}}]")
    report = _run(_job(tmp_path, server))
    [failure] = report.failures
    assert (report.exit_code, report.failed) == (3, 1)
    assert (failure.text, failure.kind) == ("line-7", "incomplete")
    assert not (tmp_path / "out" / "line-7.wav").exists()


@pytest.mark.parametrize(
    ("sound", "kind"), [("silence", "no_audio"), ("noise", "not_audio")]
)
def test_what_is_no_speech_never_agrees(
    tmp_path: Path, serve: Serve, sound: str, kind: str
) -> None:
    """Silence and noise are nobody's words, however often they come."""
    server = serve(f"[{{text: '*yawl*', reply: {{audio: {sound}}}}}]")
    report = _run(_job(tmp_path, server))
    assert [failure.kind for failure in report.failures] == [kind]
    assert report.suspects == ()


def test_suspects_are_shown(
    tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person reads which take to listen to; with --strict a script hears of it."""
    path = _job(tmp_path, serve(f"[{{text: '*yawl*', {CUT_HALF}}}]"))
    codes = []
    for flags in ([], ["--strict"]):
        with pytest.raises(SystemExit) as ended:
            main(["run", str(path), *flags])
        codes.append(ended.value.code)
    said = capsys.readouterr()
    assert codes == [0, 3]
    assert "1 suspect take" in said.out
    line = 'text "line-7" in voice "narrator", chunk 1 of 1: '
    assert said.err.count(line) == 2
    assert "another take agreed" in said.err
    assert "run again to resume" not in said.err
