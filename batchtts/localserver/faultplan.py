"""A fault plan read from YAML, with all that is wrong with it at once.

seed: 7
faults:
  - {chance: 0.1, handshake: {status: 429, headers: {Retry-After: 2}}}
  - {text: "*ferry*", attempts: 1, reply: {at: 50%, end: drop}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from batchtts.errors import JobError, Problem
from batchtts.files import local_errors
from batchtts.jobfile import Problems, check, read_tree
from batchtts.jobfile.fields import Fields, text_of
from batchtts.jobfile.nodes import MapNode, Node, ScalarNode
from batchtts.jobfile.yamltree import MAX_BYTES
from batchtts.localserver.faults import (
    End,
    FaultPlan,
    Handshake,
    Message,
    Numbers,
    Position,
    Reply,
    Rule,
    Sound,
    When,
)
from batchtts.localserver.faultshape import PLAN
from batchtts.localserver.formats import wav_header
from batchtts.localserver.query import Refusal, as_if, read_query
from batchtts.model import Place

__all__ = ["parse_plan", "read_plan"]

_Value = TypeVar("_Value")

_ANSWER = ("status", "headers", "body")
_ENDS: Mapping[str, End] = {"drop": "drop", "reset": "reset"}
_SOUNDS: Mapping[str, Sound] = {"silence": "silence", "noise": "noise"}


def read_plan(path: Path) -> FaultPlan:
    """Read the fault plan at ``path``.

    Raises JobError with every problem of it, LocalError when it cannot be read.
    """
    with local_errors("cannot read the fault plan"):
        try:
            with path.open("rb") as file:
                source = file.read(MAX_BYTES + 1)
        except (FileNotFoundError, IsADirectoryError) as exc:
            problem = Problem(Place(str(path)), "there is no such file")
            raise JobError([problem]) from exc
    return parse_plan(source, str(path))


def parse_plan(source: bytes | str, shown: str = "plan") -> FaultPlan:
    """Read a fault plan that is called ``shown`` in messages.

    Raises JobError with every problem of it.
    """
    problems = Problems(shown)
    root = read_tree(source, problems)
    if root is None or (isinstance(root, ScalarNode) and not root.text):
        problems.raise_any()
        problems.add(root, "the fault plan is empty", 'list the faults under "faults"')
        problems.raise_any()
    assert root is not None  # noqa: S101 (for the type checker)
    check(root, PLAN, "fault plan", problems)
    plan = Fields(root)
    rules = tuple(_rule(Fields(node), problems) for node in plan.items("faults"))
    problems.raise_any()
    return FaultPlan(rules, plan.whole("seed") or 0)


def _rule(fields: Fields, problems: Problems) -> Rule:
    what: Handshake | Reply
    if "handshake" in fields:
        what = _handshake(fields.below("handshake"), problems)
    else:
        what = _reply(fields.below("reply"), problems)
    return Rule(what, _when(fields, problems))


def _when(fields: Fields, problems: Problems) -> When:
    chance = fields.number("chance")
    listed = [text_of(node) for node in fields.items("requests")]
    numbers = ",".join(text for text in listed if text)
    regex = fields.text("regex")
    if regex is not None:
        try:
            re.compile(regex)
        except re.error as exc:
            message = f'"regex" is no regular expression: {exc}'
            problems.add(fields.value("regex"), message)
    return When(
        chance=1.0 if chance is None else chance,
        requests=_made(numbers, Numbers.of, fields.value("requests"), problems),
        every=fields.whole("every") or 1,
        connections_above=fields.whole("connections_above") or 0,
        text=fields.text("text"),
        regex=regex,
        attempts=fields.whole("attempts"),
    )


def _handshake(fields: Fields, problems: Problems) -> Handshake:
    _require_something(fields, "handshake", problems)
    clashing = [key for key in _ANSWER if key in fields]
    for key in ("raw", "end"):
        if key in fields and clashing:
            message = f'"{key}" cannot stand beside "{clashing[0]}"'
            hint = "there is either an HTTP answer or none"
            problems.add(fields.value(key), message, hint)
    if "body" in fields and "status" not in fields:
        message = '"body" needs a "status": an opened connection has no body'
        problems.add(fields.value("body"), message)
    return Handshake(
        delay_s=fields.number("delay_s") or 0.0,
        status=fields.whole("status") or 101,
        headers=_texts(fields.value("headers")),
        body=fields.text("body") or "",
        raw=fields.text("raw") or "",
        end=_end_of(fields),
    )


def _reply(fields: Fields, problems: Problems) -> Reply:
    _require_something(fields, "reply", problems)
    end = fields.whole("end") or _end_of(fields)
    if "reason" in fields and not isinstance(end, int):
        message = '"reason" needs the code of a close frame in "end", such as 1011'
        problems.add(fields.value("reason"), message)
    parameters = _texts(fields.value("parameters"))
    _require_possible(parameters, fields.value("parameters"), problems)
    at = _made(fields.text("at"), Position.of, fields.value("at"), problems)
    return Reply(
        say=fields.text("say"),
        parameters=parameters,
        audio=_SOUNDS.get(fields.text("audio") or ""),
        at=at or Position(),
        stall_s=fields.number("stall_s") or 0.0,
        skip_bytes=fields.whole("skip_bytes") or 0,
        send=tuple(_message(Fields(node)) for node in fields.items("send")),
        end=end,
        reason=fields.text("reason") or "",
        message_bytes=fields.whole("message_bytes"),
        every_s=fields.number("every_s") or 0.0,
    )


def _message(fields: Fields) -> Message:
    if (text := fields.text("text")) is not None:
        return Message(kind="text", words=text)
    header = b""
    if "wav" in fields:
        wav = fields.below("wav")
        length = wav.whole("length")
        header = wav_header(
            wav.whole("rate_hz") or 24_000,
            0xFFFFFFFF if length is None else length,
            channels=wav.whole("channels") or 1,
        )
    return Message(
        kind="binary",
        words=fields.text("data") or "",
        zeros=fields.whole("zeros") or 0,
        noise=fields.whole("noise") or 0,
        raw=header,
    )


def _end_of(fields: Fields) -> End | None:
    return _ENDS.get(fields.text("end") or "")


def _texts(node: Node | None) -> dict[str, str]:
    if not isinstance(node, MapNode):
        return {}
    found = {name: text_of(entry.value) for name, entry in node.entries.items()}
    return {name: text for name, text in found.items() if text is not None}


def _made(
    written: str | None,
    make: Callable[[str], _Value],
    node: Node | None,
    problems: Problems,
) -> _Value | None:
    """Return what ``make`` reads in a text; None where there is none or it cannot."""
    try:
        return make(written) if written else None
    except ValueError as exc:
        problems.add(node, str(exc))
        return None


def _require_possible(
    parameters: Mapping[str, str], node: Node | None, problems: Problems
) -> None:
    query = read_query("?speaker=any")
    answer = query if isinstance(query, Refusal) else as_if(query, parameters)
    if isinstance(answer, Refusal):
        problems.add(node, f"no reply can be like that: {answer.sentence}")


def _require_something(fields: Fields, key: str, problems: Problems) -> None:
    if isinstance(fields.node, MapNode) and not fields.node.entries:
        problems.add(fields.node, f'nothing goes wrong in this "{key}"')
