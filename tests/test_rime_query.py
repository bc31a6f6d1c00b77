"""The address carries every parameter, and nothing in it is ambiguous."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from batchtts.rime.query import connect_url

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_path_is_kept_and_the_order_is_given() -> None:
    """Parameters follow the path in the order in which they stand."""
    url = connect_url("wss://h:8002/ws", [("speaker", "astra"), ("modelId", "arcana")])
    assert url == "wss://h:8002/ws?speaker=astra&modelId=arcana"


def test_a_query_that_is_there_stays() -> None:
    """Parameters of the address itself come first; a fragment is dropped."""
    assert connect_url("ws://h/ws?x=1#top", [("a", "b")]) == "ws://h/ws?x=1&a=b"


def test_no_path_stays_no_path() -> None:
    """On-premises addresses have no path: none is made up."""
    assert connect_url("ws://h:8002", [("a", "b")]) == "ws://h:8002?a=b"


def test_no_parameters_leave_the_address_alone() -> None:
    """Nothing to add adds nothing."""
    assert connect_url("wss://h/ws", []) == "wss://h/ws"


def test_a_space_is_a_percent_and_a_plus_is_not_a_space() -> None:
    """No server can read a plus sign as a space."""
    url = connect_url("wss://h/", [("a b", "c+d&e=f/g?h#i%")])
    assert url == "wss://h/?a%20b=c%2Bd%26e%3Df%2Fg%3Fh%23i%25"


@given(st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=5))
def test_every_parameter_arrives(parameters: list[tuple[str, str]]) -> None:
    """Any name and value come out of the address as they went in."""
    url = connect_url("wss://h/ws", parameters)
    assert url.isascii()
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == parameters
