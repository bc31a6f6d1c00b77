"""What a run that is killed leaves behind.

    python -m tests.benchmarks.kills [--kills N] [--seed S]

Kills runs of a small job with `kill -9` at random moments, several times over
the same folder, and then lets it finish. After each kill every file at a final
path is compared with that of an undisturbed run, every take with its checksum;
at the end all files must be there, byte for byte, and the server, which outlives
the runs, must not have been asked again for a take that was already stored, nor
for more others than can have been in flight.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchtts.cache import Cache
from batchtts.files import TEMP_MARK
from batchtts.localserver.conversation import Seen
from batchtts.localserver.server import LocalServer
from batchtts.localserver.settings import ServerSettings

CONCURRENCY = 3
KILLS_A_FOLDER = 6
_FIRST_BYTE_S = 0.02
_GIVE_UP_S = 120.0
_JOB = """
engine: local
local: {{synthesiser: tone, url: "{url}"}}
concurrency: {concurrency}
limit: 80
voices: {{narrator: {{speaker: astra}}}}
texts:
{texts}
outputs:
  - {{kind: files, path: "out/{{id}}.wav"}}
  - {{kind: files, path: "out/{{id}}.mp3", audio: {{loudness: acx}}}}
  - {{kind: files, path: "more/{{id}}.flac", audio: {{loudness: none}}}}
