"""Pages of XHTML and HTML as the words that would be read aloud.

``reading`` takes the tags of a page one by one, ``layout`` lays out what they
hold, ``roles`` says what is left out.
"""

from batchtts.books.pages.drafts import Bound, Draft, Page, counted
from batchtts.books.pages.prose import Omitted, Prose, Target, Wanted
from batchtts.books.pages.reading import read_page

__all__ = [
    "Bound",
    "Draft",
    "Omitted",
    "Page",
    "Prose",
    "Target",
    "Wanted",
    "counted",
    "read_page",
]
