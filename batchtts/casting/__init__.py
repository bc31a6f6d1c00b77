"""Who reads what of a text: passages in other languages, marked ones, and dialogue.

``dialogue`` finds what is said in quotation marks, ``marks`` what the text gives
to a voice by name, ``script`` parts the text among its voices.
"""

from batchtts.casting.script import Part, Script, cast, spoken_by_one
from batchtts.casting.use import RoleUse

__all__ = ["Part", "RoleUse", "Script", "cast", "spoken_by_one"]
