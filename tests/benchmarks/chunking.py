"""Measure the chunking on a real novel, beside the splitters in use elsewhere.

    python -m tests.benchmarks.chunking NOVEL.epub [--rules FOLDER] [--cases FILE]

Prints the quality of the cuts at several limits, the same for every other splitter
that is installed (semantic-text-splitter, langchain-text-splitters, edge-tts,
sentencex), what random edits of the novel make again, and times: of the novel
once, 4 and 16 times over, of pysbd if it is installed, of a million short lines,
and of texts made to be slow. ``--rules`` names a folder with the language tests of
pysbd, whose lists of sentences are read (not run) and compared; each that is not
kept is shown with the reason. ``--cases`` names a JSON Lines file of hard texts with
an ``id``, a ``lang``, and ``must_not_cut``: each cut inside one of those is shown.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import random
import re
import statistics
import time
import zipfile
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

from batchtts.chunking import Rules, chunk, clean, speakable, units
from batchtts.chunking.grades import DOUBTFUL, QUOTED, SENTENCE, TRAILING
from batchtts.chunking.languages import language
from batchtts.chunking.sentences import sentence_cuts
from batchtts.model import Chunk

BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote", "header"}
ABBREVIATION = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|St|Messrs|Esq|[A-Z])\.\W*\Z")
PIECES = [
    *("a", ".", ", ", "! ", "?!", "…", "😀", "👨\u200d👩", "\u0301\u0316", "的", "ก"),
    *(
        "x. ",
        "word ",
        "a.m. ",
        "(",
        '"',
        "“Ab. ",
        "{ab ",
        "<1",
        "[a ",
        "\n\n…",
        "- a\n",
    ),
]

Splitter = Callable[[str], list[str]]


class _Chapter(HTMLParser):
    """Takes the paragraphs out of one XHTML file."""

    def __init__(self) -> None:
        super().__init__()
        self.paragraphs: list[str] = []
        self._words: str | None = None

    def handle_starttag(
        self,
        tag: str,
        attrs: list[tuple[str, str | None]],
    ) -> None:
        del attrs
        if tag in BLOCKS:
            self._finish()
            self._words = ""
        elif tag == "br" and self._words is not None:
            self._words += "\n"

    def handle_endtag(self, tag: str) -> None:
        if tag in BLOCKS:
            self._finish()

    def handle_data(self, data: str) -> None:
        if self._words is not None:
            self._words += re.sub(r"[ \t\r\n]+", " ", data)

    def _finish(self) -> None:
        if self._words is not None and self._words.strip():
            self.paragraphs.append(re.sub(r" *\n *", "\n", self._words).strip())
        self._words = None


def chapters(epub: str) -> list[str]:
    """Give the chapters of a novel, paragraphs parted by blank lines."""
    found: list[tuple[int, str]] = []
    with zipfile.ZipFile(epub) as book:
        for name in book.namelist():
            number = re.search(r"chapter-(\d+)\.xhtml$", name)
            if number:
                reader = _Chapter()
                reader.feed(book.read(name).decode("utf-8"))
                text = clean("\n\n".join(reader.paragraphs)).text
                found.append((int(number.group(1)), text))
    return [text for _, text in sorted(found)]


def _kind(text: str, end: int) -> str:
    """Classify a cut by simple rules that no splitter was made after."""
    before, after = text[:end].rstrip(), text[len(text[:end].rstrip()) :]
    gap = after[: len(after) - len(after.lstrip())]
    if not after.strip() or "\n\n" in gap:
        return "paragraph"
    if ABBREVIATION.search(before[-12:]):
        return "abbreviation"
    follows = after.lstrip().lstrip("\"'\u2018\u201c(\u2060\u2014")[:1]
    if re.search(r"[.!?\u2026][\"'\u2019\u201d)\]]*\u2060?\Z", before[-6:]):
        return "inside" if follows.islower() else "sentence"
    return "inside"


def _row(name: str, texts: Sequence[str], split: Splitter, limit: int) -> None:
    """Print one line of figures for one splitter."""
    started = time.process_time()
    parts = [split(text) for text in texts]
    took_s = time.process_time() - started
    kinds: Counter[str] = Counter()
    sizes: list[int] = []
    lost = over = 0
    for text, pieces in zip(texts, parts, strict=True):
        place = 0
        for piece in pieces:
            words = piece.strip()
            found = text.find(words, place)
            lost += found < 0
            place = found + len(words) if found >= 0 else place
            over += units(words) > limit
            sizes.append(len(words))
            kinds[_kind(text, place)] += 1
    total = len(sizes)
    shares = " ".join(
        f"{kinds[kind] / total:9.1%}" for kind in ("paragraph", "sentence", "inside")
    )
    print(
        f"{name:28}{total:7}{shares}{kinds['abbreviation']:6}{min(sizes):5}"
        f"{statistics.pstdev(sizes):6.1f}{lost:5}{over:5}{took_s:8.3f}"
    )


def _greedy(sentences: Splitter, limit: int) -> Splitter:
    """Make a splitter that fills each chunk with sentences as far as they go."""

    def spans(text: str) -> Iterator[tuple[int, int]]:
        place = 0
        for paragraph in text.split("\n\n"):
            for sentence in map(str.strip, sentences(paragraph)):
                start = max(text.find(sentence, place), place)
                place = start + len(sentence)
                while place - start > limit:
                    space = text.rfind(" ", start, start + limit)
                    yield start, space
                    start = space + 1
                yield start, place

    def split(text: str) -> list[str]:
        chunks: list[tuple[int, int]] = []
        for start, end in spans(text):
            if chunks and end - chunks[-1][0] <= limit:
                chunks[-1] = (chunks[-1][0], end)
            else:
                chunks.append((start, end))
        return [text[start:end] for start, end in chunks]

    return split


def _own_sentences(paragraph: str) -> list[str]:
    """Cut a paragraph at every sentence end that the scanner finds."""
    pieces = []
    start = 0
    for cut in sentence_cuts(paragraph, language("eng")):
        pieces.append(paragraph[start : cut.start])
        start = cut.start
    return [*pieces, paragraph[start:]]


def _others(limit: int) -> Iterator[tuple[str, Splitter]]:
    """Give the splitters of other projects that are installed."""

    def package(name: str) -> ModuleType | None:
        try:
            return importlib.import_module(name)
        except ImportError:
            return None

    if semantic := package("semantic_text_splitter"):
        yield "semantic-text-splitter", semantic.TextSplitter(limit).chunks
    if langchain := package("langchain_text_splitters"):
        splitter = langchain.RecursiveCharacterTextSplitter(
            chunk_size=limit, chunk_overlap=0
        )
        yield "LangChain recursive", splitter.split_text
    if edge := package("edge_tts.communicate"):

        def by_bytes(text: str) -> list[str]:
            pieces = edge.split_text_by_byte_length(text, limit)
            return [bytes(piece).decode() for piece in pieces]

        yield "edge-tts (bytes)", by_bytes
    if sentencex := package("sentencex"):

        def sentences(paragraph: str) -> list[str]:
            return list(sentencex.segment("en", paragraph))

        yield "sentencex + greedy", _greedy(sentences, limit)


def quality(novel: Sequence[str]) -> None:
    """Print how each splitter cuts the novel at 500, and how we do elsewhere."""
    print(
        f"{'splitter':28}{'chunks':>7}{'paragraph':>9} {'sentence':>9} {'inside':>9}"
        f"{'abbr':>6}{'min':>5}{'sd':>6}{'lost':>5}{'over':>5}{'s':>8}"
    )

    def ours(limit: int, rules: Rules) -> Splitter:
        return lambda text: [c.text for c in chunk(text, limit=limit, rules=rules)]

    _row("batchtts", novel, ours(500, Rules()), 500)
    _row("our sentences + greedy", novel, _greedy(_own_sentences, 500), 500)
    for name, split in _others(500):
        _row(name, novel, split, 500)
    _row("batchtts, separate", novel, ours(500, Rules(separate=True)), 500)
    for limit in (1000, 300, 250, 120, 60):
        _row(f"batchtts at {limit}", novel, ours(limit, Rules()), limit)


def _edited_word(text: str, rng: random.Random) -> str:
    """Put a word in, out, or in the place of another."""
    found = rng.choice(list(re.finditer(r"\w+", text)))
    word = rng.choice(["indeed", "of", "misunderstanding", "whom", "unquestionably"])
    put = rng.choice([word, f"{word} {found.group()}", ""])
    return (
        text[: found.start()] + put + text[found.end() :].lstrip(" " if not put else "")
    )


def _edited_paragraph(text: str, rng: random.Random) -> str:
    """Put a paragraph in, or take one out."""
    paragraphs = text.split("\n\n")
    place = rng.randrange(len(paragraphs))
    if rng.random() < 0.5:
        del paragraphs[place]
    else:
        sentences = ["She had not expected it, and said so."] * rng.randint(1, 12)
        paragraphs.insert(place, " ".join([*sentences, "It was late."]))
    return "\n\n".join(paragraphs)


def edits(novel: Sequence[str]) -> None:
    """Print what random edits make again, with and without the earlier chunks."""
    rng = random.Random(7)
    print(f"\n{'edits':32}{'requests: median':>17} worst characters: median worst")
    for name, edit, times in (
        ("200 words", _edited_word, 200),
        ("50 paragraphs", _edited_paragraph, 50),
    ):
        made: dict[str, list[list[int]]] = {"earlier chunks given": [], "not given": []}
        for _ in range(times):
            text = rng.choice(novel)
            new = edit(text, rng)
            old = chunk(text)
            known = {one.words for one in old}
            for way, previous in zip(made, (known.__contains__, None), strict=True):
                chunks = chunk(new, previous=previous)
                made[way].append(
                    [
                        len(one.words)
                        for one in chunks
                        if one.words not in known and speakable(one.text)
                    ]
                )
        for way, costs in made.items():
            head = f"{name}, {way}"
            requests = [len(cost) for cost in costs]
            characters = [sum(cost) for cost in costs]
            print(
                f"{head:32}{statistics.median(requests):17.0f}{max(requests):6}"
                f"{statistics.median(characters):20.0f}{max(characters):6}"
            )


def _timed(work: Callable[[], object]) -> float:
    """Give the processor's time for some work, the better of two."""
    times = []
    for _ in range(2):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def _cut(text: str) -> Sequence[Chunk]:
    """Do what a run does with a text before it makes requests of it."""
    return chunk(clean(text).text)


