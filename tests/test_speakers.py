"""The list of speakers: read from a real server, held against a job's voices."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import batchtts
from batchtts.cli import group
from batchtts.errors import ServiceError
from batchtts.rime.voicelist import PUBLIC_LIST, fetch_speakers, list_for
from batchtts.runner.speakers import require_speakers, speaker_problem

SPEAKERS = {
    "coda": {"eng": ["astra", "luna"], "spa": ["sol"]},
    "mistv2": {"eng": ["cove"]},
}

Site = Callable[..., str]


def _job(folder: Path, voice: str, rime: str = "{}") -> Path:
    path = folder / "job.yaml"
    path.write_text(
        f"engine: rime\nrime: {rime}\nvoices:\n  one: {voice}\n"
        "texts: [{id: a, text: Good morning to you all.}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"}]\n'
    )
    return path


@pytest.mark.parametrize(
    ("voice", "words"),
    [
        ("{speaker: astra}", None),
        ("{speaker: astra, model: coda}", None),
        ("{speaker: sol, lang: spa}", None),
        ("{speaker: sol, lang: es}", None),
        ("{speaker: cove, model: mistv2}", None),
        ("{speaker: anyone, model: sonata}", None),
        ("{speaker: astar}", 'no speaker "astar" (did you mean "astra"?'),
        ("{speaker: xyzzy}", "`batchtts voices` lists them"),
        ("{speaker: sol}", 'does not speak "eng" (lang: spa)'),
        ("{speaker: cove}", "is no speaker of arcana (model: mistv2)"),
        ("{speaker: luna, model: mistv2}", "(model: coda)"),
    ],
)
def test_a_speaker_fits_or_not(tmp_path: Path, voice: str, words: str | None) -> None:
    """Speaker, model and language are held against the list, with what to do."""
    listed = {
        model: {tongue: frozenset(names) for tongue, names in held.items()}
        for model, held in SPEAKERS.items()
    }
    job = batchtts.load_job(_job(tmp_path, voice))
    problem = speaker_problem(next(iter(job.voices.values())), listed)
    assert (problem is None) == (words is None), problem
    if words is not None:
        assert words in str(problem)
        assert "job.yaml:4:3" in str(problem)


def test_what_is_not_looked_up(tmp_path: Path, site: Site) -> None:
    """A voice of one's own and a server of one's own pass, and nobody is asked."""
    nobody = site(b"", 500)
    warnings: list[str] = []
    for voice, rime in (
        ("{speaker: astar, unlisted: true}", f"{{voices: '{nobody}'}}"),
        ("{speaker: astar}", f"{{voices: '{nobody}', on_prem: true}}"),
        ("{speaker: astar}", "{url: 'ws://127.0.0.1:1/ws'}"),
    ):
        job = batchtts.load_job(_job(tmp_path, voice, rime))
        require_speakers(job, warnings.append)
    assert not warnings


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"<html>", 200, "it is not JSON"),
        (b"[]", 200, "it names no models"),
        (b'{"coda": ["astra"]}', 200, "no languages"),
        (b'{"coda": {"eng": "astra"}}', 200, "no names"),
        (b"[" * 100_000, 200, "it is not JSON"),
        (b"no", 404, "404"),
        (b"moved", 302, "302"),
    ],
)
def test_without_a_list_the_voices_pass(
    tmp_path: Path, site: Site, body: bytes, status: int, words: str
) -> None:
    """No list, or something else in its place: a warning that says why, no more."""
    rime = f"{{voices: '{site(body, status)}'}}"
    warnings: list[str] = []
    job = batchtts.load_job(_job(tmp_path, "{speaker: astar}", rime))
    require_speakers(job, warnings.append)
    (warning,) = warnings
    assert "could not be checked" in warning
    assert words in warning


def test_only_the_cloud_has_a_public_list() -> None:
    """Rime's own hosts have the public list, others none that is known."""
    assert list_for("wss://users-east-ws.rime.ai/ws") == PUBLIC_LIST
    assert list_for("wss://rime.example.org/ws") is None
    assert list_for("ws://127.0.0.1:8002") is None


def test_a_list_is_not_asked_for_in_the_clear() -> None:
    """Another machine is asked over TLS only."""
    with pytest.raises(ServiceError, match="https"):
        fetch_speakers("http://users.rime.ai/data/voices/all-v2.json")
    with pytest.raises(ServiceError, match="https"):
        fetch_speakers("file:///etc/passwd")


def test_the_command_lists_speakers(site: Site) -> None:
    """`voices` prints a line a language, or one JSON document."""
    url = site(json.dumps(SPEAKERS).encode())
    shown = CliRunner().invoke(group, ["voices", "--list", url])
    assert shown.output == "coda eng: astra, luna\ncoda spa: sol\nmistv2 eng: cove\n"
    few = CliRunner().invoke(group, ["voices", "--list", url, "--lang", "spa"])
    assert few.output == "coda spa: sol\n"
    whole = CliRunner().invoke(
        group, ["voices", "--list", url, "--model", "mistv2", "--json"]
    )
    assert json.loads(whole.output) == {"mistv2": SPEAKERS["mistv2"]}
