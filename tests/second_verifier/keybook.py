"""Keys in generations (log-v2): the fold over entries about keys, in order of index."""

from __future__ import annotations

from dataclasses import dataclass

from . import edwards, shapes, vrf
from .hashes import sha256

ED25519, VRF = "ed25519", "ecvrf-edwards25519-sha512-tai"
OWN = {"log": ED25519, "statements": ED25519, "draw_vrf": VRF, "tag_vrf": VRF}
OTHERS = {"witness": ED25519, "witness_vrf": VRF, "supervisor": ED25519}


class RefusedEntry(ValueError):
    """An entry about keys is refused; `rule` is the word of log-v2 §5."""

    def __init__(self, rule: str):
        super().__init__(rule)
        self.rule = rule


def check_key(algorithm: str, key: bytes) -> None:
    """Raises ValueError unless the key is valid (log-v2 §1.2)."""
    if algorithm == VRF:
        vrf.check_key(key)
    elif edwards.small_order(edwards.decode(key)):
        raise ValueError("key of small order")


@dataclass(eq=False)
class RegisteredKey:
    """A key with its life."""

    use: str
    key: bytes
    index: int
    witness: str | None = None
    retired_at: int | None = None
    reason: str | None = None
    doubtful_from: int | None = None

    @property
    def digest(self) -> str:
        return sha256(self.key).hex()

    @property
    def own(self) -> bool:
        return self.use in OWN

    def retired_below(self, index: int) -> bool:
        return self.retired_at is not None and self.retired_at < index

    def may_contribute(self, index: int) -> bool:
        return self.index < index and not (self.reason == "compromised" and self.retired_below(index))

    def doubtful(self, index: int) -> bool:
        return self.doubtful_from is not None and index >= self.doubtful_from


class KeyBook:
    """All keys that a log has registered."""

    def __init__(self, origin: str, opened: dict):
        self.origin = origin
        self.keys: list[RegisteredKey] = []
        self.moved: dict[RegisteredKey, tuple[set, set]] = {}
        for item in opened["keys"]:
            key = bytes.fromhex(item["key"])
            self._valid(OWN[item["use"]], key)
            if self.find(sha256(key).hex()):
                raise RefusedEntry("not_new")
            self.keys.append(RegisteredKey(item["use"], key, 0))

    @staticmethod
    def _valid(algorithm: str, key: bytes) -> None:
        try:
            check_key(algorithm, key)
        except ValueError as error:
            raise RefusedEntry("key") from error

    def find(self, digest: str) -> RegisteredKey | None:
        return next((key for key in self.keys if key.digest == digest), None)

    def in_force(self, use: str, index: int) -> RegisteredKey:
        return [key for key in self.keys if key.use == use and (key.index < index or key.index == 0)][-1]

    def of_checkpoint(self, size: int) -> list[RegisteredKey]:
        return [key for key in self.keys if key.use == "log" and key.index < size and not key.retired_below(size)]

    def may_be_named(self, key: RegisteredKey, index: int) -> bool:
        if key.own:
            return self.in_force(key.use, index) is key
        return key.index < index and not key.retired_below(index)

    def take(self, index: int, kind: str, value: dict) -> None:
        {"key.registered": self._register, "key.retired": self._retire, "tags.moved": self._move}[kind](index, value)

    def _register(self, index: int, value: dict) -> None:
        use = value.get("use")
        algorithm = (OWN | OTHERS).get(use) if type(use) is str else None
        if algorithm is None:
            raise RefusedEntry("shape")
        names = ["use", "alg", "key", "proof" if use in OWN else "name"] + (["witness"] if use == "witness_vrf" else [])
        try:
            shapes.fields(value, names)
            shapes.word(value["alg"], (algorithm,))
            key = shapes.hexes(value["key"])
            proof = shapes.hexes(value["proof"], 80 if algorithm == VRF else 64) if use in OWN else None
            if use in OTHERS:
                shapes.text(value["name"], 128)
            if use == "witness_vrf":
                shapes.hexes(value["witness"])
        except shapes.BadShape as error:
            raise RefusedEntry("shape") from error
        self._valid(algorithm, key)
        if self.find(sha256(key).hex()):
            raise RefusedEntry("not_new")
        if use == "witness_vrf":
            signer = self.find(value["witness"])
            if signer is None or signer.use != "witness":
                raise RefusedEntry("witness")
        if proof is not None:
            text = f"expert-draw/key-v1\n{self.origin}\n{use}\n{key.hex()}\n".encode()
            if not self._possessed(algorithm, key, text, proof):
                raise RefusedEntry("proof")
        self.keys.append(RegisteredKey(use, key, index, value.get("witness")))

    @staticmethod
    def _possessed(algorithm: str, key: bytes, text: bytes, proof: bytes) -> bool:
        if algorithm == ED25519:
            return edwards.verify_ed25519(key, proof, text)
        try:
            vrf.verify(key, text, proof)
        except vrf.BadProof:
            return False
        return True

    def _retire(self, index: int, value: dict) -> None:
        compromised = value.get("reason") == "compromised"
        try:
            shapes.fields(value, ("key", "reason", *(("doubtful_from",) if compromised else ())))
            shapes.hexes(value["key"])
            shapes.word(value["reason"], ("succeeded", "retired", "compromised"))
            if compromised:
                shapes.integer(value["doubtful_from"])
        except shapes.BadShape as error:
            raise RefusedEntry("shape") from error
        key = self.find(value["key"])
        if key is None:
            raise RefusedEntry("unknown_key")
        if key.retired_at is not None:
            raise RefusedEntry("retired_before")
        if key.own and self.in_force(key.use, index) is key:
            raise RefusedEntry("in_force")
        if compromised and not key.index < value["doubtful_from"] <= index:
            raise RefusedEntry("doubtful_from")
        key.retired_at, key.reason, key.doubtful_from = index, value["reason"], value.get("doubtful_from")

    def _move(self, index: int, value: dict) -> None:
        try:
            shapes.fields(value, ("from", "to", "packages"))
            shapes.hexes(value["from"])
            shapes.hexes(value["to"])
            for item in shapes.listing(value["packages"], 1, 100):
                shapes.fields(item, ("from", "from_proof", "to", "to_proof"))
                for name in ("from", "to"):
                    shapes.hexes(item[name], 64)
                    shapes.hexes(item[name + "_proof"], 80)
        except shapes.BadShape as error:
            raise RefusedEntry("shape") from error
        packages = value["packages"]
        if any(a["from"] >= b["from"] for a, b in zip(packages, packages[1:])):
            raise RefusedEntry("order")
        tags = [key for key in self.keys if key.use == "tag_vrf"]
        new = self.in_force("tag_vrf", index)
        before = tags[tags.index(new) - 1] if tags.index(new) else None
        if before is None or (before.digest, new.digest) != (value["from"], value["to"]):
            raise RefusedEntry("unknown_key")
        old_from, old_to = self.moved.get(new, (set(), set()))
        all_from, all_to = set(old_from), set(old_to)
        for item in packages:
            if item["from"] in all_from or item["to"] in all_to:
                raise RefusedEntry("moved_before")
            all_from.add(item["from"])
            all_to.add(item["to"])
        for item in packages:
            for name in ("from", "to"):
                if vrf.beta_of(bytes.fromhex(item[name + "_proof"])) != bytes.fromhex(item[name]):
                    raise RefusedEntry("proof")
        self.moved[new] = (all_from, all_to)
