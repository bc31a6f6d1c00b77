"""Job files, from the file on disk to the job."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import yaml

from batchtts.errors import JobError, LocalError
from batchtts.jobfile import load_job, schema_text
from batchtts.jobfile.parameters import PARAMETERS, canonical
from batchtts.model import (
    Job,
    LocalSettings,
    Loudness,
    Pauses,
    Place,
    RimeSettings,
    TextId,
)
from batchtts.sources import FileText, InlineText, TableText

REST = """
texts: [{id: x, text: Hello.}]
outputs: [{kind: files, path: "out/{id}.wav"}]
"""
HEAD = "voices: {a: {speaker: astra}, b: {speaker: luna}}\n"
TEXTS = "texts: [{id: x, text: Hello.}]\n"
OUTPUTS = 'outputs: [{kind: files, path: "out/{id}.wav"}]\n'

Load = Callable[..., Job]
Problems = Callable[..., list[str]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a project with a text and a table, inside a folder that is none."""
    root = tmp_path / "project"
    (root / ".git").mkdir(parents=True)
    (root / "jobs").mkdir()
    (root / "harbour.md").write_text("Words.")
    (root / "lines.csv").write_text("id,text\n1,Hi\n")
    (tmp_path / "outside.md").write_text("Secret.")
    return root


@pytest.fixture
def load(project: Path) -> Load:
    """Load a job file of the given text from the project's root."""

    def load(text: str, **flags: object) -> Job:
        path = project / "job.yaml"
        path.write_text(text, encoding="utf-8", newline="\n")
        return load_job(path, **flags)  # type: ignore[arg-type] # each test knows

    return load


@pytest.fixture
def told(load: Load) -> Problems:
    """Load a job file that must be refused, and return the problems' lines."""

    def told(text: str, **flags: object) -> list[str]:
        with pytest.raises(JobError) as caught:
            load(text, **flags)
        return [
            str(problem).replace(problem.place.file, Path(problem.place.file).name, 1)
            for problem in caught.value.problems
        ]

    return told


# --- whole jobs ----------------------------------------------------------------


def test_smallest_job_has_all_defaults(load: Load, project: Path) -> None:
    """What a job does not say is what the documentation says."""
    job = load("voices: {a: {speaker: astra}}" + REST)
    assert job.path == project / "job.yaml"
    assert job.name == "job"
    assert job.engine == "rime"
    assert job.rime == RimeSettings()
    assert job.local == LocalSettings()
    assert (job.concurrency, job.limit, job.cache) == (8, 500, None)
    assert job.voice == "a"
    assert job.place == Place(str(project / "job.yaml"), 1, 1)
    (text,) = job.texts
    assert text == InlineText(
        id=TextId("x"),
        words="Hello.",
        voice=None,
        title=None,
        place=Place(str(job.path), 2, 9),
    )
    (output,) = job.outputs
    assert output.folder == project / "out"
    assert output.pattern == "{id}.wav"
    assert output.suffix == ".wav"
    assert (output.texts, output.voices) == ((), ())
    assert output.audio.loudness == Loudness("lufs", -19.0, -1.0)
    assert output.audio.pauses == Pauses()
    assert (output.audio.sample_rate, output.audio.bitrate) == (None, None)


def test_job_says_everything(load: Load, project: Path) -> None:
    """Every field of the job file has its place in the job."""
    job = load(
        """
name: harbour
engine: local
rime: {url: wss://users-east-ws.rime.ai/ws, header: X-Key}
local: {synthesiser: tone, url: ws://127.0.0.1:8080/ws}
concurrency: 3
limit: 300
cache: takes
voice: b
voices: {a: {speaker: astra, limit: 200}, b: {speaker: luna}}
texts:
  - {id: 007, text: no, voice: a, title: 1.10}
  - {file: harbour.md, id: h, voice: b}
  - {table: lines.csv, id: key, text: line, voice: role, title: head}
audio: {sample_rate: 48000, pauses: {clause: 0.1, sentence: 0.2}, loudness: ebu}
outputs:
  - {kind: files, path: "out/{voice}/{id}.MP3", texts: "x*", voices: [b, a],
     audio: {pauses: {sentence: 1}, loudness: {rms: -20, peak: -3}, bitrate: 64}}
  - {kind: files, path: "line-{id}.opus", texts: [x, y]}
"""
    )
    assert (job.name, job.engine) == ("harbour", "local")
    assert job.rime == RimeSettings(
        url="wss://users-east-ws.rime.ai/ws", header="X-Key"
    )
    assert job.local == LocalSettings(synthesiser="tone", url="ws://127.0.0.1:8080/ws")
    assert (job.concurrency, job.limit, job.cache) == (3, 300, project / "takes")
    assert job.voice == "b"
    assert [v.limit for v in job.voices.values()] == [200, None]
    inline, file, table = job.texts
    assert isinstance(inline, InlineText)
    assert (inline.id, inline.words, inline.title) == ("007", "no", "1.10")
    assert isinstance(file, FileText)
    assert (file.path, file.shown) == (project / "harbour.md", "harbour.md")
    assert (file.id, file.voice) == ("h", "b")
    assert isinstance(table, TableText)
    assert (table.id, table.text, table.voice, table.title) == (
        "key",
        "line",
        "role",
        "head",
    )
    first, second = job.outputs
    assert (first.folder, first.pattern) == (project / "out", "{voice}/{id}.MP3")
    assert (first.suffix, first.texts, first.voices) == (".mp3", ("x*",), ("b", "a"))
    assert first.audio.pauses == Pauses(clause=0.1, sentence=1.0)
    assert first.audio.loudness == Loudness("rms", -20.0, -3.0)
    assert (first.audio.sample_rate, first.audio.bitrate) == (48000, 64)
    assert (second.folder, second.pattern) == (project, "line-{id}.opus")
    assert second.texts == ("x", "y")
    assert second.audio.pauses == Pauses(clause=0.1, sentence=0.2)
    assert second.audio.loudness == Loudness("lufs", -23.0, -1.0)


