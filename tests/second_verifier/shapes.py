"""Shapes: statements (log-v1 §3–4, draw-v1 §3.3, §5.2, §8, §9, draw-v2 §3, log-v2 §1, draw-v3), requests (draw-v1 §3.1) and openings.

Every function raises BadShape; what is returned is the value, or the bytes of a hexadecimal text.
"""

from __future__ import annotations

import re

from .canonical import MAX_INTEGER

HEX = re.compile(r"(?:[0-9a-f]{2})*\Z")
REGION = re.compile(r"[0-9]{6}\Z")
NUMBER = re.compile(r"(?:0|[1-9A-Z][0-9A-Z]*)(?:-(?:0|[1-9A-Z][0-9A-Z]*))*\Z")
SPECIALITY = re.compile(r"[^:\s]+:[^\s]+\Z")
REASONS = ("procurement_ended", "request_wrong", "registry_wrong", "contribution_missing", "relations")
IMAGES = (
    "registry.expert", "registry.unit",
    "package.recorded", "account.changed", "access.recorded", "draw.planned",
)
LIFE = ("draw.contributed", "draw.drawn", "draw.void_proposed", "draw.voided", "draw.unsealed")
USES = (
    ("log", "ed25519"), ("statements", "ed25519"),
    ("draw_vrf", "ecvrf-edwards25519-sha512-tai"), ("tag_vrf", "ecvrf-edwards25519-sha512-tai"),
)


class BadShape(ValueError):
    """A value is not of the shape that the documents give it."""


def fields(value, required, optional=()) -> dict:
    if type(value) is not dict:
        raise BadShape("not an object")
    missing = set(required) - set(value)
    foreign = set(value) - set(required) - set(optional)
    if missing or foreign:
        raise BadShape(f"missing {sorted(missing)}, unknown {sorted(foreign)}")
    return value


def integer(value, low: int = 0, high: int = MAX_INTEGER) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BadShape(f"integer outside {low} to {high}")
    return value


def listing(value, low: int = 0, high: int | None = None) -> list:
    if type(value) is not list or len(value) < low or (high is not None and len(value) > high):
        raise BadShape("list of the wrong length")
    return value


def text(value, most: int | None = None) -> str:
    """Text that is not empty, without control characters, of at most `most` bytes."""
    if type(value) is not str or not value or (most and len(value.encode()) > most):
        raise BadShape("text empty or too long")
    if any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in value):
        raise BadShape("control character")
    return value


def account(value) -> str:
    return text(value, 400)


def word(value, words: tuple[str, ...]) -> str:
    if type(value) is not str or value not in words:
        raise BadShape(f"not one of {', '.join(words)}")
    return value


def hexes(value, length: int | None = 32) -> bytes:
    if type(value) is not str or not HEX.match(value) or (length is not None and len(value) != 2 * length):
        raise BadShape(f"not {length} bytes of hexadecimal")
    return bytes.fromhex(value)


def matching(pattern: re.Pattern, value, most: int = 64) -> str:
    if type(value) is not str or not pattern.match(value) or len(value) > most:
        raise BadShape(f"text {str(value)[:40]!r}")
    return value


def ascending(values: list) -> list:
    keys = [v.encode() if type(v) is str else v for v in values]
    if any(a >= b for a, b in zip(keys, keys[1:])):
        raise BadShape("not strictly ascending")
    return values


def entries(value) -> None:
    """The shape of the entries of a file (evidence-v1 §1)."""
    for item in listing(value):
        fields(item, ("index", "note", "proof"))
        integer(item["index"])
        if type(item["note"]) is not str:
            raise BadShape("a note is a text")
        for step in listing(item["proof"]):
            hexes(step)


def statement(value, origin: str, index: int, types: dict) -> str:
    """Checks a statement and returns its type."""
    kind = value.get("type") if type(value) is dict else None
    common = ("v", "type", "log", "time")
    check = types.get(kind) if type(kind) is str else None
    if check is None:
        raise BadShape(f"type {str(kind)[:40]!r}")
    required, optional, inner = check
    fields(value, (*common, *required), optional)
    integer(value["v"], 1, 1)
    integer(value["time"])
    if value["log"] != origin:
        raise BadShape("another log")
    if (kind == "log.opened") != (index == 0):
        raise BadShape("log.opened stands at index 0 and nowhere else")
    inner(value)
    return kind


def _opened(value) -> None:
    matching(REGION, value["jurisdiction"])
    for item, (use, algorithm) in zip(listing(value["keys"], 4, 4), USES):
        fields(item, ("alg", "key", "use"))
        if (item["use"], item["alg"]) != (use, algorithm):
            raise BadShape("keys out of order")
        hexes(item["key"])


