"""An audiobook from the tracks of its chapters: one file, or one a chapter."""
