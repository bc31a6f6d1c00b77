"""`batchtts chunk` shows the cuts, to people and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from batchtts.cli.chunk import command
from batchtts.errors import JobError

STORY = "Mr. Ash left. Nobody saw <EOS> him go.\n\n" * 9


def _run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def _file(folder: Path, content: bytes) -> str:
    path = folder / "story.txt"
    path.write_bytes(content)
    return str(path)


def test_people_see_each_chunk_and_a_summary(tmp_path: Path) -> None:
    """Each chunk is shown with its length and kind, then what it comes to."""
    path = _file(tmp_path, STORY.encode())
    result = _run(path, "--limit", "100")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert lines[0].split()[:3] == ["1", "38", "paragraph"]
    assert "5 requests, 350 characters; smallest 38, largest 78" in result.output
    assert "ends: end 20%, paragraph 80%" in result.output
    assert "// Mr. Ash left. Nobody saw (EOS) him go." in lines[1]
    assert lines[-1] == "cleaned: commands made words 9"


def test_programs_get_one_document(tmp_path: Path) -> None:
    """The chunks of the document are stretches of its cleaned text."""
    path = _file(tmp_path, STORY.encode())
    result = _run(path, "--limit", "100", "--lang", "en", "--json")
    document = json.loads(result.output)
    cleaned = document["cleaned"]
    assert (document["limit"], document["lang"]) == (100, "en")
    assert "".join(one["text"] for one in document["chunks"]) == cleaned
    for one in document["chunks"]:
        assert one["text"] == cleaned[one["start"] : one["end"]]
    assert {one["boundary"] for one in document["chunks"]} == {"paragraph", "end"}
    assert document["changes"] == {"commands": 9, "edges": 2}
    assert document["summary"]["requests"] == 5
    assert document["summary"]["ends"] == {"end": 1, "paragraph": 4}


def test_an_edit_is_shown_by_what_it_costs(tmp_path: Path) -> None:
    """Against an earlier version, the chunks to be made again are marked."""
    old = _file(tmp_path, STORY.encode())
    new = tmp_path / "new.txt"
    new.write_text("A goat went too.\n\n" + STORY, encoding="utf-8")
    shown = _run(str(new), "--limit", "100", "--against", old)
    marked = [line for line in shown.output.splitlines() if line.startswith("+ ")]
    assert len(marked) == 1
    assert "A goat" in marked[0]
    assert "made again (+): 1 request, 56 characters" in shown.output
    told = _run(str(new), "--limit", "100", "--against", old, "--json")
    again = json.loads(told.output)["summary"]["made_again"]
    assert again == {"requests": 1, "characters": 56}


def test_without_an_earlier_version_nothing_is_made_again(tmp_path: Path) -> None:
    """There is no cost of an edit where there was none."""
    result = _run(_file(tmp_path, b"Hello."), "--json")
    assert json.loads(result.output)["summary"]["made_again"] is None


def test_paragraphs_and_markup_have_their_switches(tmp_path: Path) -> None:
    """The command cuts by the same rules as a job that sets them."""
    path = _file(tmp_path, b"One.\n\nTwo.\n\nspell(" + b"A. " * 30 + b") is it.")
    plain = json.loads(_run(path, "--limit", "100", "--json").output)["chunks"]
    switched = _run(path, "--limit", "100", "--separate", "--markup", "spell", "--json")
    chunks = json.loads(switched.output)["chunks"]
    assert plain[0]["text"] == "One.\n\nTwo.\n\n"
    starts = [one["text"].strip()[:5] for one in chunks]
    assert starts == ["One.", "Two.", "spell", "is it"]


def test_standard_input_is_a_file_too() -> None:
    """A dash reads what is piped in, its byte order mark ignored."""
    result = _run("-", "--json", given="\ufeffHello.".encode())
    assert json.loads(result.output)["cleaned"] == "Hello."


@pytest.mark.parametrize("arguments", [[], ["--json"]])
def test_an_empty_file_has_no_chunks(tmp_path: Path, arguments: list[str]) -> None:
    """Nothing to read is no error."""
    result = _run(_file(tmp_path, b""), *arguments)
    assert result.exit_code == 0
    assert "0" in result.output


def test_a_language_changes_the_cuts(tmp_path: Path) -> None:
    """The same full stop ends a sentence in one language and not in another."""
    path = _file(tmp_path, ("Er kam am 3. Mai. " * 3 + "Das war gut so.").encode())
    german = json.loads(_run(path, "--limit", "40", "--lang", "de", "--json").output)
    assert all(one["text"].rstrip()[-2:] != "3." for one in german["chunks"])


@pytest.mark.parametrize(
    ("name", "message"),
    [("none.txt", "there is no such file"), ("", "this is a folder")],
)
def test_what_is_no_file_is_named(tmp_path: Path, name: str, message: str) -> None:
    """A file that is not there is a mistake of the caller, said with its path."""
    path = str(tmp_path / name) if name else str(tmp_path)
    result = _run(path)
    assert isinstance(result.exception, JobError)
    assert str(result.exception).startswith(f"{path}: {message}")


def test_what_no_job_could_read_is_refused(tmp_path: Path) -> None:
    """A file is read as a job reads it; one without an ending is plain text."""
    path = tmp_path / "prompts.csv"
    path.write_text("id,text\n", encoding="utf-8")
    result = _run(str(path))
    assert 'files that end in ".csv" cannot be read' in str(result.exception)
    notes = tmp_path / "notes"
    notes.write_text("Read me.", encoding="utf-8")
    assert "1 request, 8 characters" in _run(str(notes)).output


def test_bytes_that_are_no_text_are_placed(tmp_path: Path) -> None:
    """A file in another encoding is refused at the place that shows it."""
    path = _file(tmp_path, b"fine\nna\xefve\n")
    assert str(_run(path).exception).startswith(f"{path}:2:3: the byte 0xEF")
    piped = _run("-", given=b"fine\nna\xefve\n")
    assert str(piped.exception).startswith("standard input:2: this is not UTF-8")


@pytest.mark.parametrize("limit", ["39", "-1", "many"])
def test_a_limit_out_of_range_is_refused(tmp_path: Path, limit: str) -> None:
    """A limit below 40 is a mistake on the command line."""
    result = _run(_file(tmp_path, b"a"), "--limit", limit)
    assert result.exit_code == 2


@pytest.mark.parametrize("limit", ["40", "1000", "9999999999"])
def test_any_limit_from_forty_up_is_kept(tmp_path: Path, limit: str) -> None:
    """There is no highest limit."""
    result = _run(_file(tmp_path, STORY.encode()), "--limit", limit, "--json")
    summary = json.loads(result.output)["summary"]
    assert summary["largest"] <= int(limit)
    assert summary["requests"] == (1 if int(limit) > 400 else 9)


@pytest.mark.parametrize("lang", ["english", "e", "", "en-GB", "4u"])
def test_a_language_that_is_no_code_is_refused(tmp_path: Path, lang: str) -> None:
    """What a job file would refuse is refused here."""
    result = _run(_file(tmp_path, b"a"), "--lang", lang)
    assert result.exit_code == 2
    assert "must be a language code of 2 or 3 letters" in result.output


def test_lengths_are_those_that_the_limit_counts(tmp_path: Path) -> None:
    """A character outside the basic plane counts as two, in what is shown too."""
    path = _file(tmp_path, ("\U0001f600" * 30 + "a").encode())
    summary = json.loads(_run(path, "--limit", "61", "--json").output)["summary"]
    assert (summary["requests"], summary["characters"]) == (1, 61)


def test_markdown_is_cut_by_chapters(tmp_path: Path) -> None:
    """Front matter and marks are not read; no chunk has words of two chapters."""
    path = tmp_path / "book.md"
    path.write_text(
        "---\ntitle: Book\n---\n# One\n\nFirst *words*.\n\n# Two\n\nLast words.\n",
        encoding="utf-8",
    )
    runner = CliRunner()
    done = runner.invoke(command, [str(path), "--json"])
    document = json.loads(done.stdout)
    chunks = document["chunks"]
    assert [one["boundary"] for one in chunks] == ["end", "end"]
    assert [one["text"] for one in chunks] == [
        document["cleaned"][one["start"] : one["end"]] for one in chunks
    ]
    assert "".join(one["text"] for one in chunks) == document["cleaned"]
    assert chunks[0]["text"].split() == ["One", "First", "words."]
