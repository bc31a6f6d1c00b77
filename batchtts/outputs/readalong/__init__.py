"""Read-along EPUBs: a book with its audio, each sentence marked while it is heard.

``alignment`` finds sentences again in the pages that they were read from,
``weaving`` puts elements around them, ``overlay`` writes what ties those to the
audio, ``write`` the book.
"""

from batchtts.outputs.readalong.write import (
    ChapterAudio,
    require_read_along,
    write_read_along,
)

__all__ = ["ChapterAudio", "require_read_along", "write_read_along"]
