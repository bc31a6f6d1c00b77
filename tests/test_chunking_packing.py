"""The packing is the cheapest there is."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from batchtts.chunking import Weights
from batchtts.chunking.grades import Cut, thinned
from batchtts.chunking.packing import chunk_cost, pack
from batchtts.model import Boundary

LIMIT = 50
WEIGHTS = Weights()
COSTS = [
    *(chunk_cost(length, LIMIT, WEIGHTS) for length in range(LIMIT + 1)),
    float(WEIGHTS.silent),
]
PIECES = st.lists(
    st.tuples(st.integers(1, LIMIT), st.integers(0, 300), st.booleans()),
    min_size=1,
    max_size=9,
)


def _cost(
    ends: list[int],
    positions: list[int],
    penalties: list[int],
    spoken: list[int],
    paid: frozenset[tuple[int, int]] = frozenset(),
) -> float:
    total = 0.0
    for here, there in pairwise([0, *ends]):
        if (here, there) in paid:
            continue
        total += COSTS[positions[there] - positions[here]] + penalties[there]
        total += COSTS[-1] if spoken[here] == spoken[there] else 0
    return total


def _all_ways(positions: list[int], here: int = 0) -> list[list[int]]:
    if here == len(positions) - 1:
        return [[]]
    return [
        [there, *rest]
        for there in range(here + 1, len(positions))
        if positions[there] - positions[here] <= LIMIT
        for rest in _all_ways(positions, there)
    ]


@given(PIECES)
def test_no_other_way_is_cheaper(pieces: list[tuple[int, int, bool]]) -> None:
    """Of all ways to choose the cuts, tried one by one, none costs less."""
    positions, penalties, spoken = [0], [0], [0]
    for length, penalty, speaks in pieces:
        positions.append(positions[-1] + length)
        penalties.append(penalty)
        spoken.append(spoken[-1] + speaks)
    chosen = pack(positions, penalties, spoken, COSTS)
    costs = [_cost(ends, positions, penalties, spoken) for ends in _all_ways(positions)]
    assert _cost(chosen, positions, penalties, spoken) <= min(costs) + 1e-6


@given(PIECES, st.frozensets(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_no_other_way_is_cheaper_after_an_edit(
    pieces: list[tuple[int, int, bool]], paid: frozenset[tuple[int, int]]
) -> None:
    """Where some chunks are paid for, too, no other way costs less."""
    positions, penalties, spoken = [0], [0], [0]
    for length, penalty, speaks in pieces:
        positions.append(positions[-1] + length)
        penalties.append(penalty)
        spoken.append(spoken[-1] + speaks)
    chosen = pack(
        positions, penalties, spoken, COSTS, lambda here, there: (here, there) in paid
    )
    costs = [
        _cost(ends, positions, penalties, spoken, paid) for ends in _all_ways(positions)
    ]
    assert _cost(chosen, positions, penalties, spoken, paid) <= min(costs) + 1e-6


def test_what_is_paid_for_costs_nothing() -> None:
    """A poor cut is made again where the chunk before it was made before."""
    positions, penalties, spoken = [0, 20, 30, 60], [0, 900, 0, 0], [0, 1, 2, 3]
    assert pack(positions, penalties, spoken, COSTS) == [2, 3]
    paid = {(0, 1), (1, 3)}
    chosen = pack(
        positions, penalties, spoken, COSTS, lambda here, there: (here, there) in paid
    )
    assert chosen == [1, 3]


def test_a_runt_costs_more() -> None:
    """The shorter a chunk, the more it costs beyond what balance asks."""
    costs = [chunk_cost(length, LIMIT, WEIGHTS) for length in (1, 10, 20, 42)]
    assert costs == sorted(costs, reverse=True)


def test_thinning_keeps_the_best_of_each_group() -> None:
    """Of cuts that stand close the best stays; those that stand alone all stay."""
    penalties = {0: 9, 1: 5, 2: 5, 3: 7, 40: 9, 80: 3, 81: 8}
    cuts = [Cut(place, place, Boundary.WORD, cost) for place, cost in penalties.items()]
    assert [cut.start for cut in thinned(cuts, 10)] == [0, 2, 3, 40, 80, 81]
    dense = [Cut(place, place, Boundary.WORD, place % 7) for place in range(100)]
    kept = [cut.start for cut in thinned(dense, 10)]
    assert len(kept) <= 12
    assert max(two - one for one, two in pairwise(kept)) < 30
    assert thinned([], 10) == []
