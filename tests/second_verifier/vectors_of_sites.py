"""Vectors of the draw of sites and of workstations by lot, stage by stage (sites-v1, day-v1 §3)."""

from __future__ import annotations

from . import canonical, draw, hashes, sites, vrf, workstations
from .runner import Runner


def site_stages(run: Runner) -> None:
    """The stages of sites.json against the auditor's file that they belong to (sites-v1 §10)."""
    stage = run.json("sites.json")["stages"]
    file = run.json("sites/auditor.json")
    opened, key = file["openings"], bytes.fromhex(stage["sites_key"])
    run.same("sites_key", opened["sites_key"], stage["sites_key"])
    run.same("alpha", file["alpha"], stage["alpha"])
    site_salt = hashes.salt(key, "site", stage["venue"].encode())
    run.same("site_salt", site_salt.hex(), stage["site_salt"])
    tag = sites.city_tag(hashes.salt(key, "city", b"430100"), "430100")
    run.same("city_tag_430100", tag.hex(), stage["city_tag_430100"])
    leaves = []
    for venue, leaf in zip(opened["venues"], stage["leaves"], strict=True):
        salt, city_salt = (hashes.salt(key, name, about.encode()) for name, about in (("site", venue["venue"]), ("city", venue["city"])))
        ours = sites.venue_commitment(salt, bytes.fromhex(venue["record"]), venue["index"])
        leaves.append(ours + sites.city_tag(city_salt, venue["city"]) + bytes.fromhex(leaf)[48:])
    run.same("leaves", [leaf.hex() for leaf in leaves], stage["leaves"])
    run.same("root", hashes.tree_root(leaves).hex(), stage["root"])
    run.same("request_canonical", canonical.encode(opened["request"]).decode(), stage["request_canonical"])
    run.same("request_digest", sites.request_digest(hashes.salt(key, "sites-request"), opened["request"]).hex(), stage["request_digest"])
    shares = [canonical.parse(entry["note"].split("\n", 1)[0].encode()) for entry in file["entries"]]
    keys = {item["use"]: bytes.fromhex(item["key"]) for item in shares[0]["keys"]}
    (share,) = [value for value in shares if value["type"] == "draw.contributed"]
    alpha = bytes.fromhex(stage["alpha"])
    seed = draw.seed_of(alpha, [(2, vrf.verify(keys["draw_vrf"], alpha, bytes.fromhex(share["proof"])))])
    run.same("seed", seed.hex(), stage["seed"])
    order = draw.drawn_order(draw.tickets(seed, [1] * len(leaves), 1))
    run.same("order", order, stage["order"])
    limits = opened["request"]["limits"]
    pairs = [(leaf[32:48], int.from_bytes(leaf[48:], "big")) for leaf in leaves]
    chosen = sites.choose(pairs, order, *(limits[name] for name in ("picks", "workstations", "max_per_city", "min_cities")))
    run.same("picks", sites.picked_sites(chosen), stage["picks"])


def site_choices(run: Runner) -> None:
    for number, case in enumerate(run.json("sites.json")["choices"]):
        limits = [case[name] for name in ("picks", "workstations", "max_per_city", "min_cities")]
        leaves = [tuple(leaf) for leaf in case["leaves"]]
        chosen = sites.choose(leaves, case["order"], *limits)
        run.same(f"choice {number}", chosen and sites.picked_sites(chosen), case.get("chosen"))
        every = sites.choose_by_trial(leaves, case["order"], *limits)
        run.same(f"choice {number} by trial", every and sites.picked_sites(every), case.get("chosen"))


def workstation_cases(run: Runner) -> None:
    for number, case in enumerate(run.json("workstations.json")["cases"]):
        got = workstations.given(bytes.fromhex(case["seed"]), *(case[name] for name in ("site", "count", "position", "taken")))
        run.same(f"case {number}", got, case.get("workstation"))