def _committed(value) -> None:
    if integer(value["attempt"], 1, 1_000_000) > 1:
        hexes(value.get("predecessor"))
    elif "predecessor" in value:
        raise BadShape("predecessor of a first attempt")
    for name, length in (("package_tag", 64), ("plan_tag", 64), ("tag_key", 32), ("request", 32), ("names", 32),
                         ("profile", 32), ("excluded", 32)):
        hexes(value[name], length)
    integer(value["registry"])
    for number, group in enumerate(listing(value["groups"], 1, 32), 1):
        fields(group, ("group", "seats", "site"))
        integer(group["group"], number, number)
        integer(group["seats"], 1, 64)
        integer(group["site"], 1, 32)
    if sum(group["seats"] for group in value["groups"]) > 64:
        raise BadShape("more than 64 seats")
    integer(value["unit_cap"], 1, 64)
    integer(value["lots"], 1, 8)
    integer(value["margin"], 0, 1000)
    integer(value["window_minutes"], 1, 100000)
    fields(value["pool"], ("root", "size"))
    hexes(value["pool"]["root"])
    integer(value["pool"]["size"], 0, 4000000)
    for member in listing(value["kept"]):
        site = type(member) is dict and "site" in member
        fields(member, ("position", "site" if site else "group"))
        integer(member["position"])
        integer(member["site" if site else "group"], 1, 32)
    ascending([member["position"] for member in value["kept"]])
    if "forced_accepted_by" in value:
        account(value["forced_accepted_by"])
    for item in listing(value["contributions"], 1, 255):
        kind = item.get("kind") if type(item) is dict else None
        if kind == "nonce":
            fields(item, ("kind", "commitment", "key"))
            hexes(item["commitment"])
            hexes(item["key"])
        elif kind in ("operator", "witness"):
            fields(item, ("kind", "key"))
            hexes(item["key"])
        elif kind == "beacon":
            fields(item, ("kind", "chain", "round"))
            hexes(item["chain"])
            integer(item["round"])
        else:
            raise BadShape("kind of contribution")
    integer(value["deadline"])


def _contributed(value) -> None:
    hexes(value["alpha"])
    hexes(value["key"])
    hexes(value["proof"], 80)
    if value["kind"] != "operator":
        raise BadShape("kind of contribution")


def _drawn(value) -> None:
    hexes(value["alpha"])
    hexes(value["seed"])
    integer(value["branches"], 0, 1_000_000)
    for index in listing(value["contributions"], 1, 255):
        integer(index)
    for seat in listing(value["seats"], 1, 64):
        fields(seat, ("group", "position"))
        integer(seat["group"], 1, 32)
        integer(seat["position"])


def _void(value) -> None:
    hexes(value["alpha"])
    account(value["actor"])
    if value["reason"] not in REASONS:
        raise BadShape("reason")
    if "approver" in value:
        account(value["approver"])


def _unsealed(value) -> None:
    hexes(value["alpha"])
    text(value["announcement"], 128)


TYPES = {
    "log.opened": (("jurisdiction", "keys"), (), _opened),
    "profile.loaded": (("profile",), (), lambda value: hexes(value["profile"])),
    "draw.committed": (
        ("attempt", "package_tag", "plan_tag", "tag_key", "request", "names", "profile", "excluded", "registry",
         "groups", "unit_cap", "lots", "margin", "window_minutes", "pool", "kept", "contributions", "deadline"),
        ("predecessor", "forced_accepted_by"),
        _committed,
    ),
    "draw.contributed": (("alpha", "kind", "key", "proof"), (), _contributed),
    "draw.drawn": (("alpha", "contributions", "seed", "seats", "branches"), (), _drawn),
    "draw.void_proposed": (("alpha", "reason", "actor"), (), _void),
    "draw.voided": (("alpha", "reason", "actor", "approver"), (), _void),
    "draw.unsealed": (("alpha", "announcement"), (), _unsealed),
    **{name: (("image",), (), lambda value: hexes(value["image"])) for name in IMAGES},
}


# Statements of calls (draw-v2 §3).

DECLINED = ("busy", "ill", "away", "conflict", "other")
VACATED = ("withdrawn", "absent", "recused", "conflict", "unfit")
SHORTFALLS = ("infeasible", "relations", "limit")
STOPPED = ("shortfall", "site_failure", "procurement_stopped")


def _position(value) -> int:
    return integer(value, 0, 2**32 - 1)


