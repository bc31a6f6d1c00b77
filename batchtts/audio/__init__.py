"""Sound: takes decoded and edited, tracks measured and levelled, files encoded.

Everything here works on mono signed 16-bit little-endian PCM, as ``bytes``, in
blocks. numpy, PyAV and pydub are imported by the modules of this package and
nowhere else; the package itself imports nothing, so that a command which makes
no sound starts quickly.
"""