def test_flags_override_the_file(load: Load, tmp_path: Path) -> None:
    """The command line wins, and its cache may be anywhere."""
    job = load(
        HEAD + REST,
        engine="rime",
        url="wss://other/ws",
        concurrency=2,
        limit=99,
        cache=tmp_path / "elsewhere",
        synthesiser="tone",
    )
    assert job.rime.url == "wss://other/ws"
    assert (job.concurrency, job.limit) == (2, 99)
    assert job.cache == tmp_path / "elsewhere"
    assert job.local.synthesiser == "tone"


def test_url_flag_is_that_of_the_engine(load: Load) -> None:
    """With the local engine the address is a local server's."""
    job = load(HEAD + REST, engine="local", url="ws://localhost:9/ws")
    assert (job.local.url, job.rime) == ("ws://localhost:9/ws", RimeSettings())


def test_flags_are_checked_like_the_file(told: Problems) -> None:
    """A wrong flag is told in the same words, and no address is repeated."""
    lines = told(
        HEAD + REST, engine="rhyme", url="http://u:s3cret@h", concurrency=0, limit=1
    )
    assert lines == [
        'the command line: "--engine" must be "rime" or "local", not "rhyme"',
        'the command line: "--url" must be an address that begins with wss:// or ws://',
        (
            'the command line: "--concurrency" must be a whole number from 1 to 256, '
            'not "0"'
        ),
        'the command line: "--limit" must be a whole number from 40 up, not "1"',
    ]


def test_on_prem_is_for_rime_only(load: Load, told: Problems) -> None:
    """A flag's ws:// to another machine is allowed as the file's would be."""
    text = HEAD + "rime: {on_prem: true}" + REST
    assert load(text, url="ws://tts.lan:8002").rime.url == "ws://tts.lan:8002"
    (line,) = told(text, engine="local", url="ws://tts.lan:8002")
    assert "in the clear" in line


def test_all_problems_are_told_at_once(told: Problems) -> None:
    """One reading finds everything, in the order of the file."""
    lines = told(
        """voices:
  narrator: {speaker: astra, samplingRate: 24000}
  clerk: {temperature: 2}
texts:
  - {id: intro, text: Hi, voice: narator}
  - {id: INTRO, text: Hi}
  - {id: a, text: }
  - {txt: Hi}
  - {file: harbor.md}
  - {file: harbour.md, text: x}
outputs:
  - {kind: file}
  - {path: x.wav}
colour: red
"""
    )
    assert lines == [
        (
            'job.yaml:2:30: unknown key "samplingRate" in the voice '
            '(did you mean "sampling_rate"?)'
        ),
        (
            'job.yaml:3:10: the voice has no "speaker" '
            "(the speaker's name at Rime; it must fit the model and the language)"
        ),
        'job.yaml:3:24: "temperature" must be a number from 0 to 1, not "2"',
        'job.yaml:5:34: there is no voice "narator" (did you mean "narrator"?)',
        (
            'job.yaml:6:10: there is already a text with the id "INTRO" '
            "(the first is in line 5; choose another id)"
        ),
        'job.yaml:7:19: "text" has no value (it must be text)',
        (
            'job.yaml:8:5: the text needs "table" or "file" or "text" '
            '(did you mean "text"?)'
        ),
        'job.yaml:9:12: there is no file "harbor.md" (did you mean "harbour.md"?)',
        'job.yaml:10:24: "text" cannot stand beside "file" (keep one of them)',
        (
            'job.yaml:12:12: "kind" must be "files", "audiobook", "read-along", '
            '"dataset", not "file" (did you mean "files"?)'
        ),
        (
            'job.yaml:13:5: the output has no "kind" '
            '(what to make: "kind: files" makes one audio file a text, '
            '"audiobook" a book of them, "read-along" an EPUB with its audio, '
            '"dataset" a corpus)'
        ),
        (
            'job.yaml:14:1: unknown key "colour" in the job (it knows name, engine, '
            "rime, local, concurrency, limit, separate_paragraphs, phrases, lexicon, "
            "price, cache, voices, voice, texts, audio, outputs)"
        ),
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 'job.yaml:1:1: the file is empty ("batchtts init" writes one'),
        ("# nothing\n", 'job.yaml:1:1: the file is empty ("batchtts init"'),
        ("just words", 'job.yaml:1:1: "job" must be a mapping (key: value), not "just'),
        ("- a", 'job.yaml:1:1: "job" must be a mapping (key: value), not a list'),
        ("texts: []\n" + HEAD + OUTPUTS, 'job.yaml:1:8: "texts" is an empty list'),
        ("voices: {}" + REST, 'job.yaml:1:9: "voices" is empty (give it a voice)'),
        ("voices:\n" + TEXTS + OUTPUTS, 'job.yaml:1:8: "voices" is empty (it must be'),
        (HEAD + "concurrency: many" + REST, '"concurrency" must be a whole number'),
        (HEAD + "concurrency: '4'" + REST, "(write it without quotes)"),
        (HEAD + "limit: 1,000" + REST, "(write 1000)"),
        (HEAD + "rime: {on_prem: yes}" + REST, '"yes" (write true)'),
        (HEAD + "rime: {on_prem: 'false'}" + REST, "(write false without quotes)"),
        (HEAD + "rime: {on_prem: maybe}" + REST, 'true or false, not "maybe"'),
        ("voices: {a: {speaker: x, lang: ~}}" + REST, 'write "~" in quotes'),
        ("voices: {a: {speaker: x, top_p: 0}}" + REST, "above 0 and at most 1"),
        ("voices: {a: {speaker: x, top_p: '0,5'}}" + REST, "(write 0.5)"),
        (HEAD + "concurrency: [1]" + REST, "from 1 to 256, not a list"),
        (HEAD + "outputs: {kind: files}\n" + TEXTS, "(put a list there, also for one"),
        (HEAD + "audio: {loudness: loud}" + REST, '"acx", "peak" or "none"'),
        (HEAD + "audio: {loudness: {}}" + REST, 'the loudness needs "lufs" or "rms"'),
        (HEAD + "audio: {loudness: [1]}" + REST, "or a mapping (key: value), not a li"),
        (HEAD + "audio: {loudness: }" + REST, '"loudness" is empty'),
        (HEAD + "outputs: [{path: x.wav}]\n" + TEXTS, 'the output has no "kind"'),
        (HEAD + "outputs: [{kind: fils}]\n" + TEXTS, '(did you mean "files"?)'),
        (HEAD + "outputs: [{kind: [a]}]\n" + TEXTS, '", not a list'),
        (HEAD + "quux: 1" + REST, "(it knows name, engine, rime, local,"),
    ],
)
def test_wrong_shapes_are_told(told: Problems, text: str, line: str) -> None:
    """A problem says where it is, what was found and what to write."""
    assert line in told(text)[0]


