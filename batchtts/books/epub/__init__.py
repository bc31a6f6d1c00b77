"""EPUB 2 and 3: chapters in reading order, called as in the contents list.

The package document (``package``) says which pages there are and in which order
(``spine``); the contents list (``contents``) where chapters begin in them; the
pages are read one after the other and bound (``binding``). Everything is found
in the archive itself, and nothing is unpacked.
"""

from batchtts.books.epub.reader import read_epub, read_epub_bound, read_epub_cover

__all__ = ["read_epub", "read_epub_bound", "read_epub_cover"]
