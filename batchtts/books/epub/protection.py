"""Books that may only be opened by a seller's own programs."""

from __future__ import annotations

from collections.abc import Iterable

from batchtts.books.archive import Archive

__all__ = ["refuse_protected"]

# Fonts are made unusable outside their book by these; no words ever are.
_FOR_FONTS = frozenset(
    {"http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#rc"}
)
_SELLERS = {
    "META-INF/license.lcpl": "Readium LCP",
    "META-INF/rights.xml": "Adobe ADEPT",
    "META-INF/sinf.xml": "Apple FairPlay",
}


def refuse_protected(archive: Archive, pages: Iterable[str]) -> None:
    """Raise JobError when one of a book's pages is encrypted.

    A licence alone is no reason: some books are sold with one and readable.
    """
    name = archive.find("META-INF/encryption.xml")
    if name is None:
        return
    locked: set[str | None] = set()
    for element in archive.tree(name).all("encrypteddata"):
        method, where = (
            element.first("encryptionmethod"),
            element.first("cipherreference"),
        )
        algorithm = method.get("algorithm").lower() if method else ""
        if where is not None and algorithm not in _FOR_FONTS:
            locked.add(archive.resolve("", where.get("uri"))[0])
    page = next((page for page in pages if page in locked), None)
    if page is None:
        return
    found = [seller for file, seller in _SELLERS.items() if archive.find(file)]
    by = found[0] if found else "DRM"
    message = f"the book is protected by {by}: its words are encrypted"
    hint = "batchtts opens no protected books; look for an edition without protection"
    raise archive.problem(page, message, hint)