def test_strange_values_are_shown_harmlessly(told: Problems) -> None:
    """No control character of a file reaches the terminal, and no long value."""
    (line,) = told(HEAD + 'engine: "\\e[2J' + "x" * 100 + '"' + REST)
    assert '"\\x1b[2J' + "x" * 56 + '..."' in line


def test_missing_job_file(tmp_path: Path) -> None:
    """A misspelt job file is found by its name."""
    (tmp_path / "harbour.yaml").touch()
    with pytest.raises(JobError, match=r'no such file .did you mean "harbour.yaml"'):
        load_job(tmp_path / "harbor.yaml")
    with pytest.raises(JobError, match=r'no such file .*"batchtts init" writes one'):
        load_job(tmp_path / "none" / "x.yaml")
    with pytest.raises(JobError, match="this is a folder"):
        load_job(tmp_path)


def test_special_files_are_not_read() -> None:
    """An endless file is refused before it is opened."""
    if not Path("/dev/zero").exists():
        pytest.skip("this system has no /dev/zero")
    with pytest.raises(JobError, match="this is not a file"):
        load_job(Path("/dev/zero"))


def test_unreadable_job_file_is_a_local_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the machine stands in the way, that is what is said."""
    path = project / "job.yaml"
    path.write_text(HEAD + REST)

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        LocalError, match=r"cannot read the job file .*permission denied"
    ):
        load_job(path)


def test_name_comes_from_the_file_or_the_job(project: Path, told: Problems) -> None:
    """A job's name is used in paths, so it must be fit for that."""
    path = project / "con.yaml"
    path.write_text(HEAD + REST)
    with pytest.raises(JobError, match=r"con.yaml: .* a job's name"):
        load_job(path)
    path.write_text(HEAD + "name: fine" + REST)
    assert load_job(path).name == "fine"
    (line,) = told(HEAD + "name: a/b" + REST)
    assert line == 'job.yaml:2:7: a job\'s name cannot contain "/"'


# --- what the schema cannot say ------------------------------------------------