def speed(novel: Sequence[str]) -> None:
    """Print times: the novel, its multiples, short lines, and hard texts."""
    text = "\n\n".join(novel)
    for times in (1, 4, 16):
        whole = "\n\n".join([text] * times)
        print(f"the novel {times} times over: {_timed(lambda: _cut(whole)):.3f} s")  # noqa: B023
    try:
        pysbd = importlib.import_module("pysbd")
    except ImportError:
        pass
    else:
        segmenter = pysbd.Segmenter(language="en", clean=False)
        paragraphs = text.split("\n\n")
        took_s = _timed(lambda: [segmenter.segment(one) for one in paragraphs])
        print(f"pysbd, by paragraphs: {took_s:.3f} s; a tenth: {took_s / 10:.3f} s")
    unmarked = re.sub(r"[^\w\s]|\s+", " ", text)[:17_000]
    print(f"17,000 characters without a mark: {_timed(lambda: _cut(unmarked)):.3f} s")
    line = "The goat said nothing at all to the ferryman, who did not ask it anything."
    lines = [f"{line} {number}" for number in range(1_000_000)]
    streamed_s = _timed(lambda: deque(map(_cut, lines), maxlen=0))
    held_s = _timed(lambda: list(map(_cut, lines)))
    print(f"a million lines: {streamed_s:.2f} s; all kept: {held_s:.2f} s")
    print(f"\n{'characters of':28}  25,000  100,000  400,000   4x  16x")
    for piece in PIECES:
        texts = [piece * (size // len(piece)) for size in (25_000, 100_000, 400_000)]
        took = [_timed(lambda: _cut(one)) for one in texts]  # noqa: B023
        shown = " ".join(f"{took_s:8.3f}" for took_s in took)
        print(f"{piece!r:28}{shown} {took[1] / took[0]:4.1f} {took[2] / took[0]:4.1f}")


LANGUAGES = {
    "amharic": "am", "arabic": "ar", "armenian": "hy", "bulgarian": "bg",
    "burmese": "my", "chinese": "zh", "danish": "da", "deutsch": "de", "dutch": "nl",
    "english": "en", "french": "fr", "greek": "el", "hindi": "hi", "italian": "it",
    "japanese": "ja", "kazakh": "kk", "marathi": "mr", "persian": "fa", "polish": "pl",
    "russian": "ru", "slovak": "sk", "spanish": "es", "urdu": "ur",
}  # fmt: skip


REASONS = [
    ("مثيرة للاستغراب.", "a colon ends no sentence"),
    ("المبحوح في دبي.", "a colon ends no sentence"),
    ("مراسم الحداد عليه", "a comma ends no sentence"),
    ("abandoned. . . .", "four dots are a stop and an ellipsis: none starts a chunk"),
    ("£260.950,00.", "a small letter after a stop goes on with the sentence"),
    ("кім? не?", "a small letter after a question goes on with the sentence"),
    ("тән нәрсе.", "capitals right after a dot may be the ending of a file's name"),
    ("", "no reason is known"),
]
"""Why a public rule is not kept, by how its text ends."""


def _rules(path: Path) -> Iterator[tuple[str, list[str]]]:
    """Read the lists of texts with their sentences out of a test module."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.List)):
            continue
        name = ast.unparse(node.targets[0])
        if "CLEAN" in name or "PDF" in name:
            continue
        for item in node.value.elts:
            pair = (
                item.args if isinstance(item, ast.Call) else getattr(item, "elts", [])
            )
            yield ast.literal_eval(pair[0]), ast.literal_eval(pair[1])


def rules(folder: Path) -> None:
    """Print how many of the public rules we keep, and each that we do not."""
    doubled = {SENTENCE + QUOTED + more for more in (0, TRAILING, DOUBTFUL)}
    print()
    for path in sorted(folder.glob("test_*.py")):
        lang = LANGUAGES.get(path.stem.removeprefix("test_"))
        if lang is None:
            continue
        kept = total = 0
        for text, expected in _rules(path):
            pieces = []
            start = 0
            for cut in sentence_cuts(text, language(lang)):
                if cut.penalty not in doubled:  # these rules keep quotations whole
                    pieces.append(text[start : cut.start].strip())
                    start = cut.start
            pieces.append(text[start:].strip())
            total += 1
            if [one for one in pieces if one] == [one.strip() for one in expected]:
                kept += 1
            else:
                reason = next(why for end, why in REASONS if text.endswith(end))
                print(f"  {lang}: {reason}\n      {' | '.join(filter(None, pieces))}")
        print(f"{path.stem.removeprefix('test_'):12}{kept:4} of {total}")


def cases(file: Path) -> None:
    """Print at four limits what of hard texts is lost, too long or cut."""
    runs = bad = 0
    for line in file.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        text = clean(case["text"]).text
        for limit in (500, 250, 120, 60):
            chunks = chunk(text, limit=limit, lang=case["lang"])
            ends = {one.end for one in chunks[:-1]}
            faults = ["lost"] * ("".join(one.text for one in chunks) != text)
            faults += ["over"] * any(units(one.text) > limit for one in chunks)
            for whole in {clean(held).text or held for held in case["must_not_cut"]}:
                if units(whole) <= limit:
                    places = (
                        found.start() for found in re.finditer(re.escape(whole), text)
                    )
                    inside = (range(place + 1, place + len(whole)) for place in places)
                    faults += [whole] * any(ends & set(places) for places in inside)
            runs += 1
            bad += bool(faults)
            if faults:
                print(f"  {case['id']} at {limit}: {' | '.join(faults)}")
    print(f"hard texts: {bad} bad of {runs} runs")


def main() -> None:
    """Run every measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("novel", help="an EPUB with files named chapter-N.xhtml")
    parser.add_argument("--rules", type=Path, help="pysbd's folder tests/lang")
    parser.add_argument("--cases", type=Path, help="hard texts, as JSON Lines")
    arguments = parser.parse_args()
    novel = chapters(arguments.novel)
    print(f"{len(novel)} chapters, {sum(map(len, novel)):,} characters\n")
    quality(novel)
    edits(novel)
    speed(novel)
    if arguments.rules:
        rules(arguments.rules)
    if arguments.cases:
        cases(arguments.cases)


if __name__ == "__main__":
    main()
