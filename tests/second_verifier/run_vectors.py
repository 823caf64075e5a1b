"""Runs all published vectors: `python -m second_verifier.run_vectors tests/vectors`.

One line for each group with its counts. Exit 0 only if every vector agrees and no group is empty.
"""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    import importlib

    here = Path(__file__).resolve().parent
    sys.path[0] = str(here.parent)
    __package__ = here.name
    importlib.import_module(__package__)

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import calls, canonical, draw, edwards, files, hashes, log, parties, predecessor, seats, vrf
from .evidence import Evidence
from .runner import Runner
from .vectors_of_others import contribution_texts, key_books, rounds
from .vectors_of_sites import site_choices, site_stages, workstation_cases


# The VRF.

def rfc9381(run: Runner) -> None:
    for item in run.json("rfc9381_edwards25519_tai.json")["vectors"]:
        key, alpha, proof = (bytes.fromhex(item[name]) for name in ("pk", "alpha", "pi"))
        point, counter = vrf.hash_to_curve(key, alpha)
        got = {name: data.hex() for name, data in vrf.stages(key, alpha, proof).items()} | {"counter": counter}
        x = int.from_bytes(bytes.fromhex(item["x"]), "little")
        k = int.from_bytes(bytes.fromhex(item["k"]), "little")
        got["pk"] = edwards.encode(edwards.multiply(x, edwards.BASE)).hex()
        c = int.from_bytes(proof[32:48], "little")
        got["pi"] = (edwards.encode(edwards.multiply(x, point)) + proof[32:48]
                     + ((k + c * x) % edwards.Q).to_bytes(32, "little")).hex()
        for name, value in got.items():
            run.same(f"example {item['example']} {name}", value, item[name])


def vrf_refusals(run: Runner) -> None:
    for item in run.json("draw.json")["vrf_refusals"]:
        try:
            vrf.verify(*(bytes.fromhex(item[name]) for name in ("key", "alpha", "proof")))
            run.same(item["name"], "accepted", "refused")
        except vrf.BadProof:
            run.same(item["name"], "refused", "refused")


# The draw.

