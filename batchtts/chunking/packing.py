"""Choose among possible cuts: the cheapest chunking, in linear time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchtts.chunking.grades import Weights

__all__ = ["chunk_cost", "pack"]

_NEVER = float("inf")


def chunk_cost(length: int, limit: int, weights: Weights) -> float:
    """Give what a chunk of ``length`` costs, apart from the cut that ends it."""
    off = length / limit - weights.target
    cost = weights.request + weights.balance * off * off
    shortfall = weights.runt - length / limit
    if shortfall > 0:
        cost += weights.runt_cost * shortfall / weights.runt
    return cost


def pack(
    positions: Sequence[int],
    penalties: Sequence[int],
    spoken: Sequence[int],
    costs: Sequence[float],
    paid: Callable[[int, int], bool] | None = None,
) -> list[int]:
    """Choose the cheapest chunks between the first position and the last.

    ``positions`` ascend, neighbours at most a limit apart, in the unit of the
    limit; ``penalties`` and ``spoken`` (how much there is to speak before it)
    belong to them. ``costs`` tells what a chunk of each length from 0 to the
    longest costs, its last entry what silence costs on top. Where ``paid`` says
    so, the chunk between two positions costs nothing. Returns the indices of
    the positions where chunks end.
    """
    longest = len(costs) - 2
    silent = costs[-1]
    best = [0.0] * len(positions)
    back = [0] * len(positions)
    low = 0
    for here in range(1, len(positions)):
        end = positions[here]
        while end - positions[low] > longest:
            low += 1
        heard = spoken[here]
        least, chosen = _NEVER, low
        for there in range(low, here):
            if paid is not None and paid(there, here):
                cost = best[there] - penalties[here]
            else:
                cost = best[there] + costs[end - positions[there]]
                if spoken[there] == heard:
                    cost += silent
            if cost < least:
                least, chosen = cost, there
        best[here] = least + penalties[here]
        back[here] = chosen
    chosen_ends = []
    here = len(positions) - 1
    while here > 0:
        chosen_ends.append(here)
        here = back[here]
    return chosen_ends[::-1]
