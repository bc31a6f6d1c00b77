"""The fault matrix: archives from strangers, bombs, liars, links, locks, entities."""

from __future__ import annotations

import contextlib
import io
import stat
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from epubs import Epub, page

from batchtts.books import read_book
from batchtts.errors import JobError, LocalError

ONE = page("<p>One.</p>")
MOST_S = 2.0
MOST_BYTES = 64 << 20


def refused(path: Path) -> str:
    """Return why a book is refused: soon, and in little memory."""
    tracemalloc.start()
    began_s = time.process_time()
    try:
        with pytest.raises(JobError) as caught:
            read_book(path, path.name)
        assert time.process_time() - began_s < MOST_S
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    return str(caught.value)


def put(path: Path, *entries: tuple[str | zipfile.ZipInfo, bytes | str]) -> Path:
    """Write an EPUB with one page, and with these entries besides or in its place."""
    Epub(pages={"a.xhtml": ONE}).write(path)
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    for entry, _ in entries:
        whole.pop(entry if isinstance(entry, str) else entry.filename, None)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*whole.items(), *entries):
            archive.writestr(name, data)
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a book."""
    return tmp_path / "a.epub"


# --- bombs --------------------------------------------------------------------


@pytest.mark.parametrize("size", [1 << 20, 15 << 20])
def test_f35_bomb(path: Path, size: int) -> None:
    """A page that unfolds to hundreds of times its size is given up on the way."""
    put(path, ("OPS/a.xhtml", b"<p>" + b"a" * size))
    assert refused(path) == (
        "a.epub/OPS/a.xhtml: it unfolds to more than 200 times its size"
        " (no book needs that)"
    )


def test_f35_much_that_unfolds_little_is_read(path: Path) -> None:
    """A small file may unfold as it likes."""
    put(path, ("OPS/a.xhtml", b"<p>" + b"a" * 60_000))
    assert len(read_book(path, "a.epub").chapters[0].words) == 60_000


def test_f35_large_entry(path: Path) -> None:
    """An entry over 20 MB is given up, however little it unfolds."""
    entry = zipfile.ZipInfo("OPS/a.xhtml")  # stored
    put(path, (entry, b"<p>" + b"a b " * 5_100_000))
    assert "OPS/a.xhtml: it is larger than a file in a book may be" in refused(path)


def test_f35_large_package(path: Path) -> None:
    """A package document is smaller than pages may be."""
    put(path)
    package = "<package><manifest>" + "<item id='a'/>\n" * 300_000
    Epub(pages={"a.xhtml": ONE}, package=package).write(path)
    assert refused(path).startswith("a.epub/OPS/book.opf: it ")


def test_f35_too_many_tags(path: Path) -> None:
    """A page with more tags than any book has is given up before it is read."""
    put(path, (zipfile.ZipInfo("OPS/a.xhtml"), b"<b>" * 500_001))
    assert "a.xhtml: it has more than 500,000 tags, entities and lines" in refused(path)


def test_f35_too_much_in_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages together may not be more than a cap, each may be near its own."""
    monkeypatch.setattr("batchtts.books.archive.MAX_BYTES", 40_000)
    filled = page(f"<p>{'words ' * 2000}</p>")
    Epub(pages={f"{n}.xhtml": filled for n in range(4)}).write(path)
    assert "3.xhtml: it is larger than a file in a book may be" in refused(path)


