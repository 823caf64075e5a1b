"""The openings of an evidence file (evidence-v1 §3): what the commitment's digests stood for."""

from __future__ import annotations

from . import hashes, shapes, vrf
from .canonical import encode
from .evidence import Evidence, Failed


def due(evidence: Evidence) -> list:
    """The checks that are due for this file (evidence-v1 §2), in order."""
    file = evidence.known.get("file")
    if file is None:
        return []
    entries = evidence.known.get("entries", [])
    unsealed = any(entry.kind == "draw.unsealed" for entry in entries)
    names: list[str] = []
    if file["audience"] == "auditor":
        names = ["package", "names", "seated", "request", "candidates", "excluded"]
    elif unsealed or "openings" in file:
        names = ["package", "names", "seated"]
    opener = Openings(evidence, unsealed)
    return [("openings." + name, getattr(opener, name)) for name in names]


class Openings:
    """One method for each check."""

    def __init__(self, evidence: Evidence, unsealed: bool):
        self.evidence = evidence
        file = evidence.known["file"]
        self.auditor = file["audience"] == "auditor"
        self.unsealed = unsealed
        self.all = file.get("openings", {})

    def opened(self, name: str):
        self.evidence.openable()
        if not self.auditor and not self.unsealed:
            raise Failed("opened to the public before unsealing")
        if name not in self.all:
            raise Failed(f"{name} is missing")
        return self.all[name]

    def draw_key(self) -> bytes:
        return shapes.hexes(self.opened("draw_key"))

    def commitment(self) -> dict:
        return self.evidence.need("commitment").value

    def registry_index(self, value) -> int:
        """A registry index that the commitment can have meant."""
        return shapes.integer(value, 1, self.commitment()["registry"])

    def package(self) -> str:
        value = shapes.fields(self.opened("package"), ("package", "package_proof", "plan", "plan_proof"))
        plan = shapes.matching(shapes.NUMBER, value["plan"])
        package = shapes.matching(shapes.NUMBER, value["package"])
        key = self.evidence.need("keys")["tag_vrf"]
        for tag, proof, about in (
            ("plan_tag", "plan_proof", {"plan": plan}),
            ("package_tag", "package_proof", {"package": package, "plan": plan}),
        ):
            beta = vrf.verify(key, encode(about), shapes.hexes(value[proof], 80))
            if beta.hex() != self.commitment()[tag]:
                raise Failed(f"{tag} differs")
        return f"plan {plan}, package {package}"

    def names(self) -> str:
        value = shapes.fields(self.opened("names"), ("groups", "salt"))
        groups, salt = shapes.groups(value["groups"]), shapes.hexes(value["salt"])
        if self.auditor and salt != hashes.salt(self.draw_key(), "names"):
            raise Failed("salt is not the draw key's")
        if hashes.labelled("names", salt, hashes.var(encode(groups))).hex() != self.commitment()["names"]:
            raise Failed("digest differs")
        opened = [{"group": n, "seats": g["seats"], "site": g["site"]} for n, g in enumerate(groups, 1)]
        if opened != self.commitment()["groups"]:
            raise Failed("seats or sites differ")
        return ""

    def seated(self) -> str:
        members, panel = shapes.listing(self.opened("seated")), self.evidence.need("members")
        leaves, entries = self.evidence.need("leaves"), self.evidence.need("by_index")
        if len(members) != len(panel):
            raise Failed("not one opening for each member")
        for member, position in zip(members, panel):
            shapes.fields(member, ("card_salt", "draw_salt", "name", "number", "registry", "rest"))
            name, number = shapes.text(member["name"]), shapes.text(member["number"])
            index, draw_salt = self.registry_index(member["registry"]), shapes.hexes(member["draw_salt"])
            if self.auditor and draw_salt != hashes.salt(self.draw_key(), "candidate", number.encode()):
                raise Failed(f"{number}: salt is not the draw key's")
            card = hashes.card(shapes.hexes(member["card_salt"]), name, number)
            image = hashes.image(card, shapes.hexes(member["rest"]))
            entry = entries.get(index)
            if entry is None or entry.kind != "registry.expert" or entry.value["image"] != image.hex():
                raise Failed(f"{number}: the registry entry holds another image")
            if hashes.identity(draw_salt, image, index) != leaves[position].identity:
                raise Failed(f"{number}: not the candidate at position {position}")
        if len({member["number"] for member in members}) != len(members):
            raise Failed("a number twice")
        return f"{len(members)} members"

    def request(self) -> str:
        value = shapes.request(self.opened("request"))
        salt = hashes.salt(self.draw_key(), "request")
        if hashes.labelled("request", salt, hashes.var(encode(value))).hex() != self.commitment()["request"]:
            raise Failed("digest differs")
        package, names = self.opened("package"), self.opened("names")
        if type(package) is not dict or (value["plan"], value["package"]) != (package.get("plan"), package.get("package")):
            raise Failed("plan or package differs from the opened ones")
        if type(names) is not dict or value["groups"] != names.get("groups"):
            raise Failed("groups differ from the opened ones")
        return ""

    def candidates(self) -> str:
        key, leaves = self.draw_key(), self.evidence.need("leaves")
        people = shapes.listing(self.opened("candidates"))
        if len(people) != len(leaves):
            raise Failed("not one candidate for each position")
        related: dict[str, list[str]] = {}
        for person in people:
            shapes.fields(person, ("further_units", "image", "number", "registry", "relations"), ("unit",))
            number = shapes.text(person["number"])
            if number in related:
                raise Failed(f"{number} twice")
            related[number] = shapes.ascending([shapes.text(n) for n in shapes.listing(person["relations"])])
            shapes.ascending([shapes.text(unit) for unit in shapes.listing(person["further_units"])])
        relation_sets = {number: set(others) for number, others in related.items()}
        for person, leaf in zip(people, leaves):
            number = person["number"]
            for other in related[number]:
                if other == number or number not in relation_sets.get(other, ()):
                    raise Failed(f"{number}: relation to {other} is not mutual within the pool")
            salt = hashes.salt(key, "candidate", number.encode())
            image, index = shapes.hexes(person["image"]), self.registry_index(person["registry"])
            if hashes.identity(salt, image, index) != leaf.identity:
                raise Failed(f"{number}: identity commitment differs")
            unit = shapes.text(person["unit"]) if "unit" in person else "expert:" + number
            if hashes.unit_tag(key, unit) != leaf.unit:
                raise Failed(f"{number}: unit tag differs")
            tags = [hashes.relation_tag(key, number, other) for other in related[number]]
            tags += [hashes.unit_tag(key, further) for further in person["further_units"]]
            if tuple(sorted(tags)) != leaf.relations:
                raise Failed(f"{number}: relation tags differ")
        for member in shapes.listing(self.opened("seated")):
            number = shapes.text(member["number"])
            if shapes.hexes(member["draw_salt"]) != hashes.salt(key, "candidate", number.encode()):
                raise Failed(f"{number}: the salt of the member is not the draw key's")
        self.evidence.known["numbers"] = list(related)
        return f"{len(people)} candidates"

    def excluded(self) -> str:
        key, people = self.draw_key(), shapes.listing(self.opened("excluded"))
        candidates = {
            shapes.text(person.get("number")) if type(person) is dict else None
            for person in shapes.listing(self.opened("candidates"))
        }
        leaves, numbers = [], []
        for person in people:
            shapes.fields(person, ("image", "number", "registry", "rules"))
            number = shapes.text(person["number"])
            about = number.encode()
            if number in candidates:
                raise Failed(f"{number} is a candidate")
            numbers.append(number)
            rules = shapes.ascending([shapes.text(rule) for rule in shapes.listing(person["rules"], 1)])
            salt = hashes.salt(key, "candidate", about)
            identity = hashes.identity(salt, shapes.hexes(person["image"]), self.registry_index(person["registry"]))
            leaves.append(identity + hashes.reasons(hashes.salt(key, "reasons", about), rules))
        shapes.ascending(numbers)
        root = hashes.tree_root(sorted(leaves))
        digest = hashes.labelled("excluded", hashes.salt(key, "excluded"), hashes.u32(len(leaves)), root)
        if digest.hex() != self.commitment()["excluded"]:
            raise Failed("digest differs")
        return f"{len(people)} excluded"
