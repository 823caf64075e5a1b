"""Vectors of what others say: keys in generations, rounds of a beacon, texts that parties sign (log-v2, draw-v3)."""

from __future__ import annotations

from . import drand, edwards, hashes, keybook, vrf
from .runner import Runner


def key_books(run: Runner) -> None:
    for case in run.json("keys.json")["cases"]:
        book = None
        for entry in case["entries"]:
            try:
                if entry["index"] == 0 and book is None:
                    book = keybook.KeyBook(case["log"], entry["fields"])
                else:
                    book.take(entry["index"], entry["kind"], entry["fields"])
                got = None
            except keybook.RefusedEntry as error:
                got = error.rule
            run.same(f"{case['name']} at {entry['index']}", got, entry.get("refused"))
        for ask in case.get("asked", []):
            key = book.find(ask.get("key", ""))
            if ask["ask"] == "statements":
                got, want = book.in_force("statements", ask["at"]).digest, ask["key"]
            elif ask["ask"] == "checkpoint":
                got, want = sorted(key.digest for key in book.of_checkpoint(ask["size"])), sorted(ask["keys"])
            else:
                may = ask["ask"] == "may_contribute"
                yes = (book.may_be_named(key, ask["committed"]) and key.may_contribute(ask["at"])) if may else key.doubtful(ask["at"])
                got, want = "yes" if yes else "no", ask["answer"]
            run.same(f"{case['name']} {ask['ask']}", got, want)


def rounds(run: Runner) -> None:
    item = run.json("drand.json")
    for name, chain in item["chains"].items():
        run.same(name, drand.chain_hash(drand.chain_of(chain)).hex(), item["hashes"][name])
    for entry in [*item["rounds"], *item["refusals"]]:
        chain = entry["chain"] if type(entry["chain"]) is dict else item["chains"][entry["chain"]]
        try:
            previous = bytes.fromhex(entry["previous"]) if "previous" in entry else None
            got = drand.verify_round(chain, entry["round"], bytes.fromhex(entry["signature"]), previous).hex()
        except (drand.BadRound, ValueError):
            got = "refused"
        run.same(f"{entry['round']}", got, entry.get("randomness", "refused"))


def contribution_texts(run: Runner) -> None:
    item = run.json("contributions.json")
    good = [entry for name in ("nonces", "reveals", "answers", "not_released") for entry in item[name]]
    for entry in [*good, *item["refused"]]:
        key, signature = bytes.fromhex(entry["public_key"]), bytes.fromhex(entry["signature"])
        run.same(entry.get("why", "text"), edwards.verify_ed25519(key, signature, entry["text"].encode()), "why" not in entry)
    said = {
        "nonces": ("nonce", "package_tag", "attempt", "commitment"),
        "reveals": ("reveal", "alpha", "nonce"),
        "answers": ("answer", "index", "alpha", "key", "proof", "size", "root", "answered"),
        "not_released": ("not-released", "alpha", "key", "stated"),
    }
    for name, (what, *parts) in said.items():
        for entry in item[name]:
            lines = [f"expert-draw/{what}-v1", item["log"], *(str(entry[part]) for part in parts)]
            run.same(f"{name} text", "".join(f"{line}\n" for line in lines), entry["text"])
    for name, public in (("nonces", "public_key"), ("reveals", "public_key"), ("answers", "vrf_public_key"), ("not_released", "vrf_public_key")):
        for entry in item[name]:
            # Of a supervisor's declaration the key is the one that signs.
            public = public if public in entry else "public_key"
            run.same(f"{name} key", hashes.sha256(bytes.fromhex(entry[public])).hex(), entry["key"])
    for entry in [*item["nonces"], *item["reveals"], *item["unopened"]]:
        key, tag, nonce = (bytes.fromhex(entry[name]) for name in ("key", "package_tag", "nonce"))
        opened = hashes.labelled("nonce", key, tag, hashes.u32(entry["attempt"]), nonce)
        run.same(entry.get("why", "nonce"), opened.hex() == entry["commitment"], "why" not in entry)
    for entry in item["answers"]:
        beta = vrf.verify(*(bytes.fromhex(entry[name]) for name in ("vrf_public_key", "alpha", "proof")))
        run.same("beta", beta.hex(), entry["beta"])