def test_f35_too_many_characters(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book has an end."""
    monkeypatch.setattr("batchtts.books.epub.binding.MAX_CHARACTERS", 10)
    Epub(pages={"a.xhtml": ONE, "b.xhtml": page("<p>More words</p>")}).write(path)
    assert "b.xhtml: the book has more than 10 characters" in refused(path)


def test_f35_too_many_entries(path: Path) -> None:
    """An archive with more than 2,000 files is no book."""
    put(path, *((f"{n}", b"") for n in range(2_001)))
    assert "there are more than 2,000 files in it" in refused(path)


def test_f35_endless_directory(path: Path) -> None:
    """A directory larger than any book's is not even read."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30_000):
            archive.writestr(f"{number:0100}", b"")
    assert "the file is damaged, or not of the kind" in refused(path)


# --- liars --------------------------------------------------------------------


@pytest.mark.parametrize("claimed", [10, 10_000_000])
def test_f35_lying_size(path: Path, claimed: int) -> None:
    """An entry that is not as long as it says is damaged, whichever way."""
    put(path, (zipfile.ZipInfo("OPS/a.xhtml"), ONE))
    data = path.read_bytes()
    real = len(ONE.encode()).to_bytes(4, "little")
    path.write_bytes(data.replace(real, claimed.to_bytes(4, "little")))
    assert "OPS/a.xhtml: the file is damaged" in refused(path)


def test_f35_damaged_page(path: Path) -> None:
    """A page whose bytes have changed is never read as if they had not."""
    put(path, (zipfile.ZipInfo("OPS/a.xhtml"), ONE))
    path.write_bytes(path.read_bytes().replace(b"<p>One.", b"<p>Two."))
    assert refused(path) == (
        "a.epub/OPS/a.xhtml: the file is damaged (get the book once more)"
    )


def test_f35_cut_archive(path: Path) -> None:
    """An archive without its end, and a file that is none, are refused as a whole."""
    expected = (
        "a.epub: the file is damaged, or not of the kind that its name says"
        " (get it once more)"
    )
    put(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert refused(path) == expected
    for data in (b"", b"PK\x03\x04", b"<html>", b"PK\x05\x06" + b"\xff" * 18):
        path.write_bytes(data)
        assert refused(path) == expected


def test_f35_every_cut_and_flip(path: Path) -> None:
    """An archive with any byte changed gives the same words or a clear error."""
    whole = put(path).read_bytes()
    words = [c.words for c in read_book(path, "a.epub").chapters]
    for at in range(0, len(whole), 5):
        changed = bytearray(whole)
        changed[at] ^= 0x55
        path.write_bytes(changed)
        with contextlib.suppress(JobError):
            found = [c.words for c in read_book(path, "a.epub").chapters]
            assert found == words, at


def test_f35_encrypted_entry(path: Path) -> None:
    """An entry with a password is said to have one."""
    put(path, (zipfile.ZipInfo("OPS/a.xhtml"), ONE))
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"OPS/a.xhtml") - 46
    data[entry + 8] |= 1
    path.write_bytes(data)
    assert refused(path) == (
        "a.epub/OPS/a.xhtml: it is encrypted with a password"
        " (save the book without one)"
    )


def test_f35_link(path: Path) -> None:
    """An entry that is a link to another file is not followed."""
    entry = zipfile.ZipInfo("OPS/a.xhtml")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    put(path, (entry, "/etc/passwd"))
    assert "OPS/a.xhtml: it is a link to another file" in refused(path)


def test_f35_unusual_compression(path: Path) -> None:
    """Only what EPUB allows is unpacked."""
    entry = zipfile.ZipInfo("OPS/a.xhtml")
    entry.compress_type = zipfile.ZIP_LZMA
    put(path, (entry, ONE))
    assert "it is compressed in a way that no book may be" in refused(path)


def test_f35_names_that_climb(path: Path, tmp_path: Path) -> None:
    """Entries with the names of other places touch none of them."""
    (tmp_path / "secret.xhtml").write_text("<p>secret</p>")
    put(path, ("../secret.xhtml", "<p>a</p>"), ("/etc/x", "x"), ("c:\\x", "x"))
    before = sorted(tmp_path.iterdir())
    assert [c.words for c in read_book(path, "a.epub").chapters] == ["One."]
    assert sorted(tmp_path.iterdir()) == before


def test_f35_archive_in_an_archive(path: Path) -> None:
    """An archive in a book is a file like any other, and not opened."""
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", b"\0" * (10 << 20))
    put(path, ("OPS/b.epub", inner.getvalue()))
    assert [c.words for c in read_book(path, "a.epub").chapters] == ["One."]


def test_f35_missing_file(path: Path) -> None:
    """A book that is not there is a problem of this machine."""
    with pytest.raises(LocalError, match="cannot read"):
        read_book(path, "a.epub")


# --- entities and locks -------------------------------------------------------

BOMB = """<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>
<html><body><p>&b;</p></body></html>"""
OUTSIDE = """<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, OUTSIDE.lower()])
@pytest.mark.parametrize("name", ["OPS/a.xhtml", "OPS/book.opf"])
def test_f36_entities(path: Path, name: str, text: str) -> None:
    """A file that makes up entities is refused, whichever it is."""
    Epub(pages={"a.xhtml": ONE}, files={name: text}).write(path)
    assert refused(path) == (
        f"a.epub/{name}:1: it declares entities of its own, which are not read"
        " (write out what they stand for)"
    )


ENCRYPTION = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/><enc:CipherData>
<enc:CipherReference URI="{uri}"/></enc:CipherData></enc:EncryptedData></encryption>"""
AES = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"


@pytest.mark.parametrize(
    ("licence", "by"),
    [
        ("META-INF/rights.xml", "Adobe ADEPT"),
        ("META-INF/sinf.xml", "Apple FairPlay"),
        ("META-INF/license.lcpl", "Readium LCP"),
        ("META-INF/none", "DRM"),
    ],
)
def test_f35_protected(path: Path, licence: str, by: str) -> None:
    """A book whose pages are encrypted is said to be protected, and by whom."""
    encryption = ENCRYPTION.format(algorithm=AES, uri="OPS/a%2Exhtml")
    files = {"META-INF/encryption.xml": encryption, licence: "x"}
    Epub(pages={"a.xhtml": "\0garbage"}, files=files).write(path)
    assert refused(path) == (
        f"a.epub/OPS/a.xhtml: the book is protected by {by}: its words are encrypted"
        " (batchtts opens no protected books; look for an edition without protection)"
    )


@pytest.mark.parametrize(
    ("algorithm", "uri"),
    [
        ("http://www.idpf.org/2008/embedding", "OPS/font.otf"),
        ("http://ns.adobe.com/pdf/enc#RC", "OPS/a.xhtml"),
        (AES, "OPS/picture.jpg"),
    ],
    ids=["fonts", "Adobe's fonts", "only a picture"],
)
def test_f35_not_protected(path: Path, algorithm: str, uri: str) -> None:
    """Fonts made unusable elsewhere, or a picture, are no reason to refuse a book."""
    encryption = ENCRYPTION.format(algorithm=algorithm, uri=uri)
    files = {"META-INF/encryption.xml": encryption, "META-INF/rights.xml": "x"}
    Epub(pages={"a.xhtml": ONE}, files=files).write(path)
    assert [c.words for c in read_book(path, "a.epub").chapters] == ["One."]
