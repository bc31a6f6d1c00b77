"""The fault matrix: texts that would be commands, break cuts or forge output."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from pathlib import Path

import pytest
from cutting import cut
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from matrix import Batch, Place, answering

import batchtts
from batchtts.errors import JobError, TakeError
from batchtts.model import Place as Spot
from batchtts.model import Request, Voice, VoiceName
from batchtts.rime.utterance import Utterance

COMMANDS = ("<eos>", "<clear>", "<flush>")
VOICE = Voice(
    name=VoiceName("narrator"),
    parameters=(("audioFormat", "pcm"), ("samplingRate", "24000")),
    audio_format="pcm",
    sampling_rate=24_000,
    lang="eng",
    place=Spot("job.yaml"),
)


def _is_command(text: str) -> bool:
    """Tell, as leniently as any reader might, whether a text holds a command.

    Written for these tests alone, so that it does not share a mistake.
    """
    for _ in range(4):
        text = html.unescape(text)
    seen = [
        character
        for character in unicodedata.normalize("NFKD", text)
        if unicodedata.category(character) not in {"Cc", "Cf", "Cn"}
        and not 0xFE00 <= ord(character) <= 0xFE0F
        and ord(character) < 0xE0000
    ]
    plain = unicodedata.normalize("NFKC", "".join(seen)).casefold()
    return any(command in plain for command in COMMANDS)


def _sent(words: str, limit: int = 500) -> list[str]:
    """Return what would be sent for a text, by the last check before a socket."""
    frames: list[str] = []
    for piece in cut(words, VOICE, limit=limit):
        if piece.request is not None:
            frames += Utterance(piece.request).frames[:-1]
    return frames


# --- F03: nothing to speak -----------------------------------------------------------


def test_f03_nothing_to_speak(place: Place) -> None:
    """What has no letter or digit is never sent: a pause stands in its place."""
    place.words = "* * * ... !"
    report = place.run()
    assert (report.exit_code, report.made) == (0, 2)
    assert [seen.text for seen in place.server.requests] == ["Good night."]
    assert set(place.files()) == {"a.wav", "b.wav"}


# --- F37: commands -------------------------------------------------------------------

DISGUISES = [
    "<EOS>", "<eos>", "<Eos>", "<CLEAR>", "<FLUSH>", "< EOS >", "<EOS/>", "</EOS>",
    "\uff1cEOS\uff1e", "\ufe64EOS\ufe65", "<\uff25\uff2f\uff33>", "<\U0001d404OS>",
    "<E\u200bOS>", "<\u2060EOS>", "<EO\u00adS>", "<E\ufe0fOS>", "<E\u034fOS>",
    "<\u202eEOS>", "<E\x00OS>", "<E\x1bOS>", "<\u3164EOS>", "<EOS\U000e0101>",
    "<E<EOS>OS>", "<<EOS>EOS>", "<E\u200b<EOS>OS>", "<EOS>\u0338", "<FLU\u017fH>",
    "&lt;EOS&gt;", "&LT;EOS&GT;", "&#60;EOS&#62;", "&#x3c;EOS&#x3E;", "&lt;EOS>",
    "&amp;lt;EOS&amp;gt;", "<&#69;OS>", "&lt&#x45;OS&gt",
    "<E\nOS>", "<EOS", "EOS>", "<\u2460EOS>",
]  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES, ids=ascii)
def test_f37_disguised_command(place: Place, disguise: str) -> None:
    """A command in any disguise reaches the server as words or not at all.

    The words around it do, in their order, in one request or cut anywhere.
    """
    place.folder.joinpath("a.jsonl").write_text(
        json.dumps({"id": "a", "text": f"Before it. {disguise} After it."}).replace(
            "\\u0000",
            "",  # which a table may not hold
        )
    )
    job = place.write()
    texts = "texts:\n  - {table: a.jsonl, id: id}\noutputs:"
    job.write_text(re.sub(r"(?s)texts:.*outputs:", lambda _: texts, job.read_text()))
    report = batchtts.run(batchtts.load_job(job))
    assert report.exit_code == 0
    for seen in place.server.requests:
        *frames, last = seen.frames
        assert last == "<EOS>"
        assert not any(map(_is_command, frames))
        assert not _is_command("".join(frames))
    spoken = " ".join(seen.text for seen in place.server.requests)
    assert spoken.index("Before it.") < spoken.index("After it.")


@pytest.mark.parametrize("disguise", DISGUISES, ids=ascii)
def test_f37_split_over_a_cut(disguise: str) -> None:
    """A command that a cut might fall into: no piece is one, nor are two joined."""
    for before in range(20, 45):
        text = f"{'a' * before}{disguise}{'b' * 60} {disguise} c."
        frames = _sent(text, limit=40)
        assert not any(map(_is_command, frames))
        assert not _is_command("".join(frames))


@pytest.mark.parametrize("text", [t for t in DISGUISES if _is_command(t)], ids=ascii)
def test_f37_last_check(text: str) -> None:
    """What cleaning has failed to change is stopped at the last moment."""
    with pytest.raises(TakeError, match="not sent"):
        Utterance(Request("rime", VOICE.parameters, f"Words {text} words."))


PARTS = [
    "<", ">", "\uff1c", "\uff1e", "\ufe64", "\ufe65", "&lt;", "&gt;", "&amp;", "&#60;",
    "EOS", "eos", "E", "OS", "CLEAR", "FLUSH", "FLU\u017fH", "\uff25", "\U0001d404",
    "\u200b", "\u200d", "\ufe0f", "\u00ad", "\u034f", "\u3164", "\U000e0101", "\u202e",
    "\u0301", "\u0338", " ", "\n", "/", "\x1b", "word", "lt;", "#60;", "amp;",
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(PARTS), max_size=12).map("".join))
def test_f37_made_of_anything(text: str) -> None:
    """Whatever is put together of parts of commands: words, and none refused."""
    frames = _sent(f"Before {text} after.")
    assert not any(map(_is_command, frames))
    assert "Before" in frames[0]
    assert "after" in frames[-1]


# --- F38: difficult Unicode ----------------------------------------------------------


@pytest.mark.parametrize("limit", [40, 500])
@pytest.mark.parametrize(
    "words",
    [
        "e" + "\u0301" * 10_000,
        "Donaudampfschiff" * 700,
        "\U0001f600" * 1_000,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 200,
        "\U0001f1e9\U0001f1ea" * 400,
        "\u0915\u094d\u0937\u093f" * 500,
        "\ud55c\uae00" * 600,
        "\u202eright to left\u202c and \u2066isolated\u2069 words. " * 30,
        "\u4f60\u597d\uff0c\u4e16\u754c\u3002" * 200,
        "a\u00a0b\u2028c\u2029d\u0085e " * 100,
        "\U00020000" * 700,
    ],
    ids=[
        "marks",
        "word",
        "emoji",
        "families",
        "flags",
        "hindi",
        "hangul",
        "bidi",
        "chinese",
        "spaces",
        "rare",
    ],
)
def test_f38_nothing_is_lost(words: str, limit: int) -> None:
    """Marks, a word without end, emoji, ideographs: all sent, never over the limit.

    The limit counts in the strictest of code points and UTF-16 units.
    """
    text = f"x {words} y."
    made = cut(text, VOICE, limit=limit)
    kept = re.sub(
        r"\s|[\u202a-\u202e\u2066-\u2069]", "", unicodedata.normalize("NFC", text)
    )
    joined = re.sub(r"\s", "", "".join(piece.chunk.text for piece in made))
    assert joined == kept
    for piece in made:
        assert len(piece.chunk.words) <= limit
        if piece.request is not None:
            assert len(piece.request.text.encode("utf-16-le")) // 2 <= limit
            piece.request.text.encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", b"Good \x00 morning."),
        ("a.txt", b"Good \xed\xa0\x80 morning."),
        ("a.txt", b"Good \xff morning."),
        ("a.csv", b"text\nGood \x00 morning.\n"),
        ("a.csv", b"text\nGood \xed\xa0\x80 morning.\n"),
        ("a.jsonl", b'{"text": "Good \\ud83d morning."}'),
        ("a.jsonl", b'{"text": "Good \\u0000 morning."}'),
    ],
)
def test_f38_half_characters(place: Place, name: str, content: bytes) -> None:
    """NUL and half a surrogate pair in a text: 2 with the place, nothing is sent."""
    (place.folder / name).write_bytes(content)
    job = place.write()
    kind = "file" if name == "a.txt" else "table"
    more = "" if kind == "file" else ", text: text"
    texts = f"texts:\n  - {{{kind}: {name}{more}}}\noutputs:"
    job.write_text(re.sub(r"(?s)texts:.*outputs:", lambda _: texts, job.read_text()))
    with pytest.raises(JobError, match=rf"{name}:\d"):
        batchtts.run(batchtts.load_job(job))
    assert place.server.connections == 0


# --- F39: forged output --------------------------------------------------------------

FORGED = (
    "\n::error file=a.py,line=1::forged\n\x1b[2J\x1b]0;title\x07\u202egpj\u2028\x9b1m\r"
)
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def _check_shown(text: str) -> None:
    """Check that nothing of ``FORGED`` does what it was made for."""
    assert {c for c in text if unicodedata.category(c) in HIDDEN} <= {"\n"}
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_f39_titles_and_columns(
    batch: Batch, place: Place, command: str, flags: list[str]
) -> None:
    """Escapes, line ends and annotations in a table: shown as such, in JSON too."""
    rows = [
        {"id": "a", "title": FORGED, "text": f"Hello{FORGED}", "part": FORGED},
        {"id": f"b{FORGED}", "title": "b", "text": "Hello.", "part": "b"},
        {"id": "c", "title": "c", "text": "Hello.", FORGED: FORGED},
    ]
    table = place.folder / "a.jsonl"
    place.outputs = ["out/{title}-{part}-{id}.wav"]
    job = place.write()
    texts = "texts:\n  - {table: a.jsonl, id: id, title: title}\noutputs:"
    job.write_text(re.sub(r"(?s)texts:.*outputs:", lambda _: texts, job.read_text()))
    for good in (False, True):
        table.write_text("\n".join(map(json.dumps, rows[: 1 if good else None])))
        code, out, err = batch.here(command, job, *flags)
        assert code == (0 if good else 2), err
        _check_shown(out)
        _check_shown(err)
        if flags:
            json.loads(out)


@pytest.mark.parametrize("flags", [[], ["--json"], ["-v"]])
@pytest.mark.parametrize("status", ["400 No", "401 No", f"403 {FORGED[1:22]}"])
def test_f39_server_text(
    batch: Batch, place: Place, status: str, flags: list[str]
) -> None:
    """What a server says is one line, in the terminal, the report and JSON."""
    with answering(lambda _: f"HTTP/1.1 {status}\r\n\r\n{FORGED}") as (port, heads):
        rime = ("--engine", "rime", "--url", f"ws://127.0.0.1:{port}/ws")
        code, out, err = batch.here("run", place.write(), *rime, *flags)
    assert heads
    assert code in {3, 4}, err
    assert "forged" in out + err
    _check_shown(out)
    _check_shown(err)
    _check_shown((place.folder / ".batchtts" / "job.report.json").read_text())


def test_f39_forging_job(batch: Batch, tmp_path: Path) -> None:
    """A job file's own keys and values in its errors: shown as what they are."""
    job = tmp_path / "job.yaml"
    forged = json.dumps(FORGED)
    job.write_text(f"{forged}: {forged}\nengine: {forged}\nvoices: {forged}\n")
    for flags in ([], ["--json"]):
        code, out, err = batch.here("validate", job, *flags)
        assert code == 2
        _check_shown(out)
        _check_shown(err)