"""
_SENTENCE = "Sentence {n} of text {text} is not any other. "


@dataclass
class Findings:
    """What the campaign has seen so far."""

    kills: int = 0
    too_late: int = 0  # the run had ended before it was killed
    folders: int = 0
    files_checked: int = 0
    incomplete: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    leftovers: list[str] = field(default_factory=list)
    bought_twice: int = 0  # asked for though the take was stored
    in_flight: int = 0  # asked for, and killed before the take was stored
    most_in_flight: int = 0

    @property
    def is_good(self) -> bool:
        """Tell whether all that is promised was kept."""
        wrong = self.incomplete or self.differing or self.leftovers
        return (
            not wrong and not self.bought_twice and (self.most_in_flight <= CONCURRENCY)
        )


class Server:
    """A local server in a thread, which remembers what it was asked for."""

    def __init__(self) -> None:
        """Begin; see `running`."""
        self.asked: list[str] = []
        self.url = ""
        self._ended = threading.Lock()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Serve for the length of the block."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        settings = ServerSettings(synthesiser="tone", first_byte_s=_FIRST_BYTE_S)
        server = LocalServer(settings, on_request=self._seen)
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(30)
        self.url = server.url
        try:
            yield
        finally:
            closing = server.__aexit__(None, None, None)
            asyncio.run_coroutine_threadsafe(closing, loop).result(30)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    def _seen(self, seen: Seen) -> None:
        words = [frame for frame in seen.frames if not frame.startswith("<")]
        with self._ended:
            self.asked.extend(words)


class Campaign:
    """Kills, looks, and lets finish, again and again."""

    def __init__(self, home: Path, server: Server, *, seed: int) -> None:
        """Work below ``home`` against a running server."""
        self.findings = Findings()
        self._home = home
        self._server = server
        self._chance = random.Random(seed)
        self._reference: dict[str, str] = {}
        self._requests = 0
        self._whole_s = 0.0

    def prepare(self) -> None:
        """Make the files of an undisturbed run, for all others to be compared."""
        folder = self._fresh("undisturbed")
        began_s = time.monotonic()
        self._finish(folder)
        self._whole_s = time.monotonic() - began_s
        self._reference = _digests(folder)
        self._requests = len(_stored(folder))

    def round(self, kills: int) -> None:
        """Kill runs of one fresh folder, then let one finish."""
        self.findings.folders += 1
        folder = self._fresh(f"killed-{self.findings.folders}")
        for _ in range(kills):
            stored = _stored(folder)
            asked = len(self._server.asked)
            ended = self._kill_one(folder)
            self._look(folder)
            lost = self._lost(asked, stored, _stored(folder))
            self.findings.in_flight += lost
            self.findings.most_in_flight = max(self.findings.most_in_flight, lost)
            if ended:
                self.findings.too_late += 1
                break
            self.findings.kills += 1
        stored, asked = _stored(folder), len(self._server.asked)
        self._finish(folder)
        self.findings.bought_twice += self._lost(asked, stored, _stored(folder))
        self._look(folder)
        if _digests(folder) != self._reference:
            self.findings.differing.append(str(folder))
        self.findings.leftovers += _leftovers(folder)
        shutil.rmtree(folder)

    def _fresh(self, name: str) -> Path:
        folder = self._home / name
        folder.mkdir()
        (folder / "pyproject.toml").touch()  # the top of a project
        texts = "\n".join(
            f"  - {{id: t{text}, text: {json.dumps(_words(text))}}}"
            for text in range(8)
        )
        job = _JOB.format(url=self._server.url, concurrency=CONCURRENCY, texts=texts)
        (folder / "job.yaml").write_text(job)
        return folder

    def _kill_one(self, folder: Path) -> bool:
        """Start a run and kill it at a random moment; tell if it had ended."""
        process = _start(folder)
        if self._chance.random() < 1 / 3:
            _wait(process, self._chance.uniform(0, self._whole_s))
        else:  # while something happens
            left = self._requests - len(_stored(folder))
            until = len(self._server.asked) + self._chance.randrange(left + 1)
            _wait_until(process, lambda: len(self._server.asked) >= until)
            _wait(process, self._chance.uniform(0, 0.05))
        ended = process.poll() is not None
        process.kill()
        process.wait()
        return ended

    def _look(self, folder: Path) -> None:
        """Compare every file at a final path with what it must be."""
        found = self.findings
        for name, digest in _digests(folder).items():
            found.files_checked += 1
            if self._reference[name] != digest:
                found.incomplete.append(f"{folder}/{name}")
        cache = Cache(folder / ".batchtts" / "cache")
        for damaged in cache.verify():
            found.files_checked += 1
            if damaged is not None:
                found.incomplete.append(str(damaged.path))
        report = folder / ".batchtts" / "job.report.json"
        if report.exists():
            found.files_checked += 1
            try:
                json.loads(report.read_text(encoding="utf-8"))
            except ValueError:
                found.incomplete.append(str(report))

    def _lost(self, since: int, before: set[str], after: set[str]) -> int:
        """Count what a run asked for and did not bring into the cache.

        A take that was there before is among it: it was asked for in vain.
        """
        time.sleep(0.05)  # the server learns of the end of a connection
        return len(self._server.asked) - since - len(after - before)

    def _finish(self, folder: Path) -> None:
        process = _start(folder)
        if process.wait(_GIVE_UP_S) != 0:
            raise SystemExit(f'the run in "{folder}" ended with {process.returncode}')


def _words(text: int) -> str:
    return "".join(_SENTENCE.format(n=n, text=text) for n in range(1 + text % 4 * 2))


def _start(folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "batchtts", "run", str(folder / "job.yaml"), "-q"]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def _wait_until(process: subprocess.Popen[bytes], done: Callable[[], bool]) -> None:
    until_s = time.monotonic() + _GIVE_UP_S
    while not done() and process.poll() is None and time.monotonic() < until_s:
        time.sleep(0.002)


def _stored(folder: Path) -> set[str]:
    """Return the names of the takes in the cache."""
    return {path.name for path in (folder / ".batchtts").rglob("*.take")}


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file at a final path."""
    files = [path for part in ("out", "more") for path in (folder / part).rglob("*")]
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in files
        if path.is_file() and not path.name.startswith(TEMP_MARK)
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _leftovers(folder: Path) -> list[str]:
    """Return what a finished run has not cleared up: temporary files."""
    # A take's own are left to `cache prune`: another process may be writing them.
    return [
        str(path)
        for path in folder.rglob("*")
        if (path.name.startswith(TEMP_MARK) and path.suffix != ".take")
        and "cache" not in path.parts
    ]


def main() -> int:
    """Run the campaign and print its figures; exit 1 if a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = Server()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as home, server.running():
        campaign = Campaign(Path(home), server, seed=options.seed)
        campaign.prepare()
        found = campaign.findings
        while found.kills < options.kills and found.is_good:
            campaign.round(min(KILLS_A_FOLDER, options.kills - found.kills))
    seconds = time.monotonic() - began_s
    print(
        f"{found.kills} kills in {found.folders} folders (seed {options.seed}, "
        f"{seconds:.0f} s; {found.too_late} runs were quicker)\n"
        f"{found.files_checked:,} files looked at after kills: "
        f"{len(found.incomplete)} incomplete\n"
        f"{len(found.differing)} folders differ from the undisturbed run, "
        f"{len(found.leftovers)} temporary files left\n"
        f"{found.bought_twice} takes asked for though they were stored; "
        f"{found.in_flight} requests lost in flight, at most {found.most_in_flight} "
        f"in one kill (sockets: {CONCURRENCY})"
    )
    for line in (*found.incomplete, *found.differing, *found.leftovers):
        print(line)
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
