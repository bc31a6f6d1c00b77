"""How much is believed of a service, by what it has sent."""

from __future__ import annotations

import pytest

from batchtts.completeness.doubt import SUSPICIOUS
from batchtts.completeness.service import Service


@pytest.mark.parametrize(
    ("takes", "doubted"), [(0, 0), (50, 1), (1000, 0), (1000, 20), (1, 0)]
)
def test_a_usual_service_is_believed_as_in_the_beginning(
    takes: int, doubted: int
) -> None:
    """One broken take in fifty is nothing out of the way; none earns no more trust."""
    service = Service()
    service.count(takes, doubted)
    assert service.suspicious() == SUSPICIOUS


def test_the_more_is_broken_the_less_is_believed() -> None:
    """The threshold sinks with each of them, and rises as good ones follow."""
    service = Service()
    thresholds = []
    for _ in range(4):
        service.count(4, 1)
        thresholds.append(service.suspicious())
    assert thresholds == sorted(thresholds, reverse=True)
    assert thresholds[-1] < thresholds[0] < SUSPICIOUS
    service.count(100, 0)
    assert service.suspicious() > thresholds[-1]


def test_what_is_likelier_whole_is_always_believed() -> None:
    """However many are broken, the threshold stays above nothing."""
    service = Service()
    service.count(1000, 1000)
    assert service.suspicious() == 0.5


def test_takes_that_are_being_judged_count_too() -> None:
    """Those of the review under way are told, and are not kept."""
    service = Service()
    assert service.suspicious(7, 5) < service.suspicious(7, 1) < SUSPICIOUS
    assert service.suspicious() == SUSPICIOUS