SEMANTIC = {
    "unknown voice": (TEXTS.replace("}]", ", voice: c}]") + OUTPUTS, "no voice"),
    "unknown job voice": ("voice: c\n" + TEXTS + OUTPUTS, 'there is no voice "c"'),
    "unknown output voice": (
        TEXTS + OUTPUTS.replace("}]", ", voices: [a, c]}]"),
        'there is no voice "c" (there are "a", "b")',
    ),
    "voice twice": (
        TEXTS + OUTPUTS.replace("}]", ", voices: [a, a]}]"),
        'the voice "a" stands here a second time',
    ),
    "id twice": (
        "texts: [{id: x, text: A}, {id: X, text: B}]\n" + OUTPUTS,
        'there is already a text with the id "X"',
    ),
    "id of a text": (
        "texts: [{id: ../x, text: A}]\n" + OUTPUTS,
        'an id cannot contain "/"',
    ),
    "id of a file": (
        "texts: [{file: harbour.md, id: a/b}]\n" + OUTPUTS,
        'an id cannot contain "/"',
    ),
    "name of the job": ("name: .x\n" + TEXTS + OUTPUTS, "a job's name"),
    "file missing": ("texts: [{file: no.md}]\n" + OUTPUTS, 'no file "no.md" (looked'),
    "folder missing": (
        "texts: [{file: no/no.md}]\n" + OUTPUTS,
        "(there is no folder",
    ),
    "table missing": (
        "texts: [{table: line.csv}]\n" + OUTPUTS,
        '(did you mean "lines.csv"?)',
    ),
    "folder as file": ("texts: [{file: d.md}]\n" + OUTPUTS, '"d.md" is not a file'),
    "unknown kind": (
        "texts: [{file: a.mobi}]\n" + OUTPUTS,
        '"a.mobi" is of a kind that cannot be read (its name must end in .txt, .md',
    ),
    "chapters of a whole": (
        "texts: [{file: harbour.md, whole: true, chapters: 1-5}]\n" + OUTPUTS,
        "the chapters of a text that is whole cannot be chosen",
    ),
    "unknown table": (
        "texts: [{table: a.xlsx}]\n" + OUTPUTS,
        "(its name must end in .csv, .tsv, .jsonl, .txt, .parquet)",
    ),
    "table as file": (
        "texts: [{file: lines.csv}]\n" + OUTPUTS,
        '"lines.csv" is a table (write "table:" in place of "file:")',
    ),
    "file as table": (
        "texts: [{table: harbour.md}]\n" + OUTPUTS,
        '"harbour.md" is a text, not a table (write "file:"',
    ),
    "input outside": (
        "texts: [{file: ../outside.md}]\n" + OUTPUTS,
        '"../outside.md" is outside the project',
    ),
    "output outside": (
        TEXTS + OUTPUTS.replace("out/", "../out/"),
        "(move it there, or allow it with --allow-outside)",
    ),
    "output at the root": (
        TEXTS + OUTPUTS.replace("out/", "/"),
        '"/" is outside the project',
    ),
    "cache outside": ("cache: /tmp/x\n" + TEXTS + OUTPUTS, '"/tmp/x" is outside'),
    "cache is a file": (
        "cache: harbour.md\n" + TEXTS + OUTPUTS,
        '"harbour.md" is a file, not a folder',
    ),
    "home": ("cache: ~/x\n" + TEXTS + OUTPUTS, 'begins with "~"'),
    "NUL": ('cache: "a\\0b"\n' + TEXTS + OUTPUTS, '"a\\x00b" holds a control'),
    "backslash": (
        "texts: [{file: 'a\\b.md'}]\n" + OUTPUTS,
        '(write "a/b.md", on Windows as well)',
    ),
    "long path": ("cache: " + "a/" * 600 + "\n" + TEXTS + OUTPUTS, "is too long"),
    "template": (TEXTS + OUTPUTS.replace("{id}", "{id"), "a brace stands alone"),
    "template up": (
        TEXTS + OUTPUTS.replace("{id}", "{voice}/../{id}"),
        'has a part ".." where its files are named',
    ),
    "template empty part": (
        TEXTS + OUTPUTS.replace("{id}", "{voice}//{id}"),
        "has an empty part",
    ),
    "template colon": (TEXTS + OUTPUTS.replace("{id}", "a:{id}"), 'holds ":"'),
    "template space": (TEXTS + OUTPUTS.replace("{id}", " {id}"), "begins or ends"),
    "folder is a file": (
        TEXTS + OUTPUTS.replace("out/", "lines.csv/"),
        '"lines.csv" is a file, not a folder',
    ),
    "ending": (TEXTS + OUTPUTS.replace(".wav", ".wave"), '(did you mean ".wav"?)'),
    "ending in a field": (
        TEXTS + OUTPUTS.replace("{id}.wav", "{id.wav}"),
        "(its name must end in .wav, .flac, .mp3",
    ),
    "rate of a format": (
        TEXTS + OUTPUTS.replace(".wav", ".opus") + "audio: {sample_rate: 44100}\n",
        ".opus files cannot have a sample rate of 44100 Hz (they can have 8000, 12000",
    ),
    "bit rate of a format": (
        TEXTS + OUTPUTS.replace(".wav", ".mp3") + "audio: {bitrate: 400}\n",
        ".mp3 files cannot have a bit rate of 400 kbit/s (they can have 8 to 320)",
    ),
    "bit rate of none": (
        TEXTS + OUTPUTS.replace('.wav"', '.wav", audio: {bitrate: 64}'),
        ".wav files have no bit rate to choose",
    ),
    "header": (
        "rime: {header: Sec-WebSocket-Key}\n" + TEXTS + OUTPUTS,
        "is needed for the connection itself",
    ),
    "url without host": ("rime: {url: 'ws://'}\n" + TEXTS + OUTPUTS, "has no host"),
    "url with a bad port": ("rime: {url: 'wss://h:x'}\n" + TEXTS + OUTPUTS, "a port"),
    "url with a space": ("rime: {url: 'wss://h/ a'}\n" + TEXTS + OUTPUTS, "a space"),
    "url with a password": (
        "rime: {url: 'wss://u:s3cret@h'}\n" + TEXTS + OUTPUTS,
        "the url holds a user name or a password",
    ),
    "url with a query": (
        "rime: {url: 'wss://h/ws?speaker=x'}\n" + TEXTS + OUTPUTS,
        "the url holds a query (put parameters into the voice)",
    ),
    "url with a fragment": ("rime: {url: 'wss://h/#'}\n" + TEXTS + OUTPUTS, '"#" part'),
    "url in the clear": (
        "rime: {url: 'ws://h/ws'}\n" + TEXTS + OUTPUTS,
        "in the clear",
    ),
    "local url in the clear": (
        "local: {url: 'ws://10.0.0.1/ws'}\n" + TEXTS + OUTPUTS,
        "in the clear",
    ),
}
"""Name to the file's text below the voices, and a part of the problem's line."""