def stages(run: Runner) -> None:
    """The stages of draw.json against the evidence file that they belong to (draw-v1 §11)."""
    stage = run.json("draw.json")["stages"]
    raw = (run.root / "evidence/unsealed_auditor.json").read_bytes()
    file = canonical.parse(raw)
    key, number = bytes.fromhex(stage["draw_key"]), stage["number"]
    opened = file["openings"]
    person = next(person for person in opened["candidates"] if person["number"] == number)
    run.same("draw_key", opened["draw_key"], stage["draw_key"])
    run.same("image", person["image"], stage["image"])
    run.same("registry", person["registry"], stage["registry"])
    draw_salt = hashes.salt(key, "candidate", number.encode())
    run.same("draw_salt", draw_salt.hex(), stage["draw_salt"])
    identity = hashes.identity(draw_salt, bytes.fromhex(stage["image"]), stage["registry"])
    run.same("identity", identity.hex(), stage["identity"])
    run.same("identity in the pool", any(leaf.startswith(identity.hex()) for leaf in stage["pool"]), True)
    # draw.json does not name the ids of the next three: found by trial among the ids of the file and
    # short ones. "E2" and "E11" show that the smaller number is the smaller by bytes, "E11".
    run.same("unit_tag", hashes.unit_tag(key, "910000000000000001").hex(), stage["unit_tag"])
    run.same("unit_tag_own", hashes.unit_tag(key, "expert:" + number).hex(), stage["unit_tag_own"])
    run.same("relation_tag", hashes.relation_tag(key, "E2", "E11").hex(), stage["relation_tag"])
    request = canonical.encode(opened["request"])
    run.same("request_canonical", request.decode(), stage["request_canonical"])
    run.same("request_canonical by rfc8785", rfc8785.dumps(opened["request"]), request)
    run.same("request_digest", hashes.labelled("request", hashes.salt(key, "request"), hashes.var(request)).hex(), stage["request_digest"])
    names = canonical.encode(opened["request"]["groups"])
    run.same("names_digest", hashes.labelled("names", hashes.salt(key, "names"), hashes.var(names)).hex(), stage["names_digest"])
    leaves = []
    for item in opened["excluded"]:
        about = item["number"].encode()
        leaves.append(
            hashes.identity(hashes.salt(key, "candidate", about), bytes.fromhex(item["image"]), item["registry"])
            + hashes.reasons(hashes.salt(key, "reasons", about), item["rules"])
        )
    excluded = hashes.labelled(
        "excluded", hashes.salt(key, "excluded"), hashes.u32(len(leaves)), hashes.tree_root(sorted(leaves))
    )
    run.same("excluded_digest", excluded.hex(), stage["excluded_digest"])
    statements = {entry["index"]: entry["note"].split("\n", 1)[0].encode() for entry in file["entries"]}
    keys = {item["use"]: bytes.fromhex(item["key"]) for item in canonical.parse(statements[0])["keys"]}
    plan, package = opened["request"]["plan"], opened["request"]["package"]
    for name, about in (("plan", {"plan": plan}), ("package", {"package": package, "plan": plan})):
        beta = vrf.verify(keys["tag_vrf"], canonical.encode(about), bytes.fromhex(stage[name + "_proof"]))
        run.same(f"{name}_tag", beta.hex(), stage[name + "_tag"])
    pool = [bytes.fromhex(leaf) for leaf in stage["pool"]]
    run.same("pool", file["pool"], stage["pool"])
    run.same("pool_root", hashes.tree_root(pool).hex(), stage["pool_root"])
    first = file["life"][0]
    committed = canonical.parse(statements[first])
    alpha = draw.alpha_of(first, hashes.leaf_hash(statements[first]))
    run.same("alpha", alpha.hex(), stage["alpha"])
    contributed = canonical.parse(statements[file["life"][1]])
    beta = vrf.verify(keys["draw_vrf"], alpha, bytes.fromhex(contributed["proof"]))
    seed = draw.seed_of(alpha, [(2, beta)])
    run.same("seed", seed.hex(), stage["seed"])
    parsed = [draw.Leaf.parse(leaf, len(committed["groups"]), committed["lots"]) for leaf in pool]
    numbers = draw.tickets(seed, [leaf.lots for leaf in parsed], committed["lots"])
    run.same("tickets", [f"{number:032x}" for number in numbers], stage["tickets"])
    order = draw.drawn_order(numbers)
    run.same("order", order, stage["order"])
    people = [seats.Person(leaf.groups, leaf.unit, leaf.relations) for leaf in parsed]
    plan_of_seats = seats.Plan([group["seats"] for group in committed["groups"]], committed["unit_cap"], people)
    panel = seats.walk(plan_of_seats, order, {}, set())
    run.same("panel", [{"group": g, "position": p} for p, g in panel.seats], stage["panel"])
    run.same("branches", panel.branches, stage["branches"])


def weighted_lots(run: Runner) -> None:
    item = run.json("draw.json")["weighted_lots"]
    numbers = draw.tickets(bytes.fromhex(item["seed"]), item["lots"], item["l"])
    run.same("tickets", [f"{number:032x}" for number in numbers], item["tickets"])
    run.same("order", draw.drawn_order(numbers), item["order"])


def seeds(run: Runner) -> None:
    for item in run.json("draw.json")["seeds"]:
        parts = [(part["kind"], bytes.fromhex(part["bytes"])) for part in item["contributions"]]
        seed = draw.seed_of(bytes.fromhex(item["alpha"]), parts)
        run.same("seed", seed.hex(), item["seed"])
        # draw.json does not say which name the sub-seed has; "calls" is taken from the field.
        run.same("sub_calls", draw.sub_seed("calls", seed).hex(), item["sub_calls"])


# The seats.

def people_of(case: dict) -> list[seats.Person]:
    return [
        seats.Person(p["groups"], bytes.fromhex(p["unit"]), tuple(bytes.fromhex(tag) for tag in p["relations"]))
        for p in case["pool"]
    ]


