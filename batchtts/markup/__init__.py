"""Markup of any kind, XHTML, HTML and XML: one lenient parser with linear time.

``tokens`` gives tags and words as they follow one another, ``tree`` elements of
small files, ``charset`` the characters of either.
"""

from batchtts.markup.charset import decoded_markup
from batchtts.markup.tokens import Close, Open, Token, Words, tokens
from batchtts.markup.tree import Element, tree

__all__ = [
    "Close",
    "Element",
    "Open",
    "Token",
    "Words",
    "decoded_markup",
    "tokens",
    "tree",
]