SEMANTIC_VOICES = {
    "voice name": ("'a/b': {speaker: x}", "a voice's name cannot contain"),
    "device": (
        "nul: {speaker: x}",
        "cannot be a voice's name",
    ),
    "misspelt model": ("a: {speaker: x, model: Mist-v2}", '(did you mean "mistv2"?)'),
    "key in params": ("a: {speaker: x, params: {API-Key: s3cret}}", "holds no keys"),
}


@pytest.mark.parametrize("case", [*SEMANTIC, *SEMANTIC_VOICES])
def test_checks_beside_the_schema(told: Problems, project: Path, case: str) -> None:
    """The schema accepts what only the reader can know to be wrong."""
    (project / "d.md").mkdir()
    if case in SEMANTIC:
        text, line = SEMANTIC[case]
        text = HEAD + text
    else:
        voice, line = SEMANTIC_VOICES[case]
        text = f"voices: {{{voice}}}{REST}"
    problems = told(text)
    assert len(problems) == 1, problems
    assert line in problems[0]
    assert "s3cret" not in problems[0]
    view = yaml.safe_load(text)
    jsonschema.Draft202012Validator(json.loads(schema_text())).validate(view)


# --- keys ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "key: s3cret\n",
        "RIME_API_KEY: s3cret\n",
        "rime: {key: s3cret}\n",
        "rime: {api_key: [s3cret]}\n",
        "rime: {headers: {Authorization: Bearer s3cret}}\n",
        "rime: {header: 'Authorization: Bearer s3cret'}\n",
        "rime: {url: 'https://u:s3cret@h'}\n",
        "rime: {url: 'wss://s3cret@h:99999'}\n",
        "local: {token: s3cret}\n",
    ],
)
def test_keys_are_refused_and_not_repeated(told: Problems, text: str) -> None:
    """Whatever a key is called, it is told to go, and its value is not shown."""
    lines = told(HEAD + text + REST)
    assert lines
    assert "s3cret" not in "".join(lines)


def test_keys_have_a_place_to_go(told: Problems) -> None:
    """The message names the environment variable."""
    (line,) = told(HEAD + "rime: {key: x}" + REST)
    assert line.startswith('job.yaml:2:8: a job file holds no keys: "key" cannot')
    assert "RIME_API_KEY" in line


def test_a_voice_may_be_called_key(load: Load) -> None:
    """A mapping is no key, whatever its name."""
    assert "key" in load("voices: {key: {speaker: x}}" + REST).voices


# --- places --------------------------------------------------------------------


def test_paths_start_at_the_job_file(project: Path) -> None:
    """The job's folder is where paths begin; the project is where they may go."""
    path = project / "jobs" / "job.yaml"
    path.write_text(
        HEAD
        + "texts: [{file: ../harbour.md}]\n"
        + OUTPUTS.replace("out/", "../out/")
        + "cache: ../c\n"
    )
    job = load_job(path)
    (text,) = job.texts
    assert isinstance(text, FileText)
    assert (text.path, text.shown) == (project / "harbour.md", "../harbour.md")
    assert job.outputs[0].folder == project / "out"
    assert job.cache == project / "c"


def test_without_git_the_jobs_folder_is_the_project(tmp_path: Path) -> None:
    """Nothing above the job's own folder is taken for its project."""
    folder = tmp_path / "jobs"
    folder.mkdir()
    (tmp_path / "a.md").write_text("Words.")
    (folder / "job.yaml").write_text(HEAD + "texts: [{file: ../a.md}]\n" + OUTPUTS)
    with pytest.raises(JobError, match="outside the project"):
        load_job(folder / "job.yaml")


def test_outside_can_be_allowed(load: Load, tmp_path: Path) -> None:
    """The person who runs the job may lift the fence."""
    text = (
        HEAD
        + "texts: [{file: ../outside.md}]\n"
        + OUTPUTS.replace("out/", "../out/")
        + "cache: ../c\n"
    )
    job = load(text, allow_outside=True)
    assert job.outputs[0].folder == tmp_path / "out"


@pytest.fixture
def link(project: Path) -> Callable[[str, Path], None]:
    """Make a symbolic link in the project."""

    def link(name: str, target: Path) -> None:
        try:
            (project / name).symlink_to(target, target_is_directory=target.is_dir())
        except OSError:  # pragma: no cover - Windows without the privilege
            pytest.skip("no links can be made here")

    return link


