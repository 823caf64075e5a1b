"""The file of a draw of sites (sites-v1, sites-v2): its statements, the choice of sites and all named checks."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

from . import canonical, draw, hashes, keybook, shapes, vrf
from .canonical import encode
from .evidence import Entry, Evidence, Failed
from .evidence3 import SharedEvidence

FORMAT, FORMAT2 = "expert-draw/sites-v1", "expert-draw/sites-v2"
LEAF, MAX_LEAVES, MAX_FILE = 50, 4096, 16 << 20
ENDED = ("site_failure", "plan_changed", "cancelled")
OPENINGS = ("request", "sites_key", "plan_proof", "package_proof", "venues")


# The choice (§2, §5).

def city_tag(salt: bytes, city: str) -> bytes:
    return hashes.labelled("city", salt, hashes.var(city.encode()))[:16]


def venue_commitment(salt: bytes, record: bytes, index: int) -> bytes:
    return hashes.labelled("site", salt, record, hashes.u64(index))


def least_limits(cities: Counter, picks: int) -> tuple[int, int] | None:
    """`max_per_city` and `min_cities` of §5.5 over the able leaves by city."""
    if sum(cities.values()) < picks:
        return None
    most = next(k for k in range(1, picks + 1) if sum(min(n, k) for n in cities.values()) >= picks)
    return most, min(picks, len(cities))


def completable(missing: int, picked: Counter, later: Counter, most: int, least: int) -> bool:
    """Whether a choice with `picked` can be filled from `later` (§5.4)."""
    if any(count > most for count in picked.values()):
        return False
    room = sum(min(count, most - picked[city]) for city, count in later.items())
    fresh = sum(1 for city, count in later.items() if count and not picked[city])
    return room >= missing and len(+picked) + min(missing, fresh) >= least


def choose(leaves: list[tuple], order: list[int], picks: int, workstations: int, most: int, least: int) -> list[int] | None:
    """The picked positions in drawn order, leaves as (city, workstations); None when there is no full choice."""
    able = [position for position in order if leaves[position][1] >= workstations]
    later, picked = Counter(leaves[position][0] for position in able), Counter()
    chosen: list[int] = []
    if not completable(picks, picked, later, most, least):
        return None
    for position in able:
        if len(chosen) == picks:
            break
        city = leaves[position][0]
        later[city] -= 1
        if completable(picks - len(chosen) - 1, picked + Counter([city]), later, most, least):
            picked[city] += 1
            chosen.append(position)
    return chosen


def choose_by_trial(leaves: list[tuple], order: list[int], picks: int, workstations: int, most: int, least: int) -> list[int] | None:
    """The definition of §5.4, read word for word: the first full choice in drawn order, among all."""
    able = [position for position in order if leaves[position][1] >= workstations]
    for chosen in combinations(able, picks):
        cities = Counter(leaves[position][0] for position in chosen)
        if max(cities.values()) <= most and len(cities) >= least:
            return list(chosen)
    return None


# Shapes (§3, §4, §7.1).

def _limits(value) -> None:
    shapes.fields(value, ("max_per_city", "min_cities", "picks", "workstations"))
    picks = shapes.integer(value["picks"], 1, 31)
    shapes.integer(value["workstations"], 1, 65535)
    shapes.integer(value["min_cities"], 0, picks)
    shapes.integer(value["max_per_city"], 1, 31)


def _committed(value) -> None:
    if shapes.integer(value["attempt"], 1, 1_000_000) > 1:
        shapes.hexes(value.get("predecessor"))
    elif "predecessor" in value:
        raise shapes.BadShape("predecessor of a first attempt")
    for name, length in (("package_tag", 64), ("plan_tag", 64), ("tag_key", 32), ("request", 32)):
        shapes.hexes(value[name], length)
    shapes.fields(value["leaves"], ("root", "size"))
    shapes.hexes(value["leaves"]["root"])
    shapes.integer(value["leaves"]["size"], 0, MAX_LEAVES)
    _limits(value["limits"])
    (item,) = shapes.listing(value["contributions"], 1, 1)
    shapes.fields(item, ("key", "kind"))
    shapes.word(item["kind"], ("operator",))
    shapes.hexes(item["key"])
    shapes.integer(value["deadline"])


def _drawn(value) -> None:
    shapes.hexes(value["alpha"])
    shapes.hexes(value["seed"])
    shapes.integer(shapes.listing(value["contributions"], 1, 1)[0])
    for item in shapes.listing(value["sites"], 1, 31):
        shapes.fields(item, ("position", "site"))
        shapes.integer(item["position"], 0, MAX_LEAVES - 1)
        shapes.integer(item["site"], 2, 32)


def _ended(value) -> None:
    shapes.hexes(value["alpha"])
    shapes.word(value["reason"], ENDED)
    shapes.account(value["actor"])
    shapes.account(value["approver"])
    if value["actor"] == value["approver"]:
        raise shapes.BadShape("ended by one account")


def request(value) -> dict:
    shapes.fields(value, ("v", "plan", "package", "review_start", "review_end", "within", "limits"), ("host",))
    shapes.integer(value["v"], 1, 1)
    shapes.matching(shapes.NUMBER, value["plan"])
    shapes.matching(shapes.NUMBER, value["package"])
    if shapes.integer(value["review_end"]) <= shapes.integer(value["review_start"]):
        raise shapes.BadShape("the review ends before it starts")
    shapes.ascending([shapes.matching(shapes.REGION, code) for code in shapes.listing(value["within"], 1, 64)])
    shapes.matching(shapes.REGION, value.get("host", "000000"))
    _limits(value["limits"])
    return value


def _openings(value) -> None:
    shapes.fields(value, OPENINGS)
    request(value["request"])
    shapes.hexes(value["sites_key"])
    shapes.hexes(value["plan_proof"], 80)
    shapes.hexes(value["package_proof"], 80)
    for item in shapes.listing(value["venues"], 0, MAX_LEAVES):
        shapes.fields(item, ("city", "index", "record", "venue"))
        shapes.text(item["city"], 400)
        shapes.integer(item["index"])
        shapes.hexes(item["record"])
        shapes.text(item["venue"], 400)


SITE_TYPES = {
    "sites.committed": (
        ("attempt", "package_tag", "plan_tag", "tag_key", "request", "leaves", "limits", "contributions", "deadline"),
        ("predecessor",),
        _committed,
    ),
    "sites.drawn": (("alpha", "contributions", "seed", "sites"), (), _drawn),
    "sites.ended": (("alpha", "reason", "actor", "approver"), (), _ended),
}
KEPT = ("log.opened", "draw.contributed")
RECORD = {"registry.record": (("image",), (), lambda value: shapes.hexes(value["image"]))}
LIFE = ("draw.contributed", "sites.drawn", "sites.ended")


# The checks (§8).

class Sites(Evidence):
    """One file of sites-v1 under one policy."""

    version, format = 1, FORMAT
    types = {kind: shapes.TYPES[kind] for kind in KEPT} | RECORD | SITE_TYPES
    names = ("file", "checkpoint", "entries", "keys", "signatures", "commitment", "leaves", "limits",
             "contributions", "ending", "seed", "picks")
    opened = ("package", "request", "venues")
    fields, optional = ("v", "format", "audience", "checkpoint", "entries", "alpha", "life", "leaves", "digest"), ("openings",)

    def run(self) -> list[dict]:
        for name in self.names:
            self.check(name, getattr(self, name))
        if "openings" in self.known.get("file", {}) and not self.broken:
            for name in self.opened:
                self.check("openings." + name, getattr(self, "open_" + name))
        return self.results

    def report(self) -> dict:
        report = super().report()
        if "commitment" in self.known:
            value = self.known["commitment"].value
            report |= {"attempt": value["attempt"], "package_tag": value["package_tag"]}
            report |= {"ended": entry.value["reason"] for entry in self.of_kind("sites.ended")}
        return report

    def verdict(self) -> str:
        report = self.report()
        ended = f"; ended: {report['ended']}" if "ended" in report else ""
        return f"verified: the sites follow from their commitment; level {report['level']}; attempt {report['attempt']}{ended}"

    def file(self) -> str:
        if len(self.data) > MAX_FILE:
            raise Failed("more than 16 MiB")
        value = canonical.parse(self.data)
        shapes.fields(value, self.fields, self.optional)
        shapes.integer(value["v"], self.version, self.version)
        shapes.word(value["format"], (self.format,))
        if ("openings" in value) != (shapes.word(value["audience"], ("public", "auditor")) == "auditor"):
            raise Failed("openings stand exactly in an auditor's file")
        shapes.entries(value["entries"])
        if type(value["checkpoint"]) is not str:
            raise Failed("checkpoint is no text")
        shapes.hexes(value["alpha"])
        for index in [*shapes.listing(value["life"]), *shapes.listing(value.get("keys", []))]:
            shapes.integer(index)
        for leaf in shapes.listing(value["leaves"]):
            shapes.hexes(leaf, None)
        if "openings" in value:
            _openings(value["openings"])
        body = {name: item for name, item in value.items() if name != "digest"}
        if shapes.hexes(value["digest"]) != hashes.sha256(encode(body)):
            raise Failed("digest differs")
        if self.expect not in (None, value["audience"]):
            raise Failed(f"the file is for audience {value['audience']}")
        self.known["file"] = value
        return f"audience {value['audience']}"

    def _exactly(self, file: dict, entries: list[Entry]) -> None:
        committed = [entry for entry in entries if entry.kind == "sites.committed"]
        if len(committed) != 1:
            raise Failed("not exactly one sites.committed")
        alpha = draw.alpha_of(committed[0].index, committed[0].leaf_hash).hex()
        if any(entry.kind in LIFE and entry.value["alpha"] != alpha for entry in entries):
            raise Failed("an entry of another draw")
        own = [entry.index for entry in entries if entry.kind in LIFE or entry is committed[0]]
        if own != file["life"] or own[0] != committed[0].index or alpha != file["alpha"]:
            raise Failed("life does not list the draw's own entries")
        records = [entry.index for entry in entries if entry.kind == "registry.record"]
        if not set(records) <= {venue["index"] for venue in file.get("openings", {}).get("venues", [])}:
            raise Failed("a registry.record of no venue")

    def commitment(self) -> str:
        (entry,) = self.of_kind("sites.committed")
        alpha = draw.alpha_of(entry.index, entry.leaf_hash)
        if alpha.hex() != self.need("file")["alpha"]:
            raise Failed("alpha differs")
        self._named(entry)
        if entry.value["deadline"] < entry.value["time"]:
            raise Failed("deadline before the commitment")
        self.known |= {"commitment": entry, "alpha": alpha}
        return f"attempt {entry.value['attempt']}"

    def _named(self, entry: Entry) -> None:
        keys = self.need("keys")
        if entry.value["tag_key"] != hashes.sha256(keys["tag_vrf"]).hex():
            raise Failed("tag_key is not the key in force")
        if entry.value["contributions"][0]["key"] != hashes.sha256(keys["draw_vrf"]).hex():
            raise Failed("the contributor is not the key in force")

    def leaves(self) -> str:
        value = self.need("commitment").value
        leaves = [bytes.fromhex(leaf) for leaf in self.need("file")["leaves"]]
        if len(leaves) > MAX_LEAVES or any(len(leaf) != LEAF for leaf in leaves):
            raise Failed("too many leaves, or one of another length")
        shapes.ascending([leaf[:32] for leaf in leaves])
        if value["leaves"] != {"root": hashes.tree_root(leaves).hex(), "size": len(leaves)}:
            raise Failed("size or root differs")
        self.known["leaves"] = [(leaf[:32], leaf[32:48], int.from_bytes(leaf[48:], "big")) for leaf in leaves]
        return f"{len(leaves)} venues"

    def limits(self) -> str:
        limits = self.need("commitment").value["limits"]
        cities = Counter(city for _, city, free in self.need("leaves") if free >= limits["workstations"])
        if least_limits(cities, limits["picks"]) != (limits["max_per_city"], limits["min_cities"]):
            raise Failed("not the limits that follow from the leaves")
        self.known["limits"] = limits
        return ""

    def contributions(self) -> str:
        committed, found = self.need("commitment"), self.of_kind("draw.contributed")
        if len(found) != 1:
            raise Failed(f"{len(found)} contributions")
        value = found[0].value
        if found[0].index <= committed.index or value["time"] > committed.value["deadline"]:
            raise Failed("below the commitment, or late")
        if value["key"] != committed.value["contributions"][0]["key"]:
            raise Failed("under another key")
        beta = vrf.verify(self._contributor(found[0]), self.need("alpha"), bytes.fromhex(value["proof"]))
        self.known["beta"] = (found[0].index, beta)
        return ""

    def _contributor(self, _entry: Entry) -> bytes:
        return self.need("keys")["draw_vrf"]

    def ending(self) -> str:
        self.need("commitment")
        drawn, ended = self.of_kind("sites.drawn"), self.of_kind("sites.ended")
        if len(drawn) != 1 or len(ended) > 1:
            raise Failed(f"{len(drawn)} drawn, {len(ended)} ended")
        for entry in ended:
            if entry.index < drawn[0].index:
                raise Failed("ended before it was drawn")
        if any(entry.index > drawn[0].index for entry in self.of_kind("draw.contributed")):
            raise Failed("a contribution after the result")
        self.known["ending"] = drawn[0]
        return "ended" if ended else "drawn"

    def seed(self) -> str:
        (index, beta), drawn = self.need("beta"), self.need("ending")
        if drawn.value["contributions"] != [index]:
            raise Failed("sites.drawn does not list the contribution")
        seed = draw.seed_of(self.need("alpha"), [(2, beta)])
        if seed.hex() != drawn.value["seed"]:
            raise Failed("seed differs")
        self.known["seed"] = seed
        return ""

    def picks(self) -> str:
        limits, leaves = self.need("limits"), [leaf[1:] for leaf in self.need("leaves")]
        order = draw.drawn_order(draw.tickets(self.need("seed"), [1] * len(leaves), 1))
        chosen = choose(leaves, order, *(limits[name] for name in ("picks", "workstations", "max_per_city", "min_cities")))
        if chosen is None or self.need("ending").value["sites"] != picked_sites(chosen):
            raise Failed("sites differ")
        return f"{len(chosen)} sites"

    # Openings (§7.1).

    def open_package(self) -> str:
        opened, value, key = self.need("file")["openings"], self.need("commitment").value, self.need("keys")["tag_vrf"]
        plan, package = opened["request"]["plan"], opened["request"]["package"]
        for name, about in (("plan", {"plan": plan}), ("package", {"package": package, "plan": plan})):
            if vrf.verify(key, encode(about), bytes.fromhex(opened[name + "_proof"])).hex() != value[name + "_tag"]:
                raise Failed(f"{name}_tag differs")
        return f"plan {plan}, package {package}"

    def open_request(self) -> str:
        opened, value = self.need("file")["openings"], self.need("commitment").value
        salt = hashes.salt(bytes.fromhex(opened["sites_key"]), "sites-request")
        if request_digest(salt, opened["request"]).hex() != value["request"]:
            raise Failed("digest differs")
        if opened["request"]["limits"] != value["limits"]:
            raise Failed("limits differ from the committed ones")
        return ""

    def open_venues(self) -> str:
        opened, leaves, by_index = self.need("file")["openings"], self.need("leaves"), self.need("by_index")
        key, committed = bytes.fromhex(opened["sites_key"]), self.need("commitment")
        if len(opened["venues"]) != len(leaves):
            raise Failed("not one opening for each leaf")
        for venue, (commitment, tag, _) in zip(opened["venues"], leaves):
            name, entry = venue["venue"], by_index.get(venue["index"])
            if entry is None or entry.index >= committed.index or entry.kind != "registry.record" or entry.value["image"] != venue["record"]:
                raise Failed(f"{name}: not that record below the commitment")
            salt = hashes.salt(key, "site", name.encode())
            if venue_commitment(salt, bytes.fromhex(venue["record"]), entry.index) != commitment:
                raise Failed(f"{name}: commitment differs")
            if city_tag(hashes.salt(key, "city", venue["city"].encode()), venue["city"]) != tag:
                raise Failed(f"{name}: city tag differs")
            shapes.matching(shapes.REGION, venue["city"])
            host = opened["request"].get("host")
            if host and _digits(venue["city"]).startswith(_digits(host)):
                raise Failed(f"{name}: in the host's city")
            if not any(one_in_the_other(region, venue["city"]) for region in opened["request"]["within"]):
                raise Failed(f"{name}: in no region of the request")
        for one in ("venue", "index"):
            if len({venue[one] for venue in opened["venues"]}) != len(leaves):
                raise Failed(f"a {one} twice")
        return f"{len(leaves)} venues"


def one_in_the_other(one: str, other: str) -> bool:
    """Whether of two regions one lies in the other, by their codes (§2.6)."""
    one, other = _digits(one), _digits(other)
    return one.startswith(other) or other.startswith(one)


def _digits(code: str) -> str:
    return code.removesuffix("00").removesuffix("00")


def request_digest(salt: bytes, value: dict) -> bytes:
    return hashes.labelled("sites-request", salt, hashes.var(encode(value)))


def picked_sites(chosen: list[int]) -> list[dict]:
    return [{"position": position, "site": site} for site, position in enumerate(chosen, 2)]


class Sites2(Sites):
    """One file of sites-v2: the same, with keys by index."""

    version, format = 2, FORMAT2
    types = Sites.types | {kind: shapes.SHARED_TYPES[kind] for kind in ("key.registered", "key.retired")}
    fields = (*Sites.fields, "keys")
    keys, signatures, _live = SharedEvidence.keys, SharedEvidence.signatures, staticmethod(SharedEvidence._live)

    def _exactly(self, file: dict, entries: list[Entry]) -> None:
        if [entry.index for entry in entries if entry.kind in ("key.registered", "key.retired")] != file["keys"]:
            raise Failed("keys does not list the entries about keys")
        super()._exactly(file, entries)

    def _named(self, entry: Entry) -> None:
        book: keybook.KeyBook = self.need("key_book")
        self.known["keys"] = {use: book.in_force(use, entry.index).key for use in ("draw_vrf", "tag_vrf")}
        super()._named(entry)

    def _contributor(self, entry: Entry) -> bytes:
        key = self.need("key_book").find(entry.value["key"])
        if not key.may_contribute(entry.index):
            raise Failed("a key that was found out")
        return key.key
