"""Why a connection could not be opened, in batchtts' own errors.

The one place where the exceptions of `websockets`, of TLS and of the operating
system are told apart. Nothing of theirs goes on but their kind and what is fit
to be shown: some of them carry the key, a proxy's password or a whole page.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from websockets.exceptions import InvalidProxyStatus, InvalidStatus
from websockets.http11 import Response

from batchtts.errors import (
    AuthError,
    BatchTTSError,
    Fault,
    LocalError,
    ServiceError,
    TakeError,
)
from batchtts.hosts import ENGINE_HEADER
from batchtts.rime.endpoint import Endpoint
from batchtts.rime.redaction import quoted
from batchtts.rime.verdicts import retry_after_s, verdict

__all__ = ["FAULTS", "opening_error", "require_engine"]

FAULTS: Mapping[str, Fault | type[BatchTTSError]] = {
    "WebSocketException": Fault.PROTOCOL,
    "ConnectionClosed": Fault.DROPPED,
    "ConnectionClosedOK": Fault.DROPPED,
    "ConnectionClosedError": Fault.DROPPED,
    "InvalidURI": AuthError,
    "InvalidProxy": ServiceError,
    "InvalidHandshake": Fault.SERVICE,
    "SecurityError": Fault.SERVICE,
    "RequestLineTooLong": Fault.SERVICE,
    "StatusLineTooLong": Fault.SERVICE,
    "HeaderLineTooLong": Fault.SERVICE,
    "TooManyHeaders": Fault.SERVICE,
    "TooManyFragments": Fault.TOO_LARGE,
    "ProxyError": Fault.UNREACHABLE,
    "InvalidProxyMessage": Fault.UNREACHABLE,
    "InvalidProxyStatus": Fault.UNREACHABLE,
    "InvalidMessage": Fault.SERVICE,
    "InvalidMethod": Fault.SERVICE,
    "InvalidProtocol": Fault.SERVICE,
    "InvalidStatus": Fault.SERVICE,
    "InvalidHeader": Fault.SERVICE,
    "InvalidHeaderFormat": Fault.SERVICE,
    "InvalidHeaderValue": Fault.SERVICE,
    "InvalidOrigin": Fault.SERVICE,
    "InvalidUpgrade": Fault.SERVICE,
    "NegotiationError": Fault.SERVICE,
    "DuplicateParameter": Fault.SERVICE,
    "InvalidParameterName": Fault.SERVICE,
    "InvalidParameterValue": Fault.SERVICE,
    "ProtocolError": Fault.PROTOCOL,
    "PayloadTooBig": Fault.TOO_LARGE,
    "InvalidState": Fault.DROPPED,
    "ConcurrencyError": Fault.PROTOCOL,
    "UnicodeError": Fault.UNREACHABLE,  # Python's, of a name that cannot be looked up
}
"""What the exceptions that opening may raise come to, by the name of their class.

Every class of `websockets.exceptions` is here; not all its versions have all.
"""

_WORDS: Mapping[str, str] = {
    "InvalidURI": "is no address that a WebSocket can be opened to",
    "InvalidProxy": "cannot be reached: the proxy in the environment is no address",
    "InvalidProxyMessage": "cannot be reached: the proxy does not speak HTTP",
    "InvalidProxyStatus": "cannot be reached: the proxy answers",
    "ProxyError": "cannot be reached through the proxy",
    "UnicodeError": "is no name of a host",
}
_REDIRECTS = range(300, 400)
_BROKEN_OFF = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def opening_error(exc: Exception, endpoint: Endpoint) -> BatchTTSError:
    """Return batchtts' error for ``exc``, raised while opening ``endpoint``."""
    where = f'"{endpoint.host}"'
    match exc:
        case InvalidStatus(response=response):
            return _refusal(response, endpoint)
        case ssl.SSLError() if not isinstance(exc, _BROKEN_OFF):
            return _no_trust(exc, where)
        case OSError():
            return _no_route(exc, where)
        case ImportError():
            return ServiceError(
                f"{where} cannot be reached: the environment names a SOCKS proxy; "
                "install python-socks, or set NO_PROXY for this host"
            )
    return _by_name(exc, where)


def require_engine(response: Response | None, engine: str) -> None:
    """Raise AuthError unless the server speaks with ``engine``.

    Keeps offline speech from being taken for the service's, and the reverse.
    """
    found = _header(response, ENGINE_HEADER) if response else None
    if found is None and not engine.startswith("local/"):
        return
    if found is None:
        raise AuthError(f'this is not the local server "{engine}" but another one')
    if found != engine:
        raise AuthError(
            f'this is batchtts\' local server "{quoted(found, None)}", '
            f'not "{engine}": say `engine: local`, or give the right address'
        )


def _refusal(response: Response, endpoint: Endpoint) -> BatchTTSError:
    """Return the error for an answer other than 101."""
    status = response.status_code
    if status in _REDIRECTS:
        host = quoted(_target(endpoint.url, response), endpoint.key)
        return AuthError(
            f'"{endpoint.host}" redirects to "{host}" (HTTP {status}): '
            "the key is sent nowhere else; put the right host into the job"
        )
    shown = quoted(bytes(response.body or b""), endpoint.key)
    return verdict(status, shown, retry_after_s(_header(response, "Retry-After")))


def _target(url: str, response: Response) -> str:
    """Return the host that a redirect leads to, as far as it can be told."""
    location = _header(response, "Location") or ""
    try:
        return urlsplit(urljoin(url, location)).hostname or location
    except ValueError:
        return location


def _header(response: Response, name: str) -> str | None:
    """Return the first header of that name: there may be several."""
    return next(iter(response.headers.get_all(name)), None)


def _no_trust(exc: ssl.SSLError, where: str) -> ServiceError:
    cause = exc.reason or "handshake failed"
    if isinstance(exc, ssl.SSLCertVerificationError):
        cause = exc.verify_message or cause
    return ServiceError(
        f"no trusted TLS connection to {where}: {cause}; if the certificate is "
        "your own, name the file of its authority in SSL_CERT_FILE"
    )


def _no_route(exc: OSError, where: str) -> BatchTTSError:
    if exc.errno in {errno.EMFILE, errno.ENFILE}:
        return LocalError("too many open files: lower `concurrency` or raise ulimit -n")
    cause = exc.strerror or str(exc) or type(exc).__name__
    if isinstance(exc, socket.gaierror):
        cause = f"no such host ({cause})"
    return TakeError(Fault.UNREACHABLE, f"{where} cannot be reached: {cause}")


def _by_name(exc: Exception, where: str) -> BatchTTSError:
    """Return the error for what is left, as the tables above say."""
    names = [kind.__name__ for kind in type(exc).__mro__]
    name = next((name for name in names if name in FAULTS), names[0])
    words = _WORDS.get(name, f"broke the handshake ({name})")
    if isinstance(exc, InvalidProxyStatus):
        words = f"{words} HTTP {exc.response.status_code}"
    fault = FAULTS.get(name, Fault.SERVICE)
    sentence = f"{where} {words}"
    return TakeError(fault, sentence) if isinstance(fault, Fault) else fault(sentence)