def test_links_cannot_leave_the_project(
    told: Problems, link: Callable[[str, Path], None], tmp_path: Path
) -> None:
    """What a link points at is what counts."""
    link("in.md", tmp_path / "outside.md")
    link("away", tmp_path)
    link("loop.md", Path("loop.md"))
    lines = told(
        HEAD
        + "texts: [{file: in.md}, {file: away/outside.md}, {file: loop.md}]\n"
        + OUTPUTS.replace("out/", "away/out/")
    )
    assert '"in.md" is outside the project' in lines[0]
    assert '"away/outside.md" is outside the project' in lines[1]
    assert '"loop.md"' in lines[2]
    assert '"away/out" is outside the project' in lines[3]


def test_links_cannot_disguise_a_kind(
    told: Problems, load: Load, link: Callable[[str, Path], None], project: Path
) -> None:
    """A link to the .env file is no text; a link to a text keeps its own name."""
    (project / ".env").write_text("RIME_API_KEY=s3cret")
    link("env.txt", project / ".env")
    (line,) = told(HEAD + "texts: [{file: env.txt}]\n" + OUTPUTS)
    assert '"env.txt" is a link to a file of another kind' in line
    link("other.md", project / "harbour.md")
    (text,) = load(HEAD + "texts: [{file: other.md}]\n" + OUTPUTS).texts
    assert isinstance(text, FileText)
    assert text.path == project / "other.md"


# --- voices --------------------------------------------------------------------

ARCANA = {
    "audioFormat": "pcm",
    "lang": "eng",
    "modelId": "arcana",
    "repetition_penalty": "1.5",
    "samplingRate": "24000",
    "segment": "never",
    "speaker": "astra",
    "speedAlpha": "1",
    "temperature": "0.5",
    "top_p": "1",
}


@pytest.fixture
def sent(load: Load) -> Callable[[str], dict[str, str]]:
    """Return the parameters of a voice that is written as given."""

    def sent(voice: str) -> dict[str, str]:
        job = load(f"voices: {{a: {{{voice}}}}}{REST}")
        parameters = job.voices[next(iter(job.voices))].parameters
        assert list(parameters) == sorted(parameters)
        return dict(parameters)

    return sent


def test_defaults_are_sent(sent: Callable[[str], dict[str, str]]) -> None:
    """Every default of the model stands in the parameters."""
    assert sent("speaker: astra") == ARCANA
    mist = sent("speaker: astra, model: mistv2")
    assert mist == {
        "audioFormat": "pcm",
        "lang": "eng",
        "modelId": "mistv2",
        "noTextNormalization": "false",
        "pauseBetweenBrackets": "false",
        "phonemizeBetweenBrackets": "false",
        "samplingRate": "22050",
        "segment": "never",
        "speaker": "astra",
        "speedAlpha": "1",
    }


@pytest.mark.parametrize("model", ["arcana", "coda", "mist", "mistv2", "mistv3"])
def test_writing_a_default_changes_nothing(
    sent: Callable[[str], dict[str, str]], model: str
) -> None:
    """A default that is written out is the same request."""
    base = f"speaker: astra, model: {model}"
    for parameter in PARAMETERS:
        if parameter.default is None or model in parameter.refused_by:
            continue
        if parameter.field != "model":
            written = f"{base}, {parameter.field}: {canonical(parameter.default)}"
            assert sent(written) == sent(base)
    rate = 22050 if model.startswith("mist") else 24000
    assert sent(f"{base}, sampling_rate: {rate}.0") == sent(base)


@pytest.mark.parametrize(
    ("written", "name", "value"),
    [
        ("temperature: 0.50", "temperature", "0.5"),
        ("temperature: 5e-1", "temperature", "0.5"),
        ("temperature: 0", "temperature", "0"),
        ("temperature: 0.00001", "temperature", "0.00001"),
        ("top_p: 1.0", "top_p", "1"),
        ("repetition_penalty: 10", "repetition_penalty", "10"),
        ("max_tokens: 0x100", "max_tokens", "256"),
        ("time_scale_factor: 0.4", "timeScaleFactor", "0.4"),
        ("speed_alpha: 1.25", "speedAlpha", "1.25"),
        ("inline_speed_alpha: '0.50, 3'", "inlineSpeedAlpha", "0.5,3"),
        ("inline_speed_alpha: [0.5, 3.0]", "inlineSpeedAlpha", "0.5,3"),
        ("inline_speed_alpha: 2", "inlineSpeedAlpha", "2"),
        ("pause_between_brackets: true", "pauseBetweenBrackets", "true"),
        ("no_text_normalization: True", "noTextNormalization", "true"),
        ("segment: bySentence", "segment", "bySentence"),
        ("audio_format: mulaw", "audioFormat", "mulaw"),
        ("params: {saveOovs: true}", "saveOovs", "true"),
        ("params: {beta: 1.10}", "beta", "1.10"),
        ("lang: no", "lang", "no"),
        ("lang: EN", "lang", "eng"),
        ("lang: de", "lang", "ger"),
        ("lang: deu", "lang", "ger"),
        ("lang: fra", "lang", "fra"),
        ("lang: ja", "lang", "jpn"),
        ("model: coda", "modelId", "coda"),
    ],
)
def test_parameters_are_sent_in_one_form(
    sent: Callable[[str], dict[str, str]], written: str, name: str, value: str
) -> None:
    """Each field has Rime's name, and each value one way to be written."""
    assert sent(f"speaker: astra, {written}")[name] == value


