"""What an HTTP status means for a request: wait, try again, give up, or stop."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from batchtts.errors import AuthError, Fault, TakeError

__all__ = ["retry_after_s", "verdict", "verdict_of_reason"]

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_REQUEST_TIMEOUT = 408
_TOO_MANY = 429
_UNAVAILABLE = 503
_CLIENT_ERRORS = range(400, 500)
_MAX_DIGITS = 10
_INTERNAL_ERROR = 1011  # the close code, not a status
_STATUS_FIRST = re.compile(r"\s*(?:HTTP(?:/[\d.]+)?\s+)?([45]\d\d)\b", re.IGNORECASE)


def verdict(
    status: int, shown: str, wait_s: float | None = None
) -> TakeError | AuthError:
    """Return the error for a refusal with ``status``.

    ``shown`` is what the service said, already fit to be shown; ``wait_s`` how
    long it asked us to wait.
    """
    said = f'HTTP {status}: "{shown}"' if shown else f"HTTP {status}"
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return AuthError(
            f"the service refuses the key or the account, {said}; "
            "check RIME_API_KEY and the subscription"
        )
    if status == _TOO_MANY or (status == _UNAVAILABLE and wait_s is not None):
        fault = Fault.THROTTLED
    elif status in _CLIENT_ERRORS and status != _REQUEST_TIMEOUT:
        fault = Fault.REJECTED
    else:
        fault = Fault.SERVICE  # a success without an upgrade is no service either
    return TakeError(fault, said, status=status, retry_after_s=wait_s)


def verdict_of_reason(code: int, reason: str, shown: str) -> TakeError | AuthError:
    """Return the error for a close that is not a clean one.

    Services put an HTTP-like status in front of the reason. The error's own
    ``status`` stays empty: unlike a refused upgrade, this may have been billed.
    """
    said = f"closed with code {code}" + (f': "{shown}"' if shown else "")
    status = _STATUS_FIRST.match(reason)
    if status is None:
        internal = code == _INTERNAL_ERROR and shown
        fault = Fault.SERVICE if internal else Fault.DROPPED
        return TakeError(fault, said, close_code=code)
    error = verdict(int(status[1]), shown)
    if isinstance(error, TakeError):
        return TakeError(error.fault, said, close_code=code)
    return error


def retry_after_s(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for.

    None where it is missing or makes no sense: garbage, negative, past.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value) if len(value) <= _MAX_DIGITS else None
    try:
        moment = parsedate_to_datetime(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
