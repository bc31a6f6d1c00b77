"""One request and its reply, without I/O: frames out, messages in, a verdict.

    utterance = Utterance(request)
    send each of utterance.frames, telling utterance.sent(frame)
    utterance.receive(message)            for every message, until
    recording = utterance.end(ending)     when the connection has ended

Rime's plain socket has no end marker but the close after ``<EOS>``. A reply
counts only if that close is a clean one, if nothing but audio came, if the
audio is whole in its own terms and long enough for its text. All else raises
TakeError, and nothing of what came may then be used.
"""

from __future__ import annotations

from dataclasses import dataclass

from batchtts.errors import Fault, TakeError
from batchtts.model import Recording, Request
from batchtts.rime import plausible
from batchtts.rime.commands import EOS, require_words
from batchtts.rime.limits import Limits
from batchtts.rime.redaction import quoted
from batchtts.rime.reply import Asked, is_text, read_reply
from batchtts.rime.verdicts import verdict_of_reason
from batchtts.secret import Secret

__all__ = ["Ending", "Utterance", "require_clean"]

_NORMAL = 1000
_GOING_AWAY = 1001
_NO_CODE = 1005  # a close frame came, and it was empty
_CLEAN = {_NORMAL, _GOING_AWAY, _NO_CODE}
_MAX_SAID_BYTES = 4096  # of a text in place of audio, before it is cut to be shown
_COMPLAINTS = {
    1002: (Fault.PROTOCOL, "the other side broke the WebSocket protocol"),
    1007: (Fault.PROTOCOL, "the other side sent text that is not UTF-8"),
    1009: (Fault.TOO_LARGE, "a single message is larger than allowed"),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a connection ended.

    ``code`` and ``reason`` are those of the close frame that came, 1005 for an
    empty one; None: none came. ``complaint`` is the code with which this side
    closed the connection, because of what it was sent.
    """

    code: int | None = None
    reason: str = ""
    complaint: int | None = None


class Utterance:
    """The state of one request, from its first frame to its recording."""

    def __init__(
        self,
        request: Request,
        *,
        limits: Limits | None = None,
        key: Secret | None = None,
    ) -> None:
        """Check that ``request`` can be sent; ``key`` is for redacting only."""
        require_words(request.text)
        parameters = dict(request.parameters)
        self._text = request.text
        self._asked = Asked.of(parameters)
        self._speed = plausible.speed_of(parameters)
        self._key = key
        self._max_bytes = (limits or Limits()).whole_take_bytes(
            plausible.longest_s(request.text, self._speed), self._asked.rate_hz
        )
        self._messages: list[bytes] = []
        self._eos_sent = False
        self.received_bytes = 0

    @property
    def frames(self) -> tuple[str, ...]:
        """Return the text frames to send, in order."""
        return (self._text, EOS)

    def sent(self, frame: str) -> None:
        """Note that ``frame`` has gone out."""
        self._eos_sent = self._eos_sent or frame == EOS

    def receive(self, message: bytes | str) -> None:
        """Take the next message; raise TakeError if it spoils the reply."""
        if isinstance(message, str):
            said = quoted(message, self._key)
            reason = f'got text where only audio may come: "{said}"'
            raise self._failed(Fault.PROTOCOL, reason)
        self.received_bytes += len(message)
        if self.received_bytes > self._max_bytes:
            reason = (
                f"more than {self._max_bytes} bytes for {len(self._text)} characters"
            )
            raise self._failed(Fault.TOO_LARGE, reason)
        self._messages.append(message)

    def end(self, ending: Ending) -> Recording:
        """Return the complete recording; raise TakeError if it is not proved one."""
        try:
            require_clean(ending, self._key)
            return self._recording()
        except TakeError as exc:
            exc.received_bytes = self.received_bytes
            raise

    def _recording(self) -> Recording:
        if not self._eos_sent:
            reason = f"the connection was closed before {EOS} was sent"
            raise self._failed(Fault.INCOMPLETE, reason)
        data = b"".join(self._messages)
        if is_text(data):
            said = quoted(data[:_MAX_SAID_BYTES], self._key)
            reason = f'got text instead of audio: "{said}"'
            raise self._failed(Fault.NOT_AUDIO, reason)
        recording = read_reply(self._asked, data)
        seconds = plausible.duration_s(recording)
        if not seconds:
            raise self._failed(Fault.NO_AUDIO, "the reply holds a header and no sound")
        why = plausible.implausible(self._text, seconds, self._speed)
        if why:
            raise self._failed(Fault.INCOMPLETE, why)
        return recording

    def _failed(self, fault: Fault, reason: str) -> TakeError:
        return TakeError(fault, reason, received_bytes=self.received_bytes)


def require_clean(ending: Ending, key: Secret | None) -> None:
    """Raise TakeError, or AuthError, unless ``ending`` is a clean close."""
    if ending.complaint in _COMPLAINTS:
        raise TakeError(*_COMPLAINTS[ending.complaint])
    if ending.code is None:
        raise TakeError(Fault.DROPPED, "the connection broke without a close")
    if ending.code not in _CLEAN:
        shown = quoted(ending.reason, key)
        raise verdict_of_reason(ending.code, ending.reason, shown)
