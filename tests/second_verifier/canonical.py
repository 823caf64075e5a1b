"""Canonical JSON (draw-v1 §1.2): RFC 8785 restricted to integers, strings, lists and objects.

`parse` accepts exactly the canonical bytes of a value; `loose` accepts any spelling of a value of
the restricted model (used for the rule profile, which need not be canonical); `encode` writes.
"""

from __future__ import annotations

import json
import re

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 16
KEY = re.compile(r"[a-z0-9_]{1,64}\Z")


class NotCanonical(ValueError):
    """The bytes are not canonical JSON of the restricted model."""


def _object(pairs):
    value = {}
    for key, item in pairs:
        if key in value:
            raise NotCanonical(f"key {key!r} twice")
        value[key] = item
    return value


def _integer(digits: str) -> int:
    if digits == "-0" or len(digits) > 17:
        raise NotCanonical(f"number {digits[:20]}")
    number = int(digits)
    if abs(number) > MAX_INTEGER:
        raise NotCanonical(f"number {digits}")
    return number


def _no(spelling: str):
    raise NotCanonical(f"number {spelling[:20]}")


def check_model(value, depth: int = 1, keys: bool = True) -> None:
    """Refuses nulls, booleans, fractions, foreign keys, lone surrogates and too much depth."""
    kind = type(value)
    if kind is int:
        if abs(value) > MAX_INTEGER:
            raise NotCanonical("number out of range")
    elif kind is str:
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise NotCanonical("lone surrogate") from error
    elif kind is list or kind is dict:
        if depth > MAX_DEPTH:
            raise NotCanonical(f"deeper than {MAX_DEPTH}")
        if kind is dict and keys:
            for key in value:
                if not KEY.match(key):
                    raise NotCanonical(f"key {key[:80]!r}")
        for item in value.values() if kind is dict else value:
            check_model(item, depth + 1, keys)
    else:
        raise NotCanonical(f"value of type {kind.__name__}")


def loose(data: bytes):
    """Parses JSON of the restricted model in any spelling."""
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_no,
            parse_constant=_no,
        )
    except NotCanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise NotCanonical(f"not JSON: {error}") from error
    check_model(value)
    return value


def encode(value) -> bytes:
    """The canonical bytes. Python's escapes are those of RFC 8785; keys sort by their bytes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def parse(data: bytes):
    """Parses canonical bytes and refuses everything else."""
    value = loose(data)
    if encode(value) != data:
        raise NotCanonical("not in canonical form")
    return value
