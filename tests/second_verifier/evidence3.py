"""The evidence file of a draw with other contributors, or with succeeded keys (evidence-v3, draw-v3, log-v2)."""

from __future__ import annotations

from . import canonical, drand, edwards, evidence2, hashes, keybook, log, parties, shapes, vrf
from .evidence import Entry, Evidence, Failed

FORMAT = "expert-draw/evidence-v3"
KIND = {"nonce": 1, "operator": 2, "witness": 3, "beacon": 4}
USE = {"nonce": "supervisor", "operator": "draw_vrf", "witness": "witness_vrf"}


def signed(key: keybook.RegisteredKey, text: list, signature: str) -> bool:
    message = "".join(f"{line}\n" for line in text).encode()
    return edwards.verify_ed25519(key.key, bytes.fromhex(signature), message)


class SharedEvidence(evidence2.CalledEvidence):
    """One evidence-v3 file under one policy and, perhaps, the auditor's parties."""

    version, format = 3, FORMAT
    types = shapes.TYPES | shapes.CALL_TYPES | shapes.SHARED_TYPES
    life = (*shapes.LIFE, *shapes.CALL_TYPES, "draw.not_released")
    names = ("file", "checkpoint", "entries", "keys", "signatures", "heads", *Evidence.names[5:], *evidence2.FOLDED)
    gates = (*Evidence.gates, "heads")
    fields, optional = (*Evidence.fields, "heads", "keys"), (*Evidence.optional, "chain")

    def __init__(self, data, policy, expect=None, trusted: parties.Parties | None = None):
        super().__init__(data, policy, expect)
        self.parties = trusted

    # Up to the commitment.

    def _further(self, value: dict) -> None:
        for head in shapes.listing(value["heads"], 0, 256):
            shapes.fields(head, ("proof", "root", "size"), ("note",))
            shapes.integer(head["size"])
            shapes.hexes(head["root"])
            for step in shapes.listing(head["proof"]):
                shapes.hexes(step)
            if type(head.get("note", "")) is not str:
                raise Failed("note of a head")
        shapes.ascending([head["size"] for head in value["heads"]])
        for index in shapes.listing(value["keys"]):
            shapes.integer(index)
        if "chain" in value:
            drand.chain_of(value["chain"])

    def _exactly(self, file: dict, entries: list[Entry]) -> None:
        about_keys = [entry for entry in entries if entry.kind in ("key.registered", "key.retired")]
        if [entry.index for entry in about_keys] != file["keys"]:
            raise Failed("keys does not list the entries about keys")
        nonces = [entry for entry in entries if entry.kind == "nonce.committed"]
        committed = [entry for entry in entries if entry.kind == "draw.committed"]
        if len(committed) == 1:
            self._nonces(committed[0], nonces)
        rest = [entry for entry in entries if entry not in about_keys and entry not in nonces]
        Evidence._exactly(self, file, rest)

    def _nonces(self, committed: Entry, nonces: list[Entry]) -> None:
        """Each fits a nonce of the commitment, and no two fit the same."""
        value = committed.value
        found = {}
        for entry in nonces:
            said = entry.value
            fits = (said["key"], said["commitment"])
            named = any((item.get("key"), item.get("commitment")) == fits for item in value["contributions"] if item["kind"] == "nonce")
            same = (said["package_tag"], said["attempt"]) == (value["package_tag"], value["attempt"])
            if not named or not same or fits in found or entry.index > committed.index:
                raise Failed(f"entry {entry.index}: a nonce that the commitment does not name")
            found[fits] = entry
        self.known["nonces"] = found

    def keys(self) -> str:
        head = self.need("checkpoint")
        book = keybook.KeyBook(head.origin, self.of_kind("log.opened")[0].value)
        for entry in self.need("entries"):
            if entry.kind in ("key.registered", "key.retired"):
                own = {name: item for name, item in entry.value.items() if name not in ("v", "type", "log", "time")}
                try:
                    book.take(entry.index, entry.kind, own)
                except keybook.RefusedEntry as error:
                    raise Failed(f"entry {entry.index}: {error.rule}") from error
        self._live(book, head)
        self.known["key_book"] = book
        return f"{len(book.keys)} keys"

    @staticmethod
    def _live(book: keybook.KeyBook, head: log.Checkpoint) -> None:
        live = [key.key for key in book.of_checkpoint(head.size)]
        if not any(key.key in live for key in head.log_keys):
            raise Failed("not signed by a log key that lives and is pinned")

    def signatures(self) -> str:
        name = self.need("checkpoint").origin + "/statements"
        for entry in self.need("entries"):
            key = log.Key(name, log.ED25519, self.need("key_book").in_force("statements", entry.index).key)
            lines = entry.note.lines
            if len(lines) != 1 or lines[0][0] != name or lines[0][1][:4] != key.id:
                raise Failed(f"entry {entry.index}: not exactly one line, by the statements key in force")
            if not log.signed_by(key, entry.note.text, lines[0][1][4:]):
                raise Failed(f"entry {entry.index}: signature")
        return ""

    def heads(self) -> str:
        newest, book = self.need("checkpoint"), self.need("key_book")
        answers = [(entry.value["size"], entry.value["root"]) for entry in self.shares("witness")]
        dated = []
        for head in self.need("file")["heads"]:
            root = bytes.fromhex(head["root"])
            if head["size"] == 0:
                raise Failed("a head of nothing")
            try:
                path = [bytes.fromhex(step) for step in head["proof"]]
                hashes.check_consistency(head["size"], newest.size, root, newest.root, path)
            except hashes.BadProof as error:
                raise Failed(f"head {head['size']}: {error.reason}") from error
            if "note" not in head:
                if (head["size"], head["root"]) not in answers:
                    raise Failed(f"head {head['size']}: nobody names it")
                continue
            said = log.read_head(head["note"], self.policy)
            if (said.origin, said.size, said.root) != (newest.origin, head["size"], root):
                raise Failed(f"head {head['size']}: the note is of another head")
            self._live(book, said)
            date = self.policy.date(said)
            if date is not None:
                dated.append((head["size"], date))
        listed = [(head["size"], head["root"]) for head in self.need("file")["heads"]]
        if any(answer not in listed for answer in answers):
            raise Failed("the head that a witness names is missing")
        date = self.policy.date(newest)
        if date is not None:
            dated.append((newest.size, date))
        self.known["dated"] = sorted(dated)
        return f"{len(listed)} heads, {len(dated)} dated"

    def shares(self, kind: str | None = None) -> list[Entry]:
        found = self.of_kind("draw.contributed")
        return [entry for entry in found if kind in (None, entry.value["kind"])]

    def commitment(self) -> str:
        entry, book = self.of_kind("draw.committed")[0], self.need("key_book")
        self.known["keys"] = {"tag_vrf": book.in_force("tag_vrf", entry.index).key}
        detail = super().commitment()
        try:
            self._contributors(entry, book)
        except Failed:
            self.known.pop("commitment")
            raise
        return detail

    def _contributors(self, entry: Entry, book: keybook.KeyBook) -> None:
        value, chain = entry.value, self.need("file").get("chain")
        wanted = value["contributions"]
        order = [KIND[item["kind"]] for item in wanted]
        if order != sorted(order) or order.count(2) != 1 or order.count(4) > 1:
            raise Failed("contributions out of order")
        if (chain is not None) != (4 in order):
            raise Failed("a chain without a beacon, or the reverse")
        seen = set()
        for item in wanted:
            if item["kind"] == "beacon":
                time = drand.round_time(chain, item["round"])
                if drand.chain_hash(chain).hex() != item["chain"] or not value["time"] < time <= value["deadline"]:
                    raise Failed("another chain, or a round outside of its time")
                continue
            key = book.find(item["key"])
            if key is None or key.use != USE[item["kind"]] or not book.may_be_named(key, entry.index) or item["key"] in seen:
                raise Failed(f"a {item['kind']}'s key that may not be named")
            seen.add(item["key"])
            if item["kind"] == "witness" and book.find(key.witness).retired_below(entry.index):
                raise Failed("a witness whose key is retired")
            if item["kind"] == "nonce" and (item["key"], item["commitment"]) not in self.need("nonces"):
                raise Failed("a nonce that nobody committed to below it")

    # Contributions (draw-v3 §§2–4).

    def contributions(self) -> str:
        committed, drawn = self.need("commitment"), self.of_kind("draw.drawn")
        given: dict[int, tuple[int, bytes]] = {}
        last = 0
        for entry in self.shares():
            place = self._place(entry)
            item = committed.value["contributions"][place]
            if place in given or entry.index <= committed.index or entry.value["time"] > committed.value["deadline"]:
                raise Failed(f"entry {entry.index}: twice, below the commitment, or late")
            if KIND[item["kind"]] < last:
                raise Failed(f"entry {entry.index}: out of order")
            last = KIND[item["kind"]]
            kinds = enumerate(one["kind"] for one in committed.value["contributions"])
            if item["kind"] != "nonce" and any(kind == "nonce" and at not in given for at, kind in kinds):
                raise Failed(f"entry {entry.index}: while a nonce is not revealed")
            given[place] = (entry.index, self._value(entry, item, given))
        self._signed_nonces()
        self._declared(given)
        places = range(len(committed.value["contributions"]))
        in_time = {place for place in given if self._in_time(given[place][0])}
        missing = [place for place in places if place not in (given if drawn else in_time)]
        if drawn and (missing or len(in_time) != len(places)):
            raise Failed("a result, although a contribution is missing or lies in no head dated in time")
        self.known["given"], self.known["missing"] = given, missing
        self.known["contributions"] = (
            [given[place][0] for place in places if place in given],
            [(KIND[committed.value["contributions"][place]["kind"]], given[place][1]) for place in places if place in given],
        )
        return f"{len(given)} of {len(places)}"

    def _place(self, entry: Entry) -> int:
        said = entry.value
        for place, item in enumerate(self.need("commitment").value["contributions"]):
            names = ("chain", "round") if item["kind"] == "beacon" else ("key",)
            if item["kind"] == said["kind"] and all(item[name] == said[name] for name in names):
                return place
        raise Failed(f"entry {entry.index}: nobody of the commitment")

    def _in_time(self, index: int) -> bool:
        deadline = self.need("commitment").value["deadline"]
        return self.policy.quorum == "none" or any(index < size and date <= deadline for size, date in self.need("dated"))

    def _value(self, entry: Entry, item: dict, given: dict) -> bytes:
        said, committed, alpha = entry.value, self.need("commitment"), self.need("alpha")
        origin = self.need("checkpoint").origin
        if item["kind"] == "beacon":
            previous = bytes.fromhex(said["previous"]) if "previous" in said else None
            try:
                return drand.verify_round(self.need("file")["chain"], said["round"], bytes.fromhex(said["signature"]), previous)
            except drand.BadRound as error:
                raise Failed(f"entry {entry.index}: {error}") from error
        key = self.need("key_book").find(item["key"])
        if not key.may_contribute(entry.index):
            raise Failed(f"entry {entry.index}: a key that was found out")
        if item["kind"] == "operator":
            return vrf.verify(key.key, alpha, bytes.fromhex(said["proof"]))
        if item["kind"] == "nonce":
            nonce = bytes.fromhex(said["nonce"])
            tag, attempt = bytes.fromhex(committed.value["package_tag"]), committed.value["attempt"]
            opened = hashes.labelled("nonce", bytes.fromhex(item["key"]), tag, hashes.u32(attempt), nonce)
            text = ["expert-draw/reveal-v1", origin, alpha.hex(), said["nonce"]]
            if opened.hex() != item["commitment"] or not signed(key, text, said["signature"]):
                raise Failed(f"entry {entry.index}: another nonce, or not signed")
            return nonce
        signer = self.need("key_book").find(key.witness)
        text = ["expert-draw/answer-v1", origin, committed.index, alpha.hex(), said["key"], said["proof"], said["size"],
                said["root"], said["answered"]]
        if not signer.may_contribute(entry.index) or not signed(signer, text, said["signature"]):
            raise Failed(f"entry {entry.index}: not signed by the witness")
        kinds = [i["kind"] for i in committed.value["contributions"]]
        before = [index for place, (index, _) in given.items() if KIND[kinds[place]] <= 2]
        if kinds.index("operator") not in given or any(index >= said["size"] for index in before) or said["size"] > entry.index:
            raise Failed(f"entry {entry.index}: its head does not cover what was before")
        if said["answered"] > committed.value["deadline"]:
            raise Failed(f"entry {entry.index}: answered late")
        return vrf.verify(key.key, alpha, bytes.fromhex(said["proof"]))

    def _signed_nonces(self) -> None:
        for entry in self.need("nonces").values():
            said = entry.value
            text = ["expert-draw/nonce-v1", self.need("checkpoint").origin, said["package_tag"], said["attempt"], said["commitment"]]
            if not signed(self.need("key_book").find(said["key"]), text, said["signature"]):
                raise Failed(f"entry {entry.index}: not signed by the supervisor")

    def _declared(self, given: dict) -> None:
        committed, book = self.need("commitment"), self.need("key_book")
        released = {}
        for entry in self.of_kind("draw.not_released"):
            said = entry.value
            places = [place for place, item in enumerate(committed.value["contributions"])
                      if item["kind"] in ("nonce", "witness") and item["key"] == said["key"]]
            if not places or entry.index <= committed.index or said["key"] in released or places[0] in given:
                raise Failed(f"entry {entry.index}: nobody, twice, or withheld and given")
            key = book.find(said["key"])
            signer = key if key.witness is None else book.find(key.witness)
            text = ["expert-draw/not-released-v1", self.need("checkpoint").origin, self.need("alpha").hex(), said["key"], said["stated"]]
            if not key.may_contribute(entry.index) or not signer.may_contribute(entry.index) or not signed(signer, text, said["signature"]):
                raise Failed(f"entry {entry.index}: not signed by its party")
            released[said["key"]] = entry.index
        self.known["released"] = released

    # The ending, seed and panel.

    def ending(self) -> str:
        start = self.need("commitment").index
        own = [entry for entry in self.need("entries") if entry.kind in self.life]
        drawn = self.of_kind("draw.drawn")
        ends = [entry for entry in own if entry.kind in ("draw.unsealed", "draw.stopped", "draw.voided")]
        if any(entry.index <= start for entry in own) or len(drawn) > 1 or len(ends) > 1:
            raise Failed(f"below the commitment, or {len(drawn)} results, {len(ends)} endings")
        result = drawn[0].index if drawn else None
        for entry in own:
            if drawn and entry.kind in ("draw.contributed", "draw.not_released") and entry.index > result:
                raise Failed(f"{entry.kind} above draw.drawn")
            late = entry.kind in shapes.CALL_TYPES or entry.kind in ("draw.unsealed", "draw.stopped")
            if late and (result is None or entry.index < result):
                raise Failed(f"{entry.kind} without a result below it")
            if ends and entry.index > ends[0].index:
                raise Failed(f"{entry.kind} above {ends[0].kind}")
        for void in self.of_kind("draw.voided"):
            if drawn and result > void.index:
                raise Failed("a result above a void")
            self.valid_void(void)
            self._void_holds(void, bool(drawn))
        self.known["ending"] = True
        return " and ".join(entry.kind.removeprefix("draw.") for entry in (*drawn, *ends)) or "open"

    def _void_holds(self, void: Entry, drawn: bool) -> None:
        """draw-v3 §§5.1, 5.2."""
        if "given" not in self.known:
            return
        value, given = self.need("commitment").value, self.need("given")
        kinds = [item["kind"] for item in value["contributions"]]
        below = {place for place, (index, _) in given.items() if index < void.index}
        if void.value["reason"] == "contribution_missing":
            there = all(place in below and self._in_time(given[place][0]) for place in range(len(kinds)))
            if there and self.policy.quorum != "none":
                raise Failed("nothing is missing")
            if void.value["time"] <= value["deadline"]:
                raise Failed("before the deadline")
        reveals = all(place in below for place, kind in enumerate(kinds) if kind == "nonce")
        declared = any(index < void.index for index in self.need("released").values())
        operator = self.need("key_book").find(value["contributions"][kinds.index("operator")]["key"])
        could = operator.may_contribute(void.index)
        if not drawn and reveals and kinds.index("operator") not in below and could and not declared:
            raise Failed("voided although the operator could contribute")

    def seed(self) -> str:
        if not self.of_kind("draw.drawn"):
            self.need("ending")
            self.need("contributions")
            return "no result"
        self.need("ending")
        return super().seed()

    def panel(self) -> str:
        if not self.of_kind("draw.drawn"):
            self.need("ending")
            self.need("contributions")
            self.need("leaves")
            self.known["members"] = []
            return "no result"
        return super().panel()

    @property
    def called(self) -> bool:
        return any(entry.kind in shapes.CALL_TYPES for entry in self.need("entries"))

    def _part(self, name: str) -> str:
        return super()._part(name) if self.called else "no statement of calls"

    def openable(self) -> None:
        self.need("leaves")
        self.need("ending")
        if self.called:
            self.need("book")

    # What is told (evidence-v3 §5, draw-v3 §§5.3, 6).

    def _party(self, item: dict) -> dict | None:
        if self.parties is None or item["kind"] not in ("nonce", "witness"):
            return None
        key = self.need("key_book").find(item["key"])
        if item["kind"] == "nonce":
            return self.parties.supervisor(key.key)
        return self.parties.witness(self.need("key_book").find(key.witness).key, key.key)

    def _beacon_counts(self, place: int, item: dict) -> bool:
        pinned = self.parties and self.parties.beacon
        committed, given = self.need("commitment"), self.need("given")
        if not pinned or item["chain"] != pinned["chain"] or self.need("missing"):
            return False
        time = drand.round_time(self.need("file")["chain"], item["round"])
        newest = max([committed.index, *(index for other, (index, _) in given.items() if other != place)])
        fixed = any(newest < size and date <= time - pinned["margin"] for size, date in self.need("dated"))
        return fixed and time <= committed.value["time"] + pinned["max_ahead"]

    def _blind(self) -> bool:
        voided = self.of_kind("draw.voided")
        if not voided or self.of_kind("draw.drawn"):
            return False
        items = self.need("commitment").value["contributions"]
        independent = [item for item in items if self.parties and self.parties.independent(self._party(item))]
        released = self.need("released")
        if any(released.get(item["key"], voided[0].index) < voided[0].index for item in independent):
            return True
        beacon = next((item for item in items if item["kind"] == "beacon"), None)
        pinned = self.parties and self.parties.beacon
        if independent or not beacon or not pinned or beacon["chain"] != pinned["chain"]:
            return False
        before = drand.round_time(self.need("file")["chain"], beacon["round"]) - pinned["margin"]
        return any(voided[0].index < size and date <= before for size, date in self.need("dated"))

    def standing(self) -> dict:
        """The fields that are there when `contributions` passed."""
        committed, given, missing = self.need("commitment"), self.need("given"), self.need("missing")
        told, best = [], "operator"
        for place, item in enumerate(committed.value["contributions"]):
            party = self._party(item)
            counts = self._beacon_counts(place, item) if item["kind"] == "beacon" else bool(self.parties and self.parties.independent(party))
            there = place not in missing
            told.append(({"name": party["name"]} if party else {}) | {
                "independent": "yes" if counts else "no", "kind": item["kind"], "there": "yes" if there else "no"})
            if counts and there and best != "beacon":
                best = "beacon" if item["kind"] == "beacon" else "witnessed"
        blind = int(self._blind())
        stopped = self.of_kind("draw.stopped")
        seen = len(self.of_kind("draw.voided")) - blind + sum(entry.value["reason"] != "shortfall" for entry in stopped)
        fields = {"level": best, "contributors": told, "missing": len(missing), "blind_voids": blind, "seen_voids": seen,
                  "doubtful": self._doubtful()}
        covers = {"committed_by": committed.index}
        if not missing:
            covers["decided_by"] = max(index for index, _ in given.values())
        for name, index in covers.items():
            date = next((date for size, date in self.need("dated") if index < size), None)
            if date is not None:
                fields[name] = date
        return fields

    def _doubtful(self) -> list[int]:
        book, found = self.need("key_book"), []
        for entry in self.need("entries"):
            keys = [book.in_force("statements", entry.index)]
            if entry.kind in ("draw.contributed", "nonce.committed", "draw.not_released") and "key" in entry.value:
                made = book.find(entry.value["key"])
                keys += [made] + ([book.find(made.witness)] if made and made.witness else [])
            if any(key and key.doubtful(entry.index) for key in keys):
                found.append(entry.index)
        return found

    def report(self) -> dict:
        report = super().report()
        if "contributions" not in self.known or "ending" not in self.known:
            return report
        report |= self.standing()
        drawn, voided = bool(self.of_kind("draw.drawn")), bool(self.of_kind("draw.voided"))
        if not self.called:
            report["ending"] = ("voided_after_drawn" if drawn else "voided") if voided else "drawn" if drawn else "open"
            report["seats"] = [{"group": g, "position": p} for p, g in self.known.get("drawn", [])]
        return report

    def verdict(self) -> str:
        fields = self.standing()
        return (
            f"verified: the result follows from its commitment, as of tree size {self.need('checkpoint').size}; "
            f"level {fields['level']}; contributors {len(fields['contributors'])}; attempt {self.need('commitment').value['attempt']}; "
            f"seen voids {fields['seen_voids']}; blind voids {fields['blind_voids']}; forced seats {len(self.need('forced'))}"
        )


def read(data: bytes, policy: log.Policy, expect: str | None = None, trusted: parties.Parties | None = None) -> Evidence:
    """The verifier for the format that a file names, whatever else is wrong with it."""
    try:
        value = canonical.loose(data)
    except canonical.NotCanonical:
        value = None
    if type(value) is dict and value.get("format") == FORMAT:
        return SharedEvidence(data, policy, expect, trusted)
    return evidence2.read(data, policy, expect)
