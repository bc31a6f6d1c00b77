"""Where a run makes its files, when the run ends in the midst of them."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from batchtts.cache import Cache
from batchtts.files import TEMP_MARK
from batchtts.model import Boundary, Loudness, Pauses, Recording, Request
from batchtts.outputs.rendering import File, Rendering
from batchtts.runner.arrivals import NotComing
from batchtts.runner.ears import Ears
from batchtts.runner.workshop import Workshop

RATE_HZ = 8_000
LONG_S = 300  # of sound: it takes seconds to encode


def test_what_another_process_makes_is_left_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for its end, and nothing of it stays."""
    monkeypatch.setattr("batchtts.runner.workshop.hands", lambda: 1)
    cache, out = Cache(tmp_path / "cache"), tmp_path / "out"
    request = Request("test", (), "Long words.")
    sound = bytes(range(256)) * (2 * RATE_HZ * LONG_S // 256)
    cache.store(request, Recording("pcm", RATE_HZ, sound))
    for folder in (out, tmp_path / "scratch"):
        folder.mkdir()
    rendering = Rendering(
        cache=cache.folder,
        takes=[(request.fingerprint, Boundary.SENTENCE)],
        rate_hz=24_000,
        pauses=Pauses(),
        files=[File(out / "a.mp3", Loudness("none"), 160, {})],
        captions=(),
        scratch=tmp_path / "scratch",
        owner="me",
    )
    shop = Workshop(cache, tmp_path / "scratch", owner="me", ears=Ears(None))
    with contextlib.closing(shop), ThreadPoolExecutor(1) as threads:
        shop.enter(out)
        making = threads.submit(shop.have_rendered, rendering)
        until_s = time.monotonic() + 60
        while not any(out.iterdir()) and time.monotonic() < until_s:
            threading.Event().wait(0.01)
        assert [path.name[: len(TEMP_MARK)] for path in out.iterdir()] == [TEMP_MARK]
        shop.abandon()
        assert isinstance(making.exception(5), NotComing)
        with pytest.raises(NotComing):
            shop.have_rendered(rendering)
    assert not any(out.iterdir())