def _round(value, low: int = 1) -> int:
    return integer(value, low, 1_000_000)


def _small(value) -> int:
    """A group or a site."""
    return integer(value, 1, 32)


def _exactly_when(value: dict, name: str, due: bool) -> None:
    if (name in value) != due:
        raise BadShape(f"{name} is there and must not be, or is not and must")


def _receipt(value: dict) -> None:
    _exactly_when(value, "receipt", value["by"] == "channel")
    if "receipt" in value:
        hexes(value["receipt"])


def _invited(value) -> None:
    hexes(value["alpha"])
    _round(value["round"])
    integer(value["closes"])
    for item in listing(value["invitees"], 1):
        fields(item, ("position",), ("site",))
        _position(item["position"])
        if "site" in item:
            _small(item["site"])
    ascending([item["position"] for item in value["invitees"]])


def _delivered(value) -> None:
    hexes(value["alpha"])
    _round(value["round"])
    _position(value["position"])
    hexes(value["receipt"])


def _answered(value) -> None:
    hexes(value["alpha"])
    _round(value["round"])
    _position(value["position"])
    word(value["answer"], ("accepted", "declined"))
    word(value["by"], ("expert", "channel"))
    if "reason" in value:
        _exactly_when(value, "reason", value["answer"] == "declined")
        word(value["reason"], DECLINED)
    _receipt(value)


def _vacated(value) -> None:
    hexes(value["alpha"])
    _position(value["position"])
    word(value["why"], VACATED)
    word(value["by"], ("expert", "channel", "operator"))
    _receipt(value)
    _exactly_when(value, "actor", value["by"] == "operator")
    if "actor" in value:
        account(value["actor"])
    if "approver" in value:
        _exactly_when(value, "approver", value["by"] == "operator")
        if account(value["approver"]) == value["actor"]:
            raise BadShape("approved by the actor")


def _settled(value) -> None:
    hexes(value["alpha"])
    _round(value["round"], 0)
    for item in listing(value["out"]):
        fields(item, ("position", "why"))
        _position(item["position"])
        word(item["why"], ("declined", "no_answer", *VACATED))
    ascending([item["position"] for item in value["out"]])
    _exactly_when(value, "seats", "shortfall" not in value)
    _exactly_when(value, "branches", "seats" in value)
    if "shortfall" in value:
        word(value["shortfall"], SHORTFALLS)
        return
    integer(value["branches"])
    for seat in listing(value["seats"]):
        fields(seat, ("group", "position"))
        _small(seat["group"])
        _position(seat["position"])


def _signed_in(value) -> None:
    hexes(value["alpha"])
    _position(value["position"])
    _small(value["group"])
    _small(value["site"])


def _stopped(value) -> None:
    hexes(value["alpha"])
    word(value["reason"], STOPPED)
    if account(value["actor"]) == account(value["approver"]):
        raise BadShape("approved by the actor")


CALL_TYPES = {
    "draw.invited": (("alpha", "round", "closes", "invitees"), (), _invited),
    "draw.delivered": (("alpha", "round", "position", "receipt"), (), _delivered),
    "draw.answered": (("alpha", "round", "position", "answer", "by"), ("reason", "receipt"), _answered),
    "draw.vacated": (("alpha", "position", "why", "by"), ("receipt", "actor", "approver"), _vacated),
    "draw.settled": (("alpha", "round", "out"), ("seats", "branches", "shortfall"), _settled),
    "draw.signed_in": (("alpha", "position", "group", "site"), (), _signed_in),
    "draw.stopped": (("alpha", "reason", "actor", "approver"), (), _stopped),
}


# Statements of keys and of other contributors (log-v2 §1, draw-v3 §§2–4).

def _nonce_committed(value) -> None:
    hexes(value["key"])
    hexes(value["commitment"])
    hexes(value["package_tag"], 64)
    integer(value["attempt"], 1, 1_000_000)
    hexes(value["signature"], 64)


def _share(value) -> None:
    """One contribution, by its kind."""
    hexes(value["alpha"])
    own = {
        "operator": {"key": 32, "proof": 80},
        "nonce": {"key": 32, "nonce": 32, "signature": 64},
        "witness": {"key": 32, "proof": 80, "root": 32, "signature": 64, "size": None, "answered": None},
        "beacon": {"chain": 32, "round": None, "signature": 0},
    }.get(word(value["kind"], ("operator", "nonce", "witness", "beacon")))
    optional = ("previous",) if value["kind"] == "beacon" else ()
    fields(value, ("v", "type", "log", "time", "alpha", "kind", *own), optional)
    for name, length in own.items():
        if length is None:
            integer(value[name], 1 if name == "round" else 0)
        elif length:
            hexes(value[name], length)
    if value["kind"] == "beacon" and len(hexes(value["signature"], None)) not in (48, 96):
        raise BadShape("signature of a round")
    if "previous" in value and len(hexes(value["previous"], None)) not in (32, 96):
        raise BadShape("signature of the round before")


