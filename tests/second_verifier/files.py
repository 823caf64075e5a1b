"""Which verifier reads a file: the one of the format that it names, whatever else is wrong with it."""

from __future__ import annotations

import json

from . import evidence3, log, membership, parties, sites
from .evidence import Evidence

OTHERS = {kind.format: kind for kind in (sites.Sites, sites.Sites2, membership.Membership, membership.Membership2)}


def read(data: bytes, policy: log.Policy, expect: str | None = None, trusted: parties.Parties | None = None) -> Evidence:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    named = value.get("format") if type(value) is dict else None
    if type(named) is str and named in OTHERS:
        return OTHERS[named](data, policy, expect)
    return evidence3.read(data, policy, expect, trusted)
