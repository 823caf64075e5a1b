"""One expert's place in a draw (membership-v1, membership-v2): all named checks in their order."""

from __future__ import annotations

from . import canonical, draw, hashes, shapes
from .canonical import encode
from .evidence import Evidence, Failed
from .evidence3 import SharedEvidence
from .sites import RECORD

FORMAT, FORMAT2 = "expert-draw/membership-v1", "expert-draw/membership-v2"
MAX_FILE = 1 << 20
SLOTS = ("opened", "registry", "committed", "result", "unsealed")
ABOUT_KEYS = ("key.registered", "key.retired")


def _path(value) -> None:
    for step in shapes.listing(value):
        shapes.hexes(step)


def _place(value) -> str:
    """The shape of §2; returns the kind."""
    kind = shapes.word(value.get("kind") if type(value) is dict else None, ("pool", "excluded"))
    if kind == "pool":
        shapes.fields(value, ("kind", "leaf", "position", "proof"))
        shapes.hexes(value["leaf"], None)
        shapes.integer(value["position"], 0, 2**32 - 1)
    else:
        shapes.fields(value, ("count", "index", "kind", "proof", "reasons_salt", "root", "rules", "salt"))
        shapes.integer(value["count"], 0, 2**32 - 1)
        shapes.integer(value["index"])
        for name in ("reasons_salt", "root", "salt"):
            shapes.hexes(value[name])
        shapes.ascending([shapes.text(rule, 400) for rule in shapes.listing(value["rules"], 1)])
    _path(value["proof"])
    return kind


def _person(value) -> None:
    shapes.fields(value, ("card_salt", "draw_salt", "name", "number", "rest"))
    for name in ("card_salt", "draw_salt", "rest"):
        shapes.hexes(value[name])
    if any(type(value[name]) is not str for name in ("name", "number")):
        raise shapes.BadShape("name and number are texts")