def fixed_of(case: dict) -> dict[int, int]:
    return {member["position"]: member["groups"] for member in case["fixed"]}


def seat_cases(run: Runner) -> None:
    for case in run.json("seats.json")["cases"]:
        try:
            plan = seats.Plan(case["seats"], case["unit_cap"], people_of(case))
            panel = seats.walk(plan, case["order"], fixed_of(case), set(case["out"]), case["limit"])
            got = {"panel": [{"position": p, "group": g} for p, g in panel.seats], "branches": panel.branches}
        except seats.Refused as refusal:
            got = {"refused": refusal.as_json()}
        run.same(case["name"], got, {name: case[name] for name in ("panel", "branches", "refused") if name in case})


def forced_cases(run: Runner) -> None:
    for case in run.json("seats.json")["forced_cases"]:
        try:
            plan = seats.Plan(case["seats"], case["unit_cap"], people_of(case))
            got = {"forced": seats.forced_seats(plan, fixed_of(case), case["limit"])}
        except seats.Refused as refusal:
            got = {"refused": refusal.as_json()}
        run.same(case["name"], got, {name: case[name] for name in ("forced", "refused") if name in case})


def margin_cases(run: Runner) -> None:
    for case in run.json("seats.json")["margin_cases"]:
        panel = [(member["position"], member["group"]) for member in case["panel"]]
        got = seats.invited(people_of(case), case["order"], panel, set(case["accepted"]), set(case["out"]), case["margin"])
        run.same(case["name"], got, case["invited"])


# The log.

def tree(run: Runner) -> None:
    item = run.json("log/rfc6962_tree.json")
    leaves = [bytes.fromhex(leaf) for leaf in item["leaves"]]
    roots = [bytes.fromhex(root) for root in item["roots"]]
    for size, root in enumerate(roots):
        run.same(f"root {size}", hashes.tree_root(leaves[:size]), root)
    for proof in item["inclusion"]:
        path = [bytes.fromhex(step) for step in proof["proof"]]
        hashes.check_inclusion(proof["index"], proof["size"], hashes.leaf_hash(leaves[proof["index"]]), path, roots[proof["size"]])
        run.same("inclusion", True, True)
    for proof in item["consistency"]:
        path = [bytes.fromhex(step) for step in proof["proof"]]
        hashes.check_consistency(proof["old"], proof["new"], roots[proof["old"]], roots[proof["new"]], path)
        run.same("consistency", True, True)


def c2sp_notes(run: Runner) -> None:
    item = run.json("log/c2sp_notes.json")
    for number, example in enumerate(item["notes"]):
        note = log.Note.parse(example["note"])
        if "vkey" in example:
            key = log.Key.parse(example["vkey"])
            name, data = note.lines[0]
            run.same("key", (name, data[:4]), (key.name, key.id))
            run.same("signature", log.signed_by(key, note.text, data[4:]), True)
            run.same("another text", log.signed_by(key, note.text + "x\n", data[4:]), False)
        else:
            run.same(f"note {number}", example["note"].startswith(note.text + "\n\u2014 " + note.lines[0][0]), True)
    checkpoint = log.Note.parse(item["checkpoint"]["note"])
    origin, size, root = log.checkpoint_text(checkpoint.text)
    run.same("checkpoint", (origin, size, len(root)), ("example.com/behind-the-sofa", 20852163, 32))
    cosigned = log.Note.parse(item["cosignature"]["note"])
    (data,) = [data for name, data in cosigned.lines if name == item["cosignature"]["witness"]]
    time = int.from_bytes(data[4:12], "big")
    run.same("cosigned message", log.cosigned(time, cosigned.text).decode(), item["cosignature"]["message"])
    for line in item["witness_lines"]:
        run.same("line", len(log.signature_line(line)[1]) in (68, 76), True)


