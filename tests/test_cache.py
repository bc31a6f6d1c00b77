"""A take in the cache is whole and is used as it was stored, or not at all."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from batchtts.cache import Cache, Kept
from batchtts.errors import LocalError
from batchtts.model import Recording, Request

REQUEST = Request("local/tone+1", (("speaker", "astra"),), "Hello there.")
TAKE = Recording("pcm", 24_000, bytes(range(256)) * 40)
DAY_S = 86_400


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Give an empty cache."""
    return Cache(tmp_path / "cache")


def test_a_take_comes_back_as_it_was(cache: Cache) -> None:
    """What is stored is what is loaded, encoding and rate included."""
    assert not cache.has(REQUEST.fingerprint)
    assert cache.load(REQUEST.fingerprint) is None
    cache.store(REQUEST, TAKE)
    assert cache.has(REQUEST.fingerprint)
    assert cache.load(REQUEST.fingerprint) == TAKE


def test_a_request_differs_by_everything_that_makes_its_sound() -> None:
    """Engine, parameters and text each change the fingerprint."""
    others = [
        Request("rime", REQUEST.parameters, REQUEST.text),
        Request(REQUEST.engine, (("speaker", "luna"),), REQUEST.text),
        Request(REQUEST.engine, REQUEST.parameters, "Hello there!"),
        Request(REQUEST.engine, REQUEST.parameters, REQUEST.text, take=1),
        Request(REQUEST.engine, REQUEST.parameters, REQUEST.text, take=2),
    ]
    prints = {request.fingerprint for request in [REQUEST, *others]}
    assert len(prints) == 6
    assert all(len(one) == 64 for one in prints)


def test_the_fingerprint_is_the_documented_one() -> None:
    """Fingerprints are kept for years: they may not change by accident."""
    assert REQUEST.fingerprint == (
        "152ede41f40bab64d79edb094e276456e96f9845f224a637a8700e33f2a2adcf"
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:-1],
        lambda b: b + b"x",
        lambda b: b"",
        lambda b: b[:10],
        lambda b: b[:-5] + bytes([b[-5] ^ 1]) + b[-4:],
        lambda b: b.replace(b"24000", b"14000", 1),
        lambda b: b.replace(b'"version":1', b'"version":9'),
        lambda b: b.replace(b'"encoding":"pcm"', b'"encoding":"xyz"'),
        lambda b: b"[]\n" + b,
        lambda b: b"\xff\n" + b,
    ],
)
def test_a_damaged_take_is_put_aside(cache: Cache, damage) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """A take that is not what was stored is never used, and not deleted."""
    cache.store(REQUEST, TAKE)
    path = cache.path(REQUEST.fingerprint)
    path.write_bytes(damage(path.read_bytes()))
    assert cache.load(REQUEST.fingerprint) is None
    assert not path.exists()
    assert cache.info().damaged == 1
    cache.store(REQUEST, TAKE)
    assert cache.load(REQUEST.fingerprint) == TAKE


def test_verify_reads_every_take(cache: Cache) -> None:
    """Verify finds the one bad take among good ones."""
    for number in range(5):
        cache.store(Request("e", (), f"text {number}"), TAKE)
    bad = cache.path(Request("e", (), "text 3").fingerprint)
    bad.write_bytes(bad.read_bytes()[:-2])
    results = list(cache.verify())
    assert len(results) == 5
    damaged = [one for one in results if one is not None]
    assert [one.path for one in damaged] == [bad]
    assert "does not match its checksum" in damaged[0].reason
    assert list(cache.verify()) == [None] * 4


def test_prune_keeps_what_was_used(cache: Cache) -> None:
    """Old takes go; one that was read since stays, and stray temporaries go."""
    for number in range(3):
        cache.store(Request("e", (), f"text {number}"), TAKE)
    old = [cache.path(Request("e", (), f"text {n}").fingerprint) for n in (0, 1)]
    now_s = old[0].stat().st_mtime
    for path in old:
        os.utime(path, (now_s - 100 * DAY_S,) * 2)
    stray = old[0].with_name(".batchtts-123")
    stray.write_bytes(b"half")
    os.utime(stray, (now_s - 2 * DAY_S,) * 2)
    assert cache.load(Request("e", (), "text 1").fingerprint) == TAKE
    gone = cache.prune(older_than_s=50 * DAY_S, now_s=now_s)
    assert gone.takes == 1
    assert cache.info().takes == 2
    assert not stray.exists()