def test_unknown_models_get_what_is_written(
    sent: Callable[[str], dict[str, str]],
) -> None:
    """Nobody knows the defaults of a new model, so none are sent."""
    assert sent("speaker: x, model: mistv4, temperature: 0.5") == {
        "audioFormat": "pcm",
        "lang": "eng",
        "modelId": "mistv4",
        "samplingRate": "24000",
        "segment": "never",
        "speaker": "x",
        "temperature": "0.5",
    }


@pytest.mark.parametrize(
    ("written", "chapters"),
    [
        ("1-5", ("1-5",)),
        ("3", ("3",)),
        ('"1-5, 8 ,10-"', ("1-5", "8", "10-")),
        ("[1-5, 1984 and after]", ("1-5", "1984 and after")),
        ('"Night, day, 5"', ("Night, day, 5",)),
        ("['Letter *', '2,3']", ("Letter *", "2", "3")),
    ],
)
def test_chapters_of_a_file(
    load: Load, written: str, chapters: tuple[str, ...]
) -> None:
    """Chapters are numbers and ranges, with commas between, or titles."""
    texts = f"texts: [{{file: harbour.md, chapters: {written}}}]\n"
    (source,) = load(HEAD + texts + OUTPUTS).texts
    assert isinstance(source, FileText)
    assert (source.chapters, source.whole) == (chapters, False)


def test_a_voice_keeps_what_the_author_wrote(load: Load) -> None:
    """The voice knows its language as written, its format and its rate."""
    voice = load(
        "voices: {a: {speaker: x, lang: es, audio_format: mp3, sampling_rate: 8000}}"
        + REST
    ).voices
    (made,) = voice.values()
    assert (made.lang, made.audio_format, made.sampling_rate) == ("es", "mp3", 8000)
    assert (made.name, made.place.line, made.place.column) == ("a", 1, 10)


@pytest.mark.parametrize(
    ("voice", "line"),
    [
        ("model: mist, temperature: 0.5", '"temperature" is not for the mist models'),
        ("model: mistv3, top_p: 1", '"top_p" is not for the mist models'),
        ("model: mistv2, sampling_rate: 48000", "from 4000 to 44100 for the mist mod"),
        ("audio_format: mp3, sampling_rate: 96000", "MP3 audio"),
        ("sampling_rate: 12345", '"sampling_rate" must be 8000, 16000, 22050, 24000'),
        ("sampling_rate: 3999", "must be a whole number from 4000 to 96000"),
        ("params: {modelId: x}", '(write "model" in the voice itself)'),
        ("params: {sampling_rate: 1}", '(write "sampling_rate" in the voice itself)'),
        ("params: {text: x}", '"text" cannot be the name of a parameter'),
        ("params: {x: [1]}", '"x" must be text, not a list'),
        ("params: {'': 1}", "a parameter here has no name"),
        ("lang: english", "a language code of 2 or 3 letters"),
        ("lang: true", "a language code of 2 or 3 letters"),
        ("segment: sentence", '(did you mean "bySentence"?)'),
        ("modelId: coda", '(did you mean "model"?)'),
        ("sample_rate: 8000", '(did you mean "sampling_rate"?)'),
        ("inline_speed_alpha: fast", "numbers with commas"),
        ("inline_speed_alpha: {a: 1}", "or a list, not a mapping"),
    ],
)
def test_wrong_parameters_are_told(told: Problems, voice: str, line: str) -> None:
    """A parameter is checked by its range and by its model."""
    lines = told(f"voices: {{a: {{speaker: x, {voice}}}}}{REST}")
    assert any(line in found for found in lines), lines


def test_on_prem_takes_any_rate(load: Load) -> None:
    """Only Rime's cloud is choosy about Arcana's rates."""
    text = "rime: {on_prem: true}\nvoices: {a: {speaker: x, sampling_rate: 12345}}"
    assert load(text + REST).voices
    text = text.replace("x,", "x, model: new,").replace("true", "false")
    assert load(text + REST).voices


@pytest.mark.parametrize(
    "url", ["ws://localhost:1", "ws://127.8.8.8/ws", "ws://[::1]:80/ws", "wss://h/a/b"]
)
def test_addresses_that_may_get_the_key(load: Load, url: str) -> None:
    """Loopback without TLS is fine, and any path of a host with it."""
    assert load(HEAD + f"rime: {{url: '{url}'}}" + REST).rime.url == url


# --- sound ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "loudness"),
    [
        ("podcast", Loudness("lufs", -19.0, -1.0)),
        ("ebu", Loudness("lufs", -23.0, -1.0)),
        ("acx", Loudness("rms", -20.0, -3.5)),
        ("peak", Loudness("peak", 0.0, -1.0)),
        ("none", Loudness("none")),
        ("{lufs: -16}", Loudness("lufs", -16.0, -1.0)),
        ("{lufs: 0, true_peak: 0}", Loudness("lufs", 0.0, 0.0)),
        ("{rms: -18}", Loudness("rms", -18.0, -1.0)),
    ],
)
def test_loudness(load: Load, written: str, loudness: Loudness) -> None:
    """Names stand for figures, and figures for themselves."""
    job = load(HEAD + f"audio: {{loudness: {written}}}" + REST)
    assert job.outputs[0].audio.loudness == loudness