def offline_proof(run: Runner) -> None:
    item = run.json("log/offline_proof.json")
    for name, pair in item["keys"].items():
        key = log.Key.parse(pair["vkey"])
        public = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(pair["seed"])).public_key().public_bytes_raw()
        run.same(f"key {name}", key.key, public)
    policy = log.Policy.parse(item["policy"].encode())
    leaf = item["statement"].encode()
    index, checkpoint = log.check_offline_proof(item["proof"], leaf, policy)
    run.same("leaf", item["leaves"][index], item["statement"])
    run.same("head", (checkpoint.origin, checkpoint.size, checkpoint.root),
             (item["origin"], len(item["leaves"]), hashes.tree_root([leaf.encode() for leaf in item["leaves"]])))
    note = log.Note.parse(item["statement_note"])
    key = log.Key.parse(item["keys"]["statements"]["vkey"])
    run.same("statement note", (note.text, key.name), (item["statement"] + "\n", item["origin"] + "/statements"))
    run.same("statement line", (note.lines[0][0], note.lines[0][1][:4]), (key.name, key.id))
    run.same("statement signature", log.signed_by(key, note.text, note.lines[0][1][4:]), True)
    for refusal in item["refusals"]:
        texts = {"proof": item["proof"], "policy": item["policy"]}
        run.same("old stands once", texts[refusal["in"]].count(refusal["old"]), 1)
        texts[refusal["in"]] = texts[refusal["in"]].replace(refusal["old"], refusal["new"])
        try:
            log.check_offline_proof(texts["proof"], leaf, log.Policy.parse(texts["policy"].encode()))
            got = "accepted"
        except log.Refused as error:
            got = error.name
        except log.UnusablePolicy as error:
            got = f"unusable policy: {error}"
        run.same(f"{refusal['old'][:30]!r} to {refusal['new'][:30]!r}", got, refusal["refused"])


# Calls.

def state_of(book: calls.Book) -> dict:
    """The state of draw-v2 §8."""
    def yes(value: bool) -> str:
        return "yes" if value else "no"

    state = {
        "panel": [{"group": group, "position": p} for p, group in book.panel],
        "accepted": sorted(book.accepted - set(book.out)),
        "standby": book.standby,
        "out": [{"position": p, "why": book.out[p].why, "word": book.out[p].word} for p in sorted(book.out)],
        "told": [{"position": p, "site": book.told[p]} for p in sorted(book.told)],
        "filled": yes(book.filled),
        "may_be_unsealed": yes(book.may_be_unsealed),
        "next": book.next(),
    }
    if book.open is not None:
        current = book.open
        state["open"] = {"closes": current.closes, "round": current.number, "unanswered": len(current.silent)}
    for name, word in (("shortfall", book.shortfall), ("stopped", book.stopped)):
        if word is not None:
            state[name] = word
    return state


def call_cases(run: Runner) -> None:
    for case in run.json("calls.json")["cases"]:
        pool = people_of(case)
        plan = seats.Plan([group["seats"] for group in case["groups"]], case["unit_cap"], pool)
        panel = [(member["position"], member["group"]) for member in case["panel"]]
        book = calls.Book(case, pool, plan, case["order"], panel)
        for number, step in enumerate(case["steps"], 1):
            before = state_of(book)
            try:
                book.take(step["type"], step["time"], step["fields"])
                got = None
            except calls.Refused as refusal:
                got = refusal.rule
                run.same(f"{case['name']}, step {number}: as before", state_of(book), before)
            run.same(f"{case['name']}, step {number}", got, step.get("refused"))
        state = state_of(book)
        if "remaining" in case["state"]:
            state["remaining"] = [{"position": p} | how for p, how in sorted(book.remaining().items())]
        for name in sorted(state | case["state"]):
            run.same(f"{case['name']}: {name}", state.get(name), case["state"].get(name))


# Evidence files.

def policy_of(run: Runner, path: Path, folder: str) -> log.Policy:
    """The policy that stands beside a file under the beginning of its name; else the folder's."""
    own = [other for other in path.parent.glob("*.policy") if path.name.startswith(other.stem)]
    return log.Policy.parse((own[0] if own else run.root / folder / "trust.policy").read_bytes())


def evidence_of(run: Runner, path: Path, folder: str, trusted: parties.Parties | None = None) -> Evidence:
    evidence = files.read(path.read_bytes(), policy_of(run, path, folder), None, trusted)
    evidence.run()
    return evidence