def test_an_empty_cache_is_no_error(cache: Cache) -> None:
    """A cache that was never written to has nothing in it."""
    assert cache.info().takes == 0
    assert list(cache.verify()) == []
    assert cache.prune(older_than_s=0).takes == 0


def test_an_unreadable_take_is_a_local_error(cache: Cache) -> None:
    """A take that cannot be read for another reason than damage is said."""
    path = cache.path(REQUEST.fingerprint)
    path.mkdir(parents=True)
    with pytest.raises(LocalError, match="cannot read the cache"):
        cache.load(REQUEST.fingerprint)


def test_many_writers_of_one_take_agree(cache: Cache) -> None:
    """Writers at the same moment leave one whole take and nothing else."""
    cache.store(REQUEST, TAKE)
    content = cache.content(REQUEST.fingerprint) or b""
    cache.discard(REQUEST.fingerprint)

    def write(number: int) -> None:
        if number % 2:
            cache.store(REQUEST, TAKE)
        else:
            cache.admit(REQUEST.fingerprint, content)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(40)))
    assert cache.load(REQUEST.fingerprint) == TAKE
    folder = cache.path(REQUEST.fingerprint).parent
    assert [path.name for path in folder.iterdir()] == [f"{REQUEST.fingerprint}.take"]


def test_a_take_under_anothers_name_is_found_out(cache: Cache) -> None:
    """A whole take that was copied over another's place is not taken for it."""
    other = Request("e", (), "other words")
    cache.store(REQUEST, TAKE)
    cache.store(other, Recording("pcm", 24_000, b"\1\0" * 100))
    cache.path(other.fingerprint).write_bytes(
        cache.path(REQUEST.fingerprint).read_bytes()
    )
    assert cache.load(other.fingerprint) is None
    assert cache.load(REQUEST.fingerprint) == TAKE


def test_what_is_known_of_a_take_is_kept_with_it(cache: Cache) -> None:
    """A take in doubt, or still to be judged, says so whenever it is read."""
    cache.store(REQUEST, TAKE)
    assert cache.read(REQUEST.fingerprint) == Kept(TAKE)
    cache.store(REQUEST, TAKE, provisional=True)
    assert cache.read(REQUEST.fingerprint) == Kept(TAKE, provisional=True)
    cache.store(REQUEST, TAKE, suspect="2.1 s of speech")
    assert cache.read(REQUEST.fingerprint) == Kept(TAKE, suspect="2.1 s of speech")
    assert cache.load(REQUEST.fingerprint) == TAKE


def test_the_longest_reason_fits_into_the_header(cache: Cache) -> None:
    """A reason of any length and script is cut, not the take's undoing."""
    cache.store(REQUEST, TAKE, suspect="\U0001f600" * 5000)
    kept = cache.read(REQUEST.fingerprint)
    assert kept is not None
    assert kept.suspect == "\U0001f600" * 250


def test_a_take_of_an_older_version_is_read(cache: Cache) -> None:
    """A header without a word on completeness is of a take that was believed."""
    head = (
        f'{{"version":1,"fingerprint":"{REQUEST.fingerprint}","encoding":"pcm",'
        '"sampling_rate":24000,"bytes":2,"engine":"e","characters":1}'
    ).encode()
    digest = hashlib.sha256(head + b"\n" + b"ab").hexdigest().encode()
    path = cache.path(REQUEST.fingerprint)
    path.parent.mkdir(parents=True)
    path.write_bytes(head + b" " + digest + b"\n" + b"ab")
    assert cache.read(REQUEST.fingerprint) == Kept(Recording("pcm", 24_000, b"ab"))
