"""The campaign of small jobs at a service that goes wrong, made short."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
JOBS = 25


def test_small_campaign() -> None:
    """Jobs over all the service's faults: no wrong take, no lost text, no hang.

    The full campaign: `python -m tests.benchmarks.faults`.
    """
    campaign = [sys.executable, "-m", "tests.benchmarks.faults", "--jobs", str(JOBS)]
    done = subprocess.run(
        campaign,
        cwd=ROOT,
        # Its matrices are small: more threads only get in each other's way.
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{JOBS} jobs, ")
    attempts = re.search(r"([\d,]+) attempts", done.stdout)
    assert attempts
    assert int(attempts[1].replace(",", "")) > 5 * JOBS