def verified(run: Runner, folder: str = "evidence", names: str = "*_*.json") -> None:
    for path in sorted((run.root / folder).glob(names)):
        evidence = evidence_of(run, path, folder)
        run.same(path.name, [c for c in evidence.results if c["result"] != "passed"], [])
        data = path.read_bytes()
        run.same(f"{path.name} by rfc8785", rfc8785.dumps(canonical.parse(data)) == data, True)


def refused(run: Runner, folder: str = "evidence") -> None:
    for path in sorted((run.root / folder / "refused").glob("*.json")):
        failed = [check["check"] for check in evidence_of(run, path, folder).results if check["result"] == "failed"]
        run.same(path.name, failed[:1], [path.stem.split("-")[0]])


def verified2(run: Runner) -> None:
    verified(run, "evidence2")


def refused2(run: Runner) -> None:
    refused(run, "evidence2")


def predecessors(run: Runner) -> None:
    """`supplementary_auditor.json` follows `stopped_auditor.json` and no other file."""
    later = run.root / "evidence2/supplementary_auditor.json"
    for path in sorted((run.root / "evidence2").glob("*.json")):
        evidence = evidence_of(run, later, "evidence2")
        predecessor.check(evidence, evidence_of(run, path, "evidence2"))
        result = "passed" if path.name == "stopped_auditor.json" else "failed"
        run.same(path.name, evidence.results[-1]["result"], result)


def verified3(run: Runner) -> None:
    verified(run, "evidence3")


def refused3(run: Runner) -> None:
    refused(run, "evidence3")


def standings(run: Runner) -> None:
    """The machine form of every file, with the auditor's parties and without."""
    trusted = parties.Parties.parse((run.root / "evidence3/trust.parties").read_bytes())
    for name, want in run.json("evidence3/expected.json").items():
        for key, given in (("with_parties", trusted), ("without", None)):
            report = evidence_of(run, run.root / f"evidence3/{name}.json", "evidence3", given).report()
            for field in ("verdict", "level", "contributors", "missing", "blind_voids", "seen_voids", "doubtful", "committed_by",
                          "decided_by", "ending", "seats"):
                run.same(f"{name} {key} {field}", report.get(field), want[key].get(field))


# Sites and places.

def others(folder: str):
    """Two groups of a folder of other files: those that verify, those that are refused."""
    return (
        (f"{folder} verified", lambda run: verified(run, folder, "*.json")),
        (f"{folder} refused", lambda run: refused(run, folder)),
    )


GROUPS = (
    ("RFC 9381 VRF", rfc9381),
    ("draw.json stages", stages),
    ("draw.json weighted lots", weighted_lots),
    ("draw.json seeds", seeds),
    ("draw.json VRF refusals", vrf_refusals),
    ("seats.json cases", seat_cases),
    ("seats.json forced", forced_cases),
    ("seats.json margin", margin_cases),
    ("log/rfc6962_tree.json", tree),
    ("log/c2sp_notes.json", c2sp_notes),
    ("log/offline_proof.json", offline_proof),
    ("evidence verified", verified),
    ("evidence refused", refused),
    ("calls.json", call_cases),
    ("evidence2 verified", verified2),
    ("evidence2 refused", refused2),
    ("evidence2 predecessor", predecessors),
    ("keys.json", key_books),
    ("drand.json", rounds),
    ("contributions.json", contribution_texts),
    ("evidence3 verified", verified3),
    ("evidence3 refused", refused3),
    ("evidence3 standings", standings),
    ("sites.json stages", site_stages),
    ("sites.json choices", site_choices),
    *others("sites"),
    *others("sites2"),
    *others("membership"),
    *others("membership2"),
    ("workstations.json", workstation_cases),
)


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: run_vectors VECTORS_DIR", file=sys.stderr)
        return 2
    runner = Runner(Path(sys.argv[1]))
    for name, function in GROUPS:
        runner.group(name, function)
    return 1 if runner.failed_groups else 0


if __name__ == "__main__":
    sys.exit(main())