def _not_released(value) -> None:
    hexes(value["alpha"])
    hexes(value["key"])
    integer(value["stated"])
    hexes(value["signature"], 64)


SHARE_FIELDS = ("key", "proof", "nonce", "signature", "size", "root", "answered", "chain", "round", "previous")
# The fields of entries about keys are judged by the key book, under the check `keys`.
KEY_FIELDS = ("use", "alg", "key", "proof", "name", "witness", "reason", "doubtful_from")
SHARED_TYPES = {
    "key.registered": ((), KEY_FIELDS, lambda value: None),
    "key.retired": ((), KEY_FIELDS, lambda value: None),
    "nonce.committed": (("key", "commitment", "package_tag", "attempt", "signature"), (), _nonce_committed),
    "draw.contributed": (("alpha", "kind"), SHARE_FIELDS, _share),
    "draw.not_released": (("alpha", "key", "stated", "signature"), (), _not_released),
}


def groups(value, whole: bool = True) -> list:
    """The group list of a request (draw-v1 §3.1); not `whole`: whatever text a speciality is."""
    for group in listing(value, 1, 32):
        fields(group, ("except", "seats", "site", "speciality", "within"))
        integer(group["seats"], 1, 64)
        integer(group["site"], 1, 32)
        matching(SPECIALITY, group["speciality"]) if whole else text(group["speciality"], 400)
        for name, low in (("except", 0), ("within", 1)):
            ascending([matching(REGION, code) for code in listing(group[name], low, 64)])
    if sum(group["seats"] for group in value) > 64:
        raise BadShape("more than 64 seats")
    return value


def _company(value) -> dict:
    fields(value, ("code", "name"))
    text(value["code"])
    text(value["name"])
    return value


def request(value, whole: bool = True) -> dict:
    """A request (draw-v1 §3.1)."""
    fields(value, ("v", "plan", "package", "purchaser", "agency", "suppliers", "review_start", "groups"))
    integer(value["v"], 1, 1)
    matching(NUMBER, value["plan"])
    matching(NUMBER, value["package"])
    _company(value["purchaser"])
    _company(value["agency"])
    ascending([_company(item)["code"] for item in listing(value["suppliers"], 0, 64)])
    integer(value["review_start"])
    groups(value["groups"], whole)
    return value


def opened(value: dict) -> None:
    """The shape of openings (evidence-v1 §3), of those that are there, for the check `file`. The order of `excluded`, the
    spelling of the numbers of `package` and whatever takes more than the file's own text are the openings' checks."""
    shape = {"package": _package, "names": _names, "seated": _seated, "request": lambda item: request(item, False), "draw_key": hexes,
             "candidates": _candidates, "excluded": _excluded}
    for name, item in value.items():
        shape[name](item)


def _package(value) -> None:
    fields(value, ("package", "package_proof", "plan", "plan_proof"))
    for name in ("package", "plan"):
        hexes(value[name + "_proof"], 80)
        if type(value[name]) is not str:
            raise BadShape(name)


def _names(value) -> None:
    fields(value, ("groups", "salt"))
    hexes(value["salt"])
    groups(value["groups"], False)


def _seated(value) -> None:
    for item in listing(value):
        fields(item, ("card_salt", "draw_salt", "name", "number", "registry", "rest"))
        for name in ("card_salt", "draw_salt", "rest"):
            hexes(item[name])
        text(item["name"], 400)
        text(item["number"], 400)
        integer(item["registry"])


def _texts(value, low: int = 0) -> None:
    ascending([text(item, 400) for item in listing(value, low)])


def _candidates(value) -> None:
    for item in listing(value):
        fields(item, ("further_units", "image", "number", "registry", "relations"), ("unit",))
        hexes(item["image"])
        text(item["number"], 400)
        integer(item["registry"])
        text(item.get("unit", "x"), 400)
        _texts(item["further_units"])
        _texts(item["relations"])


def _excluded(value) -> None:
    for item in listing(value):
        fields(item, ("image", "number", "registry", "rules"))
        hexes(item["image"])
        text(item["number"], 400)
        integer(item["registry"])
        _texts(item["rules"], 1)
