"""A key goes over TLS, to the host that was named, and nowhere else."""

from __future__ import annotations

import pytest

from batchtts.errors import AuthError
from batchtts.rime.endpoint import Endpoint, is_loopback
from batchtts.secret import Secret

KEY = Secret("canary-4d1f7b2")


def checked(
    url: str,
    *,
    key: Secret | None = KEY,
    header: str = "Authorization",
    on_prem: bool = False,
) -> Endpoint:
    """Check an address with the usual settings."""
    return Endpoint.checked(url, key=key, header=header, on_prem=on_prem)


@pytest.mark.parametrize(
    "url",
    [
        "wss://users.rime.ai/ws",
        "ws://localhost:8002",
        "ws://LOCALHOST/",
        "ws://127.0.0.1:1/ws",
        "ws://127.9.9.9/ws",
        "ws://[::1]:8002/ws",
        "WSS://users.rime.ai/ws",
    ],
)
def test_where_a_key_may_go(url: str) -> None:
    """TLS to anywhere; without it only to this machine."""
    assert checked(url).headers() == {"Authorization": "Bearer canary-4d1f7b2"}


@pytest.mark.parametrize(
    "url",
    [
        "ws://users.rime.ai/ws",
        "ws://10.0.0.5:8002",
        "ws://127.0.0.1.example.com/",
        "ws://localhost.example.com/",
        "ws://0.0.0.0/",
    ],
)
def test_where_a_key_may_not_go(url: str) -> None:
    """Not to another machine without TLS, unless it is on the premises."""
    with pytest.raises(AuthError, match="no key is sent to"):
        checked(url)
    assert checked(url, on_prem=True).headers()


def test_a_missing_key_is_named() -> None:
    """The message says which variable to set."""
    with pytest.raises(AuthError) as refused:
        checked("wss://users.rime.ai/ws", key=None)
    assert str(refused.value) == 'no key for "users.rime.ai": set RIME_API_KEY'


@pytest.mark.parametrize(
    ("url", "on_prem"), [("ws://localhost/", False), ("ws://tts.lan:8002", True)]
)
def test_no_key_is_needed_at_home(url: str, *, on_prem: bool) -> None:
    """This machine and on-premises hosts may go without."""
    assert checked(url, key=None, on_prem=on_prem).headers() == {}


def test_another_header_carries_the_bare_key() -> None:
    """Only Authorization has a scheme in front of the key."""
    found = checked("wss://h/", header="X-Api-Key").headers()
    assert found == {"X-Api-Key": "canary-4d1f7b2"}
    found = checked("wss://h/", header="authorization").headers()
    assert found == {"authorization": "Bearer canary-4d1f7b2"}


@pytest.mark.parametrize("key", ["a b", "a\r\nX: y", "caf\u00e9", "", "a\x00"])
def test_a_key_that_would_break_the_header_is_refused(key: str) -> None:
    """The message does not show the key."""
    with pytest.raises(AuthError) as refused:
        checked("wss://h/", key=Secret(key))
    assert str(refused.value) == "the key holds a character that no key can hold"


@pytest.mark.parametrize("header", ["", "X Key", "X:Key", "X\nKey"])
def test_a_header_needs_a_name(header: str) -> None:
    """What cannot name a header is refused."""
    with pytest.raises(AuthError, match="is no name of a header"):
        checked("wss://h/", header=header)


@pytest.mark.parametrize(
    "url", ["", "h", "https://h/", "ws://", "wss:///ws", "ws://[::1", "wss://h:x/"]
)
def test_an_address_must_be_one(url: str) -> None:
    """Other schemes, no host, broken brackets and ports are refused."""
    with pytest.raises(AuthError, match="is no address of a WebSocket"):
        checked(url)


@pytest.mark.parametrize("url", ["wss://user:canary@h/", "wss://canary@h/"])
def test_an_address_holds_no_secret(url: str) -> None:
    """A password in the address is refused and not shown."""
    with pytest.raises(AuthError) as refused:
        checked(url)
    assert str(refused.value) == "the address may hold no user or password"


def test_this_machine_is_known_by_its_address() -> None:
    """Loopback is told from the address alone, without asking for its name."""
    assert is_loopback("ws://localhost:1/ws")
    assert not is_loopback("wss://users.rime.ai/ws")


def test_the_key_is_not_in_the_text_of_an_endpoint() -> None:
    """An endpoint can be printed."""
    assert "canary" not in repr(checked("wss://h/"))