class Membership(Evidence):
    """One file of membership-v1 under one policy."""

    version, format = 1, FORMAT
    types = shapes.TYPES | shapes.CALL_TYPES | RECORD
    names = ("file", "checkpoint", "entries", "signatures", "commitment", "unsealed", "person", "place", "seat")
    fields, optional = ("v", "format", "checkpoint", "alpha", "opened", "registry", "committed", "unsealed", "person", "place",
                        "digest"), ("result", "seat")

    def run(self) -> list[dict]:
        failed = False
        for name in self.names:
            self.check(name, self.unfounded if failed else getattr(self, name))
            failed = failed or self.results[-1]["result"] != "passed"
        return self.results

    def report(self) -> dict:
        report = {"verdict": "verified" if self.verified else "refused", "checks": self.results}
        file = self.known.get("file")
        if file is not None:
            report |= {"alpha": file["alpha"], "name": file["person"]["name"], "number": file["person"]["number"]}
            report |= {name: file["place"][name] for name in ("position", "rules") if name in file["place"]}
            report |= file.get("seat", {})
        if "unsealed" in self.known:
            report["announcement"] = self.known["unsealed"]
        return report

    def verdict(self) -> str:
        said = self.report()
        where = f"excluded by {', '.join(said['rules'])}" if "rules" in said else f"candidate {said['position']}"
        return f"verified: {where}" + (f", seated in group {said['group']}" if "group" in said else "")

    def file(self) -> str:
        if len(self.data) > MAX_FILE:
            raise Failed("more than 1 MiB")
        value = canonical.parse(self.data)
        shapes.fields(value, self.fields, self.optional)
        shapes.integer(value["v"], self.version, self.version)
        shapes.word(value["format"], (self.format,))
        if type(value["checkpoint"]) is not str:
            raise Failed("checkpoint is no text")
        shapes.hexes(value["alpha"])
        shapes.entries([value[name] for name in SLOTS if name in value])
        shapes.entries(value.get("keys", []))
        _person(value["person"])
        if ("result" in value) != (_place(value["place"]) == "pool"):
            raise Failed("a result stands exactly with a place in the pool")
        if "seat" in value:
            shapes.fields(value["seat"], ("group",))
            shapes.integer(value["seat"]["group"], 1, 32)
        if "seat" in value and "result" not in value:
            raise Failed("a seat without a panel")
        body = {name: item for name, item in value.items() if name != "digest"}
        if shapes.hexes(value["digest"]) != hashes.sha256(encode(body)):
            raise Failed("digest differs")
        self.known["file"] = value
        return ""

    def entries(self) -> str:
        file = self.need("file")
        slots = {name: self.entry(file[name]) for name in SLOTS if name in file}
        found = list(slots.values())
        if found[0].kind != "log.opened":
            raise Failed("opened is not entry 0")
        for one, other in zip(found, found[1:]):
            if one.index >= other.index or one.value["time"] > other.value["time"]:
                raise Failed(f"entry {other.index}: index or time does not ascend")
        self.known |= {"slots": slots, "entries": found}
        return f"{len(found)} entries"

    def signatures(self) -> str:
        self.keys()
        return super().signatures()

    def slot(self, name: str, *kinds: str):
        entry = self.need("slots")[name]
        if entry.kind not in kinds:
            raise Failed(f"{name} is {entry.kind}")
        return entry

    def commitment(self) -> str:
        entry = self.slot("committed", "draw.committed")
        if draw.alpha_of(entry.index, entry.leaf_hash).hex() != self.need("file")["alpha"]:
            raise Failed("alpha differs")
        self.known["commitment"] = entry.value
        return ""

    def _of_this_draw(self, value: dict) -> None:
        if value.get("alpha") != self.need("file")["alpha"]:
            raise Failed("of another draw")

    def unsealed(self) -> str:
        entry = self.slot("unsealed", "draw.unsealed")
        self._of_this_draw(entry.value)
        self.known["unsealed"] = entry.value["announcement"]
        return ""

    def person(self) -> str:
        entry, person = self.slot("registry", "registry.expert"), self.need("file")["person"]
        card = hashes.card(bytes.fromhex(person["card_salt"]), person["name"], person["number"])
        image = hashes.image(card, bytes.fromhex(person["rest"]))
        if image.hex() != entry.value["image"] or entry.index > self.need("commitment")["registry"]:
            raise Failed("another image, or a record that the draw did not take")
        self.known["identity"] = hashes.identity(bytes.fromhex(person["draw_salt"]), image, entry.index)
        return person["number"]

    def place(self) -> str:
        place, committed, identity = self.need("file")["place"], self.need("commitment"), self.need("identity")
        path = [bytes.fromhex(step) for step in place["proof"]]
        if place["kind"] == "pool":
            data = bytes.fromhex(place["leaf"])
            leaf = draw.Leaf.parse(data, len(committed["groups"]), committed["lots"])
            if leaf.identity != identity:
                raise Failed("the leaf is another person's")
            where = place["position"], committed["pool"]["size"], bytes.fromhex(committed["pool"]["root"])
        else:
            data = identity + hashes.reasons(bytes.fromhex(place["reasons_salt"]), place["rules"])
            root = bytes.fromhex(place["root"])
            digest = hashes.labelled("excluded", bytes.fromhex(place["salt"]), hashes.u32(place["count"]), root)
            if digest.hex() != committed["excluded"]:
                raise Failed("not the committed tree")
            where = place["index"], place["count"], root
        try:
            hashes.check_inclusion(where[0], where[1], hashes.leaf_hash(data), path, where[2])
        except hashes.BadProof as error:
            raise Failed(error.reason) from error
        return place["kind"]

    def seat(self) -> str:
        file = self.need("file")
        if file["place"]["kind"] == "excluded":
            return "nothing is asked"
        value = self.slot("result", "draw.drawn", "draw.settled").value
        self._of_this_draw(value)
        if "seats" not in value:
            raise Failed("a settlement without seats")
        held = [{"group": seat["group"]} for seat in value["seats"] if seat["position"] == file["place"]["position"]]
        if held != ([file["seat"]] if "seat" in file else []):
            raise Failed("the panel says otherwise")
        return ""


class Membership2(Membership):
    """One file of membership-v2: the same, with keys by index."""

    version, format = 2, FORMAT2
    types = Membership.types | shapes.SHARED_TYPES
    fields = (*Membership.fields, "keys")
    keys, _live = SharedEvidence.keys, staticmethod(SharedEvidence._live)

    def entries(self) -> str:
        detail = super().entries()
        about = [self.entry(item) for item in self.need("file")["keys"]]
        if any(entry.kind not in ABOUT_KEYS for entry in about):
            raise Failed("keys holds another statement")
        shapes.ascending([entry.index for entry in about])
        self.known["entries"] = [*self.known["entries"], *about]
        return detail

    def signatures(self) -> str:
        self.keys()
        return SharedEvidence.signatures(self)
