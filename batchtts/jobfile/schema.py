"""The JSON Schema (draft 2020-12) that follows from a shape.

``job.schema.json`` is made from the shape of job files and shipped; after a
change of the shape it is made anew with::

    python -c "from batchtts.jobfile import schema; schema.write()"
"""

from __future__ import annotations

import json
from pathlib import Path

from batchtts.jobfile.jobshape import JOB
from batchtts.jobfile.shape import (
    ByKey,
    ByValue,
    Choice,
    Either,
    Field,
    Flag,
    Integer,
    Limit,
    Listing,
    MapShape,
    Named,
    Number,
    Record,
    Rule,
    ScalarShape,
    Shape,
    Text,
)
from batchtts.jobfile.shape import Path as KeyPath

__all__ = ["SHIPPED", "generated", "write"]

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]

SHIPPED = Path(__file__).with_name("job.schema.json")

_NOTHING: Json = {"not": {}}
_HEAD: dict[str, Json] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "urn:batchtts:job:1",
    "title": "batchtts job file",
    "description": "Voices, texts and outputs of one batchtts job.",
}


def generated() -> str:
    """Return the JSON Schema of job files as it follows from their shape."""
    document = _HEAD | _record(JOB) | _HEAD
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write(path: Path = SHIPPED) -> None:
    """Make the schema file anew."""
    path.write_text(generated(), encoding="utf-8", newline="\n")


def _of(shape: Shape) -> dict[str, Json]:
    match shape:
        case Text() | Choice() | Number() | Integer() | Flag():
            return _scalar(shape)
        case Listing():
            return {"type": "array", "minItems": 1, "items": _of(shape.each)}
        case Either():
            return {"anyOf": [_of(option) for option in shape.options]}
        case _:
            return _map(shape)


def _map(shape: MapShape) -> dict[str, Json]:
    match shape:
        case Named():
            return _named(shape)
        case Record():
            return _record(shape)
        case ByKey():
            return _any_of(list(shape.variants.values()))
        case ByValue():
            return _by_value(shape)


def _scalar(shape: ScalarShape) -> dict[str, Json]:
    match shape:
        case Text():
            made: dict[str, Json] = {
                "type": _text_types(shape),
                "minLength": 1,
            }
            return made if shape.pattern is None else made | {"pattern": shape.pattern}
        case Choice():
            return {"enum": list(shape.values)}
        case Number():
            low = "exclusiveMinimum" if shape.above_minimum else "minimum"
            return {"type": "number", low: shape.minimum, "maximum": shape.maximum}
        case Integer():
            if shape.among:
                return {"type": "integer", "enum": list(shape.among)}
            bounds: dict[str, Json] = {"minimum": shape.minimum}
            if shape.maximum is not None:
                bounds["maximum"] = shape.maximum
            return {"type": "integer"} | bounds
        case Flag():
            return {"type": "boolean"}


def _text_types(shape: Text) -> Json:
    return "string" if shape.words_only else ["string", "number", "boolean"]


def _named(shape: Named) -> dict[str, Json]:
    names: dict[str, Json] = {"minLength": 1}
    if shape.refused:
        refused: list[Json] = [*sorted(shape.refused)]
        names["not"] = {"enum": refused}
    return {
        "type": "object",
        "minProperties": shape.at_least,
        "propertyNames": names,
        "additionalProperties": _of(shape.each),
    }


def _record(shape: Record) -> dict[str, Json]:
    made: dict[str, Json] = {
        "title": shape.noun,
        "type": "object",
        "properties": {name: _field(f) for name, f in shape.fields.items()},
        "required": [name for name, f in shape.fields.items() if f.required],
        "additionalProperties": False,
    }
    if shape.rules:
        made["allOf"] = [_rule(rule) for rule in shape.rules]
    return made


def _field(field: Field) -> dict[str, Json]:
    made: dict[str, Json] = {"description": field.doc}
    if field.default is not None:
        made["default"] = field.default
    if field.examples:
        made["examples"] = list(field.examples)
    return made | _of(field.shape)


def _any_of(variants: list[Record]) -> dict[str, Json]:
    made: list[Json] = [_record(variant) for variant in variants]
    return {"type": "object", "anyOf": made}


def _by_value(shape: ByValue) -> dict[str, Json]:
    """Choose the variant by its key, so that editors tell what is wrong in it."""
    rules: list[Json] = [
        {"if": _holds((shape.key,), [value]), "then": _record(variant)}
        for value, variant in shape.variants.items()
    ]
    decides: dict[str, Json] = {"description": shape.doc, "enum": list(shape.variants)}
    return {
        "type": "object",
        "properties": {shape.key: decides},
        "required": [shape.key],
        "allOf": rules,
    }


def _rule(rule: Rule) -> dict[str, Json]:
    holds = _holds(rule.decides, list(rule.among))
    if rule.absent:
        holds = {"anyOf": [holds, {"not": _present(rule.decides)}]}
    return {"if": holds, "then": {"allOf": [_limit(limit) for limit in rule.limits]}}


def _holds(path: KeyPath, among: list[Json]) -> dict[str, Json]:
    return _at(path, {"enum": among}, required=True)


def _present(path: KeyPath) -> dict[str, Json]:
    return _at(path, {}, required=True)


def _limit(limit: Limit) -> Json:
    match limit.demand:
        case None:
            return _at(limit.path, _NOTHING, required=False)
        case Rule():
            return _at(limit.path, _rule(limit.demand), required=False)
        case _:
            return _at(limit.path, _of(limit.demand), required=False)


def _at(path: KeyPath, schema: Json, *, required: bool) -> dict[str, Json]:
    """Demand ``schema`` of what stands at ``path``, which may be missing or not."""
    head, rest = path[0], path[1:]
    below = _at(rest, schema, required=required) if rest else schema
    if head == "*":
        return {"additionalProperties": below}
    made: dict[str, Json] = {"properties": {head: below}}
    return made | {"type": "object", "required": [head]} if required else made
