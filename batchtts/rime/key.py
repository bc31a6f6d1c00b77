"""Where the key comes from: the environment, or a ``.env`` file in the project."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from batchtts.errors import LocalError
from batchtts.files import project_root
from batchtts.secret import Secret

__all__ = ["VARIABLE", "find_key"]

VARIABLE = "RIME_API_KEY"
_MAX_BYTES = 2**16


def find_key(folder: Path, environ: Mapping[str, str] | None = None) -> Secret | None:
    """Return the key: from the environment, else from the nearest ``.env``.

    Looks in ``folder`` and its parents up to the project's root, which is the
    nearest folder with the mark of one (see `files.project_root`); where there
    is none, in ``folder`` alone. A blank value counts as none. The environment
    is read, never written.
    """
    environ = os.environ if environ is None else environ
    found = environ.get(VARIABLE, "").strip()
    if found:
        return Secret(found)
    for place in _folders(folder):
        key = _key_in(place / ".env")
        if key is not None:
            return key
    return None


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders that may hold the ``.env``, nearest first."""
    start = folder.absolute()
    root = project_root(start) or start
    for place in (start, *start.parents):
        yield place
        if place == root:
            return


def _key_in(path: Path) -> Secret | None:
    """Return the key in the ``.env`` at ``path``; None if there is none."""
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES)
    except OSError as exc:
        raise LocalError(f'cannot read "{path}": {exc.strerror}') from exc
    # PowerShell's ">" writes UTF-16. Nothing may fail to decode: such an error
    # would carry the file's bytes.
    encoding = "utf-16" if raw[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    text = raw.decode(encoding, "replace")
    # Interpolation would read other variables of the environment into the key.
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    found = (values.get(VARIABLE) or "").strip()
    return Secret(found) if found else None
