"""What is said when: sentences with their times, and subtitles made of them."""

from batchtts.outputs.captions.subtitles import FORMATS, Heading, subtitles
from batchtts.outputs.captions.timing import Caption, Sentence, timed

__all__ = [
    "FORMATS",
    "Caption",
    "Heading",
    "Sentence",
    "subtitles",
    "timed",
]
