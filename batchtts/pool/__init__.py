"""The pool: requests in, verified takes in the cache out, few sockets at a time."""

from batchtts.pool.hearing import Judge
from batchtts.pool.outcome import (
    Effects,
    LeftOut,
    Miss,
    Outcome,
    Speak,
    Stopped,
    Totals,
)
from batchtts.pool.pool import Pool

__all__ = [
    "Effects",
    "Judge",
    "LeftOut",
    "Miss",
    "Outcome",
    "Pool",
    "Speak",
    "Stopped",
    "Totals",
]
