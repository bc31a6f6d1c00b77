"""The budget: never exceeded, and nothing promised twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from batchtts.budget import Budget
from batchtts.model import Fingerprint


def _needs(**characters: int) -> dict[Fingerprint, int]:
    return {Fingerprint(name): n for name, n in characters.items()}


A, B = Fingerprint("a"), Fingerprint("b")


def test_without_a_limit_everything_fits() -> None:
    """No budget is an endless one."""
    budget = Budget()
    assert budget.promise(_needs(a=10**12))
    assert budget.spend(A, 10**12)
    assert budget.spent == 10**12


def test_what_is_promised_is_not_promised_again() -> None:
    """A text is begun only if all that it needs is still free."""
    budget = Budget(100)
    assert budget.promise(_needs(a=60))
    assert not budget.promise(_needs(b=41))
    assert budget.promise(_needs(b=40))


def test_the_same_request_is_promised_once() -> None:
    """Two texts with the same words need them once."""
    budget = Budget(100)
    assert budget.promise(_needs(a=60))
    assert budget.promise(_needs(a=60, b=40))


def test_spending_uses_the_promise_up() -> None:
    """The attempt that a promise was for takes nothing from the others."""
    budget = Budget(100)
    budget.promise(_needs(a=60))
    assert budget.spend(A, 60)
    assert budget.promise(_needs(b=40))
    assert not budget.promise(_needs(c=1))


def test_what_is_being_spent_is_not_needed_again() -> None:
    """A text that waits for another's request needs nothing more for it."""
    budget = Budget(100)
    budget.promise(_needs(a=60))
    assert budget.spend(A, 60)
    assert budget.promise(_needs(a=60, b=40))
    budget.settle(A)
    assert not budget.promise(_needs(a=60))


def test_an_attempt_again_is_paid_again() -> None:
    """A second attempt counts, and is refused where it would exceed the limit."""
    budget = Budget(100)
    budget.promise(_needs(a=60))
    assert budget.spend(A, 60)
    assert not budget.spend(A, 60)
    assert budget.spent == 60


def test_what_cost_nothing_comes_back_to_its_request() -> None:
    """After a throttled attempt the promise stands as before."""
    budget = Budget(100)
    budget.promise(_needs(a=60))
    budget.spend(A, 60)
    budget.refund(A, 60)
    assert budget.spent == 0
    assert not budget.promise(_needs(b=41))
    assert budget.spend(A, 60)


def test_a_lapsed_promise_is_free_again() -> None:
    """What a given-up request did not use can be promised to another."""
    budget = Budget(100)
    budget.promise(_needs(a=60))
    budget.settle(A)
    budget.settle(A)
    assert budget.promise(_needs(b=100))


@given(
    st.integers(0, 50),
    st.lists(st.tuples(st.sampled_from("psrl"), st.sampled_from("abc"))),
)
def test_the_limit_holds_whatever_happens(
    limit: int, story: list[tuple[str, str]]
) -> None:
    """What was spent and not refunded never exceeds the limit."""
    budget, size = Budget(limit), {"a": 7, "b": 11, "c": 1}
    spent: list[str] = []
    for what, name in story:
        one = Fingerprint(name)
        if what == "p":
            budget.promise({one: size[name]})
        elif what == "s" and budget.spend(one, size[name]):
            spent.append(name)
        elif what == "r" and name in spent:
            spent.remove(name)
            budget.refund(one, size[name])
        elif what == "l":
            budget.settle(one)
        assert budget.spent == sum(size[one] for one in spent) <= limit
