"""Takes carried to another machine: it makes the same bytes, and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import batchtts
from batchtts.cache import Cache
from batchtts.cli import group as cli
from batchtts.errors import JobError
from batchtts.localserver.server import LocalServer
from batchtts.model import Fingerprint, Recording, Request
from batchtts.plan import readings
from batchtts.runner.scope import Scope
from batchtts.runner.transfer import Imported, export, import_takes
from batchtts.runner.wishes import pin, retake
from batchtts.texts import read_texts

JOB = """
engine: local
local: {synthesiser: tone}
voices: {narrator: {speaker: astra}, clerk: {speaker: luna}}
limit: 80
texts: [{table: lines.csv, id: key, text: line, voice: role}]
outputs:
  - {kind: files, path: "out/{voice}/{id}.wav", subtitles: srt}
  - {kind: audiobook, path: out/book.m4b}
  - kind: dataset
    path: out/corpus
    format: [ljspeech, webdataset]
    license: cc0-1.0
"""
STORY = "The lamp was lit at six. Nobody came to see it burn. A boat went by at sea. "
ROWS = f"""key,line,role
greet,Good morning to you.,clerk
istanbul,İyi günler! 3 o'clock,clerk
story,"{STORY}{STORY.replace("six", "ten")}",narrator
"""
ELSEWHERE = """
import sys
def hook(event, values):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo"):
        raise SystemExit(f"a socket was used: {event} {values}")
sys.addaudithook(hook)
from batchtts.cli import main
for line in sys.argv[1:]:
    try:
        main(line.split("|"))
    except SystemExit as end:
        if end.code:
            raise
