"""The evidence file (evidence-v1): all named checks, in their order, from `file` to `panel`.

The checks of the openings are in `openings.py`. A check raises `Failed`; what a check establishes is
kept under a name and fetched with `need`, so that a check fails when an earlier one did not deliver.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from . import canonical, draw, hashes, log, seats, shapes, vrf

FORMAT = "expert-draw/evidence-v1"
LEVEL = "operator"
PUBLIC_OPENINGS = ("package", "names", "seated")
AUDITOR_OPENINGS = (*PUBLIC_OPENINGS, "request", "draw_key", "candidates", "excluded")
PARAMETERS = ("unit_cap", "lots", "margin", "window_minutes")


class Failed(Exception):
    """A check does not pass."""


@dataclass
class Entry:
    """One log entry of the file, its statement parsed and its inclusion proven."""

    index: int
    note: log.Note
    value: dict
    kind: str
    leaf_hash: bytes


class Evidence:
    """One evidence-v1 file under one policy. `run` returns the list of checks."""

    version, format, types, life = 1, FORMAT, shapes.TYPES, shapes.LIFE
    names = ("file", "checkpoint", "entries", "keys", "signatures", "commitment", "profile", "pool",
             "feasible", "contributions", "ending", "seed", "panel")
    gates = ("file", "checkpoint", "entries", "keys", "commitment")
    fields, optional = ("v", "format", "audience", "checkpoint", "entries", "alpha", "life", "profile", "pool", "digest"), ("openings",)

    def __init__(self, data: bytes, policy: log.Policy, expect: str | None = None):
        self.data, self.policy, self.expect = data, policy, expect
        self.known: dict = {}
        self.results: list[dict] = []

    # Machinery.

    def need(self, name: str):
        if name not in self.known:
            raise Failed(f"an earlier check should have given: {name}")
        return self.known[name]

    def of_kind(self, kind: str) -> list[Entry]:
        return [entry for entry in self.need("entries") if entry.kind == kind]

    def check(self, name: str, function) -> None:
        try:
            detail = function() or ""
            result = "passed"
        except (Failed, shapes.BadShape, canonical.NotCanonical, log.Refused, vrf.BadProof, draw.BadLeaf) as error:
            result, detail = "failed", f"{type(error).__name__}: {error}"
        except seats.Refused as error:
            result, detail = "failed", f"seats refused: {error.as_json()}"
        except Exception as error:  # a value of an unforeseen kind must refuse, never pass or stop the run
            result, detail = "failed", f"unforeseen {type(error).__name__}: {error}"
        self.results.append({"check": name, "result": result, "detail": detail})

    def run(self) -> list[dict]:
        from . import openings

        for name in self.names:
            self.check(name, self.unfounded if self.broken else getattr(self, name))
        for name, function in [] if self.broken else openings.due(self):
            self.check(name, function)
        return self.results

    @property
    def verified(self) -> bool:
        return bool(self.results) and all(item["result"] == "passed" for item in self.results)

    @property
    def broken(self) -> bool:
        """After one of these all later checks are listed as failed, and those of the openings not at all."""
        return any(item["result"] == "failed" and item["check"] in self.gates for item in self.results)

    def unfounded(self) -> str:
        raise Failed("an earlier check failed")

    # What is told.

    def report(self) -> dict:
        """The machine form."""
        return {"verdict": "verified" if self.verified else "refused", "level": LEVEL, "checks": self.results}

    def verdict(self) -> str:
        """The sentence of §4."""
        return (
            f"verified: the result follows from its commitment, as of tree size {self.need('checkpoint').size}; "
            f"level {LEVEL}; attempt {self.need('commitment').value['attempt']}; "
            f"seen voids {len(self.of_kind('draw.voided'))}; forced seats {len(self.need('forced'))}"
        )

    def out(self) -> list[dict]:
        """Who is out: nobody in a draw without calls."""
        return []

    def remaining(self) -> dict[int, dict]:
        """Whom a successor keeps: nobody of a draw without calls."""
        return {}

    def openable(self) -> None:
        """Raises when nothing may be opened, whatever it is."""

    # The checks.

    def file(self) -> str:
        value = canonical.parse(self.data)
        shapes.fields(value, self.fields, self.optional)
        shapes.integer(value["v"], self.version, self.version)
        if value["format"] != self.format or value["audience"] not in ("public", "auditor"):
            raise Failed("format or audience")
        for entry in shapes.listing(value["entries"]):
            shapes.fields(entry, ("index", "note", "proof"))
            shapes.integer(entry["index"])
            for step in shapes.listing(entry["proof"]):
                shapes.hexes(step)
        if any(type(text) is not str for text in
               [value["checkpoint"], value["profile"], *(entry["note"] for entry in value["entries"])]):
            raise Failed("checkpoint, profile and notes are texts")
        shapes.hexes(value["alpha"])
        for index in shapes.listing(value["life"]):
            shapes.integer(index)
        for leaf in shapes.listing(value["pool"]):
            shapes.hexes(leaf, None)
        if "openings" in value:
            allowed = AUDITOR_OPENINGS if value["audience"] == "auditor" else PUBLIC_OPENINGS
            shapes.fields(value["openings"], allowed)
            shapes.opened(value["openings"])
        self._further(value)
        self.known["file"] = value
        body = {name: item for name, item in value.items() if name != "digest"}
        if shapes.hexes(value["digest"]) != hashlib.sha256(canonical.encode(body)).digest():
            raise Failed("digest differs")
        if self.expect not in (None, value["audience"]):
            raise Failed(f"the file is for audience {value['audience']}")
        return f"audience {value['audience']}"

    def _further(self, value: dict) -> None:
        """The shape of what only a later format has."""

    def checkpoint(self) -> str:
        checkpoint = log.check_checkpoint(self.need("file")["checkpoint"], self.policy)
        self.known["checkpoint"] = checkpoint
        cosigned = f", cosigned by {len(checkpoint.cosigners)}" if checkpoint.cosigners else ""
        return f"{checkpoint.origin}, tree size {checkpoint.size}{cosigned}"

    def entry(self, item: dict) -> Entry:
        """One entry of the file: a known statement of this log, included in the tree."""
        checkpoint = self.need("checkpoint")
        note = log.Note.parse(item["note"])
        statement = note.text[:-1].encode()
        if len(statement) > 65535:
            raise Failed("statement too long")
        value = canonical.parse(statement)
        kind = shapes.statement(value, checkpoint.origin, item["index"], self.types)
        leaf_hash = hashes.leaf_hash(statement)
        path = [bytes.fromhex(step) for step in item["proof"]]
        try:
            hashes.check_inclusion(item["index"], checkpoint.size, leaf_hash, path, checkpoint.root)
        except hashes.BadProof as error:
            raise Failed(f"entry {item['index']}: {error.reason}") from error
        return Entry(item["index"], note, value, kind, leaf_hash)

    def entries(self) -> str:
        file, _ = self.need("file"), self.need("checkpoint")
        entries: list[Entry] = []
        for item in file["entries"]:
            entry = self.entry(item)
            if entries and (entry.index <= entries[-1].index or entry.value["time"] < entries[-1].value["time"]):
                raise Failed(f"entry {entry.index}: index or time does not ascend")
            entries.append(entry)
        self._exactly(file, entries)
        self.known["entries"] = entries
        self.known["by_index"] = {entry.index: entry for entry in entries}
        return f"{len(entries)} entries"

    def _exactly(self, file: dict, entries: list[Entry]) -> None:
        """The set of entries is that of evidence-v1 §1, and `life` lists the draw's own."""
        by_kind: dict[str, list[Entry]] = {}
        for entry in entries:
            by_kind.setdefault(entry.kind, []).append(entry)
        committed = by_kind.pop("draw.committed", [])
        if len(by_kind.pop("log.opened", [])) != 1 or len(committed) != 1:
            raise Failed("not exactly one log.opened and one draw.committed")
        own_alpha = draw.alpha_of(committed[0].index, committed[0].leaf_hash).hex()
        loaded = by_kind.pop("profile.loaded", [])
        if [entry.value["profile"] for entry in loaded] != [committed[0].value["profile"]]:
            raise Failed("not exactly the profile.loaded of the commitment's profile")
        experts = [entry.index for entry in by_kind.pop("registry.expert", [])]
        wanted: list[int] = []
        if "openings" in file:
            for member in shapes.listing(file["openings"].get("seated")):
                if type(member) is not dict:
                    raise Failed("openings.seated")
                wanted.append(shapes.integer(member.get("registry")))
        if experts != sorted(set(wanted)):
            raise Failed("the registry.expert entries are not those of the seated members")
        for kind, found in by_kind.items():
            if kind not in self.life or any(entry.value["alpha"] != own_alpha for entry in found):
                raise Failed(f"an entry of type {kind} that is not of this draw")
        alphas = [(entry, own_alpha if entry is committed[0] else entry.value.get("alpha")) for entry in entries]
        own = [entry.index for entry, alpha in alphas if alpha == file["alpha"]]
        if own != file["life"]:
            raise Failed("life does not list the draw's own entries")

    def keys(self) -> str:
        opened = self.of_kind("log.opened")[0]
        keys = {item["use"]: bytes.fromhex(item["key"]) for item in opened.value["keys"]}
        if len(set(keys.values())) != 4:
            raise Failed("the four keys are not distinct")
        if keys["log"] not in [key.key for key in self.need("checkpoint").log_keys]:
            raise Failed("entry 0 names another log key than the checkpoint's")
        vrf.check_key(keys["draw_vrf"])
        vrf.check_key(keys["tag_vrf"])
        self.known["keys"] = keys
        return ""

    def signatures(self) -> str:
        name = self.need("checkpoint").origin + "/statements"
        key = log.Key(name, log.ED25519, self.need("keys")["statements"])
        for entry in self.need("entries"):
            if len(entry.note.lines) != 1 or entry.note.lines[0][0] != name or entry.note.lines[0][1][:4] != key.id:
                raise Failed(f"entry {entry.index}: not exactly one line, by the statements key")
            if not log.signed_by(key, entry.note.text, entry.note.lines[0][1][4:]):
                raise Failed(f"entry {entry.index}: signature")
        return ""

    def commitment(self) -> str:
        entry = self.of_kind("draw.committed")[0]
        value = entry.value
        loaded = self.of_kind("profile.loaded")[0]
        alpha = draw.alpha_of(entry.index, entry.leaf_hash)
        if alpha.hex() != self.need("file")["alpha"]:
            raise Failed("alpha differs")
        if max(loaded.index, value["registry"]) >= entry.index:
            raise Failed("registry or profile does not lie below the commitment")
        if value["tag_key"] != hashes.sha256(self.need("keys")["tag_vrf"]).hex():
            raise Failed("tag_key is not the registered key")
        if value["deadline"] < value["time"]:
            raise Failed("deadline before the commitment")
        self.known["commitment"] = entry
        self.known["alpha"] = alpha
        return f"attempt {value['attempt']}"

    def profile(self) -> str:
        value = self.need("commitment").value
        text = self.need("file")["profile"].encode()
        if hashes.labelled("profile", hashes.var(text)).hex() != value["profile"]:
            raise Failed("digest differs")
        rules = canonical.loose(text)
        for name in PARAMETERS:
            if type(rules) is not dict or rules.get(name) != value[name]:
                raise Failed(f"{name} differs")
        return ""

    def pool(self) -> str:
        value = self.need("commitment").value
        leaves = [bytes.fromhex(leaf) for leaf in self.need("file")["pool"]]
        parsed = [draw.Leaf.parse(leaf, len(value["groups"]), value["lots"]) for leaf in leaves]
        if any(a.identity >= b.identity for a, b in zip(parsed, parsed[1:])):
            raise Failed("leaves do not ascend")
        if len(leaves) != value["pool"]["size"] or hashes.tree_root(leaves).hex() != value["pool"]["root"]:
            raise Failed("size or root differs")
        people = [seats.Person(leaf.groups, leaf.unit, leaf.relations) for leaf in parsed]
        self.known["leaves"] = parsed
        self.known["plan"] = seats.Plan([group["seats"] for group in value["groups"]], value["unit_cap"], people)
        return f"{len(leaves)} candidates"

    def fixed(self) -> dict[int, int]:
        """F of the walk: the kept members with their restricted masks (draw-v1 §8)."""
        value, leaves = self.need("commitment").value, self.need("leaves")
        result = {}
        for member in value["kept"]:
            allowed = sum(
                1 << group["group"] - 1
                for group in value["groups"]
                if group.get("site" if "site" in member else "group") == member.get("site", member.get("group"))
            )
            if member["position"] >= len(leaves):
                raise Failed("kept position outside the pool")
            result[member["position"]] = leaves[member["position"]].groups & allowed
        return result

    def feasible(self) -> str:
        accepted = self.need("commitment").value.get("forced_accepted_by")
        forced = seats.forced_seats(self.need("plan"), self.fixed())
        self.known["forced"] = forced
        if bool(forced) != (accepted is not None):
            raise Failed(f"{len(forced)} forced seats, accepted by {accepted}")
        return f"{len(forced)} forced seats"

    def contributions(self) -> str:
        committed = self.need("commitment")
        key = self.need("keys")["draw_vrf"]
        digest = hashes.sha256(key).hex()
        if committed.value["contributions"] != [{"kind": "operator", "key": digest}]:
            raise Failed("committed contributions are not the operator's alone, under the registered key")
        found = self.of_kind("draw.contributed")
        voided_before = bool(self.of_kind("draw.voided")) and not self.of_kind("draw.drawn")
        if len(found) > 1 or (not found and not voided_before):
            raise Failed(f"{len(found)} contributions")
        betas = []
        for entry in found:
            if entry.index <= committed.index or entry.value["key"] != digest:
                raise Failed("below the commitment, or under another key")
            if entry.value["time"] > committed.value["deadline"]:
                raise Failed("after the deadline")
            betas.append((2, vrf.verify(key, self.need("alpha"), bytes.fromhex(entry.value["proof"]))))
        self.known["contributions"] = ([entry.index for entry in found], betas)
        return "none: voided before" if not found else ""

    def ending(self) -> str:
        start = self.need("commitment").index
        drawn, voided, unsealed = (self.of_kind(kind) for kind in ("draw.drawn", "draw.voided", "draw.unsealed"))
        proposed = self.of_kind("draw.void_proposed")
        contributed = self.of_kind("draw.contributed")
        if any(entry.index <= start for entry in (*drawn, *voided, *unsealed, *proposed)):
            raise Failed("an ending below the commitment")
        if max(len(drawn), len(voided), len(unsealed)) > 1 or not (drawn or voided):
            raise Failed(f"{len(drawn)} drawn, {len(voided)} voided, {len(unsealed)} unsealed")
        if drawn and any(entry.index > drawn[0].index for entry in contributed):
            raise Failed("a contribution above draw.drawn")
        for void in voided:
            self.valid_void(void)
            if any(entry.index > void.index for entry in (*drawn, *contributed)):
                raise Failed("drawn or contributed after the void")
        if unsealed and (voided or not drawn or unsealed[0].index < drawn[0].index):
            raise Failed("unsealed without a standing result")
        if any(entry.index > end.index for entry in proposed for end in (*voided, *unsealed)):
            raise Failed("proposed after the end")
        self.known["ending"] = True
        return " and ".join(entry.kind.removeprefix("draw.") for entry in (*drawn, *voided, *unsealed))

    def valid_void(self, void: Entry) -> None:
        """The last proposal before the void has its reason and actor; the approver is another."""
        proposed = [entry.value for entry in self.of_kind("draw.void_proposed") if entry.index < void.index]
        value = void.value
        if not proposed or any(proposed[-1][name] != value[name] for name in ("reason", "actor")):
            raise Failed("voided without a proposal")
        if value["approver"] == value["actor"]:
            raise Failed("approved by the actor")

    def seed(self) -> str:
        drawn = self.of_kind("draw.drawn")
        if not drawn:
            self.need("ending")
            return "voided before the draw"
        indices, betas = self.need("contributions")
        if drawn[0].value["contributions"] != indices:
            raise Failed("the indices of the contributions differ")
        seed = draw.seed_of(self.need("alpha"), betas)
        if seed.hex() != drawn[0].value["seed"]:
            raise Failed("seed differs")
        self.known["seed"] = seed
        return ""

    def panel(self) -> str:
        drawn = self.of_kind("draw.drawn")
        if not drawn:
            self.need("ending")
            self.known["members"] = []
            return "voided before the draw"
        leaves, value = self.need("leaves"), self.need("commitment").value
        numbers = draw.tickets(self.need("seed"), [leaf.lots for leaf in leaves], value["lots"])
        order = draw.drawn_order(numbers)
        panel = seats.walk(self.need("plan"), order, self.fixed(), set())
        if drawn[0].value["seats"] != [{"group": g, "position": p} for p, g in panel.seats]:
            raise Failed("seats differ")
        if drawn[0].value["branches"] != panel.branches:
            raise Failed(f"branches differ: {panel.branches}")
        self.known["order"], self.known["drawn"] = order, panel.seats
        self.known["members"] = [position for position, _ in panel.seats]
        return f"{len(panel.seats)} seats, {panel.branches} branches"