def test_bit_rate_of_the_job_passes_formats_without_one(load: Load) -> None:
    """One job may write WAV and MP3; the bit rate is the MP3's."""
    job = load(
        HEAD
        + "audio: {bitrate: 96}\n"
        + TEXTS
        + 'outputs: [{kind: files, path: "{id}.wav"}, {kind: files, path: "{id}.mp3"}]'
    )
    assert [output.audio.bitrate for output in job.outputs] == [None, 96]


@pytest.mark.parametrize(
    ("path", "folder", "pattern"),
    [
        ("{id}.wav", ".", "{id}.wav"),
        ("all.wav", ".", "all.wav"),
        ("out/all.wav", "out", "all.wav"),
        ("out/a/line-{id}.wav", "out/a", "line-{id}.wav"),
        ("./out/{voice}/x/{id}.wav", "out", "{voice}/x/{id}.wav"),
        ("a/../out/{id}.wav", "out", "{id}.wav"),
    ],
)
def test_folder_ends_before_the_first_field(
    load: Load, project: Path, path: str, folder: str, pattern: str
) -> None:
    """What is filled in can only name files below the folder that is written."""
    job = load(HEAD + TEXTS + f'outputs: [{{kind: files, path: "{path}"}}]')
    assert job.outputs[0].template == path
    assert job.outputs[0].folder == project / folder
    assert job.outputs[0].pattern == pattern


def test_many_texts(load: Load) -> None:
    """A file of 10,000 texts is one file like any other."""
    rows = (
        f"  - {{id: line-{i}, text: Words {i}., voice: a}}\n" for i in range(10_000)
    )
    job = load(HEAD + OUTPUTS + "texts:\n" + "".join(rows))
    assert len(job.texts) == 10_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("slots: {a: [x]}, text: '{b}'", 'there is no slot "b" (there are "a")'),
        ("slots: {a: [x], b: [y]}, text: '{a}'", 'the slot "b" is not in the text'),
        ("slots: {a: [x, x]}, text: '{a}'", '"x" stands here a second time'),
        ("sample: 3, text: x", '"sample" is of no use without "slots"'),
        ("slots: {a: [x, y]}, text: '{a}', sample: 2", '"sample" is 2, of 2 texts'),
        ("slots: {a: []}, text: '{a}'", '"a" is an empty list'),
    ],
)
def test_slots_are_checked(told: Problems, text: str, line: str) -> None:
    """What a template lacks or has too much is told before it is read."""
    outputs = "\noutputs: [{kind: files, path: 'o/{id}.wav'}]\n"
    assert line in "".join(told(f"{HEAD}texts: [{{id: t, {text}}}]{outputs}"))


@pytest.mark.parametrize(
    ("name", "data", "told_of"),
    [
        (
            "a.txt",
            b"x\ny\n x \n",
            'a.txt:3: "x" stands here a second time, after line 1',
        ),
        ("a.txt", b"x\nb\x00c\n", "a.txt:2: "),
        ("a.txt", b"x\n\xe4\n", "a.txt:2: the words are not in UTF-8"),
        ("a.txt", b"\n \n", "a.txt: the file has no words"),
        pytest.param(
            "a.txt",
            b"x" * 501,
            "a.txt:1: the word is longer than 500 characters",
            id="long",
        ),
        pytest.param(
            "a.txt", bytes((8 << 20) + 1), "the file is larger than 8 MiB", id="large"
        ),
        ("a.csv", b"x\n", '"a.csv" is no list of words (write one word a line'),
        ("b.txt", b"x\n", 'there is no file "a.txt" (did you mean "b.txt"?)'),
        ("../a.txt", b"x\n", "is outside the project"),
    ],
)
def test_words_in_a_file_are_checked(
    project: Path, told: Problems, name: str, data: bytes, told_of: str
) -> None:
    """Each mistake with its line, and no file from elsewhere."""
    (project / name).write_bytes(data)
    name = name.replace("b.txt", "a.txt")
    outputs = "\noutputs: [{kind: files, path: 'o/{id}.wav'}]\n"
    text = f"{{id: t, slots: {{a: {{file: {name}}}}}, text: '{{a}}'}}"
    assert told_of in "".join(told(f"{HEAD}texts: [{text}]{outputs}"))


def test_words_of_a_slot_may_be_in_a_file(project: Path, load: Load) -> None:
    """One a line, whatever the lines end in; it is as if they stood in the job."""
    words = "\ufefflamp\r\n\r\nkitchen fan \nTür"
    (project / "devices.txt").write_text(words, encoding="utf-8", newline="")
    slots = "slots: {s: [on, off], d: {file: devices.txt}}, text: '{s} {d}'"
    job = load(f"{HEAD}{OUTPUTS}texts: [{{id: t, {slots}, voice: a}}]")
    [source] = job.texts
    assert isinstance(source, InlineText)
    assert source.slots == (("s", ("on", "off")), ("d", ("lamp", "kitchen fan", "Tür")))


def test_a_template_may_not_become_millions(told: Problems) -> None:
    """Not by mistake: some of them can be drawn."""
    words = "[" + ", ".join(f"w{number}" for number in range(1001)) + "]"
    slots = f"slots: {{a: {words}, b: {words}}}, text: '{{a}} {{b}}'"
    outputs = "\noutputs: [{kind: files, path: 'o/{id}.wav'}]\n"
    [line] = told(f"{HEAD}texts: [{{id: t, {slots}}}]{outputs}")
    assert "the slots make 1,002,001 texts" in line