"""


def _made(folder: Path) -> dict[str, bytes]:
    """Return the outputs and the lock."""
    found = [path for path in (folder / "out").rglob("*") if path.is_file()]
    found.append(folder / "job.lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def _command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, [*map(str, arguments)], standalone_mode=False)


def test_another_machine_makes_the_same_bytes(
    tmp_path: Path, serve: Callable[..., LocalServer]
) -> None:
    """Lock and takes are enough, wherever, whoever and however many at a time."""
    home = tmp_path / "home"
    (home / ".git").mkdir(parents=True)
    path, server = home / "job.yaml", serve()
    path.write_text(JOB, encoding="utf-8")
    (home / "lines.csv").write_text(ROWS, encoding="utf-8")
    report = batchtts.run(batchtts.load_job(path, url=server.url))
    assert report.exit_code == 0, report.error
    # Cuts that are kept by the lock, another reading, and a recording.
    edited = ROWS.replace("Nobody came", "No one at all came", 1)
    (home / "lines.csv").write_text(edited, encoding="utf-8")
    job = batchtts.load_job(path, url=server.url)
    retake(job, "story", chunk=2)
    shutil.copy(home / "out/clerk/greet.wav", home / "own.wav")
    pin(job, "greet", home / "own.wav")
    assert batchtts.run(job).exit_code == 0
    archive = tmp_path / "takes.tar"
    done = export(job, archive)
    assert (done.takes, done.missing) == (5, 0)
    first = archive.read_bytes()

    there = tmp_path / "öther place" / "deep"
    there.mkdir(parents=True)
    (there / ".git").mkdir()
    for name in ("job.yaml", "lines.csv", "own.wav", "job.lock"):
        shutil.copy(home / name, there / name)
    turkish = subprocess.run(["locale", "-a"], capture_output=True, check=False).stdout
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(batchtts.__file__).parent.parent),
        "PYTHONHASHSEED": "7",
        "LC_ALL": "tr_TR.utf8" if b"tr_TR.utf8" in turkish else "C",
        "TZ": "Asia/Kathmandu",
    }
    subprocess.run(
        [
            *(sys.executable, "-X", "utf8=0", "-c", ELSEWHERE),
            f"cache|import|{archive}|job.yaml",
            "run|job.yaml|--frozen|--concurrency|1",
            "check|job.yaml",
        ],
        cwd=there,
        env=environment,
        umask=0o077 if os.name == "posix" else -1,
        check=True,
        timeout=120,
    )
    assert _made(there) == _made(home)
    again = export(batchtts.load_job(there / "job.yaml"), archive)
    assert (again.takes, archive.read_bytes()) == (5, first)


def test_takes_that_a_dataset_asked_for_further_are_found(tmp_path: Path) -> None:
    """They are not needed, but those that were paid for go with the others."""
    path = tmp_path / "job.yaml"
    path.write_text(
        "voices: {v: {speaker: astra}}\ntexts: [{id: one, text: Hello.}]\n"
        "outputs: [{kind: dataset, path: out, format: ljspeech, license: mit,"
        " retakes: 2}]\n"
    )
    job = batchtts.load_job(path)
    cache = Cache(tmp_path / ".batchtts" / "cache")
    [reading] = readings(job, read_texts, engine="rime", texts=1)
    for retake_number, missing in ((2, 1), (0, 0)):
        again = reading.made_again(retake_number, step=1)
        assert again.pieces[0].request is not None
        cache.store(again.pieces[0].request, Recording("pcm", 24_000, bytes(9)))
        assert export(job, tmp_path / "takes.tar").missing == missing
    assert export(job, tmp_path / "takes.tar").takes == 2


@pytest.fixture
def takes() -> dict[str, bytes]:
    """Give the files of three takes by their names."""
    found = {}
    for number in range(3):
        request = Request("rime", (), f"text {number}")
        name = request.fingerprint
        found[f"{name[:2]}/{name}.take"] = _take(name)
    return found


def _take(name: str, **changes: object) -> bytes:
    """Return a take whose checksum is right, whatever it says."""
    head = {"version": 1, "fingerprint": name, "encoding": "pcm"}
    values = {**head, "sampling_rate": 24_000, "bytes": 2000, **changes}
    return _signed(json.dumps(values).encode(), bytes(2000))


def _signed(head: bytes, data: bytes) -> bytes:
    digest = hashlib.sha256(head + b"\n" + data).hexdigest().encode()
    return head + b" " + digest + b"\n" + data


def _tar(path: Path, *entries: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for one in entries:
            entry, data = (
                (one, b"") if isinstance(one, tarfile.TarInfo) else (None, b"")
            )
            if entry is None:
                name, data = one  # type: ignore[misc]  # not an entry
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


def _special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


def test_an_archive_of_strangers_brings_takes_only(
    tmp_path: Path, takes: dict[str, bytes]
) -> None:
    """What is no whole take under its own name is counted, and never written."""
    (first, one), (second, two), (third, three) = takes.items()
    cache = Cache(tmp_path / "cache")
    there = Fingerprint(Path(first).stem)
    cache.store(Request("rime", (), "text 0"), Recording("pcm", 8000, b"mine"))
    wrong = [
        ("version", 9),
        ("encoding", ["pcm"]),
        ("sampling_rate", "24000"),
        ("sampling_rate", 10**9),
        ("bytes", 1),
        ("suspect", ["x"]),
    ]
    name = Path(second).stem
    archive = _tar(
        tmp_path / "takes.tar",
        _special("aa", tarfile.DIRTYPE),
        (first, one),
        *((second, _take(name, **{key: value})) for key, value in wrong),
        (second, one),
        (second, _signed(b"[" * 4000, b"")),
        (second, two[:-1]),
        (second, b""),
        (f"./{second}", two),
        (second, two),
        (f"../{third}", three),
        (f"/{third}", three),
        (f"{third}/../../../x.take", three),
        (third.upper(), three),
        (f"ff{third[2:]}", three),
        ("a" * 300 + third, three),
        (f"{third}\n", three),
        _special(third, tarfile.SYMTYPE, "/etc/passwd"),
        _special(third, tarfile.LNKTYPE, second),
        _special(third, tarfile.CHRTYPE),
        _special(third, tarfile.FIFOTYPE),
        _special(third, tarfile.GNUTYPE_SPARSE),
    )
    found = import_takes(cache, archive)
    assert (found.takes, found.known, found.foreign) == (1, 2, 12)
    assert (found.damaged, found.exit_code) == (len(wrong) + 4, 6)
    assert cache.load(there) == Recording("pcm", 8000, b"mine")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path).as_posix() for path in files} == {
        "takes.tar",
        f"cache/{first}",
        f"cache/{second}",
    }


def test_a_damaged_take_in_the_cache_is_mended(
    tmp_path: Path, takes: dict[str, bytes]
) -> None:
    """A whole take comes in the place of one that is not."""
    archive = _tar(tmp_path / "takes.tar", *takes.items())
    cache = Cache(tmp_path / "cache")
    assert import_takes(cache, archive).takes == 3
    name, content = next(iter(takes.items()))
    (cache.folder / name).write_bytes(content[:-1])
    assert import_takes(cache, archive) == Imported(
        takes=1, size_bytes=len(content), known=2
    )
    assert (cache.folder / name).read_bytes() == content


def test_an_archive_that_is_cut_short_says_so(
    tmp_path: Path, takes: dict[str, bytes]
) -> None:
    """What came whole before its end is kept; sizes that are not there hold nothing."""
    whole = _tar(tmp_path / "takes.tar", *takes.items()).read_bytes()
    member = 512 + -(-len(next(iter(takes.values()))) // 512) * 512
    cut = tmp_path / "cut.tar"
    for length, count in [(600, 0), (member, 1), (2 * member + 9, 2), (3 * member, 3)]:
        cut.write_bytes(whole[:length])
        found = import_takes(Cache(tmp_path / f"{length}"), cut)
        assert (found.takes, found.exit_code) == (count, 6)
        assert "ends too early" in (found.trouble or "")
    huge = tarfile.TarInfo(next(iter(takes)))
    huge.size = 1 << 50
    cut.write_bytes(huge.tobuf(tarfile.GNU_FORMAT) + whole)
    assert "too early" in (import_takes(Cache(tmp_path / "c"), cut).trouble or "")
    cut.write_bytes(whole[:member] + b"x" * 2048)
    found = import_takes(Cache(tmp_path / "d"), cut)
    assert (found.takes, found.trouble) == (
        1,
        f"something else than a member begins at byte {member:,}",
    )
    for content in (b"", b"\x1f\x8b" + whole, whole[:200]):
        cut.write_bytes(content)
        with pytest.raises(JobError, match="no tar file"):
            import_takes(Cache(tmp_path / "e"), cut)


def test_the_commands_say_what_is_missing(tmp_path: Path) -> None:
    """An export lists what the cache lacks and exits with 3; an import counts."""
    job = tmp_path / "job.yaml"
    job.write_text(
        "engine: local\nlocal: {synthesiser: tone}\nvoices: {v: {speaker: astra}}\n"
        "texts: [{id: one, text: Hello.}, {id: two, text: Good bye.}]\n"
        'outputs: [{kind: files, path: "out/{id}.wav"}]\n'
    )
    archive = tmp_path / "takes.tar"
    batchtts.run(batchtts.load_job(job), scope=Scope(only=("one",)))
    told = _command("cache", "export", job, archive)
    assert told.return_value == 3
    assert 'job.yaml:4:34: text "two" in voice "v"' in told.stderr
    assert "takes.tar: 1 take, " in told.stdout
    told = _command("cache", "export", job, archive, "--only", "one", "--json")
    document = json.loads(told.stdout)
    assert (document["takes"], document["missing"], told.return_value) == (1, 0, 0)
    swapped = _command("cache", "export", archive, job)
    assert 'does not end in ".tar"' in str(swapped.exception)
    shutil.rmtree(tmp_path / ".batchtts")
    told = _command("cache", "import", archive, job)
    assert "1 take, " in told.stdout
    assert (tmp_path / ".batchtts" / ".gitignore").exists()
    frozen = Scope(frozen=True, only=("one",))
    assert batchtts.run(batchtts.load_job(job), scope=frozen).exit_code == 0
    archive.write_bytes(archive.read_bytes()[:2000])
    told = _command("cache", "import", archive, "--cache", tmp_path / "c", "--json")
    assert (told.return_value, json.loads(told.stdout)["exit_code"]) == (6, 6)
